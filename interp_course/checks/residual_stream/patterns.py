"""The causal pattern: mask, then softmax."""

from typing import Any

import torch
from torch import Tensor

from interp_course import runtime
from interp_course.checking import Case, Check
from interp_course.comparing import difference

Problem = tuple[str, str | None]
RTOL, ATOL = 1e-4, 1e-5


def _future(n: int) -> Tensor:
    return torch.ones(n, n, dtype=torch.bool).triu(1)


def _pattern_cases(seed: int) -> list[Case]:
    cases = []
    for number, (batch, n, heads) in enumerate(((2, 5, 3), (3, 4, 2), (1, 7, 4))):
        rng = runtime.generator("check pattern", seed + 1000 * number)
        scores = 2 * torch.randn(batch, heads, n, n, generator=rng) + 0.7
        text = f"batch {batch}, {heads} heads, {n} positions"
        if number == 2:
            scores, text = scores.double(), f"float64, {text}"
        cases.append(Case(text, (scores,)))
    return cases


def _pattern_oracle(scores: Tensor) -> Tensor:
    """One row at a time, over the keys up to the query."""
    pattern = torch.zeros_like(scores)
    for i in range(scores.shape[-2]):
        weights = scores[..., i, : i + 1].exp()
        pattern[..., i, : i + 1] = weights / weights.sum(-1, keepdim=True)
    return pattern


def _judge_pattern(case: Case, value: Any) -> Problem | None:
    """Compare; where nan or inf stands says which step went wrong."""
    right = _pattern_oracle(*case.args)
    problem = difference(value, right, RTOL, ATOL)
    if problem is None:
        return None
    if not isinstance(value, Tensor) or value.shape != right.shape:
        return problem, None
    return problem, _why_not_finite(value.detach())


def _why_not_finite(pattern: Tensor) -> str | None:
    """The step at fault, or None where every number is finite."""
    future, nan = _future(pattern.shape[-1]), pattern.isnan()
    if not nan.any() and not pattern.isinf().any():
        return None
    if pattern.isneginf().any() and not nan.any():
        return "the future is masked after the softmax: -inf must be there before it"
    if nan.all():
        return "0 times inf is nan: fill the mask in (masked_fill) instead of multiplying by it"
    if nan[..., 0, :].all() and not nan[..., 1:, :].any():
        return "a query's own position is masked too, so that the first has nothing to attend to"
    if nan[..., -1].all() and not nan[..., :-1].any():
        return "a row is normalised over the queries and the diagonal is masked"
    if nan[..., future].all() and not nan[..., ~future].any():
        return "the softmax runs over batch or heads, where a masked key is masked everywhere"
    return None


def _masked(scores: Tensor, value: float = -torch.inf) -> Tensor:
    return scores.masked_fill(_future(scores.shape[-1]), value)


def _backwards(scores: Tensor) -> Tensor:
    return scores.masked_fill(_future(scores.shape[-1]).T, -torch.inf).softmax(-1)


causal_pattern = Check(
    name="causal_pattern",
    oracle=_pattern_oracle,
    judge_value=_judge_pattern,
    cases=_pattern_cases,
    reread="set the scores of later keys (j > i) to -inf, then softmax over the keys: every row "
    "sums to 1",
    mistakes={
        "nothing is masked: every query sees the future": lambda s: s.softmax(-1),
        "the mask comes after the softmax, so the rows no longer sum to 1": lambda s: _masked(
            s.softmax(-1), 0.0
        ),
        "the future gets the score 0 instead of -inf, and exp(0) is 1": lambda s: _masked(
            s, 0.0
        ).softmax(-1),
        "the past is masked instead of the future": _backwards,
        "the past is masked and the future is not, and the diagonal is masked too": lambda s: (
            s.masked_fill(~_future(s.shape[-1]), -torch.inf).softmax(-1).nan_to_num()
        ),
        "a query's own position is masked too": lambda s: (
            s.masked_fill(~_future(s.shape[-1]).T, -torch.inf).softmax(-1).nan_to_num()
        ),
        "one position of the future is still visible": lambda s: s.masked_fill(
            _future(s.shape[-1]).triu(2), -torch.inf
        ).softmax(-1),
        "the softmax runs over the queries: each column sums to 1, not each row": (
            lambda s: _masked(s).softmax(-2),
            lambda s: _masked(s.softmax(-2), 0.0),
        ),
        "the softmax runs over the heads: it belongs over the keys": lambda s: (
            _masked(s).softmax(1).nan_to_num()
        ),
        "the result is transposed: rows are queries": lambda s: _masked(s).softmax(-1).mT,
        "there is no softmax, only the mask": lambda s: _masked(s, 0.0),
        "the logarithm of the softmax is taken": lambda s: _masked(s).log_softmax(-1).nan_to_num(),
        "the softmax runs over all queries and keys of a head together": lambda s: (
            _masked(s).flatten(-2).softmax(-1).reshape(s.shape)
        ),
        "the scores are divided by their sum, without exp": lambda s: (
            _masked(s, 0.0) / _masked(s, 0.0).sum(-1, keepdim=True)
        ),
    },
)
