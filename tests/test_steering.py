"""Edits along a direction equal passes that are written out; comparisons count honestly."""

import math
import tempfile

import pytest
import torch
from transformer_lens.tools.analysis import interchange
from transformers import GPT2Config, GPT2LMHeadModel

from interp_course import directions, hooks, models, runtime, steering, world

RNG = runtime.generator("test steering")
TOKENS = world.pairs("number", 6, seed=0).tokens
AT = torch.tensor([2, 0, 4, 1, 3, 2])
POSITIONS = {"all": slice(None), "slice": slice(2, 4), "one each": AT}
DIRECTION = torch.randn(96, generator=RNG)


def gpt2():
    """A random Hugging Face model, which has a cache of keys and values, with the world's words."""
    shape = {"n_embd": 96, "n_layer": 3, "n_head": 2, "vocab_size": 677, "n_positions": 32}
    with tempfile.TemporaryDirectory() as folder, torch.random.fork_rng():
        torch.manual_seed(0)
        config = GPT2Config(**shape, bos_token_id=0, eos_token_id=2, initializer_range=0.2)
        GPT2LMHeadModel(config).save_pretrained(folder)
        model = models.load(folder)
    model.tokenizer = world.tokenizer()
    return model


MODELS = {"world": models.load("world"), "GPT-2": gpt2()}


@pytest.fixture(params=MODELS, scope="module")
def model(request):
    with torch.no_grad():
        yield MODELS[request.param]


@pytest.fixture
def the_world():
    with torch.no_grad():
        yield MODELS["world"]


def mask(positions) -> torch.Tensor:
    """1 at the chosen positions, ``[batch pos 1]``."""
    chosen = torch.zeros(TOKENS.shape)
    for row in range(len(TOKENS)):
        chosen[row, int(positions[row]) if torch.is_tensor(positions) else positions] = 1
    return chosen[..., None]


def on_from(model, stream: torch.Tensor, layer: int) -> torch.Tensor:
    """The logits that come of a residual stream that enters this layer, without any hook."""
    for block in list(model.blocks)[layer:]:
        out = block(stream)
        stream = out[0] if isinstance(out, tuple) else out
    return model.unembed(model.ln_final(stream))


def stream(model, name: str) -> torch.Tensor:
    return hooks.capture(model, TOKENS, [name])[1][name]


def close(found: torch.Tensor, expected: torch.Tensor) -> None:
    torch.testing.assert_close(found, expected, atol=2e-5, rtol=1e-5)


def refuses(message: str):
    return pytest.raises((ValueError, TypeError), match=f"{message}|Type-check error")


@pytest.mark.parametrize("layer", range(4))
@pytest.mark.parametrize("positions", POSITIONS)
def test_steering_equals_the_rest_of_the_network_on_a_shifted_stream(model, layer, positions):
    name, at = hooks.streams(model)[layer], POSITIONS[positions]
    shifted = stream(model, name) + 1.5 * DIRECTION * mask(at)
    expected = on_from(model, shifted, layer)
    with steering.steered(model, DIRECTION, 1.5, [name], at):
        close(model(TOKENS), expected)


def test_steering_the_last_stream_changes_logits_by_what_the_norm_and_w_u_say(the_world):
    """LayerNorm and unembedding written out in float64."""
    name, norm = hooks.resid_post(2), the_world.ln_final.original_component
    x = (stream(the_world, name) + 3 * DIRECTION).double()
    x = x - x.mean(dim=-1, keepdim=True)
    x = x / (x.square().mean(dim=-1, keepdim=True) + 1e-5).sqrt()
    expected = (x * norm.weight + norm.bias) @ the_world.W_U.double() + the_world.b_U
    with steering.steered(the_world, DIRECTION, 3.0, [name]):
        close(the_world(TOKENS).double(), expected)


@pytest.mark.parametrize("layer", range(4))
@pytest.mark.parametrize("positions", POSITIONS)
def test_an_ablation_equals_the_rest_of_the_network_on_the_edited_stream(model, layer, positions):
    name, at = hooks.streams(model)[layer], POSITIONS[positions]
    x, along = stream(model, name), DIRECTION / DIRECTION.norm()
    edited = x + mask(at) * (0.7 - (x * along).sum(dim=-1, keepdim=True)) * along
    expected = on_from(model, edited, layer)
    with steering.direction_ablated(model, DIRECTION, [name], 0.7, at):
        close(model(TOKENS), expected)


def test_an_ablation_is_the_interchange_intervention_of_transformer_lens(model):
    name, sources = hooks.resid_post(1), torch.zeros(6, 96)
    swap = interchange.SubspaceInterchange(directions.unit(DIRECTION)[:, None])
    expected = interchange.run_with_intervention(
        model, name, swap, TOKENS, sources, model, positions=AT
    )
    with steering.direction_ablated(model, DIRECTION, [name], positions=AT):
        close(model(TOKENS), expected)


def test_after_ablation_of_all_that_is_written_no_layer_reads_the_direction(the_world):
    names = [*hooks.streams(the_world), *map(hooks.attn_out, range(3))]
    inside = ["blocks.1.hook_resid_mid", "blocks.2.hook_resid_pre", "blocks.2.hook_resid_mid"]
    with steering.direction_ablated(the_world, DIRECTION, names):
        _, found = hooks.capture(the_world, TOKENS, inside)
    for x in found.values():
        assert directions.projection(x, DIRECTION).abs().max() < 1e-5


def test_steering_several_streams_adds_up(model):
    """At the last two streams, in one context or in two."""
    names = hooks.streams(model)[-2:]
    with steering.steered(model, DIRECTION, 0.5, names):
        together = model(TOKENS)
    one, two = (steering.steered(model, DIRECTION, 0.5, [name]) for name in names)
    with one, two:
        assert torch.equal(model(TOKENS), together)


def test_a_strength_of_zero_changes_nothing(model):
    before = model(TOKENS)
    with steering.steered(model, DIRECTION, 0.0, hooks.streams(model)):
        assert torch.equal(model(TOKENS), before)


def test_neurons_can_be_steered(the_world):
    name, push = hooks.mlp_post(2), torch.zeros(384)
    push[7] = 2.0
    written = stream(the_world, hooks.resid_post(2)) + 2.0 * the_world.W_out[2, 7]
    expected = on_from(the_world, written, 3)
    with steering.steered(the_world, push, 1.0, [name]):
        close(the_world(TOKENS), expected)


@pytest.mark.parametrize("dtype", ["bfloat16", "float64"])
def test_a_direction_takes_the_format_of_the_model(dtype):
    model = models.load("world", dtype=dtype)
    with steering.steered(model, DIRECTION, 1.0, hooks.streams(model)):
        assert model(TOKENS).dtype == runtime.dtype(dtype)
    with steering.direction_ablated(model, DIRECTION, hooks.streams(model)):
        assert model(TOKENS).dtype == runtime.dtype(dtype)


@pytest.mark.parametrize("cached", [True, False])
def test_steering_works_inside_generation_with_and_without_a_cache(model, cached):
    """Each token equals the likeliest one of a steered pass over all that came before."""
    written = TOKENS
    with steering.steered(model, DIRECTION, 2.0, [hooks.resid_post(1)]):
        for _ in range(5):
            written = torch.cat([written, model(written)[:, -1:].argmax(dim=-1)], dim=1)
        options = {"do_sample": False, "verbose": False, "stop_at_eos": False}
        found = model.generate(TOKENS, max_new_tokens=5, use_past_kv_cache=cached, **options)
    assert torch.equal(found, written)


def test_positions_keep_their_meaning_while_a_continuation_is_written(model):
    """Each token equals the likeliest one of a pass that is steered at positions 2 and 3."""
    written = TOKENS
    with steering.steered(model, DIRECTION, 2.0, [hooks.resid_post(0)], slice(2, 4)):
        for _ in range(3):
            written = torch.cat([written, model(written)[:, -1:].argmax(dim=-1)], dim=1)
        found = steering.continuation(model, TOKENS, 3)
    assert found == model.tokenizer.batch_decode(written[:, TOKENS.shape[1] :])


def test_positions_that_a_cached_pass_does_not_have_are_refused():
    model, options = MODELS["GPT-2"], {"do_sample": False, "verbose": False, "stop_at_eos": False}
    for positions, message in ((slice(2, 4), "selects none of the 1"), (AT, "positions 0 .. 0")):
        with (
            pytest.raises(ValueError, match=message),
            steering.steered(model, DIRECTION, 1.0, [hooks.resid_post(1)], positions),
        ):
            model.generate(TOKENS, max_new_tokens=3, **options)


@pytest.mark.parametrize("edit", [steering.steered, steering.direction_ablated])
def test_nothing_is_left_behind_even_after_an_error(model, edit):
    before, names = model(TOKENS), hooks.streams(model)
    arguments = {"strength": 1.0} if edit is steering.steered else {"coordinate": 1.0}
    with pytest.raises(KeyError), edit(model, DIRECTION, names=names, **arguments):
        raise KeyError(model(TOKENS))
    assert torch.equal(model(TOKENS), before)
    assert all(not point.fwd_hooks for point in model.hook_dict.values())


def test_an_edit_does_not_write_into_activations(the_world):
    """What enters a layer and what left the one before are one tensor."""
    below, name = hooks.resid_post(0), hooks.resid_pre(1)
    kept: list[torch.Tensor] = []
    with (
        hooks.editing(the_world, {below: lambda x, hook: kept.append(x)}),
        steering.steered(the_world, DIRECTION, 1.0, [name]),
    ):
        the_world(TOKENS)
    assert torch.equal(kept[0], stream(the_world, below))


def test_gradients_flow_through_steering():
    """From the last logits to the stream as it was before the edit."""
    model, kept = models.load("world", dtype="float64"), []
    with (
        torch.enable_grad(),
        hooks.editing(model, {hooks.resid_post(1): lambda x, hook: kept.append(x)}),
        steering.steered(model, DIRECTION, 1.0, [hooks.resid_post(1)], AT),
    ):
        gradient = torch.autograd.grad(model(TOKENS)[:, -1, 3].sum(), kept)[0]
        assert (gradient[torch.arange(6), AT].abs().sum(dim=-1) > 0).all()


BAD_EDITS = {
    "no such layer": (DIRECTION, 1.0, "blocks.3.hook_resid_post", "near names: .*blocks.2.hook"),
    "between": (DIRECTION, 1.0, "blocks.1.hook_resid_mid", "would reach the MLP but not the"),
    "size": (DIRECTION[1:], 1.0, "blocks.1.hook_resid_post", "has 95 entries, the act.* have 96"),
    "strength": (DIRECTION, math.nan, "blocks.1.hook_resid_post", "must be finite, got the str"),
    "direction": (DIRECTION / 0, 1.0, "blocks.1.hook_resid_post", "direction and strength must"),
}


@pytest.mark.parametrize("case", BAD_EDITS)
def test_steering_that_cannot_work_is_refused(model, case):
    direction, strength, name, message = BAD_EDITS[case]
    with (
        pytest.raises(ValueError, match=message),
        steering.steered(model, direction, strength, [name]),
    ):
        model(TOKENS)


def test_an_ablation_that_cannot_work_is_refused(model):
    for direction, coordinate, message in (
        (torch.zeros(96), 0.0, "length 0 points nowhere"),
        (DIRECTION, math.inf, "coordinate must be finite"),
        (DIRECTION[1:], 0.0, r"shape \(95,\), the activations \(6, "),
    ):
        with (
            refuses(message),
            steering.direction_ablated(model, direction, hooks.streams(model), coordinate),
        ):
            model(TOKENS)
