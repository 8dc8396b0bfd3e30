"""Is a circuit complete, and is every piece of it needed?

Faithfulness alone does not say so: a circuit may do the job without the backups that the model
also has, or contain edges that do nothing. With ``F`` and ``f`` as in `faithfulness`:

* complete: for every ``K`` in the circuit C, ``f(C - K)`` is close to ``f(M - K)``, where M is the
  whole model. A difference means that M has something for the job of K that C lacks.
* minimal: for every piece v there is a ``K`` without which v matters: ``f(C - K - v)`` is far from
  ``f(C - K)``.

A piece is an edge, or a head or MLP with all of its edges. Nobody can try every K, so what is
found is a lower bound of the incompleteness, and of how much a piece matters.

Source: Wang et al. (2023), sections 4.1 and 4.2, with the greedy search of their appendix.
"""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from interp_course import circuits, runtime
from interp_course.circuits import Circuit, Edge, Part
from interp_course.patching.faithfulness import Ablation, EdgeAblation
from interp_course.patching.metrics import Metric

Piece = Edge | Part
Pieces = Literal["edges", "parts"]
CANDIDATES = 10
"""Pieces that each step of the greedy search tries, as in the paper."""


class Completeness(NamedTuple):
    """What circuit and model still do without some pieces, on the scale of faithfulness."""

    removed: list[tuple[Piece, ...]]
    """K, one for each entry below."""
    circuit: Float[Tensor, " cell"]
    """f(C without K)."""
    model: Float[Tensor, " cell"]
    """f(M without K)."""

    @property
    def worst(self) -> float:
        """The largest difference that was found; 0 for a complete circuit."""
        return (self.circuit - self.model).abs().max().item()


class Need(NamedTuple):
    """How much a piece matters, and without what."""

    score: float
    """The largest change of faithfulness that was found."""
    without: tuple[Piece, ...]
    """The K for which it was."""


class _Search:
    """Masks of pieces, and f of circuit and model without any of them."""

    def __init__(
        self,
        model: Any,
        circuit: Circuit,
        pairs: tuple[Tensor, Tensor],
        metric: Metric,
        pieces: Pieces,
        ablation: Ablation,
    ) -> None:
        self.runs = EdgeAblation(model, *pairs, metric, ablation)
        self.scale = self.runs.scale()
        self.kept = self.runs.wiring.carrying(circuit)
        self.pieces = _pieces(circuit, pieces)
        everything = circuits.edges(model)
        self.masks = torch.stack(
            [
                self.runs.wiring.carrying([e for e in everything if p in (e, e.source, e.target)])
                for p in self.pieces
            ]
        )

    def of_circuit(self, removed: Sequence[Sequence[int]]) -> Tensor:
        """f(C without K) for each K."""
        return self._values(self.kept, removed)

    def of_model(self, removed: Sequence[Sequence[int]]) -> Tensor:
        """f(M without K) for each K."""
        return self._values(torch.ones_like(self.kept), removed)

    def names(self, removed: Sequence[int]) -> tuple[Piece, ...]:
        """The pieces with these numbers."""
        return tuple(self.pieces[i] for i in removed)

    def _values(self, kept: Tensor, removed: Sequence[Sequence[int]]) -> Tensor:
        left = [kept & ~self.masks[list(several)].any(dim=0) for several in removed]
        return self.scale.effect(self.runs.values_of(torch.stack(left))).float().cpu()


def completeness(
    model: Any,
    circuit: Circuit,
    clean: Int[Tensor, "batch pos"],
    corrupted: Int[Tensor, "batch pos"],
    metric: Metric,
    *,
    pieces: Pieces = "edges",
    n_random: int = 20,
    n_greedy: int = 5,
    ablation: Ablation = "corrupted",
    seed: int = 0,
) -> Completeness:
    """Compare circuit and model without the same pieces, for many choices of them.

    Args:
        model: A bridge.
        circuit: C.
        clean: See `faithfulness.faithfulness`.
        corrupted: See `faithfulness.faithfulness`.
        metric: See `faithfulness.faithfulness`.
        pieces: What is removed: edges, or heads and MLPs.
        n_random: Random choices of K, each piece in it with probability 1/2; the empty K is
            always tried too.
        n_greedy: Greedy searches, which add up to ten pieces, each time the one of ten random
            ones that makes the largest difference. Every K on the way is returned.
        ablation: See `faithfulness.faithfulness`.
        seed: Which random choices.

    Raises:
        ValueError: As in `faithfulness.faithfulness`, or if there are no such pieces.
    """
    search = _Search(model, circuit, (clean, corrupted), metric, pieces, ablation)
    rng = runtime.generator("completeness", seed)
    removed = [(), *_random(len(search.pieces), n_random, rng)]
    for _ in range(n_greedy):
        removed += _greedy(search, rng)
    names = [search.names(several) for several in removed]
    return Completeness(names, search.of_circuit(removed), search.of_model(removed))


def minimality(
    model: Any,
    circuit: Circuit,
    clean: Int[Tensor, "batch pos"],
    corrupted: Int[Tensor, "batch pos"],
    metric: Metric,
    *,
    pieces: Pieces = "edges",
    n_random: int = 10,
    ablation: Ablation = "corrupted",
    seed: int = 0,
) -> dict[Piece, Need]:
    """How much each piece matters, without the K for which it matters most.

    Tried are the empty K, every other piece alone (which shows two that back each other up),
    and random choices; arguments as in `completeness`.

    Raises:
        ValueError: As in `completeness`.
    """
    search = _Search(model, circuit, (clean, corrupted), metric, pieces, ablation)
    rng, found = runtime.generator("minimality", seed), {}
    for number, piece in enumerate(search.pieces):
        others = [i for i in range(len(search.pieces)) if i != number]
        choices = [(), *((i,) for i in others)]
        choices += [tuple(others[i] for i in s) for s in _random(len(others), n_random, rng)]
        with_it = search.of_circuit(choices)
        without_it = search.of_circuit([(*several, number) for several in choices])
        change = (with_it - without_it).abs()
        best = int(change.argmax())
        found[piece] = Need(change[best].item(), search.names(choices[best]))
    return found


def _pieces(circuit: Circuit, pieces: Pieces) -> list[Piece]:
    if pieces == "edges":
        found: list[Piece] = sorted(circuit.edges, key=str)
    elif pieces == "parts":
        found = sorted((p for p in circuit.parts if p.kind in ("head", "mlp")), key=str)
    else:
        raise ValueError(f"pieces must be edges or parts, got {pieces!r}")
    if not found:
        raise ValueError(f"the circuit has no {pieces} to remove")
    return found


def _random(n_pieces: int, n: int, rng: torch.Generator) -> list[tuple[int, ...]]:
    drawn = torch.rand(n, n_pieces, generator=rng) < 0.5
    return [tuple(row.nonzero()[:, 0].tolist()) for row in drawn]


def _greedy(search: _Search, rng: torch.Generator) -> list[tuple[int, ...]]:
    """Every K of one greedy search, from one piece up."""
    found: list[tuple[int, ...]] = []
    removed: tuple[int, ...] = ()
    for _ in range(min(CANDIDATES, len(search.pieces))):
        order = torch.randperm(len(search.pieces), generator=rng).tolist()
        tried = [(*removed, i) for i in order if i not in removed][:CANDIDATES]
        apart = (search.of_circuit(tried) - search.of_model(tried)).abs()
        removed = tried[int(apart.argmax())]
        found.append(removed)
    return found
