"""Head scores and losses equal their definitions, computed in loops."""

import pytest
import torch
from torch.nn import functional
from transformer_lens import head_detector

from interp_course import attention, models

MODEL = models.load("induction", seed=2)


def patterns(tokens: torch.Tensor) -> list[torch.Tensor]:
    """Attention of every layer ``[batch head query key]`` from one full cache."""
    with torch.no_grad():
        cache = MODEL.run_with_cache(tokens)[1]
    return [cache[f"blocks.{layer}.attn.hook_pattern"] for layer in range(2)]


def looped_scores(periods: tuple[int, ...], batch: int, seed: int) -> list[torch.Tensor]:
    """The three definitions of the module's docstring, one attention weight at a time."""
    previous, duplicate, induction = (torch.zeros(2, 4) for _ in range(3))
    for period in periods:
        tokens = attention.repeated_tokens(MODEL, batch, period, seed)
        for layer, pattern in enumerate(patterns(tokens)):
            mean = pattern.double().mean(dim=0) / len(periods)
            for head in range(4):
                for q in range(1, 2 * period + 1):
                    previous[layer, head] += mean[head, q, q - 1] / (2 * period)
                    if q > period:
                        duplicate[layer, head] += mean[head, q, q - period] / period
                        induction[layer, head] += mean[head, q, q - period + 1] / period
    return [previous, duplicate, induction]


def test_the_scores_equal_a_loop_over_heads_and_positions():
    found = attention.head_scores(MODEL, periods=(7, 12, 31), batch=4, seed=3)
    for score, expected in zip(found, looped_scores((7, 12, 31), 4, 3), strict=True):
        torch.testing.assert_close(score, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("kind", "places", "name"),
    [
        ("previous", 30, "previous_token_head"),
        ("duplicate", 15, "duplicate_token_head"),
        ("induction", 15, "induction_head"),
    ],
)
def test_the_scores_agree_with_the_head_detector_of_transformer_lens(
    kind, places, name, monkeypatch
):
    """Theirs divides by all 31 positions, ours by those at which the head can do its job."""
    tokens = attention.repeated_tokens(MODEL, 1, 15)
    monkeypatch.setattr(MODEL, "to_tokens", lambda text: tokens)
    theirs = head_detector.detect_head(MODEL, "any text", name)
    ours = getattr(attention.head_scores(MODEL, periods=(15,), batch=1), kind)
    torch.testing.assert_close(ours * places / 31, theirs, rtol=0, atol=1e-5)


@pytest.mark.parametrize("batch_size", [1, 3, 10, 99])
def test_the_scores_do_not_depend_on_the_batch_size(batch_size):
    whole = attention.head_scores(MODEL, periods=(9, 14), batch=10)
    parts = attention.head_scores(MODEL, periods=(9, 14), batch=10, batch_size=batch_size)
    for a, b in zip(whole, parts, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-5)


def test_several_periods_give_the_mean_of_each():
    together = attention.head_scores(MODEL, periods=(9, 14), batch=4).induction
    each = [attention.head_scores(MODEL, periods=(p,), batch=4).induction for p in (9, 14)]
    torch.testing.assert_close(together, (each[0] + each[1]) / 2, rtol=0, atol=1e-6)


def test_scoring_leaves_no_hooks_behind():
    attention.head_scores(MODEL, batch=2)
    assert all(not point.fwd_hooks for point in MODEL.hook_dict.values())


@pytest.mark.parametrize("periods", [(), (1,), (32,), (16, 40)])
def test_periods_that_do_not_fit_are_refused_with_those_that_do(periods):
    with pytest.raises(ValueError, match=r"between 2 and 31 .*n_ctx = 64"):
        attention.head_scores(MODEL, periods=periods)


def test_sequences_start_with_the_bos_of_the_tokenizer(monkeypatch):
    class Tokenizer:
        bos_token_id = 63

    monkeypatch.setattr(MODEL, "tokenizer", Tokenizer())
    assert attention.repeated_tokens(MODEL, 2, 5)[:, 0].tolist() == [63, 63]


def test_copy_accuracy_equals_a_count_token_by_token():
    tokens, right = attention.repeated_tokens(MODEL, 6, 10, seed=4), 0
    logits = MODEL(tokens)
    for b in range(6):
        for position in range(11, 20):
            right += int(logits[b, position].argmax() == tokens[b, position + 1])
    found = attention.copy_accuracy(MODEL, period=10, batch=6, seed=4)
    assert found == pytest.approx(right / 54, abs=1e-6)


def test_copy_accuracy_refuses_a_period_that_does_not_fit():
    with pytest.raises(ValueError, match="n_ctx = 64"):
        attention.copy_accuracy(MODEL, period=32)


def test_loss_by_position_is_the_mean_cross_entropy():
    tokens = attention.repeated_tokens(MODEL, 5, 8)
    expected = torch.zeros(16)
    for place in range(16):
        expected[place] = functional.cross_entropy(MODEL(tokens)[:, place], tokens[:, place + 1])
    torch.testing.assert_close(
        attention.loss_by_position(MODEL, tokens), expected.detach(), rtol=0, atol=1e-5
    )


def test_loss_by_position_agrees_with_transformer_lens():
    tokens = attention.repeated_tokens(MODEL, 5, 8)
    theirs = MODEL(tokens, return_type="loss", loss_per_token=True).mean(dim=0).detach()
    torch.testing.assert_close(attention.loss_by_position(MODEL, tokens), theirs, rtol=0, atol=1e-5)


def test_in_context_learning_score_by_hand():
    losses = torch.tensor([5.0, 3.0, 2.0, 1.5, 0.5])
    score = attention.in_context_learning_score(losses, slice(0, 2), slice(-2, None))
    assert score.item() == -3.0


@pytest.mark.parametrize("window", [slice(2, 2), slice(9, 12)])
def test_an_empty_window_is_refused(window):
    with pytest.raises(ValueError, match="selects none of 5 positions"):
        attention.in_context_learning_score(torch.ones(5), slice(0, 2), window)
