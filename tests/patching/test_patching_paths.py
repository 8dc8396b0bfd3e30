"""Edges and paths equal a forward pass written out edge by edge, in double precision."""

import pytest
import torch
from patching_cases import CLEAN, CORRUPTED, METRIC, MODELS, ROTARY, EdgeByEdge, effect, native
from patching_cases import value as mean_metric
from transformer_lens import patching

from interp_course import circuits
from interp_course.patching import paths, wiring

PATHS = [
    "embed -> L0.H1.v -> L1.H0.k -> logits",
    "L0.H0 -> L1.H1.q",
    "L0.H1 -> L1.H0.v -> logits",
    "embed -> L0.H0.q -> L1.H0.q",
]
MLP_PATHS = [
    "L0.H0 -> L0.MLP -> L1.H1.v -> L1.MLP -> logits",
    "embed -> L0.MLP",
    "L0.MLP -> L1.MLP",
]


def expected(model, path: str, base, other) -> float:
    """The change is handed on from edge to edge; each run swaps one edge only."""
    runs = EdgeByEdge(model, other), EdgeByEdge(model, base)
    arriving = runs[0].writes[paths.edges_of(path)[0].source]
    for edge in paths.edges_of(path):
        run = EdgeByEdge(model, base, {edge: arriving})
        arriving = run.writes.get(edge.target)
    return effect(model, run.logits)


@pytest.fixture(params=MODELS)
def model(request):
    with torch.no_grad():
        yield MODELS[request.param]


@pytest.mark.parametrize("direction", ["denoising", "noising"])
def test_paths_equal_the_written_out_pass(model, direction):
    several = PATHS if model.cfg.attn_only else PATHS + MLP_PATHS
    base, other = (CORRUPTED, CLEAN) if direction == "denoising" else (CLEAN, CORRUPTED)
    found = paths.path_effects(model, CLEAN, CORRUPTED, several, METRIC, direction=direction)
    for path, one in zip(several, found.tolist(), strict=True):
        assert one == pytest.approx(expected(model, path, base, other), abs=1e-5)


def test_every_edge_equals_the_written_out_pass(model):
    edges, clean = circuits.edges(model), EdgeByEdge(model, CLEAN).writes
    found = paths.path_effects(model, CLEAN, CORRUPTED, edges, METRIC)
    for edge, one in zip(edges, found.tolist(), strict=True):
        run = EdgeByEdge(model, CORRUPTED, {edge: clean[edge.source]})
        assert one == pytest.approx(effect(model, run.logits), abs=1e-5), edge


@pytest.mark.parametrize("slot", ["q", "k", "v"])
def test_head_to_head_edges_equal_those_of_transformer_lens(slot):
    model, caches = MODELS["GPT-2"], []
    with torch.no_grad():
        caches = [model.run_with_cache(tokens)[1] for tokens in (CLEAN, CORRUPTED)]
        ends = [mean_metric(model(tokens)) for tokens in (CLEAN, CORRUPTED)]
        measured = patching.get_act_patch_direct_path(
            *(model, CORRUPTED, *caches, lambda x: torch.tensor(mean_metric(x)), 0, 1, slot), False
        )[1]
    edges = [f"L0.H1 -> L1.H{h}.{slot}" for h in range(2)]
    found = paths.path_effects(model, CLEAN, CORRUPTED, edges, METRIC)
    theirs = (measured - ends[1]) / (ends[0] - ends[1])
    torch.testing.assert_close(found, theirs, rtol=0, atol=1e-5)


def test_groups_of_any_size_give_the_same(model, monkeypatch):
    before = paths.path_effects(model, CLEAN, CORRUPTED, circuits.edges(model), METRIC)
    monkeypatch.setattr(wiring, "BYTES", 1)
    after = paths.path_effects(model, CLEAN, CORRUPTED, circuits.edges(model), METRIC)
    torch.testing.assert_close(after, before, rtol=0, atol=1e-5)


def test_with_rotary_positions_all_edges_together_are_the_clean_run():
    taken = wiring.Wiring(ROTARY)
    clean, corrupted = taken.run(CLEAN), taken.run(CORRUPTED)
    pushed = torch.zeros(2, len(taken.writers), dtype=torch.bool)
    pushed[:, 0] = True
    carried = taken.carrying(circuits.edges(ROTARY)).expand(2, -1, -1).clone()
    carried[1] = False
    found = taken.outcomes(METRIC, corrupted, clean, pushed, carried).mean(dim=1)
    ends = [mean_metric(ROTARY(tokens)) for tokens in (CLEAN, CORRUPTED)]
    assert found.tolist() == pytest.approx(ends, abs=1e-5)


def test_a_path_is_read_from_its_name():
    found = paths.edges_of("L0.H1 -> L1.H3.k -> L1.MLP -> logits")
    assert [str(e) for e in found] == ["L0.H1 -> L1.H3.k", "L1.H3 -> L1.MLP", "L1.MLP -> logits"]


@pytest.mark.parametrize(
    ("several", "message"),
    [
        (["L0.H0"], "is no path: write it as"),
        (["L0.H0 -> L2.H0.q"], r"no edge L0\.H0 -> L2\.H0\.q"),
        (["L0.H7 -> logits"], r"no edge L0\.H7 -> logits.*circuits\.edges"),
        ([[circuits.edge("embed -> L0.H0.q"), circuits.edge("L0.H1 -> logits")]], "breaks off"),
        ([[]], "at least one edge"),
        ([], "at least one path"),
        ("L0.H0 -> logits", "must be a list"),
    ],
)
def test_what_is_no_path_is_refused(several, message):
    with pytest.raises(ValueError, match=message):
        paths.path_effects(MODELS["no norm"], CLEAN, CORRUPTED, several, METRIC)


def test_heads_that_share_keys_are_refused():
    with pytest.raises(ValueError, match="2 heads of this model share 1 keys"):
        wiring.Wiring(native(n_key_value_heads=1))


def test_parts_that_do_not_add_up_to_the_stream_are_refused(monkeypatch):
    taken = wiring.Wiring(native())
    monkeypatch.setattr(taken, "_heads_write", lambda z, layer: torch.zeros(2, 3, 7, 10))
    with pytest.raises(ValueError, match=r"L0\.H0, L0\.H1 write does not add up to the stream"):
        taken.run(CLEAN)


def test_nothing_is_left_behind(model):
    with torch.enable_grad():
        found = paths.path_effects(model, CLEAN, CORRUPTED, PATHS, METRIC)
    assert not found.requires_grad
    assert all(not point.fwd_hooks for point in model.hook_dict.values())
