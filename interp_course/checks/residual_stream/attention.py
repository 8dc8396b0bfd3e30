"""The two products of attention: queries with keys, the pattern with values."""

from typing import Any

import torch
from torch import Tensor

from interp_course import runtime
from interp_course.checking import Case, Check
from interp_course.comparing import difference

Problem = tuple[str, str | None]
RTOL, ATOL = 1e-4, 1e-5
SHAPES = ((2, 5, 3, 4), (3, 4, 2, 7), (1, 7, 4, 3))
"""Batch, positions, heads, d_head: no two sizes alike within a case."""


def _drawn(seed: int, number: int, *shape: int) -> Tensor:
    rng = runtime.generator("check attention", seed + 1000 * number)
    return torch.randn(*shape, generator=rng)


def _named(number: int, shape: tuple[int, ...]) -> str:
    batch, pos, head, d_head = shape
    text = f"batch {batch}, {pos} positions, {head} heads, d_head {d_head}"
    return text if number < 2 else f"float64, {text}"


def _score_cases(seed: int) -> list[Case]:
    cases = []
    for number, shape in enumerate(SHAPES):
        q, k = _drawn(seed, number, 2, *shape) + 0.3
        args = (q, k) if number < 2 else (q.double(), k.double())
        cases.append(Case(_named(number, shape), args))
    return cases


def _score_oracle(q: Tensor, k: Tensor) -> Tensor:
    """One query and one key at a time."""
    batch, n, heads, d_head = q.shape
    scores = torch.zeros(batch, heads, n, n, dtype=q.dtype)
    for b in range(batch):
        for h in range(heads):
            for i in range(n):
                for j in range(n):
                    scores[b, h, i, j] = (q[b, i, h] * k[b, j, h]).sum() / d_head**0.5
    return scores


def _future(n: int) -> Tensor:
    return torch.ones(n, n, dtype=torch.bool).triu(1)


def _judge_scores(case: Case, value: Any) -> Problem | None:
    """Compare, and see whether what is wrong is just that the future is masked already."""
    right = _score_oracle(*case.args)
    problem = difference(value, right, RTOL, ATOL)
    if problem is None:
        return None
    if isinstance(value, Tensor) and value.shape == right.shape:
        past = ~_future(right.shape[-1])
        agrees = difference(value[..., past], right[..., past], RTOL, ATOL) is None
        if agrees and bool((value[..., ~past] < -1e3).all()):
            return problem, "the future is masked here already: that is the next step"
    return problem, None


def _product(q: Tensor, k: Tensor) -> Tensor:
    return q.transpose(1, 2) @ k.permute(0, 2, 3, 1)


def _unit(x: Tensor) -> Tensor:
    return x / x.norm(dim=-1, keepdim=True)


attention_scores = Check(
    name="attention_scores",
    oracle=_score_oracle,
    judge_value=_judge_scores,
    cases=_score_cases,
    reread="entry [b, h, i, j] is query i times key j of the same head, summed over d_head and "
    "divided by sqrt(d_head)",
    mistakes={
        "the products are not divided by sqrt(d_head)": _product,
        "the products are divided by d_head instead of its square root": lambda q, k: (
            _product(q, k) / q.shape[-1]
        ),
        "the products are multiplied by sqrt(d_head) instead of divided": lambda q, k: (
            _product(q, k) * q.shape[-1] ** 0.5
        ),
        "the width of all heads together is used for the scale: it is d_head of one head": (
            lambda q, k: _product(q, k) / (q.shape[-1] * q.shape[-2]) ** 0.5
        ),
        "the scale is the square root of the number of positions, not of d_head": lambda q, k: (
            _product(q, k) / q.shape[1] ** 0.5
        ),
        "the scale is the square root of the number of heads, not of d_head": lambda q, k: (
            _product(q, k) / q.shape[2] ** 0.5
        ),
        "query and key axes are swapped: rows are queries, columns are keys": lambda q, k: (
            _product(k, q) / q.shape[-1] ** 0.5
        ),
        "the head axis comes last instead of second": (
            lambda q, k: (_product(q, k) / q.shape[-1] ** 0.5).permute(0, 2, 3, 1)
        ),
        "the head axis comes after the query axis instead of before it": lambda q, k: (
            _product(q, k) / q.shape[-1] ** 0.5
        ).transpose(1, 2),
        "heads are compared with heads at one position: positions belong with positions": (
            lambda q, k: q @ k.mT / q.shape[-1] ** 0.5
        ),
        "the sum runs over the heads as well: each head has scores of its own": lambda q, k: (
            _product(q, k).sum(1) / q.shape[-1] ** 0.5
        ),
        "queries and keys are cut to unit length: that is cosine similarity": (
            lambda q, k: _product(_unit(q), _unit(k)),
            lambda q, k: _product(_unit(q), _unit(k)) / q.shape[-1] ** 0.5,
        ),
        "the softmax is taken here already: that is the next step": lambda q, k: (
            _product(q, k) / q.shape[-1] ** 0.5
        ).softmax(-1),
        "the axes are cut anew with view or reshape, which mixes positions and heads": (
            lambda q, k: (
                _product(
                    *(x.reshape(len(x), x.shape[2], x.shape[1], -1).transpose(1, 2) for x in (q, k))
                )
                / q.shape[-1] ** 0.5
            )
        ),
    },
)


def _mix_cases(seed: int) -> list[Case]:
    cases = []
    for number, shape in enumerate(SHAPES):
        batch, n, heads, _ = shape
        scores = 2 * _drawn(seed + 2, number, batch, heads, n, n)
        pattern = scores.masked_fill(_future(n), -torch.inf).softmax(-1)
        v = _drawn(seed + 3, number, *shape) + 0.3
        args = (pattern, v) if number < 2 else (pattern.double(), v.double())
        cases.append(Case(_named(number, shape), args))
    return cases


def _mix_oracle(pattern: Tensor, v: Tensor) -> Tensor:
    """One query at a time, adding up one value after the other."""
    z = torch.zeros_like(v)
    batch, n, heads, _ = v.shape
    for b in range(batch):
        for h in range(heads):
            for i in range(n):
                for j in range(n):
                    z[b, i, h] += pattern[b, h, i, j] * v[b, j, h]
    return z


def _mixed(pattern: Tensor, v: Tensor) -> Tensor:
    """The mix with heads before positions."""
    return pattern @ v.transpose(1, 2)


mix_values = Check(
    name="mix_values",
    oracle=_mix_oracle,
    cases=_mix_cases,
    reread="z[b, i, h] = sum over key positions j of pattern[b, h, i, j] times v[b, j, h]",
    mistakes={
        "the pattern is transposed: each query sums over queries instead of keys": lambda p, v: (
            _mixed(p.mT, v).transpose(1, 2)
        ),
        "the head axis comes before the positions in what is returned": _mixed,
        "the axes are cut anew with view or reshape, which mixes positions and heads": (
            lambda p, v: _mixed(p, v).reshape(v.shape),
            lambda p, v: (p @ v.reshape(_mixed(p, v).shape)).transpose(1, 2),
            lambda p, v: (p @ v.reshape(_mixed(p, v).shape)).reshape(v.shape),
        ),
        "the value at the query's own position is used, so nothing moves": lambda p, v: (
            torch.einsum("bhij,bihd->bihd", p, v)
        ),
        "only the diagonal of the pattern is used, so nothing moves": lambda p, v: torch.einsum(
            "bhii,bihd->bihd", p, v
        ),
        "the heads are added up: each keeps its own mix until W_O": lambda p, v: torch.einsum(
            "bhij,bjhd->bid", p, v
        ),
        "the patterns of all heads are added up first": lambda p, v: torch.einsum(
            "bgij,bjhd->bihd", p, v
        ),
        "the values of all heads are added up first": lambda p, v: torch.einsum(
            "bhij,bjgd->bihd", p, v
        ),
        "the heads are joined to one long vector: keep them apart": lambda p, v: (
            _mixed(p, v).transpose(1, 2).flatten(-2)
        ),
        "only the most attended value is copied: a mix weighs them all": lambda p, v: _mixed(
            torch.nn.functional.one_hot(p.argmax(-1), p.shape[-1]).to(v.dtype), v
        ).transpose(1, 2),
        "the mix is divided by the number of keys, though the row sums to 1 already": (
            lambda p, v: _mixed(p, v).transpose(1, 2) / p.shape[-1]
        ),
        "a second softmax is taken of the pattern": lambda p, v: _mixed(p.softmax(-1), v).transpose(
            1, 2
        ),
        "the pattern is ignored: this is the plain mean of all values": lambda p, v: v.mean(
            1, keepdim=True
        ).expand_as(v),
    },
)
