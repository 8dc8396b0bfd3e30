"""A disguised network computes the same function with other weights and other head numbers."""

import pytest
import torch

from interp_course import attention, disguise, models, runtime

ARCHITECTURE = models.ZOO["induction"].architecture
STATE = models.weights(models.load("induction").original_model)
STATE = {name.replace("._original_component", ""): weight for name, weight in STATE.items()}
TOKENS = torch.randint(64, (4, 64), generator=runtime.generator("test disguise"))


def module(state) -> torch.nn.Module:
    built = models.build(ARCHITECTURE)
    built.load_state_dict(state)
    return built


@pytest.mark.parametrize("seed", range(4))
def test_the_logits_stay_the_same(seed):
    hidden = module(disguise.disguised(STATE, 4, seed))
    with torch.no_grad():
        torch.testing.assert_close(hidden(TOKENS), module(STATE)(TOKENS), rtol=0, atol=1e-4)


def test_biases_are_disguised_along():
    """The trained biases are small: large random ones would show a mistake."""
    rng = runtime.generator("test biases")
    state = {k: torch.randn(v.shape, generator=rng) if "bias" in k else v for k, v in STATE.items()}
    with torch.no_grad():
        found = module(disguise.disguised(state, 4, 1))(TOKENS)
        torch.testing.assert_close(found, module(state)(TOKENS), rtol=1e-4, atol=1e-3)


def test_head_scores_are_those_of_the_original_in_another_order():
    plain = attention.head_scores(models.wrap(module(STATE)), batch=8)
    hidden = attention.head_scores(models.wrap(module(disguise.disguised(STATE, 4, 0))), batch=8)
    for before, after in zip(plain, hidden, strict=True):
        torch.testing.assert_close(
            after.sort(dim=1).values, before.sort(dim=1).values, rtol=0, atol=1e-4
        )
    assert not torch.allclose(hidden.induction, plain.induction, atol=0.01)


def test_no_weight_of_the_residual_stream_stays_as_it_was():
    hidden = disguise.disguised(STATE, 4, 0)
    for name, weight in STATE.items():
        if name.endswith("weight"):
            assert (hidden[name] - weight).abs().max() > 0.1, name


def test_the_original_is_left_alone():
    before = {name: weight.clone() for name, weight in STATE.items()}
    disguise.disguised(STATE, 4, 0)
    assert all(torch.equal(STATE[name], before[name]) for name in STATE)


def test_a_random_rotation_is_orthogonal():
    rotation = disguise.random_rotation(64, runtime.generator("test rotation"))
    torch.testing.assert_close(rotation @ rotation.T, torch.eye(64), rtol=0, atol=1e-5)


def test_random_rotations_have_no_preferred_direction():
    """Each entry of a uniform rotation has mean 0 and variance 1 / d_model."""
    rng = runtime.generator("test rotations")
    many = torch.stack([disguise.random_rotation(4, rng) for _ in range(2000)])
    assert many.mean(dim=0).abs().max() < 5 * (0.25 / 2000) ** 0.5
    torch.testing.assert_close(many.var(dim=0), torch.full((4, 4), 0.25), rtol=0, atol=0.04)


def test_an_instance_hides_one_of_the_training_runs():
    with torch.no_grad():
        hidden = models.load("induction", instance=3)(TOKENS)
        runs = [models.load("induction", seed=seed)(TOKENS) for seed in range(6)]
    assert sum(torch.allclose(hidden, run, rtol=0, atol=1e-4) for run in runs) == 1


def test_instances_differ_in_run_and_in_the_place_of_the_previous_token_head():
    found = set()
    with torch.no_grad():
        for instance in range(12):
            model = models.load("induction", instance=instance)
            scores = attention.head_scores(model, periods=(16,), batch=4)
            found.add((int(scores.previous.argmax()), round(model(TOKENS)[0, 5, 5].item(), 2)))
    assert {place for place, _ in found} == {0, 1, 2, 3}
    assert len({value for _, value in found}) >= 4


def test_an_instance_is_the_same_each_time():
    first, again = (models.load("induction", instance=5) for _ in range(2))
    assert torch.equal(first.W_Q, again.W_Q)
