"""How fast the methods are, against the obvious way of doing the same with transformer-lens.

Both sides run in the same process on the same inputs, in turns, and must agree before a time
counts. Read the ratio, not the milliseconds: those depend on the machine.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from interp_course import ablation, attention, models, training

TOLERANCE = 1e-5


@dataclass(frozen=True)
class Timing:
    """Medians of one comparison, in milliseconds."""

    name: str
    ours: float
    peer: float
    peer_name: str

    @property
    def ratio(self) -> float:
        """How many times faster ours is."""
        return self.peer / self.ours


def run(device: str | None = None, *, repeats: int = 7) -> list[Timing]:
    """Time every comparison on a device.

    Raises:
        AssertionError: If the two sides of a comparison disagree.
    """
    model = models.load("induction", device=device)
    tokens = attention.repeated_tokens(model, batch=64, period=31)
    comparisons: list[tuple[str, str, Callable[[], Tensor], Callable[[], Tensor]]] = [
        (
            "induction scores of all heads",
            "run_with_cache of everything",
            lambda: attention.head_scores(model, periods=(31,), batch=64).induction,
            lambda: _scores_from_a_full_cache(model, tokens),
        ),
        (
            "ablation of each head",
            "one run_with_hooks for each head",
            lambda: ablation.ablation_effects(model, tokens[:8], "zero"),
            lambda: _one_head_at_a_time(model, tokens[:8]),
        ),
    ]
    return [_compare(*comparison, repeats=repeats) for comparison in comparisons]


def _scores_from_a_full_cache(model: Any, tokens: Tensor) -> Tensor:
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens)
    patterns = torch.stack([cache["pattern", layer] for layer in range(model.cfg.n_layers)])
    query = torch.arange(32, 63, device=tokens.device)
    return patterns[..., query, query - 30].mean(dim=(1, -1))


def _one_head_at_a_time(model: Any, tokens: Tensor) -> Tensor:
    effects = torch.zeros(model.cfg.n_layers, model.cfg.n_heads, device=tokens.device)
    with torch.no_grad():
        before = training.next_token_loss(model(tokens), tokens).mean()
        for layer in range(model.cfg.n_layers):
            for head in range(model.cfg.n_heads):
                with ablation.ablated(model, [(layer, head)], "zero"):
                    after = training.next_token_loss(model(tokens), tokens).mean()
                effects[layer, head] = after - before
    return effects


def _compare(
    name: str,
    peer_name: str,
    ours: Callable[[], Tensor],
    peer: Callable[[], Tensor],
    *,
    repeats: int,
) -> Timing:
    worst = (ours() - peer()).abs().max().item()
    assert worst < TOLERANCE, f"{name}: the two ways differ by {worst:.1e}"
    pairs = [(_milliseconds(ours), _milliseconds(peer)) for _ in range(repeats)]
    mine, theirs = (statistics.median(times) for times in zip(*pairs, strict=True))
    return Timing(name, mine, theirs, peer_name)


def _milliseconds(function: Callable[[], Tensor]) -> float:
    start = time.perf_counter()
    function().sum().item()  # waits for a GPU
    return 1000 * (time.perf_counter() - start)
