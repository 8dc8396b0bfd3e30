"""Planted features have the stated directions, frequencies and joint probabilities."""

import math

import pytest
import torch
from torch import Tensor

from interp_course import runtime, synthetic, toy_models
from interp_course.synthetic import (
    Anticorrelated,
    Correlated,
    Hierarchical,
    SparseFeatures,
    Structure,
)

N = 200_000
STRUCTURES = {
    "independent": Structure(),
    "correlated": Correlated(n_groups=2, size=3, correlation=0.4),
    "anticorrelated": Anticorrelated(n_pairs=3, joint=0.02),
    "hierarchical": Hierarchical(n_parents=2, n_children=2, given_parent=0.3),
}


@pytest.fixture(params=STRUCTURES)
def planted(request) -> SparseFeatures:
    return SparseFeatures(8, 5, 0.2, structure=STRUCTURES[request.param])


def active(structure: Structure, probability=0.2, n_features: int = 8) -> Tensor:
    planted = SparseFeatures(n_features, 2, probability, structure=structure)
    return planted.sample(N, 0).features > 0


def is_probability(found: Tensor, expected: float) -> None:
    """The share of True lies within four standard errors of what it should be."""
    error = math.sqrt(expected * (1 - expected) / found.numel())
    assert abs(found.double().mean().item() - expected) <= 4 * error


def refuses(message: str):
    return pytest.raises((ValueError, TypeError), match=f"(?s){message}|Type-check error")


def test_an_activation_is_the_sum_of_its_features_times_their_directions(planted):
    activations, features = planted.sample(3, 0)
    for n in range(3):
        for d in range(5):
            terms = (features[n].double() * planted.directions[:, d].double()).tolist()
            assert activations[n, d].item() == pytest.approx(sum(terms), abs=1e-6)


def test_directions_have_length_1(planted):
    torch.testing.assert_close(planted.directions.norm(dim=1), torch.ones(8))


def test_each_feature_is_active_as_often_as_its_frequency_says(planted):
    features = planted.sample(N, 0).features
    for column, frequency in zip(features.T, planted.frequencies.tolist(), strict=True):
        is_probability(column > 0, frequency)


def test_magnitudes_are_uniform_between_their_bounds(planted):
    magnitudes = planted.sample(N, 0).features
    for column in magnitudes.T:
        found = column[column > 0].double()
        assert found.min() >= 0.5
        assert found.max() <= 1.5
        moments = torch.stack([found, found**2]).mean(dim=1)
        error = 4 / math.sqrt(len(found))
        assert moments[0].item() == pytest.approx(1, abs=error * math.sqrt(1 / 12))
        assert moments[1].item() == pytest.approx(1 + 1 / 12, abs=error * 0.6)


def test_magnitudes_do_not_depend_on_what_else_is_active(planted):
    features = planted.sample(N, 0).features
    on = features > 0
    for i, j in [(1, 0), (0, 1), (2, 1), (7, 0)]:
        found = [features[on[:, i] & (on[:, j] == other), i] for other in (True, False)]
        found = [part.double() for part in found if len(part) > 30]
        if len(found) == 2:
            error = math.sqrt(sum(1 / 12 / len(part) for part in found))
            assert abs(found[0].mean() - found[1].mean()) <= 4 * error


def test_independent_features_are_active_together_by_chance():
    on = active(Structure(), torch.linspace(0.1, 0.8, 8))
    is_probability(on[:, 2] & on[:, 7], 0.3 * 0.8)


@pytest.mark.parametrize("correlation", [0.0, 0.4, 1.0])
def test_features_of_a_group_have_the_stated_joint_probability(correlation):
    on = active(Correlated(2, 3, correlation))
    for i, j in [(0, 1), (1, 2), (3, 5)]:
        is_probability(on[:, i] & on[:, j], 0.2**2 + correlation * 0.2 * 0.8)


def test_features_of_different_groups_are_independent():
    on = active(Correlated(2, 3, 0.9))
    is_probability(on[:, 2] & on[:, 3], 0.04)
    is_probability(on[:, 0] & on[:, 7], 0.04)


def test_a_pair_is_never_active_together_unless_asked():
    on = active(Anticorrelated(4))
    assert not (on[:, ::2] & on[:, 1::2]).any()


@pytest.mark.parametrize("joint", [0.01, 0.03, 0.06])
def test_a_pair_has_the_stated_joint_probability(joint):
    on = active(Anticorrelated(1, joint), torch.tensor([0.2, 0.3]), 2)
    is_probability(on[:, 0] & on[:, 1], joint)


def test_features_that_are_nearly_always_on_can_only_avoid_each_other_so_far():
    on = active(Anticorrelated(1, 0.5), torch.tensor([0.7, 0.8]), 2)
    is_probability(on[:, 0] & on[:, 1], 0.5)
    with refuses("joint must lie between 0.5 .* and 0.56 .* got 0.4"):
        active(Anticorrelated(1, 0.4), torch.tensor([0.7, 0.8]), 2)


def test_children_are_active_only_if_their_parent_is():
    on = active(Hierarchical(2, 2, 0.3))
    for parent, child in [(0, 1), (0, 2), (3, 4), (3, 5)]:
        assert not (on[:, child] & ~on[:, parent]).any()
        is_probability(on[:, child], 0.2 * 0.3)


def test_siblings_are_independent_given_their_parent():
    on = active(Hierarchical(2, 2, 0.3))
    is_probability(on[:, 1] & on[:, 2], 0.2 * 0.3**2)


def test_features_outside_of_the_families_are_independent_of_them():
    on = active(Hierarchical(2, 2, 0.3))
    is_probability(on[:, 0] & on[:, 6], 0.04)


@pytest.mark.parametrize(("mean", "exponent"), [(0.01, 1.0), (0.05, 1.5), (0.1, 0.0), (0.5, 1.0)])
def test_zipf_frequencies_have_the_stated_mean_and_never_exceed_the_ceiling(mean, exponent):
    found = synthetic.zipf_frequencies(512, mean, exponent=exponent)
    assert found.double().mean().item() == pytest.approx(mean, rel=1e-6)
    assert found.max() <= 0.5


def test_zipf_frequencies_below_the_ceiling_fall_with_the_rank():
    found = synthetic.zipf_frequencies(512, 0.01).double()
    assert found[0] == 0.5
    ranks = torch.arange(2, 513)
    torch.testing.assert_close(found[1:] * ranks, (found[1] * 2).expand(511), rtol=1e-6, atol=0)


def test_noise_has_the_stated_deviation_in_every_coordinate():
    quiet, loud = (SparseFeatures(8, 5, 0.2, noise=noise) for noise in (0.0, 0.3))
    blur = (loud.sample(N, 0).activations - quiet.sample(N, 0).activations).double()
    error = 4 * 0.3 / math.sqrt(2 * N)
    torch.testing.assert_close(blur.std(dim=0), torch.full((5,), 0.3).double(), atol=error, rtol=0)


def test_the_same_seed_gives_the_same_samples_and_another_one_others(planted):
    first, again, other = (planted.sample(10, seed) for seed in (3, 3, 4))
    assert torch.equal(first.activations, again.activations)
    assert not torch.equal(first.features, other.features)


def test_a_generator_goes_on_where_it_stopped(planted):
    rng = runtime.generator("test")
    first, second = planted.sample(10, rng), planted.sample(10, rng)
    assert not torch.equal(first.features, second.features)
    assert torch.equal(first.features, planted.sample(10, runtime.generator("test")).features)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_no_usual_initialisation_with_the_same_seed_starts_at_the_directions(seed):
    """Otherwise a dictionary would "recover" its own first weights."""
    directions = SparseFeatures(100, 64, seed=seed).directions
    plain = torch.randn(100, 64, generator=torch.Generator().manual_seed(seed))
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        layers = [torch.nn.Linear(64, 100).weight, torch.randn(100, 64), torch.randn(64, 100).T]
    toy = toy_models.ToyModel(100, 64, seeds=[seed]).W[0].T
    for start in [plain, toy, *layers]:
        cosines = directions @ torch.nn.functional.normalize(start, dim=1).T
        assert cosines.amax(dim=1).mean() < 0.4
        assert cosines.amax() < 0.8


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"probability": 0.0}, "probability .of being active. must be above 0 and at most 1"),
        ({"probability": 1.5}, "probability .of being active. must be above 0 and at most 1"),
        ({"probability": torch.ones(7)}, r"must be one number or have the shape \(8,\)"),
        ({"n_features": 0}, "n_features and d_model must be at least 1, got 0 and 5"),
        ({"magnitudes": (1.0, 0.5)}, r"0 < low <= high.* got \(1.0, 0.5\)"),
        ({"noise": -1.0}, "noise not negative"),
        ({"structure": Hierarchical(3, 2, 0.5)}, "decides about 9 features, .* there are only 8"),
        ({"structure": Correlated(2, 2, -0.1)}, "between 0 and 1, got -0.1.* take Anticorrelated"),
        ({"structure": Hierarchical(1, 2, 0.0)}, "given_parent must be above 0 and at most 1"),
    ],
)
def test_what_cannot_be_is_refused(change, message):
    with refuses(message):
        SparseFeatures(**{"n_features": 8, "d_model": 5, "probability": 0.2, **change})


def test_a_group_of_unequal_features_is_refused():
    with refuses("must have the same probability"):
        active(Correlated(2, 3, 0.5), torch.linspace(0.1, 0.8, 8))


def test_a_mean_above_the_ceiling_is_refused():
    with refuses("0 < mean <= ceiling <= 1, got mean 0.6 and ceiling 0.5"):
        synthetic.zipf_frequencies(10, 0.6)
