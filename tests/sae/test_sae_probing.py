"""Sparse probes and tested descriptions agree with counts and with transformer-lens."""

import pytest
import torch
from sklearn.metrics import balanced_accuracy_score, f1_score, precision_score, recall_score
from transformer_lens.tools.analysis.sparse_probing import fit_sparse_probe

from interp_course import runtime
from interp_course.sae_probing import score_description, sparse_probe

RNG = runtime.generator("test sae probing")
LABELS = (torch.rand(400, generator=RNG) < 0.4).long()
LATENTS = torch.rand(400, 12, generator=RNG)
LATENTS[:, 5] += 3.0 * LABELS
LATENTS[:, 7] -= 0.4 * LABELS


def test_the_probe_finds_the_latent_that_carries_the_label():
    found = sparse_probe(LATENTS, LABELS, k=1)
    assert found.latents.tolist() == [5]
    assert found.accuracy == found.balanced_accuracy == 1
    assert found.baseline == pytest.approx(0.6, abs=0.05)


def test_latents_come_in_the_order_of_their_difference_of_means():
    assert sparse_probe(LATENTS, LABELS, k=3).latents[:2].tolist() == [5, 7]


def test_a_label_that_nothing_carries_is_predicted_at_chance():
    found = sparse_probe(LATENTS[:, :5], LABELS, k=2)
    assert found.balanced_accuracy == pytest.approx(0.5, abs=0.12)


def test_latents_and_accuracy_agree_with_transformer_lens():
    weak = LATENTS - 2.6 * LABELS[:, None] * (torch.arange(12) == 5)
    ours = sparse_probe(weak, LABELS, k=2, held_out=0.5)
    theirs = fit_sparse_probe(weak, LABELS, k=2, test_fraction=0.5, seed=0)
    assert sorted(ours.latents.tolist()) == sorted(theirs.selected_features.tolist())
    assert ours.accuracy == pytest.approx(theirs.metrics.accuracy, abs=0.08)


def test_nothing_is_learnt_from_the_held_out_examples():
    """With as many latents as examples the probe fits its part, and only that."""
    noise = torch.randn(60, 200, generator=RNG)
    accuracies = [sparse_probe(noise, LABELS[:60], k=50, seed=s).accuracy for s in range(20)]
    assert sum(accuracies) / 20 < 0.7


def test_the_seed_decides_what_is_held_out():
    noisy = LATENTS[:, 7:8]
    first, same, other = (sparse_probe(noisy, LABELS, k=1, seed=s).accuracy for s in (1, 1, 2))
    assert first == same != other


@pytest.mark.parametrize("k", [0, 13])
def test_an_impossible_k_is_refused(k):
    with pytest.raises(ValueError, match=f"k must lie between 1 and 12 latents, got {k}"):
        sparse_probe(LATENTS, LABELS, k)


def test_too_few_examples_of_a_label_are_refused():
    with pytest.raises(ValueError, match=r"1 of 1 examples of label 1 to fit and 0 to test"):
        sparse_probe(LATENTS, (torch.arange(400) == 3).long(), k=1)


def test_labels_of_another_length_are_refused():
    with pytest.raises((ValueError, TypeError), match=r"400 activations but 399|Type-check error"):
        sparse_probe(LATENTS, LABELS[1:], k=1)


def test_a_description_is_scored_as_in_scikit_learn():
    latent, described = (LATENTS[:, 7] - 0.2).relu(), LABELS.bool()
    found, on = score_description(latent, described), latent > 0
    assert found.balanced_accuracy == pytest.approx(balanced_accuracy_score(described, on))
    assert found.precision == pytest.approx(precision_score(described, on))
    assert found.recall == pytest.approx(recall_score(described, on))
    assert found.f1 == pytest.approx(f1_score(described, on))


@pytest.mark.parametrize(("value", "expected"), [(0.0, (0.5, 0, 0, 0)), (1.0, (0.5, 0.25, 1, 0.4))])
def test_a_latent_that_never_or_always_fires_is_at_chance(value, expected):
    described = torch.tensor([True, False, False, False])
    assert score_description(torch.full((4,), value), described) == pytest.approx(expected)


@pytest.mark.parametrize("described", [torch.ones(4).bool(), torch.zeros(4).bool()])
def test_a_description_that_tells_nothing_apart_is_refused(described):
    with pytest.raises(ValueError, match="some and not on all"):
        score_description(torch.ones(4), described)
