"""Equivalence classes of inputs, and drawing from them."""

import torch
from jaxtyping import Int, Num
from torch import Tensor

from interp_course.scrubbing.hypothesis import ANY, SAME, Node


class Classes:
    """The rows of a data set, grouped by what a feature says about them.

    With ``per_position`` there is a grouping for each position.

    Args:
        node: Whose feature.
        tokens: The data set.
        path: What to call the node in messages.

    Raises:
        ValueError: If the feature returns no tensor, or one of the wrong shape, or NaN.
    """

    def __init__(self, node: Node, tokens: Int[Tensor, "batch pos"], path: str) -> None:
        self.keeps_reference: bool = node.feature == SAME
        self.per_position: bool = node.per_position
        labels, length = _labels(node, tokens, path), tokens.shape[1]
        if not node.per_position:
            self._tables: list[_Table] = [_Table(labels)]
        elif labels.ndim == 2:  # the same labels at every position
            self._tables = [_Table(labels)] * length
        else:
            self._tables = [_Table(column) for column in labels.unbind(dim=1)]

    def draw(self, references: Int[Tensor, " sample"], rng: torch.Generator) -> Tensor:
        """For each reference a row of its class, uniformly and with replacement.

        The reference itself is in its class, so it may be drawn. Returns ``[sample]``, or
        ``[sample pos]`` with an independent draw for each position.
        """
        if self.keeps_reference:
            rows = references
            return rows[:, None].repeat(1, len(self._tables)) if self.per_position else rows
        drawn = [table.draw(references, rng) for table in self._tables]
        return torch.stack(drawn, dim=1) if self.per_position else drawn[0]

    @property
    def sizes(self) -> Int[Tensor, " k"]:
        """How many rows each class has; the classes of all positions one after the other."""
        return torch.cat([table.count for table in self._tables])

    @property
    def n_classes(self) -> float:
        """How many classes there are; with ``per_position`` the mean over positions."""
        return len(self.sizes) / len(self._tables)

    @property
    def share_alone(self) -> float:
        """Share of rows that are alone in their class, so that they cannot be exchanged."""
        rows = sum(len(table.member_of) for table in self._tables)
        return int((self.sizes == 1).sum()) / rows

    def partition(self) -> bytes:
        """The grouping as bytes; equal for features that group the data in the same way."""
        return b"".join(_by_first_member(table.member_of) for table in self._tables)


class _Table:
    """The rows sorted by class, so that a draw is one look-up."""

    def __init__(self, labels: Num[Tensor, "batch k"]) -> None:
        if labels.shape[1] == 1:  # much faster than by rows
            _, self.member_of = torch.unique(labels[:, 0], return_inverse=True)
        else:
            _, self.member_of = torch.unique(labels, dim=0, return_inverse=True)
        self.count = torch.bincount(self.member_of)
        self.order = torch.argsort(self.member_of, stable=True)
        self.start = self.count.cumsum(dim=0) - self.count

    def draw(self, references: Tensor, rng: torch.Generator) -> Tensor:
        group = self.member_of[references]
        size = self.count[group]
        uniform = torch.rand(len(references), generator=rng, dtype=torch.float64)
        step = (uniform * size).long().clamp(max=size - 1)
        return self.order[self.start[group] + step]


def _labels(node: Node, tokens: Tensor, path: str) -> Tensor:
    """Labels on the CPU: ``[batch pos k]`` if they depend on the position, else ``[batch k]``."""
    n, length = tokens.shape
    if isinstance(node.feature, str):
        return torch.zeros(n, 1) if node.feature == ANY else tokens.cpu()
    labels = node.feature(tokens)
    expected = (n, length) if node.per_position else (n,)
    dims = ("n", "pos") if node.per_position else ("n",)
    if not isinstance(labels, Tensor):
        raise ValueError(
            f"{path}: the feature ({node.claim}) must return a tensor, got {type(labels).__name__}"
        )
    shape, k = tuple(labels.shape), len(expected)
    if shape[:k] != expected or len(shape) > k + 1:
        raise ValueError(
            f"{path}: the feature ({node.claim}) must return labels [{' '.join(dims)}] or "
            f"[{' '.join(dims)} k] with {' '.join(dims)} = {expected}, got the shape {shape}"
            + ("; labels for every position need per_position=True" if shape == (n, length) else "")
        )
    if labels.is_floating_point() and bool(labels.isnan().any()):
        raise ValueError(f"{path}: the feature ({node.claim}) returned NaN, which equals nothing")
    return labels.detach().cpu().reshape(*expected, -1)


def _by_first_member(member_of: Tensor) -> bytes:
    """Class numbers in the order in which the classes first occur."""
    first = torch.full((int(member_of.max()) + 1,), len(member_of))
    first.scatter_reduce_(0, member_of, torch.arange(len(member_of)), "amin")
    return first[member_of].numpy().tobytes()
