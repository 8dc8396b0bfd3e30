"""Sequences have the structure that the measurements rely on."""

from itertools import pairwise

import pytest
import torch

from interp_course import runtime, sequences
from interp_course.sequences import RepeatedMarkov


def rng(seed: int = 0) -> torch.Generator:
    return runtime.generator("test sequences", seed)


def test_a_repeated_block_follows_bos_as_often_as_asked():
    tokens = sequences.repeated_random(5, 7, 20, rng(), copies=3)
    assert tokens.shape == (5, 22)
    assert (tokens[:, 0] == sequences.BOS).all()
    assert torch.equal(tokens[:, 1:8].repeat(1, 3), tokens[:, 1:])


def test_the_tokens_of_a_block_are_distinct_ordinary_tokens():
    for block in sequences.repeated_random(20, 19, 20, rng())[:, 1:20].tolist():
        assert sorted(block) == list(range(1, 20))


def test_every_ordinary_token_is_equally_likely_at_every_place():
    first = sequences.repeated_random(20_000, 3, 11, rng())[:, 1:4]
    for place in first.T:
        share = torch.bincount(place, minlength=11) / 20_000
        assert share[0] == 0
        assert (share[1:] - 0.1).abs().max() < 5 * (0.09 / 20_000) ** 0.5


@pytest.mark.parametrize("period", [0, 20])
def test_a_block_that_cannot_be_distinct_is_refused(period):
    with pytest.raises(ValueError, match=f"between 1 and d_vocab - 1 = 19, got {period}"):
        sequences.repeated_random(2, period, 20, rng())


def test_the_rows_of_the_transition_matrix_are_probabilities():
    transitions = RepeatedMarkov(d_vocab=30).transitions()
    assert transitions.shape == (29, 29)
    assert (transitions > 0).all()
    torch.testing.assert_close(transitions.sum(dim=1), torch.ones(29))


def test_the_preferred_successors_hold_the_mass_that_was_asked_for():
    """Every token also gets the uniform share 0.4 / 63 of the remaining mass."""
    best = RepeatedMarkov().transitions().topk(4, dim=1).values
    torch.testing.assert_close(best.sum(dim=1), torch.full((63,), 0.6 + 4 * 0.4 / 63))


def test_training_sequences_are_periodic_with_a_period_in_the_range():
    data = RepeatedMarkov(n_ctx=40, period=(5, 12))
    for tokens in data.batch(50, rng())[:, 1:].tolist():
        fits = [p for p in range(1, 13) if tokens[p:] == tokens[:-p]]
        assert any(5 <= p <= 12 for p in fits)


def test_training_sequences_start_with_bos_and_never_contain_it_again():
    tokens = RepeatedMarkov().batch(64, rng())
    assert tokens.shape == (64, 64)
    assert (tokens[:, 0] == 0).all()
    assert tokens[:, 1:].min() >= 1
    assert tokens.max() <= 63


def test_the_chain_follows_its_transition_matrix():
    """Frequencies of pairs before the first repeat, counted one by one."""
    data = RepeatedMarkov(d_vocab=6, n_ctx=20, period=(10, 10), n_successors=2)
    counts = torch.zeros(5, 5)
    for tokens in data.batch(3000, rng())[:, 1:11].tolist():
        for a, b in pairwise(tokens):
            counts[a - 1, b - 1] += 1
    rows = counts.sum(dim=1, keepdim=True)
    assert ((counts / rows - data.transitions()).abs() < 5 * 0.5 / rows.sqrt()).all()


def test_another_chain_has_other_transitions():
    assert not torch.equal(RepeatedMarkov().transitions(), RepeatedMarkov(seed=1).transitions())


def test_the_same_generator_draws_the_same_batch():
    first, again = (RepeatedMarkov().batch(4, rng(5)) for _ in range(2))
    assert torch.equal(first, again)


@pytest.mark.parametrize("period", [(0, 5), (9, 5), (5, 64)])
def test_an_impossible_range_of_periods_is_refused(period):
    with pytest.raises(ValueError, match="period must satisfy 1 <= low <= high < n_ctx"):
        RepeatedMarkov(period=period)
