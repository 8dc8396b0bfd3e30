"""Attributions equal finite differences in double precision, and those of transformer-lens."""

import functools

import pytest
import torch
from patching_cases import (
    ANSWER,
    CLEAN,
    CORRUPTED,
    METRIC,
    MODELS,
    ROTARY,
    WRONG,
    EdgeByEdge,
    induction_prompts,
    native,
    planted,
    value,
)
from transformer_lens.tools import analysis
from transformer_lens.tools.analysis.attribution_patching import EdgeAttributionConfig, Node

from interp_course import circuits
from interp_course.circuits import EMBED, LOGITS, edge
from interp_course.patching import attribution, metrics, paths

STEP = 1e-5


@pytest.fixture(params=MODELS)
def model(request):
    return MODELS[request.param]


@torch.no_grad()
def slopes(model, share: float) -> dict[circuits.Edge, float]:
    """For each edge the slope of the metric along clean - corrupted, by central differences."""
    good, bad = (EdgeByEdge(model, tokens).writes for tokens in (CLEAN, CORRUPTED))
    start = bad[EMBED] + share * (good[EMBED] - bad[EMBED])
    here, found = EdgeByEdge(model, CORRUPTED, embedded=start).writes, {}
    for e in circuits.edges(model):
        step = STEP * (good[e.source] - bad[e.source])
        up, down = (
            value(EdgeByEdge(model, CORRUPTED, {e: here[e.source] + s}, start).logits)
            for s in (step, -step)
        )
        found[e] = (up - down) / (2 * STEP)
    return found


def close(found: dict, expected: dict) -> None:
    assert found.keys() == expected.keys()
    for e, score in expected.items():
        assert found[e] == pytest.approx(score, abs=2e-5), e


@pytest.mark.parametrize(("at", "share"), [("corrupted", 0.0), ("clean", 1.0)])
def test_attributions_are_slopes(model, at, share):
    found = attribution.edge_attribution(model, CLEAN, CORRUPTED, METRIC, at=at)
    close(found, slopes(model, share))


def test_integrated_attributions_are_mean_slopes_on_the_way(model):
    found = attribution.integrated_edge_attribution(model, CLEAN, CORRUPTED, METRIC, steps=3)
    several = [slopes(model, k / 3) for k in (1, 2, 3)]
    close(found, {e: sum(s[e] for s in several) / 3 for e in found})


def test_groups_of_any_size_give_the_same(model, monkeypatch):
    before = attribution.integrated_edge_attribution(model, CLEAN, CORRUPTED, METRIC, steps=3)
    monkeypatch.setattr(attribution, "BYTES", 1)
    close(attribution.integrated_edge_attribution(model, CLEAN, CORRUPTED, METRIC, steps=3), before)


def name(node: Node) -> str:
    """A node of transformer-lens in our words."""
    if node.kind in ("embed", "logits"):
        return node.kind
    if node.kind in ("mlp_in", "mlp_out"):
        return f"L{node.layer}.MLP"
    slot = "" if node.kind == "attn_head_out" else f".{node.kind[0]}"
    return f"L{node.layer}.H{node.head}{slot}"


def test_attributions_equal_those_of_transformer_lens():
    """Theirs are one prompt at a time and one position at a time, and leave positions out."""
    model, config = MODELS["GPT-2"], EdgeAttributionConfig(granularity="edge")
    expected = dict.fromkeys(circuits.edges(model), 0.0)
    for i in range(len(CLEAN)):
        metric = functools.partial(_one, i)
        pair = CLEAN[i : i + 1], CORRUPTED[i : i + 1]
        found = analysis.attribution_patch(model, *pair, metric, config)
        for (source, target), score in found.edge_scores.items():
            expected[edge(f"{name(source)} -> {name(target)}")] += score / len(CLEAN)
    close(attribution.edge_attribution(model, CLEAN, CORRUPTED, METRIC), expected)


def test_without_a_last_norm_edges_into_the_logits_explain_the_whole_difference():
    model = MODELS["no norm"]
    found = attribution.edge_attribution(model, CLEAN, CORRUPTED, METRIC)
    total = sum(score for e, score in found.items() if e.target == LOGITS)
    assert total == pytest.approx(value(model(CLEAN)) - value(model(CORRUPTED)), abs=1e-5)


def test_with_rotary_positions_the_scores_of_a_writer_are_those_of_its_node():
    """Node attribution works on native models; its score is the sum over the edges."""
    found = attribution.edge_attribution(ROTARY, CLEAN[:1], CORRUPTED[:1], _first)
    nodes = analysis.attribution_patch(ROTARY, CLEAN[:1], CORRUPTED[:1], lambda x: _first(x)[0])
    for part in (EMBED, circuits.head(0, 1), circuits.mlp(0), circuits.head(1, 0)):
        mine = sum(score for e, score in found.items() if e.source == part)
        theirs = sum(s for node, s in nodes.node_scores.items() if name(node) == str(part))
        assert mine == pytest.approx(theirs, abs=1e-5)


def _one(i: int, logits):
    return logits[0, -1, ANSWER[i]] - logits[0, -1, WRONG[i]]


def _first(logits):
    return logits[:, -1, 3] - logits[:, -1, 5]


def saturated() -> tuple:
    """The induction pair asked for another word: BOS at the end, after which comes word 1."""
    clean, answer = induction_prompts()
    corrupted = clean.clone()
    corrupted[:, -1] = 0
    return planted(), clean, corrupted, metrics.logit_difference(answer, clean[:, 1])


def test_saturated_attention_hides_an_edge_that_decides():
    """The gradient through a softmax that is all but 0 or 1 is 0; patching is not fooled."""
    model, *case = saturated()
    query = "embed -> L1.H0.q"
    estimated = attribution.edge_attribution(model, *case)[edge(query)]
    (truth,) = paths.path_effects(model, *case[:2], [query], case[2])
    assert abs(estimated) < 1e-3
    assert truth == pytest.approx(1, abs=1e-4)


def test_integration_sees_the_edge_that_the_gradient_misses():
    model, *case = saturated()
    found = attribution.integrated_edge_attribution(model, *case, steps=50)
    assert found[edge("embed -> L1.H0.q")] > 1


def test_the_strongest_edges_by_size_and_by_value():
    scores = {edge("embed -> logits"): -3.0, edge("L0.H0 -> logits"): 2.0}
    for by, best in (("size", "embed -> logits"), ("value", "L0.H0 -> logits")):
        assert attribution.strongest(scores, 1, by=by).edges == {edge(best)}


@pytest.mark.parametrize(("n", "by"), [(3, "size"), (-1, "size"), (1, "name")])
def test_what_cannot_be_chosen_is_refused(n, by):
    scores = {edge("embed -> logits"): -3.0, edge("L0.H0 -> logits"): 2.0}
    with pytest.raises((ValueError, TypeError), match=r"n_edges must be|\bby\b"):
        attribution.strongest(scores, n, by=by)


def test_a_metric_without_a_gradient_is_refused():
    with pytest.raises(ValueError, match="has no gradient"):
        attribution.edge_attribution(native(), CLEAN, CORRUPTED, lambda x: METRIC(x).detach())


def test_no_steps_at_all_are_refused():
    with pytest.raises(ValueError, match="steps must be at least 1"):
        attribution.integrated_edge_attribution(native(), CLEAN, CORRUPTED, METRIC, steps=0)


def test_a_point_that_is_no_run_is_refused():
    with pytest.raises((ValueError, TypeError), match=r"\bat\b"):
        attribution.edge_attribution(native(), CLEAN, CORRUPTED, METRIC, at="half")


def test_nothing_is_left_behind(model):
    attribution.edge_attribution(model, CLEAN, CORRUPTED, METRIC)
    assert all(not point.fwd_hooks for point in model.hook_dict.values())
    assert all(parameter.grad is None for parameter in model.parameters())
