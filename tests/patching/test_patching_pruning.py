"""ACDC finds the planted circuit, and decides as one edge after the other would."""

import pytest
import torch
from patching_cases import CLEAN, CORRUPTED, INDUCTION, METRIC, MODELS, induction_prompts, planted

from interp_course import circuits
from interp_course.circuits import Circuit
from interp_course.patching import metrics, pruning
from interp_course.patching.faithfulness import EdgeAblation

THRESHOLDS = [1e-4, 1e-2, 1.0]


def prompts() -> tuple[torch.Tensor, torch.Tensor]:
    return induction_prompts()[0], induction_prompts(seed=1)[0]


@pytest.mark.parametrize("ablation", ["corrupted", "mean"])
def test_the_planted_circuit_is_found_at_every_threshold(ablation):
    found = pruning.acdc_sweep(planted(), *prompts(), THRESHOLDS, ablation=ablation)
    assert list(found) == THRESHOLDS
    assert [circuit.f1(INDUCTION) for circuit in found.values()] == [1.0, 1.0, 1.0]


def test_the_planted_circuit_is_found_with_another_metric():
    metric = metrics.loss(induction_prompts()[1])
    assert pruning.acdc(planted(), *prompts(), 0.01, metric).f1(INDUCTION) == 1


def test_a_huge_threshold_leaves_nothing():
    assert pruning.acdc(planted(), *prompts(), 1e6) == Circuit.of([])


def one_by_one(model, threshold: float, metric, signed: bool) -> Circuit:
    """The greedy search as it is told: one run of the whole circuit for each decision."""
    runs = EdgeAblation(model, CLEAN, CORRUPTED, metric)
    kept = list(reversed(circuits.edges(model)))
    before = runs.values([Circuit.of(kept)]).item()
    for candidate in reversed(circuits.edges(model)):
        left = [e for e in kept if e != candidate]
        after = runs.values([Circuit.of(left)]).item()
        change = after - before
        if (change if signed else abs(change)) < threshold:
            kept, before = left, after
    return Circuit.of(kept)


@pytest.mark.parametrize("threshold", [0.01, 0.02])
@pytest.mark.parametrize("name", MODELS)
def test_decisions_are_those_of_one_edge_after_the_other(name, threshold):
    model = MODELS[name]
    with torch.no_grad():
        expected = one_by_one(model, threshold, metrics.kl(model(CLEAN)), signed=True)
    assert pruning.acdc(model, CLEAN, CORRUPTED, threshold) == expected
    assert 0 < len(expected.edges) < len(circuits.edges(model))


@pytest.mark.parametrize("name", MODELS)
def test_of_a_metric_every_change_counts(name):
    expected = one_by_one(MODELS[name], 0.1, METRIC, signed=False)
    assert pruning.acdc(MODELS[name], CLEAN, CORRUPTED, 0.1, METRIC) == expected


@pytest.mark.parametrize("ahead", [1, 3])
def test_it_does_not_matter_how_many_edges_are_tried_at_once(ahead, monkeypatch):
    before = pruning.acdc(MODELS["GPT-2"], CLEAN, CORRUPTED, 0.05)
    monkeypatch.setattr(pruning, "AHEAD", ahead)
    assert pruning.acdc(MODELS["GPT-2"], CLEAN, CORRUPTED, 0.05) == before


@pytest.mark.parametrize("thresholds", [[], [0.0], [0.1, -1.0], [float("nan")]])
def test_thresholds_that_are_not_positive_are_refused(thresholds):
    with pytest.raises(ValueError, match="thresholds must be positive"):
        pruning.acdc_sweep(MODELS["GPT-2"], CLEAN, CORRUPTED, thresholds)
