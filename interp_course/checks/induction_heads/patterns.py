"""Scores of heads from their attention patterns."""

import torch
from torch import Tensor

from interp_course import runtime
from interp_course.checking import Case, Check


def _pattern(seed: int, batch: int, heads: int, n: int) -> Tensor:
    """A random causal pattern: rows are uneven and sum to 1; each head has its own habits."""
    rng = runtime.generator("check patterns", seed)
    scores = 2 * torch.randn(batch, heads, n, n, generator=rng)
    scores += 2 * torch.randn(heads, n, n, generator=rng)
    future = torch.ones(n, n, dtype=torch.bool).triu(1)
    return scores.masked_fill(future, -torch.inf).softmax(dim=-1)


def _previous_cases(seed: int) -> list[Case]:
    return [
        Case("2 sequences, 3 heads, 7 positions", (_pattern(seed, 2, 3, 7),)),
        Case("5 sequences, 1 head, 12 positions", (_pattern(seed + 1000, 5, 1, 12),)),
        Case("float64", (_pattern(seed + 2000, 3, 4, 9).double(),)),
    ]


def _previous_oracle(pattern: Tensor) -> Tensor:
    """The definition, one weight at a time."""
    batch, heads, n, _ = pattern.shape
    scores = torch.zeros(heads, dtype=pattern.dtype)
    for head in range(heads):
        weights = [pattern[b, head, q, q - 1] for b in range(batch) for q in range(1, n)]
        scores[head] = sum(weights) / len(weights)
    return scores


def _offset(pattern: Tensor, offset: int) -> Tensor:
    return pattern.diagonal(offset, dim1=-2, dim2=-1)


previous_token_scores = Check(
    name="previous_token_scores",
    oracle=_previous_oracle,
    cases=_previous_cases,
    reread="take pattern[b, head, q, q - 1] for every q from 1 on, and average over b and q",
    mistakes={
        "the weight on the current token (q, q) is taken instead of the one before it": lambda p: (
            _offset(p, 0).mean((0, -1))
        ),
        "query and key are swapped: pattern[..., q, q + 1] is the future, which is masked": (
            lambda p: _offset(p, 1).mean((0, -1))
        ),
        "the token two before the query is taken": lambda p: _offset(p, -2).mean((0, -1)),
        "the sum is divided by all n positions, though the first has no previous token": lambda p: (
            _offset(p, -1).sum(-1).mean(0) / p.shape[-1]
        ),
        "the weights are summed over the positions instead of averaged": lambda p: (
            _offset(p, -1).sum(-1).mean(0)
        ),
        "the weights are summed over the batch and the positions": lambda p: _offset(p, -1).sum(
            (0, -1)
        ),
        "the average runs over the heads as well": lambda p: _offset(p, -1).mean(),
        "the average runs over the heads instead of the batch": lambda p: _offset(p, -1).mean(
            (1, -1)
        ),
        "the batch is not averaged over": lambda p: _offset(p, -1).mean(-1),
        "the largest weight is taken instead of the mean": lambda p: _offset(p, -1).amax((0, -1)),
        "only the last query position counts": lambda p: p[:, :, -1, -2].mean(0),
        "the axes of batch and head take the place of query and key": lambda p: p.diagonal(
            -1, dim1=0, dim2=1
        ).mean((0, -1)),
    },
)


def _induction_cases(seed: int) -> list[Case]:
    return [
        Case("2 sequences, 3 heads, period 5", (_pattern(seed, 2, 3, 11), 5)),
        Case("4 sequences, 1 head, period 8", (_pattern(seed + 1000, 4, 1, 17), 8)),
        Case("float64, period 6", (_pattern(seed + 2000, 3, 4, 13).double(), 6)),
    ]


def _induction_oracle(pattern: Tensor, period: int) -> Tensor:
    """The definition, one query of the second copy at a time."""
    batch, heads, n, _ = pattern.shape
    scores = torch.zeros(heads, dtype=pattern.dtype)
    for head in range(heads):
        weights = []
        for b in range(batch):
            for query in range(period + 1, n):
                earlier = query - period
                weights.append(pattern[b, head, query, earlier + 1])
        scores[head] = sum(weights) / len(weights)
    return scores


def _second_copy(
    pattern: Tensor, period: int, back: int, first: int | None = None, last: int | None = None
) -> Tensor:
    """Mean weight of the queries first .. last upon the key ``back`` positions earlier."""
    start = period + 1 if first is None else first
    query = torch.arange(start, 1 + (2 * period if last is None else last))
    return pattern[:, :, query, query - back].mean((0, -1))


induction_scores = Check(
    name="induction_scores",
    oracle=_induction_oracle,
    cases=_induction_cases,
    reread="in the second copy a query at q looks at the token after its earlier occurrence q - P",
    mistakes={
        "the key is the earlier copy of the same token: that is the duplicate-token score": (
            lambda p, t: _second_copy(p, t, t)
        ),
        "the key is one *before* the earlier occurrence, q - P - 1, instead of one after it": (
            lambda p, t: _second_copy(p, t, t + 1)
        ),
        "the key is two after the earlier occurrence": lambda p, t: _second_copy(p, t, t - 2),
        "the whole diagonal is averaged, with queries that are still in the first copy": (
            lambda p, t: _offset(p, 1 - t).mean((0, -1))
        ),
        "the second copy is taken to start at position P: position 0 is BOS, so it is P + 1": (
            lambda p, t: _second_copy(p, t, t - 1, first=t),
            lambda p, t: _second_copy(p, t, t - 1, first=t, last=2 * t - 1),
        ),
        "a whole block of the pattern is averaged, every query with every key: pick pairs": (
            lambda p, t: p[:, :, t + 1 :, 2 : t + 2].mean((0, 2, 3)),
            lambda p, t: p[:, :, t + 1 :, 1 : t + 1].mean((0, 2, 3)),
        ),
        "the first query of the second copy is left out": (
            lambda p, t: _second_copy(p, t, t - 1, first=t + 2)
        ),
        "the last query of the second copy is left out": lambda p, t: _offset(p, 1 - t)[
            ..., 2:-1
        ].mean((0, -1)),
        "query and key are swapped: the future is masked, so this is always 0": lambda p, t: (
            _offset(p, t - 1).mean((0, -1))
        ),
        "the sum is divided by all n positions instead of those of the second copy": lambda p, t: (
            _second_copy(p, t, t - 1) * t / p.shape[-1]
        ),
        "the weights are summed over the second copy instead of averaged": lambda p, t: (
            _second_copy(p, t, t - 1) * t
        ),
        "the average runs over the heads as well": lambda p, t: _second_copy(p, t, t - 1).mean(),
        "it is the previous-token score: the period is not used": lambda p, t: _offset(p, -1).mean(
            (0, -1)
        ),
        "the key is the first token after BOS, whatever the query is": lambda p, t: p[
            :, :, t + 1 :, 1
        ].mean((0, -1)),
    },
)
