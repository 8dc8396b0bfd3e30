"""Dictionaries are compared with known features as one would do it by hand."""

import itertools

import pytest
import torch

from interp_course import runtime, sae_truth

RNG = runtime.generator("test sae truth")
TRUTH = torch.randn(5, 8, generator=RNG)
NEAR = TRUTH[[3, 1, 4, 0, 2]] + 0.05 * torch.randn(5, 8, generator=RNG)


def cosine(a, b) -> float:
    return (a @ b / (a.norm() * b.norm())).item()


def test_the_matching_is_the_best_of_all_permutations():
    W_dec = torch.randn(5, 8, generator=RNG)
    found = sae_truth.match(W_dec, TRUTH)
    best = max(
        sum(cosine(TRUTH[i], W_dec[j]) for i, j in enumerate(order))
        for order in itertools.permutations(range(5))
    )
    assert found.cosine.sum().item() == pytest.approx(best, abs=1e-5)
    assert sorted(found.latent.tolist()) == [0, 1, 2, 3, 4]


def test_mmcs_is_the_mean_of_the_largest_cosines():
    W_dec = torch.randn(7, 8, generator=RNG)
    expected = sum(max(cosine(t, w) for w in W_dec) for t in TRUTH) / 5
    assert sae_truth.match(W_dec, TRUTH).mmcs == pytest.approx(expected, abs=1e-6)


def test_a_shuffled_and_scaled_truth_is_recovered():
    found = sae_truth.match(10 * NEAR, TRUTH)
    assert found.latent.tolist() == [3, 1, 4, 0, 2]
    assert found.recovered(0.9) == 1
    assert found.recovered(1.0) == 0


def test_one_latent_does_not_count_for_two_features():
    twins = torch.stack([TRUTH[0], TRUTH[0] + 0.1 * TRUTH[1]])
    found = sae_truth.match(torch.stack([TRUTH[0], -TRUTH[0]]), twins)
    assert found.recovered() == 0.5
    assert found.mmcs > 0.9


def test_features_without_a_latent_have_none():
    found = sae_truth.match(NEAR[:2], TRUTH)
    assert found.latent.tolist() == [-1, 1, -1, 0, -1]
    assert found.cosine[[0, 2, 4]].tolist() == [0, 0, 0]


def test_a_row_of_zeros_matches_nothing():
    assert sae_truth.match(torch.zeros(5, 8), TRUTH).mmcs == 0


def test_directions_of_different_widths_are_refused():
    with pytest.raises((ValueError, TypeError), match=r"same width|Type-check error"):
        sae_truth.match(NEAR[:, :7], TRUTH)


def test_firing_scores_equal_counts():
    found = sae_truth.match(NEAR, TRUTH)
    present = torch.rand(50, 5, generator=RNG) < 0.3
    latents = (torch.rand(50, 5, generator=RNG) < 0.4).float()
    scores = sae_truth.firing_scores(latents, present, found)
    for feature, latent in enumerate(found.latent.tolist()):
        on, there = latents[:, latent] > 0, present[:, feature]
        hits = sum(a and b for a, b in zip(on.tolist(), there.tolist(), strict=True))
        p, r = hits / on.sum().item(), hits / there.sum().item()
        assert scores.precision[feature].item() == pytest.approx(p)
        assert scores.recall[feature].item() == pytest.approx(r)
        assert scores.f1[feature].item() == pytest.approx(2 * p * r / (p + r))


def test_a_feature_without_a_latent_scores_zero():
    found = sae_truth.match(NEAR[:2], TRUTH)
    scores = sae_truth.firing_scores(torch.ones(9, 2), torch.ones(9, 5).bool(), found)
    assert scores.f1.tolist() == [0, 1, 0, 1, 0]


PARENT = torch.tensor([-1, 0, 0, -1])


def hierarchy(n: int = 4000):
    """Feature 0 is the parent of 1 and 2; feature 3 is on its own."""
    draws = torch.rand(n, 4, generator=RNG)
    present = draws < torch.tensor([0.4, 0.3, 0.3, 0.2])
    present[:, 1:3] &= present[:, :1]
    return present


def test_latents_that_say_the_truth_absorb_nothing():
    present = hierarchy()
    assert sae_truth.absorption(present.float(), present, PARENT) == (0, 0, 0)


def test_a_parent_that_is_silent_with_its_children_is_absorbed():
    present, latents = hierarchy(), hierarchy().float()
    latents = present.float()
    latents[:, 0] *= ~(present[:, 1] | present[:, 2])
    assert sae_truth.absorption(latents, present, PARENT) == (1, 1, 0)


def test_absorption_is_averaged_over_the_pairs():
    present = hierarchy()
    latents = present.float()
    latents[:, 0] *= ~present[:, 1]
    found = sae_truth.absorption(latents, present, PARENT)
    both = (present[:, 1] & present[:, 2]).sum() / present[:, 2].sum()
    assert found.missed_with_child == pytest.approx((1 + both.item()) / 2)
    assert found.missed_alone == 0


def test_a_latent_that_often_misses_does_not_count_as_absorbed():
    present = hierarchy(20_000)
    latents = present.float()
    latents[:, 0] *= torch.rand(20_000, generator=RNG) < 0.5
    found = sae_truth.absorption(latents, present, PARENT)
    assert found.missed_alone == pytest.approx(0.5, abs=0.05)
    assert found.rate == pytest.approx(0, abs=0.05)


def test_a_child_without_its_parent_is_refused():
    present = hierarchy()
    present[0] = torch.tensor([False, True, False, False])
    with pytest.raises(ValueError, match="without its parent"):
        sae_truth.absorption(present.float(), present, PARENT)


def test_too_few_examples_are_refused():
    present = hierarchy(10)
    with pytest.raises(ValueError, match="no pair of parent and child has 20 examples"):
        sae_truth.absorption(present.float(), present, PARENT)


def test_splitting_counts_the_relatives_of_each_latent():
    small = torch.eye(4)
    large = torch.tensor(
        [[1.0, 0.1, 0, 0], [0.9, 0, 0.3, 0], [0, 5.0, 0, 0], [-1, 0, 0, 0], [1, 1, 1, 1]]
    )
    assert sae_truth.splitting(small, large).tolist() == [2, 1, 0, 0]
    assert sae_truth.splitting(small, large, threshold=0.4).tolist() == [3, 1, 0, 0]
