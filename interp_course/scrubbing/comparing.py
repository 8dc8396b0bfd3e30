"""Whether two hypotheses say the same, and how two tests differ."""

import difflib
from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor

from interp_course.scrubbing.classes import Classes
from interp_course.scrubbing.consistency import carried_by
from interp_course.scrubbing.hypothesis import Edge, Node
from interp_course.scrubbing.report import Estimate, Report, estimate


@dataclass(frozen=True)
class Comparison:
    """The second report minus the first; ``print`` shows it."""

    loss: Estimate
    accuracy: Estimate
    kl: Estimate
    paired: bool
    """Whether both used the same references, which makes the errors smaller."""
    changes: list[str]
    """Lines of the hypotheses: ``-`` in the first only, ``+`` in the second only."""

    def __str__(self) -> str:
        how = "paired" if self.paired else "on different references"
        return "\n".join(
            [
                f"second minus first ({how}):",
                f"loss {self.loss}, accuracy {self.accuracy}, KL to model {self.kl}",
                *self.changes,
            ]
        )


def compare(first: Report, second: Report) -> Comparison:
    """How two tests of the same behaviour differ, with standard errors.

    Raises:
        ValueError: If they are tests on different data.
    """
    if not torch.equal(first.plan.tokens, second.plan.tokens):
        raise ValueError("the two reports are about different data sets and cannot be compared")
    paired = torch.equal(first.plan.references, second.plan.references)
    names = ("losses", "correct", "kl_per_sample")
    pairs = [(getattr(second, name), getattr(first, name)) for name in names]
    loss, accuracy, kl = (_difference(b, a, paired) for b, a in pairs)
    changes = differences(first.plan.hypothesis, second.plan.hypothesis)
    return Comparison(loss, accuracy, kl, paired, changes)


def differences(a: Node, b: Node) -> list[str]:
    """The two trees line by line: ``-`` in the first only, ``+`` in the second only."""
    lines = difflib.ndiff(str(a).splitlines(), str(b).splitlines())
    return [line for line in lines if not line.startswith("?")]


def equivalent(a: Node, b: Node, tokens: Int[Tensor, "batch pos"]) -> bool:
    """Whether two hypotheses claim the same about these inputs.

    Names, the order of siblings, and what labels are called do not matter: features are the
    same if they group the data in the same way. One sample for two inputs is another claim
    than a sample for each.

    Args:
        a: A hypothesis.
        b: Another.
        tokens: The inputs. Two features may differ on other inputs.
    """
    return _canonical(a, tokens) == _canonical(b, tokens)


def _difference(b: Tensor, a: Tensor, paired: bool) -> Estimate:
    if paired:
        return estimate(b - a)
    one, two = estimate(a), estimate(b)
    return Estimate(two.mean - one.mean, (one.error**2 + two.error**2) ** 0.5)


def _canonical(node: Node, tokens: Tensor) -> tuple[object, ...]:
    """A form that is equal for equivalent hypotheses."""
    partition = Classes(node, tokens, node.label).partition()
    alone = [(_edge(e, tokens),) for e in node.children if e.node.share is None]
    words = {e.node.share for e in node.children} - {None}
    together = [
        tuple(sorted((_edge(e, tokens) for e in node.children if e.node.share == word), key=repr))
        for word in words
    ]
    groups = tuple(sorted(alone + together, key=repr))
    return (str(node.site), node.per_position, node.is_leaf, partition, groups)


def _edge(edge: Edge, tokens: Tensor) -> tuple[object, ...]:
    where = carried_by(edge, tokens, edge.node.label)
    marks = None if where is None or bool(where.all()) else where.numpy().tobytes()
    space = None
    if edge.subspace is not None:  # the projector does not depend on the basis
        basis = edge.subspace.basis
        space = (basis.T @ basis).mul(1e6).round().long().numpy().tobytes()
    return (edge.slots, marks, space, _canonical(edge.node, tokens))
