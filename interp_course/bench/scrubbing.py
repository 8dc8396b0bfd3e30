"""How fast hypotheses are scrubbed, against one forward pass with hooks for every node.

Both sides compute the same plan. A *first* plan includes everything that is computed once for
a data set; *further* plans find it there. Several numbers of samples and of nodes show how the
time grows with them.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from interp_course import attention, compiled, models, runtime, sequences
from interp_course.bench.circuits import Comparison, compare
from interp_course.bench.lens import Timing
from interp_course.bench.plain_scrubbing import plain_logits
from interp_course.circuits import EMBED, LOGITS, Part, head
from interp_course.scrubbing import SAME, Edge, Node, TokenAt, TokensBack, plan
from interp_course.scrubbing.evaluating import Evaluator

ROWS, SAMPLES = 2000, (500, 1000, 2000)
PERIOD, LENGTH = 12, 20
PEER = "a forward pass for each node"


class Case(NamedTuple):
    """A model, its data set and what is claimed of it."""

    name: str
    model: Any
    tokens: Tensor
    hypothesis: Node


def run(device: str | None = None, *, repeats: int = 5) -> Iterator[Timing]:
    """Time plans of several sizes on a trained and on a written network.

    Raises:
        AssertionError: If the two ways disagree.
    """
    where = runtime.device(device)
    middle = sorted(SAMPLES)[len(SAMPLES) // 2]
    for case, sizes in (
        (trained(where), SAMPLES),
        (trained(where, 1), [middle]),
        (written(where), [middle]),
    ):
        for samples in sizes:
            for comparison in (first_plan(case, samples), further_plan(case, samples)):
                yield compare(comparison, where, repeats)


def first_plan(case: Case, samples: int) -> Comparison:
    """A plan on a data set that has not been seen."""
    drawn = plan(case.hypothesis, case.tokens, samples)
    return Comparison(
        f"{case.name}, {drawn.cost.nodes} nodes, {samples} samples, first plan",
        lambda: Evaluator(case.model, case.tokens).logits(drawn),
        PEER,
        lambda: plain_logits(case.model, drawn),
    )


def further_plan(case: Case, samples: int) -> Comparison:
    """A plan on a data set on which another one has been computed."""
    evaluator = Evaluator(case.model, case.tokens)
    evaluator.logits(plan(case.hypothesis, case.tokens, samples))
    drawn = plan(case.hypothesis, case.tokens, samples, seed=1)
    return Comparison(
        f"{case.name}, {drawn.cost.nodes} nodes, {samples} samples, further plan",
        lambda: evaluator.logits(drawn),
        PEER,
        lambda: plain_logits(case.model, drawn),
    )


def trained(device: torch.device, n_heads: int | None = None) -> Case:
    """The zoo model ``induction``: what its induction heads, or some of them, compare."""
    model = models.load("induction", device=str(device))
    rng = runtime.generator("bench scrubbing")
    tokens = sequences.repeated_random(ROWS, PERIOD, model.cfg.d_vocab, rng)[:, :LENGTH]
    scores = attention.head_scores(model)
    before, after = (
        [head(*map(int, place)) for place in (score > 0.4).nonzero()]
        for score in (scores.previous, scores.induction)
    )
    return Case("trained induction", model, tokens.to(device), claim(before, after[:n_heads]))


def written(device: torch.device) -> Case:
    """The written network of one induction head."""
    network = compiled.induction()
    tokens = network.task.sample(ROWS, seed=1).tokens
    heads = [[network.part(f"{kind} head")] for kind in ("previous-token", "induction")]
    return Case(
        "written induction",
        network.model.to(device, print_details=False),
        tokens.to(device),
        claim(*heads),
    )


def claim(before: Sequence[Part], after: Sequence[Part]) -> Node:
    """Heads that compare their token with the one before each position, and copy what is there.

    Args:
        before: The heads that tell each position the token before it.
        after: The heads that compare.
    """
    query = Edge("q", Node(EMBED, TokenAt(-1)))
    keys = [Edge("k", Node(part, TokensBack(1), per_position=True)) for part in before]
    value = Edge("v", Node(EMBED, TokensBack(0), per_position=True))
    edges = [Edge("in", Node(part, SAME, [query, *keys, value]), -1) for part in after]
    return Node(LOGITS, SAME, edges)
