"""Hook names exist, captures are faithful, and edits leave nothing behind."""

import pytest
import torch

from interp_course import hooks, models

RESID_MID = "blocks.0.hook_resid_mid"
TOKENS = torch.tensor([[0, 3, 1, 4, 1, 5], [0, 2, 7, 1, 8, 2]])


@pytest.fixture(scope="module")
def model():
    return models.wrap(models.build(models.Architecture(2, 2, 8, 4, 9, 10), seed=1))


def n_hooks(model) -> int:
    return sum(len(point.fwd_hooks) for point in model.hook_dict.values())


NAMES = {
    "pattern": (hooks.pattern(1), (2, 2, 6, 6)),
    "z": (hooks.z(0), (2, 6, 2, 4)),
    "projection_in": (hooks.projection_in(1, "k"), (2, 6, 8)),
    "resid_pre": (hooks.resid_pre(1), (2, 6, 8)),
    "resid_post": (hooks.resid_post(0), (2, 6, 8)),
    "attn_out": (hooks.attn_out(1), (2, 6, 8)),
}


@pytest.mark.parametrize("name", NAMES)
def test_an_activation_has_the_shape_that_its_docstring_says(model, name):
    hook, shape = NAMES[name]
    assert tuple(hooks.capture(model, TOKENS, [hook])[1][hook].shape) == shape


def test_attention_patterns_are_rows_of_probabilities_that_look_back(model):
    pattern = hooks.capture(model, TOKENS, [hooks.pattern(0)])[1][hooks.pattern(0)]
    torch.testing.assert_close(pattern.sum(dim=-1), torch.ones(2, 2, 6))
    assert (pattern.triu(1) == 0).all()


def test_a_capture_is_what_a_full_cache_holds(model):
    logits, found = hooks.capture(model, TOKENS, [hooks.z(1), hooks.resid_pre(1)])
    expected, cache = model.run_with_cache(TOKENS)
    assert torch.equal(logits, expected)
    assert all(torch.equal(value, cache[name]) for name, value in found.items())


def test_a_capture_keeps_no_gradients_and_only_what_was_asked_for(model):
    logits, found = hooks.capture(model, TOKENS, [hooks.z(1)])
    assert list(found) == [hooks.z(1)]
    assert not logits.requires_grad
    assert not found[hooks.z(1)].requires_grad


def test_an_edit_reaches_the_output(model):
    with hooks.editing(model, {hooks.resid_pre(1): lambda x, hook: torch.zeros_like(x)}):
        edited = model(TOKENS)
    assert torch.equal(edited[0], edited[0, :1].expand_as(edited[0]))


def test_an_edit_is_gone_afterwards(model):
    before = model(TOKENS)
    with hooks.editing(model, {hooks.z(0): lambda z, hook: z * 0}):
        model(TOKENS)
    assert torch.equal(model(TOKENS), before)
    assert n_hooks(model) == 0


def test_an_edit_is_gone_after_an_error_inside(model):
    before = model(TOKENS)
    with pytest.raises(KeyError), hooks.editing(model, {hooks.z(0): lambda z, hook: z * 0}):
        raise KeyError
    assert torch.equal(model(TOKENS), before)


def test_an_edit_is_gone_after_an_error_in_the_hook(model):
    def fail(z, hook):
        raise KeyError

    with pytest.raises(KeyError), hooks.editing(model, {hooks.z(0): fail}):
        model(TOKENS)
    assert n_hooks(model) == 0


@pytest.fixture(scope="module")
def with_mlp():
    return models.wrap(models.build(models.Architecture(2, 2, 8, 4, 9, 10, d_mlp=12), seed=1))


def test_neurons_are_what_the_output_matrix_of_the_mlp_reads(with_mlp):
    name, written = hooks.mlp_post(1), "blocks.1.hook_mlp_out"
    found = hooks.capture(with_mlp, TOKENS, [name, written])[1]
    assert found[name].shape == (2, 6, 12)
    expected = found[name] @ with_mlp.W_out[1] + with_mlp.b_out[1]
    torch.testing.assert_close(found[written], expected)


def test_what_leaves_a_layer_enters_the_next(with_mlp):
    _, found = hooks.capture(with_mlp, TOKENS, [hooks.resid_post(0), hooks.resid_pre(1)])
    assert torch.equal(found[hooks.resid_post(0)], found[hooks.resid_pre(1)])


def test_what_attention_adds_lies_between_the_streams_before_and_after_it(with_mlp):
    names = [hooks.resid_pre(0), hooks.attn_out(0), RESID_MID]
    _, found = hooks.capture(with_mlp, TOKENS, names)
    torch.testing.assert_close(found[names[0]] + found[names[1]], found[names[2]])


def test_streams_are_listed_in_the_order_in_which_they_are_computed(with_mlp):
    seen: list[str] = []
    edits = {n: lambda x, hook, n=n: seen.append(n) for n in reversed(hooks.streams(with_mlp))}
    with hooks.editing(with_mlp, edits):
        with_mlp(TOKENS)
    assert seen == hooks.streams(with_mlp)
    assert len(seen) == 3


def test_a_name_that_does_not_exist_is_refused_with_near_ones(with_mlp):
    message = r"of 2 layers, has no place 'blocks.2.hook_resid_post'; near names: .*blocks.1.hook"
    with pytest.raises(ValueError, match=message):
        hooks.check_exist(with_mlp, [hooks.resid_post(0), hooks.resid_post(2)])


def test_neurons_of_a_model_without_mlp_are_refused(model):
    with pytest.raises(ValueError, match=r"no place 'blocks\.0\.mlp\.hook_post'"):
        hooks.check_exist(model, [hooks.mlp_post(0)])


@pytest.mark.parametrize("names", ["blocks.0.hook_resid_post", []])
def test_names_that_are_no_list_of_names_are_refused(model, names):
    with pytest.raises(ValueError, match="names must be a list of at least one hook name"):
        hooks.check_exist(model, names)


def test_the_stream_between_attention_and_mlp_can_be_read_but_not_edited(with_mlp):
    hooks.check_exist(with_mlp, [RESID_MID])
    with pytest.raises(ValueError, match="would reach the MLP but not the residual stream"):
        hooks.check_editable(with_mlp, [RESID_MID])


@pytest.mark.parametrize(
    ("positions", "message"),
    [
        ([0], r"for each of the 2 sequences, got the shape \(1,\)"),
        ([0, 6], "position 6 is outside of the sequences, which have the positions 0 .. 5"),
        ([-1, 3], "position -1 is outside"),
    ],
)
def test_positions_that_do_not_exist_are_refused(positions, message):
    with pytest.raises(ValueError, match=message):
        hooks.check_positions(torch.tensor(positions), torch.zeros(2, 6, 8))
