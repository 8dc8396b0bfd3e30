"""A small language in which a transformer is written down: spaces, heads, gates.

The residual stream is a set of named subspaces, orthogonal to each other. The token embedding
writes a one-hot code into ``token``, the position embedding one into ``position``; heads and
gates read some spaces and write into others; the logits read at the end. There are no norms.

A `Head` looks for matches. From a query position ``i`` to a key position ``j`` its score is

    beta * sum over its matches of  weight * <query read at i, key read at j>

before the softmax: the usual division by the root of d_head is taken into account. With a
``beta`` of 30 a lead of one match is e^30 : 1, which is exact in float32, and the pattern has no
gradient; a ``beta`` of 8 leaves some.

`Gates` are neurons of an MLP: ``relu(reads - threshold)``, each with its row of ``write``.
With a threshold of 0 they look up a table, with one of 1.5 they are AND-gates of two ones.

The idea to write transformers in named subspaces is that of Tracr (Lindner et al. 2023).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

TOKEN, POSITION = "token", "position"


@dataclass(frozen=True)
class Read:
    """The coordinates of one space, times a matrix (none: as they are)."""

    space: str
    matrix: Float[Tensor, "d_space k"] | None = None


@dataclass(frozen=True)
class Match:
    """One term of a head's score. A query of None is the constant 1, set by a bias."""

    query: Read | None
    key: Read
    weight: float = 1.0


@dataclass(frozen=True)
class Head:
    """What a head attends to, what it reads there and where it writes that.

    Without matches it attends to all positions equally.
    """

    role: str
    matches: tuple[Match, ...]
    value: Read
    target: str
    beta: float
    write: Float[Tensor, "k d_space"] | None = None


@dataclass(frozen=True)
class Gates:
    """Neurons of an MLP that read several spaces and write into one."""

    role: str
    reads: Mapping[str, Float[Tensor, "d_in k"]]
    target: str
    write: Float[Tensor, "k d_space"]
    threshold: Float[Tensor, " k"]


@dataclass(frozen=True)
class Network:
    """A transformer, written down.

    Raises:
        ValueError: If a space is unknown, a matrix does not fit its space, or what is compared
            or added up has different widths.
    """

    spaces: Mapping[str, int]
    """Name and size of every space. ``token`` has the size of the vocabulary, ``position`` that
    of the context."""
    n_layers: int
    n_heads: int
    logits: tuple[Read, ...]
    """Their sum is the logits: matrices of the shape [size of the space, d_vocab]."""
    heads: Mapping[tuple[int, int], Head] = field(default_factory=dict)
    mlps: Mapping[int, tuple[Gates, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for space in (TOKEN, POSITION):
            if space not in self.spaces:
                raise ValueError(f"a network needs the space {space!r}; got {list(self.spaces)}")
        for space, matrix, axis in _uses(self):
            if space not in self.spaces:
                raise ValueError(f"there is no space {space!r}: use {', '.join(self.spaces)}")
            if matrix is not None and matrix.shape[axis] != self.spaces[space]:
                raise ValueError(
                    f"a matrix for the space {space!r} of size {self.spaces[space]} has the "
                    f"shape {tuple(matrix.shape)}: axis {axis} must have that size"
                )
        for what, widths in _widths(self):
            if len(set(widths)) > 1:
                raise ValueError(f"{what} must have one width, got {', '.join(map(str, widths))}")

    def read(self, read: Read) -> Float[Tensor, "d_space k"]:
        """The matrix of a reading, written out."""
        return torch.eye(self.spaces[read.space]) if read.matrix is None else read.matrix

    def write(self, head: Head) -> Float[Tensor, "k d_space"]:
        """The matrix with which a head writes into its target, written out."""
        return torch.eye(self.spaces[head.target]) if head.write is None else head.write


def _uses(network: Network) -> Iterator[tuple[str, Tensor | None, int]]:
    """Every space that is read or written, with the matrix and its axis that must fit."""
    for read in network.logits:
        yield read.space, read.matrix, 0
    for head in network.heads.values():
        for match in head.matches:
            for read in filter(None, (match.query, match.key)):
                yield read.space, read.matrix, 0
        yield head.value.space, head.value.matrix, 0
        yield head.target, head.write, 1
    for gates in (g for layer in network.mlps.values() for g in layer):
        yield from ((space, matrix, 0) for space, matrix in gates.reads.items())
        yield gates.target, gates.write, 1


def _widths(network: Network) -> Iterator[tuple[str, list[int]]]:
    """What has to have the same width: queries and keys, values and writes, gates."""
    for head in network.heads.values():
        for match in head.matches:
            query = 1 if match.query is None else network.read(match.query).shape[1]
            yield f"query and key of the {head.role}", [query, network.read(match.key).shape[1]]
        value, write = network.read(head.value), network.write(head)
        yield f"value and write of the {head.role}", [value.shape[1], write.shape[0]]
    for gates in (g for layer in network.mlps.values() for g in layer):
        reads = [matrix.shape[1] for matrix in gates.reads.values()]
        yield f"the gates {gates.role!r}", [*reads, len(gates.threshold), len(gates.write)]
