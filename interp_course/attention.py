"""What attention heads do on repeated sequences, and what the network gains from it.

Definitions used by every notebook, check and figure. A sequence is BOS followed by a block
of ``period`` distinct tokens, given twice (`sequences.repeated_random`); ``A[q, k]`` is the
attention from the query position ``q`` to the key position ``k``. All scores are means of
attention weights, so they lie between 0 and 1:

* previous-token score: mean of ``A[q, q - 1]`` over all query positions but the first;
* duplicate-token score: mean of ``A[q, q - period]`` over the second copy;
* induction (prefix-matching) score: mean of ``A[q, q - period + 1]`` over the second copy:
  the token *after* the earlier occurrence of the current one.

Losses are in nats. Source: Olsson et al. (2022), "In-context Learning and Induction Heads",
sections "Key Concepts" and "Argument 1".
"""

from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from interp_course import hooks, runtime, sequences, training


class HeadScores(NamedTuple):
    """Three scores for each head."""

    previous: Float[Tensor, "layer head"]
    duplicate: Float[Tensor, "layer head"]
    induction: Float[Tensor, "layer head"]


def head_scores(
    model: Any,
    *,
    periods: tuple[int, ...] = (16, 21, 31),
    batch: int = 32,
    batch_size: int | None = None,
    seed: int = 0,
) -> HeadScores:
    """Score every head on random repeated sequences of several periods.

    Attention patterns are reduced to three numbers per head inside the forward pass and never
    kept, so memory does not grow with the number of layers or batches.

    Args:
        model: A bridge.
        periods: Block lengths to average over. Several, so that a head that attends a fixed
            distance back does not pass for an induction head.
        batch: Sequences for each period.
        batch_size: Sequences in one forward pass; None takes them all at once.
        seed: Which sequences.

    Raises:
        ValueError: If ``periods`` is empty or a sequence does not fit into the context.
    """
    _check_periods(model, periods)
    total = torch.zeros(3, model.cfg.n_layers, model.cfg.n_heads, device=_device(model))
    for period in periods:
        tokens = repeated_tokens(model, batch, period, seed)
        for part in tokens.split(batch_size or batch):
            total += len(part) / batch * _scores_of(model, part, period)
    return HeadScores(*(total / len(periods)))


def repeated_tokens(model: Any, batch: int, period: int, seed: int = 0) -> Int[Tensor, "batch pos"]:
    """Random repeated sequences over the model's vocabulary, on the model's device.

    They start with the tokenizer's BOS where the model has a tokenizer, with token 0 otherwise.
    """
    rng = runtime.generator("repeated tokens", seed)
    tokens = sequences.repeated_random(batch, period, model.cfg.d_vocab, rng)
    if model.tokenizer is not None and model.tokenizer.bos_token_id is not None:
        tokens[:, 0] = model.tokenizer.bos_token_id
    return tokens.to(_device(model))


def copy_accuracy(model: Any, *, period: int = 31, batch: int = 64, seed: int = 0) -> float:
    """Share of tokens of the second copy that the model predicts right (its first one left out).

    The first token of the second copy cannot be foreseen: nothing says when the repeat starts.
    """
    _check_periods(model, (period,))
    tokens = repeated_tokens(model, batch, period, seed)
    with torch.no_grad():
        guesses = model(tokens)[:, :-1].argmax(dim=-1)
    return (guesses == tokens[:, 1:])[:, period + 1 :].float().mean().item()


def loss_by_position(model: Any, tokens: Int[Tensor, "batch pos"]) -> Float[Tensor, " predicted"]:
    """Mean loss in nats on token 1, 2, ... given everything before it."""
    with torch.no_grad():
        return training.next_token_loss(model(tokens), tokens).mean(dim=0)


def in_context_learning_score(
    losses: Float[Tensor, " predicted"], early: slice, late: slice
) -> Float[Tensor, ""]:
    """Mean loss over the late positions minus mean loss over the early ones, in nats.

    Negative when the model predicts better with more context. Olsson et al. (2022) take the
    500th and the 50th token of a 512-token context; our context is short, so both ends are
    averaged over several positions.

    Raises:
        ValueError: If one of the windows is empty.
    """
    if losses[early].numel() == 0 or losses[late].numel() == 0:
        raise ValueError(f"early {early} or late {late} selects none of {len(losses)} positions")
    return losses[late].mean() - losses[early].mean()


def _scores_of(model: Any, tokens: Tensor, period: int) -> Float[Tensor, "score layer head"]:
    found: dict[int, Tensor] = {}
    edits = {hooks.pattern(layer): _reducer(found, layer, period) for layer in _layers(model)}
    with torch.no_grad(), hooks.editing(model, edits):
        model(tokens)
    return torch.stack([found[layer] for layer in _layers(model)], dim=1)


def _reducer(found: dict[int, Tensor], layer: int, period: int) -> hooks.HookFunction:
    def reduce(pattern: Tensor, hook: Any) -> None:
        query = torch.arange(period + 1, 2 * period + 1, device=pattern.device)
        found[layer] = torch.stack(
            [
                pattern.diagonal(-1, dim1=-2, dim2=-1).mean(dim=(0, -1)),
                pattern[..., query, query - period].mean(dim=(0, -1)),
                pattern[..., query, query - period + 1].mean(dim=(0, -1)),
            ]
        )

    return reduce


def _check_periods(model: Any, periods: tuple[int, ...]) -> None:
    n_ctx = model.cfg.n_ctx
    if not periods or min(periods) < 2 or 2 * max(periods) + 1 > n_ctx:
        raise ValueError(
            f"periods must be at least one number between 2 and {(n_ctx - 1) // 2} "
            f"(BOS and two copies must fit into n_ctx = {n_ctx}), got {periods}"
        )


def _layers(model: Any) -> range:
    return range(model.cfg.n_layers)


def _device(model: Any) -> torch.device:
    return next(model.parameters()).device
