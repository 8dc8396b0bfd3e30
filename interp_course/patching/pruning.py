"""ACDC: cut the edges that a task does not need, one after the other, from the logits down.

Readers are visited from the logits to layer 0, and the edges into each from the latest writer to
the earliest. An edge is cut (ablated for good) if that changes the measure by less than the
threshold: the KL divergence from the whole model's prediction may rise by so much, a metric may
move by so much either way. Each decision builds on the earlier ones, so the result depends on the
order; an edge with a backup can be cut, and its backup is kept instead.

Decisions are those of testing one edge after the other. Many are computed at once: a batch tries
the next edges as if all of them were cut, and is read up to the first that must be kept. Stages
below the reader are still whole, so they are not computed again.

Source: Conmy et al. (2023), "Towards Automated Circuit Discovery for Mechanistic
Interpretability", section 3 and algorithm 1.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor

from interp_course import circuits
from interp_course.circuits import Circuit
from interp_course.patching.faithfulness import Ablation, EdgeAblation
from interp_course.patching.metrics import Metric, kl

AHEAD = 32
"""Edges that are tried in one batch."""


def acdc(
    model: Any,
    clean: Int[Tensor, "batch pos"],
    corrupted: Int[Tensor, "batch pos"],
    threshold: float,
    metric: Metric | None = None,
    *,
    ablation: Ablation = "corrupted",
) -> Circuit:
    """The edges that are left when all that matter less than the threshold are cut.

    Args:
        model: A bridge.
        clean: Prompts on which the model does its job.
        corrupted: As many prompts of the same length, which ablated values come from.
        threshold: How much a single cut may change the mean over the prompts.
        metric: None measures the KL divergence (nats) from the whole model's prediction after
            the last token, and only its rise counts; of a metric every change counts.
        ablation: See `faithfulness`.

    Raises:
        ValueError: If the threshold is not positive, or the prompts, the metric or the kind of
            model do not fit.
    """
    return acdc_sweep(model, clean, corrupted, [threshold], metric, ablation=ablation)[threshold]


def acdc_sweep(
    model: Any,
    clean: Int[Tensor, "batch pos"],
    corrupted: Int[Tensor, "batch pos"],
    thresholds: Sequence[float],
    metric: Metric | None = None,
    *,
    ablation: Ablation = "corrupted",
) -> dict[float, Circuit]:
    """A circuit for each threshold; arguments as in `acdc`.

    Raises:
        ValueError: As in `acdc`, or if there are no thresholds.
    """
    if not thresholds or not all(threshold > 0 for threshold in thresholds):
        raise ValueError(f"thresholds must be positive numbers, at least one, got {thresholds}")
    signed = metric is None
    if metric is None:
        with torch.no_grad():
            metric = kl(model(clean))
    runs = EdgeAblation(model, clean, corrupted, metric, ablation)
    runs.scale()  # refuses prompts between which nothing changes
    return {threshold: _cut(model, runs, threshold, signed) for threshold in thresholds}


def _cut(model: Any, runs: EdgeAblation, threshold: float, signed: bool) -> Circuit:
    wiring = runs.wiring
    kept = torch.ones(len(wiring.writers), len(wiring.readers), dtype=torch.bool)
    value = runs.values_of(kept[None]).item()
    for number, stage in reversed(list(enumerate(wiring.stages))):
        for reader in reversed(range(stage.readers.start, stage.readers.stop)):
            pending = list(reversed(range(stage.writers.start)))
            while pending:
                ahead = pending[:AHEAD]
                trials = _all_cut(kept, ahead, reader)
                values = [value, *runs.values_of(trials, number).tolist()]
                steps = [b - a for a, b in pairwise(values)]
                small = [(step if signed else abs(step)) < threshold for step in steps]
                n_cut = small.index(False) if False in small else len(small)
                value = values[n_cut]
                kept[ahead[:n_cut], reader] = False
                pending = pending[n_cut + 1 if n_cut < len(ahead) else n_cut :]
    return Circuit(frozenset(e for e in circuits.edges(model) if kept[wiring.index(e)]))


def _all_cut(kept: Tensor, writers: list[int], reader: int) -> Tensor:
    """One row for each writer: its edge and those of the writers before it are cut."""
    rows = kept.expand(len(writers), -1, -1).clone()
    for row, several in enumerate(rows):
        several[writers[: row + 1], reader] = False
    return rows
