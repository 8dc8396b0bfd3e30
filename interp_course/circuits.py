"""The parts of a transformer and the edges between them, named once for all circuit methods.

A *part* writes into the residual stream (``embed``, ``positions``, a head ``L0.H1``, an MLP
``L0.MLP``) or reads its end (``logits``). An *edge* leads from a writer to one of the inputs of
a later reader: the query, key or value input of a head, or the one input of an MLP or of the
logits. ``L0.H1 -> L1.H3.k`` is what head 1 of layer 0 contributes to what head 3 of layer 1
reads for its keys.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

Kind = Literal["embed", "positions", "head", "mlp", "logits"]
Slot = Literal["q", "k", "v", "in"]


@dataclass(frozen=True)
class Part:
    """Something that writes into the residual stream, or the logits, which read its end."""

    kind: Kind
    layer: int = -1
    head: int = -1

    def __str__(self) -> str:
        if self.kind == "head":
            return f"L{self.layer}.H{self.head}"
        return f"L{self.layer}.MLP" if self.kind == "mlp" else self.kind

    @property
    def slots(self) -> tuple[Slot, ...]:
        """The inputs through which it reads; none for the embeddings."""
        if self.kind == "head":
            return ("q", "k", "v")
        return ("in",) if self.kind in ("mlp", "logits") else ()

    @property
    def depth(self) -> tuple[int, int]:
        """Order of computation: a part reads only from parts of smaller depth."""
        if self.kind in ("embed", "positions"):
            return (-1, 0)
        return {"head": (self.layer, 0), "mlp": (self.layer, 1), "logits": (1 << 30, 0)}[self.kind]


@dataclass(frozen=True)
class Edge:
    """What a writer contributes to one input of a later part.

    Raises:
        ValueError: If the target does not read after the source, or has no such input.
    """

    source: Part
    target: Part
    slot: Slot = "in"

    def __post_init__(self) -> None:
        if self.slot not in self.target.slots:
            raise ValueError(
                f"{self.target} has the inputs {', '.join(self.target.slots) or 'none'}, "
                f"not {self.slot!r}"
            )
        if self.source.depth >= self.target.depth:
            raise ValueError(f"{self.source} is not upstream of {self.target}")

    def __str__(self) -> str:
        end = f".{self.slot}" if self.target.kind == "head" else ""
        return f"{self.source} -> {self.target}{end}"


EMBED, POSITIONS, LOGITS = Part("embed"), Part("positions"), Part("logits")


def head(layer: int, index: int) -> Part:
    """A head."""
    return Part("head", layer, index)


def mlp(layer: int) -> Part:
    """An MLP."""
    return Part("mlp", layer)


def part(name: str) -> Part:
    """The part with a name such as ``embed``, ``L0.H1``, ``L2.MLP`` or ``logits``.

    Raises:
        ValueError: If it is no name of a part.
    """
    if name in ("embed", "positions", "logits"):
        return Part(name)  # pyright: ignore[reportArgumentType]
    found = re.fullmatch(r"L(\d+)\.(?:H(\d+)|MLP)", name)
    if found is None:
        raise ValueError(
            f"{name!r} is no part: use embed, positions, logits, L0.H1 for a head, L0.MLP"
        )
    layer, index = found.groups()
    return mlp(int(layer)) if index is None else head(int(layer), int(index))


def edge(name: str) -> Edge:
    """The edge with a name such as ``L0.H1 -> L1.H3.k`` or ``L1.H3 -> logits``.

    Raises:
        ValueError: If it is no name of an edge, or the edge cannot be.
    """
    source, arrow, target = (text.strip() for text in name.partition("->"))
    found = re.fullmatch(r"(L\d+\.H\d+)\.([qkv])", target)
    if not arrow:
        raise ValueError(f"{name!r} is no edge: write it as 'L0.H1 -> L1.H3.k'")
    if found is None:
        return Edge(part(source), part(target))
    return Edge(part(source), part(found[1]), found[2])  # pyright: ignore[reportArgumentType]


def parts(model: Any) -> list[Part]:
    """All parts of a model in the order of computation, from the embeddings to the logits.

    Models with rotary positions have no part ``positions``, models without MLPs no ``MLP``.
    """
    config = model.cfg
    found = [EMBED]
    if getattr(config, "positional_embedding_type", "standard") == "standard":
        found.append(POSITIONS)
    for layer in range(config.n_layers):
        found += [head(layer, index) for index in range(config.n_heads)]
        found += [] if config.attn_only else [mlp(layer)]
    return [*found, LOGITS]


def edges(model: Any) -> list[Edge]:
    """All edges of a model, readers in the order of computation."""
    everything = parts(model)
    return [
        Edge(source, target, slot)
        for target in everything
        for slot in target.slots
        for source in everything
        if source.depth < target.depth
    ]


@dataclass(frozen=True)
class Circuit:
    """A set of edges that is claimed to do a job."""

    edges: frozenset[Edge]

    @classmethod
    def of(cls, names: Iterable[str | Edge]) -> "Circuit":
        """A circuit from edges or their names."""
        return cls(frozenset(edge(name) if isinstance(name, str) else name for name in names))

    @cached_property
    def parts(self) -> frozenset[Part]:
        """Every part that an edge touches."""
        return frozenset(end for e in self.edges for end in (e.source, e.target))

    def f1(self, other: "Circuit") -> float:
        """How well the edges of two circuits agree: 1 if they are the same, 0 if none is shared.

        Raises:
            ValueError: If both are empty.
        """
        if not self.edges and not other.edges:
            raise ValueError("two empty circuits cannot be compared")
        both = len(self.edges & other.edges)
        return 2 * both / (len(self.edges) + len(other.edges))
