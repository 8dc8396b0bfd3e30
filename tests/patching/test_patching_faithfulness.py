"""Circuits run alone equal a pass written out edge by edge, and transformer-lens."""

import pytest
import torch
from patching_cases import (
    CLEAN,
    CORRUPTED,
    INDUCTION,
    METRIC,
    MODELS,
    EdgeByEdge,
    induction_prompts,
    planted,
    value,
)
from transformer_lens.tools import analysis
from transformer_lens.tools.analysis.attribution_patching import EdgeAttributionConfig

from interp_course import circuits, runtime
from interp_course.circuits import EMBED, POSITIONS, Circuit, edge
from interp_course.patching import attribution, faithfulness, metrics

faithful = faithfulness.faithfulness


@pytest.fixture(params=MODELS)
def model(request):
    with torch.no_grad():
        yield MODELS[request.param]


def some_edges(model, seed: int) -> Circuit:
    every = circuits.edges(model)
    kept = torch.rand(len(every), generator=runtime.generator("some edges", seed)) < 0.7
    return Circuit(frozenset(e for e, keep in zip(every, kept, strict=True) if keep))


def alone(model, circuit: Circuit, ablation: str) -> float:
    """The mean metric of a circuit alone, written out."""
    values = EdgeByEdge(model, CORRUPTED).writes
    if ablation == "mean":
        values = {part: w.mean(dim=0).expand_as(w) for part, w in values.items()}
    outside = {e: values[e.source] for e in circuits.edges(model) if e not in circuit.edges}
    return value(EdgeByEdge(model, CLEAN, outside).logits)


@pytest.mark.parametrize("ablation", ["corrupted", "mean"])
@pytest.mark.parametrize("seed", range(3))
def test_a_circuit_alone_equals_the_written_out_pass(model, ablation, seed):
    circuit, whole = some_edges(model, seed), Circuit.of(circuits.edges(model))
    none, some, every = (alone(model, c, ablation) for c in (Circuit.of([]), circuit, whole))
    found = faithful(model, circuit, CLEAN, CORRUPTED, METRIC, ablation=ablation)
    assert found == pytest.approx((some - none) / (every - none), rel=1e-5, abs=1e-5)


def theirs(model, circuit: Circuit) -> float:
    """What transformer-lens says, on the first pair of prompts; positions are the same anyway."""
    pair = CLEAN[:1], CORRUPTED[:1]
    config = EdgeAttributionConfig(granularity="edge")
    with torch.enable_grad():
        scores = analysis.attribution_patch(model, *pair, lambda x: x[0, -1, 3], config).edge_scores
    kept = [e for e in scores if edge(f"{name(e[0])} -> {name(e[1])}") in circuit.edges]
    return analysis.faithfulness(model, *pair, lambda x: x[0, -1, 3], kept).recovered


def name(node) -> str:
    if node.kind in ("embed", "logits"):
        return node.kind
    if node.kind in ("mlp_in", "mlp_out"):
        return f"L{node.layer}.MLP"
    slot = "" if node.kind == "attn_head_out" else f".{node.kind[0]}"
    return f"L{node.layer}.H{node.head}{slot}"


@pytest.mark.parametrize("seed", range(3))
def test_faithfulness_equals_that_of_transformer_lens(seed):
    model, circuit = MODELS["GPT-2"], some_edges(MODELS["GPT-2"], seed)
    found = faithful(model, circuit, CLEAN[:1], CORRUPTED[:1], lambda x: x[:, -1, 3])
    assert found == pytest.approx(theirs(model, circuit), abs=1e-5)


@pytest.fixture
def job():
    """The planted induction pair, clean and corrupted prompts, and a metric."""
    clean, answer = induction_prompts()
    corrupted, _ = induction_prompts(seed=1)
    return planted(), clean, corrupted, metrics.loss(answer)


def test_the_planted_circuit_does_the_whole_job(job):
    assert faithful(job[0], INDUCTION, *job[1:]) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("missing", sorted(map(str, INDUCTION.edges)))
def test_without_any_of_its_edges_it_does_not(job, missing):
    circuit = Circuit(INDUCTION.edges - {edge(missing)})
    assert faithful(job[0], circuit, *job[1:]) < 0.7


def test_the_curve_and_its_areas_by_hand(job):
    """Two edges into the logits: the first is worth nothing, the second everything."""
    scores = {e: float(e in INDUCTION.edges) for e in circuits.edges(job[0])}
    share = len(INDUCTION.edges) / len(scores)
    found = faithfulness.curve(job[0], scores, *job[1:], sizes=[0.0, share, 1.0])
    assert found.faithfulness.tolist() == pytest.approx([0, 1, 1], abs=1e-5)
    assert found.cpr == pytest.approx(1 - share / 2, abs=1e-5)
    assert found.cmd == pytest.approx(share / 2, abs=1e-5)


def test_integrated_scores_find_the_circuit_at_its_size(job):
    scores = attribution.integrated_edge_attribution(*job, steps=20)
    assert attribution.strongest(scores, len(INDUCTION.edges)).f1(INDUCTION) == 1


@pytest.mark.parametrize("sizes", [[1.0], [0.5, 0.2], [0.5, 1.5], [-0.1, 1.0]])
def test_sizes_that_do_not_rise_are_refused(job, sizes):
    with pytest.raises(ValueError, match=r"rising shares within 0 \.\. 1"):
        faithfulness.curve(job[0], {}, *job[1:], sizes=sizes)


def test_an_edge_that_the_model_lacks_is_refused(job):
    with pytest.raises(ValueError, match=r"no edge L0\.MLP -> logits"):
        faithful(job[0], Circuit.of(["L0.MLP -> logits"]), *job[1:])


def test_prompts_that_do_not_differ_are_refused(job):
    with pytest.raises(ValueError, match="no difference to explain"):
        faithful(job[0], INDUCTION, job[1], job[1], job[3])


def test_an_unknown_ablation_is_refused(job):
    with pytest.raises((ValueError, TypeError), match="ablation"):
        faithful(job[0], INDUCTION, *job[1:], ablation="zero")


def test_means_keep_what_is_the_same_in_all_prompts(job):
    taken = faithfulness.EdgeAblation(*job, "mean")
    mean, clean = taken.ablated.writes, taken.clean.writes
    embed, positions = (taken.wiring.writers.index(part) for part in (EMBED, POSITIONS))
    assert torch.equal(mean[embed, :, 0], clean[embed, :, 0])  # BOS everywhere
    assert torch.equal(mean[positions], clean[positions])
