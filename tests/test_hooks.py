"""Hook names exist, captures are faithful, and edits leave nothing behind."""

import pytest
import torch

from interp_course import hooks, models

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
