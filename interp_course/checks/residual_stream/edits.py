"""One head at one position is replaced, and nothing else."""

from typing import Any

import torch
from torch import Tensor

from interp_course import runtime
from interp_course.checking import Case, Check
from interp_course.comparing import difference

Problem = tuple[str, str | None]


def _cases(seed: int) -> list[Case]:
    """Head and position differ, and each would be allowed in the other's place."""
    cases = []
    shapes = ((3, 5, 4, 6, 2, 1), (2, 7, 3, 5, 0, 2), (4, 6, 5, 2, 3, 4))
    for number, (batch, n, heads, d_head, head, position) in enumerate(shapes):
        rng = runtime.generator("check replace", seed + 1000 * number)
        z = torch.randn(batch, n, heads, d_head, generator=rng)
        value = torch.randn(d_head, generator=rng) + 1
        if number == 2:
            z, value = z.double(), value.double()
        text = f"head {head} at position {position} of {heads} heads and {n} positions"
        cases.append(Case(text, (z, head, position, value)))
    return cases


def _oracle(z: Tensor, head: int, position: int, value: Tensor) -> Tensor:
    """Built anew, one vector at a time."""
    batch, n, heads, _ = z.shape
    vectors = [
        value if (i, h) == (position, head) else z[b, i, h]
        for b in range(batch)
        for i in range(n)
        for h in range(heads)
    ]
    return torch.stack(vectors).reshape(z.shape)


def _judge(case: Case, value: Any) -> Problem | None:
    """Close is enough where the value stands; everywhere else it must be the same number."""
    right = _oracle(*case.args)
    problem = difference(value, right, rtol=1e-4, atol=1e-5)
    if problem is not None:
        return problem, None
    kept = torch.ones(right.shape, dtype=torch.bool)
    kept[:, case.args[2], case.args[1]] = False
    if torch.equal(torch.as_tensor(value).detach()[kept].to(right.dtype), right[kept]):
        return None
    return (
        "the other heads and positions are nearly, but not exactly, what they were",
        "the rest is computed anew (rounded, or added and taken away again) instead of copied",
    )


def _put(z: Tensor, value: Any, *where: Any) -> Tensor:
    z = z.clone()
    z[where] = value
    return z


def _alone(z: Tensor, head: int, position: int, value: Tensor) -> Tensor:
    return _put(torch.zeros_like(z), value, slice(None), position, head)


ALL = slice(None)

replace_head = Check(
    name="replace_head",
    oracle=_oracle,
    judge_value=_judge,
    cases=_cases,
    reread="copy z, put value into one place of the copy, for every batch, and return the copy: "
    "the axes are batch, pos, head, d_head",
    mistakes={
        "nothing is changed: is the value written into another copy?": lambda z, h, p, v: z,
        "head and position are swapped: position is the second axis, head the third": (
            lambda z, h, p, v: _put(z, v, ALL, h, p)
        ),
        "the value is added to what was there instead of put in its place": lambda z, h, p, v: _put(
            z, z[:, p, h] + v, ALL, p, h
        ),
        "the value is subtracted from what was there": lambda z, h, p, v: _put(
            z, z[:, p, h] - v, ALL, p, h
        ),
        "what was there is multiplied by the value": lambda z, h, p, v: _put(
            z, z[:, p, h] * v, ALL, p, h
        ),
        "all positions of this head are replaced": lambda z, h, p, v: _put(z, v, ALL, ALL, h),
        "all positions from this one on are replaced": lambda z, h, p, v: _put(
            z, v, ALL, slice(p, None), h
        ),
        "all positions up to this one are replaced": lambda z, h, p, v: _put(
            z, v, ALL, slice(p + 1), h
        ),
        "all heads at this position are replaced": lambda z, h, p, v: _put(z, v, ALL, p),
        "all heads at all positions are replaced": lambda z, h, p, v: _put(z, v, ALL),
        "only the first example of the batch is changed": lambda z, h, p, v: _put(z, v, 0, p, h),
        "only the last example of the batch is changed": lambda z, h, p, v: _put(z, v, -1, p, h),
        "the position is taken for the number of the example": (
            lambda z, h, p, v: _put(z, v, p, h),
            lambda z, h, p, v: _put(z, v, p, ALL, h),
        ),
        "the head is taken for the number of the example": (
            lambda z, h, p, v: _put(z, v, h, p),
            lambda z, h, p, v: _put(z, v, h),
        ),
        "the head is silenced: zero is put in instead of the value": lambda z, h, p, v: _put(
            z, 0.0, ALL, p, h
        ),
        "everything else is set to zero": _alone,
        "everything else at this position is set to zero": lambda z, h, p, v: _put(
            _put(z, 0.0, ALL, p), v, ALL, p, h
        ),
        "everything else of this head is set to zero": lambda z, h, p, v: _put(
            _put(z, 0.0, ALL, ALL, h), v, ALL, p, h
        ),
        "only the changed vector is returned": (
            lambda z, h, p, v: v,
            lambda z, h, p, v: _put(z, v, ALL, p, h)[:, p, h],
        ),
        "only this position is returned": lambda z, h, p, v: _put(z, v, ALL, p, h)[:, p],
        "only this head is returned": lambda z, h, p, v: _put(z, v, ALL, p, h)[:, :, h],
        "the position before is replaced: positions count from 0": lambda z, h, p, v: _put(
            z, v, ALL, p - 1, h
        ),
        "the next position is replaced: positions count from 0": lambda z, h, p, v: _put(
            z, v, ALL, p + 1, h
        ),
        "the mean of the value is put in at every coordinate": lambda z, h, p, v: _put(
            z, v.mean(), ALL, p, h
        ),
    },
)
