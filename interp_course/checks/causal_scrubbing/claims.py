"""What a hypothesis says, as plain data: sites by name, features by how they group the prompts."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Int
from torch import Tensor

STREAM = "stream"
"""How the names of streams begin."""


@dataclass(frozen=True)
class Claim:
    """One node of a hypothesis, and how it enters the node above."""

    site: str
    slots: tuple[str, ...]
    where: Bool[Tensor, "batch pos"]
    """For every prompt of the node above, the positions at which it counts."""
    groups: Int[Tensor, "batch ..."] | None
    """Prompts with equal numbers may be exchanged, with a second axis at each position; None
    if nothing may."""
    exchanged: float
    """Share of its draws that are another prompt than that of the node above."""
    shared: bool
    """Whether a sibling gets the same sample."""
    leaf: bool
    flattened: bool = False
    """Whether its feature has a label for each position, which it uses all together."""
    inputs: "tuple[Claim, ...]" = ()

    @property
    def part(self) -> str:
        """The part of the network that writes it."""
        return self.site.partition(" from ")[0]

    @property
    def is_anything(self) -> bool:
        """Whether it may be exchanged for any other prompt."""
        return self.groups is not None and not bool(self.groups.any())

    def walk(self) -> "Iterator[Claim]":
        """This claim and all below it."""
        yield self
        for claim in self.inputs:
            yield from claim.walk()

    def through(self, slot: str) -> "list[Claim]":
        """What it reads through one of its inputs."""
        return [claim for claim in self.inputs if slot in claim.slots]


def grouped(labels: Tensor, n: int, length: int) -> Int[Tensor, "batch ..."]:
    """Numbers that are equal where labels are, ``[n]`` or, by position, ``[n pos]``."""
    if labels.shape[:2] == (n, length):
        columns = [_numbered(column.reshape(n, -1)) for column in labels.unbind(dim=1)]
        return torch.stack(columns, dim=1)
    return _numbered(labels.reshape(n, -1))


def without_streams(claim: Claim) -> Claim:
    """The same claim, in which what a stream is read for enters the reader itself."""
    inputs = []
    for below in map(without_streams, claim.inputs):
        if not below.site.startswith(STREAM) or below.leaf:
            inputs.append(below)
            continue
        for source in below.inputs:
            exchanged = max(source.exchanged, below.exchanged)
            where = source.where & below.where
            inputs.append(replace(source, slots=below.slots, where=where, exchanged=exchanged))
    return replace(claim, inputs=tuple(inputs))


def tells(groups: Tensor | None, needed: Int[Tensor, "batch ..."]) -> bool:
    """Whether prompts of one group always agree in what is needed, at each of its positions."""
    if groups is None:
        return True
    if needed.ndim == 2:
        each = groups[:, None].expand_as(needed) if groups.ndim == 1 else groups
        pairs = zip(each.unbind(dim=1), needed.unbind(dim=1), strict=True)
        return all(tells(column, wanted) for column, wanted in pairs)
    if groups.ndim == 2:  # only the last position is asked for
        groups = groups[:, -1]
    both = groups * (int(needed.max()) + 2) + needed + 1
    return len(both.unique()) == len(groups.unique())


def same(groups: Tensor | None, needed: Int[Tensor, "batch ..."]) -> bool:
    """Whether the groups are those that this makes, no coarser and no finer."""
    return groups is not None and tells(groups, needed) and tells(needed, groups)


def _numbered(labels: Tensor) -> Tensor:
    if labels.shape[1] == 1:  # much faster than by rows
        return torch.unique(labels[:, 0], return_inverse=True)[1]
    return torch.unique(labels, dim=0, return_inverse=True)[1]
