"""Which inputs a hypothesis is tested on: integers only, no network.

A `Plan` says for every node and every sample which row of the data set is used. It is drawn
from the top: a reference for each sample; for each child of a node a row on which the child's
feature has the same value as on the node's row, which is then the reference for what lies
below the child; and for each node another row for the inputs that are claimed not to matter.
This is ``run_scrub`` of Chan et al. (2022) for all samples at once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from interp_course import runtime
from interp_course.circuits import LOGITS, Part
from interp_course.scrubbing.classes import Classes
from interp_course.scrubbing.consistency import carried_by, check_data, check_siblings, step
from interp_course.scrubbing.hypothesis import Edge, Node

Unimportant = Literal["shared", "each", "exact"]
MAX_ROWS = 2_000_000


@dataclass(frozen=True)
class Draw:
    """What was drawn for one node of the tree."""

    node: Node
    path: str
    """The way to it from the top, by sites."""
    parent: int | None
    """Which draw is that of the node above; None at the top."""
    edge: Edge | None
    """How it enters the node above."""
    carried: Bool[Tensor, "batch pos"] | None
    """For every row of the data set (as the sample of the node above) where it counts."""
    references: Int[Tensor, " sample"]
    """The rows whose feature it must share."""
    rows: Int[Tensor, "sample ..."]
    """The rows that it is computed on; with ``per_position`` one for each position."""
    others: Int[Tensor, "draw ..."] | None
    """For each of its rows, the row that its unimportant inputs come from; with
    ``unimportant="each"`` one for each writer. None for a leaf."""
    classes: Classes

    @property
    def copies(self) -> int:
        """How many rows it has for one reference."""
        return self.rows.shape[1] if self.rows.ndim == 2 else 1


@dataclass(frozen=True)
class Cost:
    """How much work a hypothesis is, known before anything is drawn or computed."""

    nodes: int
    rows: int
    """Sequences that pass through a layer, over all nodes and samples."""
    largest: str
    """The node that needs most of them."""

    def __str__(self) -> str:
        return f"{self.nodes} nodes, {self.rows:,} sequences through a layer"


@dataclass(frozen=True)
class Plan:
    """All that was drawn for a hypothesis; ``print(plan)`` shows it."""

    hypothesis: Node
    tokens: Int[Tensor, "batch pos"]
    draws: tuple[Draw, ...]
    """The root first, every node after the one above it."""
    unimportant: Unimportant
    writers: tuple[Part, ...]
    """What the columns of ``others`` belong to, with ``unimportant="each"``."""
    cost: Cost

    @property
    def references(self) -> Int[Tensor, " sample"]:
        """The row of each sample, whose label counts."""
        return self.draws[0].references

    def share_resampled(self, draw: Draw) -> float:
        """Share of a node's rows with other tokens than their references."""
        ids = _row_ids(self.tokens)
        references = draw.references.reshape(-1, *[1] * (draw.rows.ndim - 1))
        return (ids[draw.rows] != ids[references]).double().mean().item()

    def __str__(self) -> str:
        n, length = self.tokens.shape
        lines = [
            f"{len(self.references)} samples from {n} sequences of {length} tokens; "
            f"unimportant inputs: {self.unimportant}; {self.cost}",
            f"{'node':42} {'feature':30} {'classes':>7} {'sizes':>9} {'resampled':>9}  example",
        ]
        return "\n".join([*lines, *(self._line(draw) for draw in self.draws)])

    def _line(self, draw: Draw) -> str:
        name = "  " * draw.path.count("/") + draw.path.rpartition("/")[2]
        name += f" {draw.node.name!r}" if draw.node.name else ""
        sizes = draw.classes.sizes
        spread = f"{int(sizes.min())}..{int(sizes.max())}"
        row = draw.rows[0].flatten()[-1]
        place = " (last position)" if draw.rows.ndim == 2 else ""
        example = f"{int(draw.references[0])} <- {int(row)}{place}"
        if draw.others is not None:
            example += f", others <- {int(draw.others.flatten()[0])}"
        return (
            f"{name:42.42} {draw.node.claim:30.30} {draw.classes.n_classes:7.0f} {spread:>9} "
            f"{self.share_resampled(draw):9.0%}  {example}"
        )


def plan(
    hypothesis: Node,
    tokens: Int[Tensor, "batch pos"],
    n_samples: int = 1000,
    *,
    unimportant: Unimportant = "shared",
    writers: Sequence[Part] = (),
    references: Int[Tensor, " sample"] | None = None,
    seed: int = 0,
    max_rows: int = MAX_ROWS,
) -> Plan:
    """Draw everything that a test of a hypothesis needs.

    Every node has a random stream of its own, named by its path, so that another node more or
    less leaves the draws of the rest as they were, and the references are those of every
    other hypothesis with the same seed.

    Args:
        hypothesis: Its root must stand for the logits.
        tokens: The data set, sequences of one length.
        n_samples: How many references are drawn, with replacement.
        unimportant: Where the inputs that are claimed not to matter come from: ``"shared"``,
            one other row for each node (as in the paper); ``"each"``, another row for each
            writer, which depends on what one counts as one writer; ``"exact"``, the node's own
            row, so that only the claimed inputs are scrubbed.
        writers: What writes into the stream, `circuits.parts` of the model; for ``"each"``.
        references: Rows to use instead of drawing them.
        seed: Which draw.
        max_rows: Refuse a hypothesis that costs more; see `Cost`.

    Raises:
        ValueError: If the root is not the logits, the cost is too high, two siblings would
            replace the same thing twice or share a sample with different features, or a
            feature returns something unfit.
    """
    check_data(hypothesis, tokens, n_samples, references)
    if unimportant == "each" and not writers:
        raise ValueError('unimportant="each" needs the writers: pass circuits.parts(model)')
    n = n_samples if references is None else len(references)
    estimate = cost(hypothesis, n, tokens.shape[1])
    if estimate.rows > max_rows:
        raise ValueError(
            f"this hypothesis would cost {estimate}, most of them for {estimate.largest}; the "
            f"bound is max_rows = {max_rows:,}. Take fewer samples, or make nodes inside of "
            "per_position nodes leaves: each level of those multiplies the cost by the length"
        )
    if references is None:
        rng = runtime.generator("scrubbing references", seed)
        references = torch.randint(len(tokens), (n,), generator=rng)
    kinds = tuple(w for w in writers if w != LOGITS) if unimportant == "each" else ()
    planner = _Planner(tokens, unimportant, kinds, seed)
    planner.add(hypothesis, str(hypothesis.site), references.cpu(), None, None, None)
    return Plan(hypothesis, tokens, tuple(planner.draws), unimportant, kinds, estimate)


def cost(hypothesis: Node, n_samples: int, length: int) -> Cost:
    """What a plan with so many samples of sequences of this length costs."""
    nodes, rows, largest = 0, 0, (0, str(hypothesis.site))
    for path, node, copies in _sizes(hypothesis, str(hypothesis.site), n_samples, length):
        nodes += 1
        if not node.is_leaf:
            rows += copies
            largest = max(largest, (copies, path))
    return Cost(nodes, rows, largest[1])


def _sizes(node: Node, path: str, rows: int, length: int) -> Iterator[tuple[str, Node, int]]:
    rows *= length if node.per_position else 1
    yield path, node, rows
    for edge in node.children:
        yield from _sizes(edge.node, f"{path}/{step(edge)}", rows, length)


class _Planner:
    """Draws node by node, from the top."""

    def __init__(
        self, tokens: Tensor, unimportant: Unimportant, writers: tuple[Part, ...], seed: int
    ) -> None:
        self.tokens, self.unimportant, self.writers = tokens, unimportant, writers
        self.seed = seed
        self.draws: list[Draw] = []
        self._paths: set[str] = set()
        self._classes: dict[object, Classes] = {}

    def add(
        self,
        node: Node,
        path: str,
        references: Tensor,
        parent: int | None,
        edge: Edge | None,
        rows: Tensor | None,
    ) -> None:
        path = self._unique(path)
        classes = self._classes_of(node, path)
        if rows is None:
            rows = classes.draw(references, self._rng(path))
        others = None if node.is_leaf else self._others(node, path, rows.flatten())
        carried = None if edge is None else carried_by(edge, self.tokens, path)
        here = len(self.draws)
        self.draws.append(
            Draw(node, path, parent, edge, carried, references, rows, others, classes)
        )
        check_siblings(node, self.tokens, path)
        shared: dict[str, Tensor] = {}
        for child in node.children:
            word, below = child.node.share, rows.flatten()
            if word is not None and word not in shared:
                classes = self._classes_of(child.node, f"{path}/{step(child)}")
                shared[word] = classes.draw(below, self._rng(f"{path}/share {word}"))
            given = None if word is None else shared[word]
            self.add(child.node, f"{path}/{step(child)}", below, here, child, given)

    def _others(self, node: Node, path: str, rows: Tensor) -> Tensor:
        if self.unimportant == "exact":
            return rows
        shape = (len(rows), len(self.writers)) if self.unimportant == "each" else (len(rows),)
        return torch.randint(len(self.tokens), shape, generator=self._rng(f"{path} others"))

    def _classes_of(self, node: Node, path: str) -> Classes:
        key = (id(node.feature), node.per_position)
        if key not in self._classes:
            self._classes[key] = Classes(node, self.tokens, path)
        return self._classes[key]

    def _unique(self, path: str) -> str:
        name, copy = path, 1
        while name in self._paths:
            copy += 1
            name = f"{path} ({copy})"
        self._paths.add(name)
        return name

    def _rng(self, path: str) -> torch.Generator:
        return runtime.generator(f"scrubbing {path}", self.seed)


def _row_ids(tokens: Tensor) -> Tensor:
    """A number for each row; equal rows have equal numbers."""
    return torch.unique(tokens.cpu(), dim=0, return_inverse=True)[1]
