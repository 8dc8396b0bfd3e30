"""Does a circuit do the job by itself, and how large must it be?

A circuit is tested by ablating every edge outside of it: each reader sees the present values of
writers over edges of the circuit, and *ablated* values over all others, all in one forward pass.

* ``F(C)``: mean metric of the model with only the edges C, the others ablated.
* faithfulness ``f(C) = (F(C) - F(none)) / (F(all) - F(none))``: 0 is a model without any edge, 1 is
  the whole model. It can be negative or above 1.
* CPR = area under f over the share of edges kept, 0 .. 1; higher is better. CMD = area between f
  and 1; 0 is best. Areas are trapezoids over the share itself, not its logarithm: half of the area
  lies between the two last sizes 0.5 and 1 (below the first size the curve is left out), so CPR and
  CMD hardly see the small circuits. Look at the curve.

Ablated values come from the corrupted prompts (``"corrupted"``) or are means over them, position
by position (``"mean"``). What is the same on both prompts, as positions are, neither can see.

Sources: Wang et al. (2023), section 4; Hanna et al. (2024); Mueller et al. (2025), "MIB: A
Mechanistic Interpretability Benchmark" (CPR, CMD and the sizes).
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Literal, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from interp_course.circuits import Circuit, Edge
from interp_course.patching import attribution, effects
from interp_course.patching.metrics import Metric
from interp_course.patching.wiring import Wiring

Ablation = Literal["corrupted", "mean"]
SIZES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Shares of all edges, as in the MIB benchmark."""


class EdgeAblation:
    """Runs circuits of one model on one set of prompts; see `faithfulness` for the arguments.

    Raises:
        ValueError: If the prompts, the metric or the kind of model do not fit.
    """

    def __init__(
        self,
        model: Any,
        clean: Int[Tensor, "batch pos"],
        corrupted: Int[Tensor, "batch pos"],
        metric: Metric,
        ablation: Ablation = "corrupted",
    ) -> None:
        effects.check_pair(model, clean, corrupted)
        if ablation not in ("corrupted", "mean"):
            raise ValueError(f"ablation must be corrupted or mean, got {ablation!r}")
        self.wiring, self.metric = Wiring(model), metric
        self.clean = self.wiring.run(clean)
        other = self.wiring.run(corrupted)
        self.ablated = other if ablation == "corrupted" else other.mean()

    def values(self, circuits: Sequence[Circuit]) -> Float[Tensor, " cell"]:
        """F of each circuit: the mean metric of the model with only its edges."""
        carried = torch.stack([self.wiring.carrying(circuit) for circuit in circuits])
        return self.values_of(carried)

    def values_of(self, carried: Tensor, start: int = 0) -> Float[Tensor, " cell"]:
        """F for edges given as masks ``[cell writer reader]``.

        Stages before ``start`` are not computed: all edges into them are taken to be kept.
        """
        n_given = self.wiring.stages[start].writers.start
        pushed = torch.zeros(carried.shape[:2], dtype=torch.bool)
        pushed[:, :n_given] = True
        found = self.wiring.outcomes(self.metric, self.ablated, self.clean, pushed, carried, start)
        return found.double().mean(dim=1)

    def scale(self) -> effects.Scale:
        """F of the whole model and of no edge at all.

        Raises:
            ValueError: If they are the same.
        """
        shape = (2, len(self.wiring.writers), len(self.wiring.readers))
        carried = torch.zeros(shape, dtype=torch.bool)
        carried[0] = True
        return effects.scale_of(*self.values_of(carried).tolist())


class Curve(NamedTuple):
    """Faithfulness of larger and larger circuits."""

    shares: Float[Tensor, " size"]
    """Share of all edges that each circuit keeps."""
    faithfulness: Float[Tensor, " size"]
    cpr: float
    """Area under the curve; higher is better."""
    cmd: float
    """Area between the curve and 1; lower is better."""


def faithfulness(
    model: Any,
    circuit: Circuit,
    clean: Int[Tensor, "batch pos"],
    corrupted: Int[Tensor, "batch pos"],
    metric: Metric,
    *,
    ablation: Ablation = "corrupted",
) -> float:
    """How much of what the whole model does a circuit does alone: 0 nothing, 1 as much.

    Args:
        model: A bridge.
        circuit: The edges to keep.
        clean: Prompts on which the model does its job.
        corrupted: As many prompts of the same length, which ablated values come from.
        metric: See `metrics`.
        ablation: See the top of this module.

    Raises:
        ValueError: If the model lacks an edge, ablating all edges changes nothing, or the
            prompts, the metric or the kind of model do not fit.
    """
    runs = EdgeAblation(model, clean, corrupted, metric, ablation)
    return runs.scale().effect(runs.values([circuit])).item()


def curve(
    model: Any,
    scores: Mapping[Edge, float],
    clean: Int[Tensor, "batch pos"],
    corrupted: Int[Tensor, "batch pos"],
    metric: Metric,
    *,
    sizes: Sequence[float] = SIZES,
    by: Literal["size", "value"] = "size",
    ablation: Ablation = "corrupted",
) -> Curve:
    """Faithfulness of the circuits of the strongest edges, with CPR and CMD.

    Args:
        model: A bridge.
        scores: A score for each edge of the model, as `attribution` gives.
        clean: See `faithfulness`.
        corrupted: See `faithfulness`.
        metric: See `faithfulness`.
        sizes: Shares of the edges to keep, rising, at least two.
        by: See `attribution.strongest`. MIB ranks by value for CPR and by size for CMD.
        ablation: See `faithfulness`.

    Raises:
        ValueError: As in `faithfulness`, or if the sizes do not rise within 0 .. 1.
    """
    rising = len(sizes) > 1 and all(a < b for a, b in pairwise(sizes))
    if not rising or sizes[0] < 0 or sizes[-1] > 1:
        raise ValueError(f"sizes must be at least two rising shares within 0 .. 1, got {sizes}")
    runs = EdgeAblation(model, clean, corrupted, metric, ablation)
    counts = [round(share * len(scores)) for share in sizes]
    circuits = [attribution.strongest(scores, count, by=by) for count in counts]
    found = runs.scale().effect(runs.values(circuits))
    shares = torch.tensor(sizes, dtype=torch.float64)
    cpr, cmd = (torch.trapezoid(y, shares).item() for y in (found.cpu(), (1 - found).abs().cpu()))
    return Curve(shares.float(), found.float(), cpr, cmd)
