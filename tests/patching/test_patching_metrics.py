"""Metrics against torch's own functions, scales by hand, and what is refused."""

import pytest
import torch
from patching_cases import ANSWER, CLEAN, CORRUPTED, WRONG, native
from torch.nn import functional

from interp_course import runtime
from interp_course.patching import effects, metrics, sweeps

LOGITS = torch.randn(5, 3, 7, 12, generator=runtime.generator("test metrics"))
PLACES = torch.tensor([0, 4, -1])
ROWS = range(3)


def last(position) -> torch.Tensor:
    """Logits at the position of each prompt, ``[cell batch d_vocab]``."""
    places = PLACES.tolist() if isinstance(position, torch.Tensor) else [position] * 3
    return torch.stack([LOGITS[:, row, place] for row, place in enumerate(places)], dim=1)


@pytest.mark.parametrize("position", [-1, 2, PLACES], ids=["last", "third", "one each"])
def test_a_logit_difference_is_a_difference_of_logits(position):
    found = metrics.measure(metrics.logit_difference(ANSWER, WRONG, position), LOGITS)
    logits = last(position)
    assert torch.equal(found, logits[:, ROWS, ANSWER] - logits[:, ROWS, WRONG])


@pytest.mark.parametrize("position", [-1, 2, PLACES], ids=["last", "third", "one each"])
def test_loss_and_probability_are_those_of_torch(position):
    expected = torch.stack(
        [functional.cross_entropy(x, ANSWER, reduction="none") for x in last(position)]
    )
    losses = metrics.measure(metrics.loss(ANSWER, position), LOGITS)
    shares = metrics.measure(metrics.probability(ANSWER, position), LOGITS)
    torch.testing.assert_close(losses, expected)
    torch.testing.assert_close(shares, (-expected).exp())


def test_kl_is_that_of_torch():
    found = metrics.measure(metrics.kl(LOGITS[0]), LOGITS)
    one, other = (x.log_softmax(dim=-1) for x in (LOGITS[0, :, -1], LOGITS[2, :, -1]))
    expected = functional.kl_div(other, one, log_target=True, reduction="none").sum(dim=-1)
    torch.testing.assert_close(found[2], expected)
    assert found[0].abs().max() < 1e-6


def test_a_metric_of_ones_own_is_applied_run_by_run():
    found = metrics.measure(lambda logits: logits[:, -1, 3], LOGITS)
    assert torch.equal(found, LOGITS[:, :, -1, 3])


@pytest.mark.parametrize(
    "metric", [lambda x: x[:, -1, 3].mean(), lambda x: x[:, -1], lambda x: 1.0]
)
def test_a_metric_that_is_not_one_number_for_each_prompt_is_refused(metric):
    with pytest.raises(ValueError, match="one number for each of the 3 prompts"):
        metrics.measure(metric, LOGITS)


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        (metrics.loss(ANSWER[:2]), "there are 3 prompts, but answers of the shape"),
        (metrics.loss(ANSWER + 10), "outside of the vocabulary of 12"),
        (metrics.loss(ANSWER, 7), "position 7 is outside of prompts of 7 tokens"),
        (metrics.loss(ANSWER[:2], PLACES[:2]), "one number or one for each of the 3 prompts"),
        (metrics.kl(LOGITS[0, :2]), "the reference has 2 prompts"),
    ],
)
def test_what_does_not_fit_to_the_prompts_is_refused(metric, message):
    with pytest.raises(ValueError, match=message):
        metrics.measure(metric, LOGITS)


def test_the_scale_by_hand():
    scale = effects.Scale(clean=3.0, corrupted=1.0)
    assert scale.effect(torch.tensor([1.0, 3.0, 2.0, 0.0])).tolist() == [0, 1, 0.5, -0.5]


def test_a_metric_that_falls_is_read_on_the_same_scale():
    assert effects.Scale(clean=1.0, corrupted=5.0).effect(torch.tensor(2.0)) == 0.75


@pytest.mark.parametrize("worth", [1.0, torch.nan])
def test_runs_that_a_metric_cannot_tell_apart_are_refused(worth):
    with pytest.raises(ValueError, match=r"no difference to explain|must be finite"):
        effects.scale(lambda x: torch.full((3,), worth), LOGITS[0], LOGITS[1])


def test_prompts_of_different_shapes_are_refused_with_both():
    with pytest.raises((ValueError, TypeError), match=r"\(3, 7\) and \(2, 7\)|Type-check error"):
        sweeps.head_sweep(native(), CLEAN, CORRUPTED[:2], metrics.loss(ANSWER))


def test_a_model_in_training_mode_is_refused():
    with pytest.raises(ValueError, match=r"training mode.*model\.eval"):
        effects.check_pair(native().train(), CLEAN, CORRUPTED)


def test_a_direction_that_does_not_exist_is_refused():
    with pytest.raises((ValueError, TypeError), match="direction"):
        effects.base_and_other(1, 2, "sideways")
