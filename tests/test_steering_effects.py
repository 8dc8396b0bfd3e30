"""Comparisons count honestly, and curves and continuations are what the model itself gives."""

import math

import numpy
import pytest
import torch

from interp_course import hooks, models, runtime, steering, world

RNG = runtime.generator("test steering effects")
TOKENS = world.pairs("number", 6, seed=0).tokens
DIRECTION = torch.randn(96, generator=RNG)


@pytest.fixture(scope="module")
def model():
    return models.load("world")


def refuses(message: str):
    return pytest.raises((ValueError, TypeError), match=f"{message}|Type-check error")


def test_a_comparison_counts_the_direction_itself():
    found = steering.Comparison(3.0, torch.tensor([1.0, 3.0, 5.0, 2.0]))
    assert found.p_value == 3 / 5
    assert found.percentile95 == pytest.approx(4.7)


def test_an_effect_that_only_the_direction_has_gets_the_smallest_p_value():
    found = steering.against_random(lambda d: (d @ DIRECTION).item(), DIRECTION, n=50)
    assert found.p_value == 1 / 51
    assert found.effect == pytest.approx((DIRECTION @ DIRECTION).item())


def test_an_effect_that_is_the_same_everywhere_gets_the_p_value_1():
    assert steering.against_random(lambda d: 0.0, DIRECTION, n=20).p_value == 1


def test_p_values_are_uniform_when_the_direction_is_random_too():
    """Kolmogorov-Smirnov at the level 0.001: the largest gap is 1.95 / sqrt(300)."""
    rng, axis = runtime.generator("test null"), DIRECTION[:8]
    found = [
        steering.against_random(lambda d: (d @ axis).item(), torch.randn(8, generator=rng), 99, s)
        for s in range(300)
    ]
    p = torch.tensor([comparison.p_value for comparison in found]).sort().values
    # A direction's own length scales all of its draws, so lengths do not matter.
    assert (p - torch.arange(1, 301) / 300).abs().max() < 1.95 / math.sqrt(300) + 1 / 100


@pytest.mark.parametrize("like", [None, torch.randn(50, 96, generator=RNG) * DIRECTION])
def test_random_directions_have_the_length_of_the_direction(like):
    drawn: list[torch.Tensor] = []
    steering.against_random(lambda d: drawn.append(d) or 0.0, DIRECTION, n=30, like=like)
    assert torch.equal(drawn[0], DIRECTION)
    torch.testing.assert_close(torch.stack(drawn).norm(dim=-1), DIRECTION.norm().expand(31))


def draws(like=None, n=4000) -> torch.Tensor:
    drawn: list[torch.Tensor] = []
    steering.against_random(lambda d: drawn.append(d) or 0.0, DIRECTION[:8], n=n, like=like)
    return torch.stack(drawn[1:]).double() / DIRECTION[:8].norm()


def test_random_directions_prefer_none():
    """Unit vectors in 8 dimensions: covariance I / 8, entries within 5 standard errors."""
    bound = 5 * 0.125 / math.sqrt(4000) * math.sqrt(2)
    assert (draws().T @ draws() / 4000 - torch.eye(8) / 8).abs().max() < bound
    assert draws().mean(dim=0).abs().max() < 5 * math.sqrt(0.125 / 4000)


def test_random_directions_like_activations_lie_where_those_vary():
    """Entry 0 has 10 times the deviation of the others; entry 7 never varies."""
    x = torch.randn(500, 8, generator=runtime.generator("test like")) + 100
    x[:, 0] *= 10
    x[:, 7] = 3.0
    found = draws(like=x).square().mean(dim=0)
    assert found[0] > 0.5
    assert found[7] == 0


def test_random_directions_like_activations_have_their_covariance():
    """Second moments of unit vectors against draws by numpy, within 5 standard errors."""
    x = torch.randn(60, 8, generator=runtime.generator("test like")) @ torch.diag(DIRECTION[:8])
    rng, covariance = numpy.random.default_rng(0), numpy.cov(x.numpy().T)
    drawn = torch.tensor(rng.multivariate_normal(numpy.zeros(8), covariance, size=4000))
    drawn = drawn / drawn.norm(dim=-1, keepdim=True)
    found = draws(like=x)
    error = (found.T @ found - drawn.T @ drawn) / 4000
    assert error.abs().max() < 5 * math.sqrt(2 * 0.25 / 4000)


def test_another_seed_draws_others_and_the_same_seed_the_same():
    first, again, other = (
        steering.against_random(lambda d: d[0].item(), DIRECTION, n=10, seed=s) for s in (1, 1, 2)
    )
    assert torch.equal(first.random, again.random)
    assert not torch.equal(first.random, other.random)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"direction": torch.zeros(96)}, "length 0 points nowhere"),
        ({"n": 0}, "n must be at least 1, got 0"),
        ({"like": torch.ones(9, 96)}, "that differ from each other"),
        ({"like": torch.eye(9)}, r"activations \[example 96\]"),
        ({"effect": lambda d: math.nan}, "effect must return a finite number"),
    ],
)
def test_comparisons_that_say_nothing_are_refused(options, message):
    with refuses(message):
        steering.against_random(**{"effect": lambda d: 0.0, "direction": DIRECTION} | options)


def test_a_steering_curve_is_one_steered_pass_for_each_strength(model):
    def measure(logits):
        return logits[:, -1, 3].mean().item()

    names, strengths = [hooks.resid_post(0)], [-1.0, 0.0, 2.0]
    found = steering.steering_curve(model, TOKENS, DIRECTION, strengths, names, measure)
    for strength, value in zip(strengths, found.tolist(), strict=True):
        with steering.steered(model, DIRECTION, strength, names):
            assert value == pytest.approx(measure(model(TOKENS)))
    assert found[1].item() == pytest.approx(measure(model(TOKENS)))


def test_a_steering_curve_keeps_no_gradients(model):
    kept: list[torch.Tensor] = []
    names = [hooks.resid_post(0)]
    steering.steering_curve(model, TOKENS, DIRECTION, [1.0], names, lambda x: kept.append(x) or 0.0)
    assert model(TOKENS).requires_grad
    assert not kept[0].requires_grad


def test_a_continuation_takes_the_likeliest_token_and_ends_before_the_end(model):
    prompts = model.to_tokens("user : how do i bake the pie ? bot :")
    (text,) = steering.continuation(model, prompts, 12)
    words, end = model.to_tokens(text, prepend_bos=False), torch.tensor([[2]])
    likeliest = model(torch.cat([prompts, words, end], dim=1)).argmax(dim=-1)
    assert torch.equal(likeliest[:, prompts.shape[1] - 1 : -1], torch.cat([words, end], dim=1))
    assert text.startswith("sure , you bake the pie")
    assert text.endswith(" .")


def test_continuations_of_several_prompts_are_those_of_each(model):
    together = steering.continuation(model, TOKENS, 4)
    assert together == [steering.continuation(model, row[None], 4)[0] for row in TOKENS]


def test_a_continuation_prints_nothing(model, capfd):
    steering.continuation(model, TOKENS, 2)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("tokens", "n", "message"),
    [
        (TOKENS, 0, "n_tokens must be between 1 and 27 after prompts of 6 tokens"),
        (TOKENS, 28, "n_tokens must be between 1 and 27"),
        (torch.tensor([[0, 3, 1]]), 2, "padded or has ended already"),
        (torch.tensor([[0, 3, 2]]), 2, "padded or has ended already"),
    ],
)
def test_prompts_that_cannot_be_continued_are_refused(model, tokens, n, message):
    with pytest.raises(ValueError, match=message):
        steering.continuation(model, tokens, n)


def test_a_continuation_can_fill_the_context(model):
    assert len(steering.continuation(model, TOKENS, 27)) == 6


def test_a_model_without_a_tokenizer_writes_no_text():
    with pytest.raises(ValueError, match="no tokenizer to write text with"):
        steering.continuation(models.load("induction"), torch.tensor([[0, 3]]), 2)
