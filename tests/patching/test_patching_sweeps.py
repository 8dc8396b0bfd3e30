"""Sweeps equal those of transformer-lens, which run the model once for each cell."""

import pytest
import torch
from patching_cases import ANSWER, CLEAN, CORRUPTED, METRIC, MODELS, ROTARY, WRONG, native, value
from transformer_lens import patching

from interp_course.patching import metrics, sweeps

ALL = {**MODELS, "rotary": ROTARY, "grouped": native(n_key_value_heads=1)}
WITH_MLP = [name for name, model in ALL.items() if not model.cfg.attn_only]
DIRECTIONS = ["denoising", "noising"]
SWEEPS = [sweeps.head_sweep, sweeps.mlp_sweep, sweeps.stream_sweep]


@torch.no_grad()
def theirs(function, model, direction: str) -> torch.Tensor:
    """A sweep of transformer-lens, on our scale."""
    base, other = (CORRUPTED, CLEAN) if direction == "denoising" else (CLEAN, CORRUPTED)
    _, cache = model.run_with_cache(other)
    found = function(model, base, cache, lambda logits: torch.tensor(value(logits)))
    clean, corrupted = value(model(CLEAN)), value(model(CORRUPTED))
    return (found - corrupted) / (clean - corrupted)


def close(actual: torch.Tensor, expected: torch.Tensor) -> None:
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("name", ALL)
def test_heads_patched_at_all_positions(name, direction):
    found = sweeps.head_sweep(ALL[name], CLEAN, CORRUPTED, METRIC, direction=direction)
    close(found, theirs(patching.get_act_patch_attn_head_out_all_pos, ALL[name], direction))


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("name", ALL)
def test_heads_patched_at_each_position(name, direction):
    options = {"positions": "each", "direction": direction}
    found = sweeps.head_sweep(ALL[name], CLEAN, CORRUPTED, METRIC, **options)
    expected = theirs(patching.get_act_patch_attn_head_out_by_pos, ALL[name], direction)
    close(found, expected.transpose(1, 2))


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("name", WITH_MLP)
def test_mlps_patched_at_each_position(name, direction):
    found = sweeps.mlp_sweep(ALL[name], CLEAN, CORRUPTED, METRIC, direction=direction)
    close(found, theirs(patching.get_act_patch_mlp_out, ALL[name], direction))


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("name", ALL)
def test_streams_patched_at_each_position(name, direction):
    found = sweeps.stream_sweep(ALL[name], CLEAN, CORRUPTED, METRIC, direction=direction)
    close(found[:-1], theirs(patching.get_act_patch_resid_pre, ALL[name], direction))


def test_the_last_stream_matters_where_the_metric_looks_and_nowhere_else():
    found = sweeps.stream_sweep(MODELS["GPT-2"], CLEAN, CORRUPTED, METRIC)[-1]
    close(found, torch.tensor([0.0] * 6 + [1.0]))


def test_all_streams_together_restore_everything():
    found = sweeps.stream_sweep(ROTARY, CLEAN, CORRUPTED, METRIC, positions="together")
    close(found, torch.ones(3))


@pytest.mark.parametrize("sweep", SWEEPS)
def test_chosen_positions_are_those_of_the_whole_sweep(sweep):
    model = MODELS["LayerNorm and MLP"]
    every = sweep(model, CLEAN, CORRUPTED, METRIC, positions="each")
    close(sweep(model, CLEAN, CORRUPTED, METRIC, positions=[2, -1]), every[..., [2, -1]])


@pytest.mark.parametrize("sweep", SWEEPS)
def test_groups_of_any_size_give_the_same(sweep, monkeypatch):
    before = sweep(MODELS["GPT-2"], CLEAN, CORRUPTED, METRIC, positions="each")
    monkeypatch.setattr(sweeps, "BYTES", {"cpu": 1})
    close(sweep(MODELS["GPT-2"], CLEAN, CORRUPTED, METRIC, positions="each"), before)


def own(logits):
    rows = torch.arange(3)
    return logits[rows, -1, ANSWER] - logits[rows, -1, ANSWER + 3]


@pytest.mark.parametrize("sweep", SWEEPS)
@pytest.mark.parametrize("name", WITH_MLP)
def test_a_metric_of_ones_own_gives_the_same(name, sweep):
    found = sweep(ALL[name], CLEAN, CORRUPTED, own, positions="each")
    close(found, sweep(ALL[name], CLEAN, CORRUPTED, METRIC, positions="each"))


def test_a_metric_may_look_at_another_position_of_each_prompt():
    places = torch.tensor([4, -1, 2])
    metric = metrics.logit_difference(ANSWER, WRONG, places)
    found = sweeps.head_sweep(ROTARY, CLEAN, CORRUPTED, metric, positions="each")
    other = sweeps.head_sweep(
        *(ROTARY, CLEAN, CORRUPTED, lambda logits: metric(logits)), positions="each"
    )
    close(found, other)


@pytest.mark.parametrize("positions", [[7], [], "sometimes"])
def test_positions_that_do_not_exist_are_refused(positions):
    with pytest.raises((ValueError, TypeError), match="positions"):
        sweeps.head_sweep(ROTARY, CLEAN, CORRUPTED, METRIC, positions=positions)


def test_a_model_without_mlps_is_refused_with_a_way_out():
    with pytest.raises(ValueError, match="no MLPs to patch: use head_sweep"):
        sweeps.mlp_sweep(MODELS["no norm"], CLEAN, CORRUPTED, METRIC)


def refuse(*_):
    raise TypeError("it needs position embeddings")


@pytest.mark.parametrize("hook", [refuse, lambda block, x, y: (y[0] ** 2,)])
@pytest.mark.parametrize("metric", [METRIC, own])
def test_blocks_that_cannot_be_run_by_themselves_are_refused(hook, metric):
    """The second kind answers otherwise than in the whole model."""
    streams = "blocks.0.hook_resid_pre"
    runs = sweeps._runs(native(), CLEAN, CORRUPTED, METRIC, "denoising", [streams])
    patches, model = sweeps._Patches(0, runs.base[streams], runs.base[streams][None]), native()
    model.blocks[0].register_forward_hook(hook)
    with pytest.raises(ValueError, match=r"by themselves.*transformer_lens\.patching"):
        sweeps._check_blocks(model, patches, runs.logits, metric)


def test_nothing_is_left_behind():
    for sweep in SWEEPS:
        sweep(ROTARY, CLEAN, CORRUPTED, METRIC)
    assert all(not point.fwd_hooks for point in ROTARY.hook_dict.values())
