"""A direction is added from one position on."""

from typing import Any

import torch
from torch import Tensor

from interp_course import runtime
from interp_course.checking import Case, Check

ALL = slice(None)


def _cases(seed: int) -> list[Case]:
    """The number start could be that of an example too; in the last case it is 0."""
    cases = []
    shapes = ((4, 6, 5, 2, 1.8), (5, 8, 7, 3, -0.7), (3, 5, 6, 0, 2.4))
    for number, (batch, n, d_model, start, near) in enumerate(shapes):
        rng = runtime.generator("check addition", seed + 1000 * number)
        resid = torch.randn(batch, n, d_model, generator=rng) + 0.4
        direction = 1.6 * torch.randn(d_model, generator=rng) + 0.9
        strength = near * (0.9 + 0.2 * torch.rand((), generator=rng).item())
        if number == 1:
            resid, direction = resid.double(), direction.double()
        kind = "float64, " if number == 1 else ""
        text = f"{kind}batch {batch}, {n} positions, strength {strength:.2f} from {start} on"
        cases.append(Case(text, (resid, direction, strength, start)))
    return cases


def _oracle(resid: Tensor, direction: Tensor, strength: float, start: int) -> Tensor:
    """Built anew, one number at a time."""
    batch, n, d_model = resid.shape
    numbers = [
        resid[b, i, j] + (strength * direction[j] if i >= start else 0.0)
        for b in range(batch)
        for i in range(n)
        for j in range(d_model)
    ]
    return torch.stack(numbers).reshape(resid.shape)


def _added(x: Tensor, what: Any, *where: Any) -> Tensor:
    x = x.clone()
    x[where] += what
    return x


def _put(x: Tensor, what: Any, *where: Any) -> Tensor:
    x = x.clone()
    x[where] = what
    return x


def _stretched(x: Tensor, v: Tensor, s: float, start: int) -> Tensor:
    """The part along the direction is made longer, from start on."""
    u = v / v.norm()
    return _added(x, s * (x[:, start:] @ u)[..., None] * u, ALL, slice(start, None))


def _replaced(x: Tensor, v: Tensor, start: int, by: Tensor) -> Tensor:
    """The part along the direction is put aside for something else, from start on."""
    u = v / v.norm()
    rest = x - (x @ u)[..., None] * u
    return _put(x, rest[:, start:] + by, ALL, slice(start, None))


def _growing(x: Tensor, v: Tensor, s: float, start: int) -> Tensor:
    steps = (torch.arange(x.shape[1]) - start + 1).clamp(min=0)
    return x + s * steps[:, None] * v


add_direction = Check(
    name="add_direction",
    oracle=_oracle,
    cases=_cases,
    reread="a copy (resid.clone()), and in it [:, start:] plus strength times the direction as "
    "it is; the axes are batch, pos, d_model",
    mistakes={
        "it is added at all positions: only those from start on are meant": (
            lambda x, v, s, i: x + s * v
        ),
        "it is added at start only: the positions after it are meant too": (
            lambda x, v, s, i: _added(x, s * v, ALL, i)
        ),
        "it is added before start: the positions from start on are meant": (
            lambda x, v, s, i: _added(x, s * v, ALL, slice(i)),
            lambda x, v, s, i: _added(x, s * v, ALL, slice(i + 1)),
        ),
        "it is added after start only: start itself is meant too": lambda x, v, s, i: _added(
            x, s * v, ALL, slice(i + 1, None)
        ),
        "it is added one position too early: positions count from 0": (
            lambda x, v, s, i: _added(x, s * v, ALL, slice(max(i - 1, 0), None)),
            lambda x, v, s, i: _added(x, s * v, ALL, slice(i - 1, None)),
        ),
        "it is added to the last positions: start counts from the front": (
            lambda x, v, s, i: _added(x, s * v, ALL, slice(-i, None)),
            lambda x, v, s, i: _added(x, s * v, ALL, -1),
        ),
        "start is taken for the number of an example: positions are the second axis": (
            lambda x, v, s, i: _added(x, s * v, slice(i, None)),
            lambda x, v, s, i: _added(x, s * v, i),
        ),
        "start is taken along d_model: positions are the second axis": (
            lambda x, v, s, i: _added(x, s * v[i:], ..., slice(i, None))
        ),
        "only the first example of the batch is changed": lambda x, v, s, i: _added(
            x, s * v, 0, slice(i, None)
        ),
        "the direction is scaled to length 1: here its length counts": lambda x, v, s, i: _added(
            x, s * v / v.norm(), ALL, slice(i, None)
        ),
        "strength is left out": (
            lambda x, v, s, i: _added(x, v, ALL, slice(i, None)),
            lambda x, v, s, i: _added(x, v / v.norm(), ALL, slice(i, None)),
        ),
        "strength is added to the direction instead of multiplied with it": (
            lambda x, v, s, i: _added(x, s + v, ALL, slice(i, None))
        ),
        "strength is added to every entry: the direction is left out": (
            lambda x, v, s, i: _added(x, s, ALL, slice(i, None))
        ),
        "the direction is subtracted instead of added": (
            lambda x, v, s, i: _added(x, -s * v, ALL, slice(i, None)),
        ),
        "the activations are replaced by the direction instead of added to": (
            lambda x, v, s, i: _put(x, s * v, ALL, slice(i, None)),
        ),
        "the part along the direction is set to strength: what is there already should stay": (
            lambda x, v, s, i: _replaced(x, v, i, s * v / v.norm()),
            lambda x, v, s, i: _replaced(x, v, i, s * v),
        ),
        "the activations are multiplied by the direction, entry by entry": (
            lambda x, v, s, i: _put(x, x[:, i:] * s * v, ALL, slice(i, None)),
            lambda x, v, s, i: _put(x, x[:, i:] * (1 + s * v), ALL, slice(i, None)),
        ),
        "the part along the direction is multiplied: the same vector is added to all": _stretched,
        "the push is scaled with the length of each activation": lambda x, v, s, i: _added(
            x, s * x[:, i:].norm(dim=-1, keepdim=True) * v / v.norm(), ALL, slice(i, None)
        ),
        "strength multiplies the activations too": (
            lambda x, v, s, i: _put(x, s * (x[:, i:] + v), ALL, slice(i, None)),
            lambda x, v, s, i: _put(x, s * x[:, i:] + v, ALL, slice(i, None)),
        ),
        "the push grows from position to position": _growing,
        "only the positions from start on are returned": lambda x, v, s, i: x[:, i:] + s * v,
        "only what is added is returned": (
            lambda x, v, s, i: s * v,
            lambda x, v, s, i: _added(torch.zeros_like(x), s * v, ALL, slice(i, None)),
        ),
        "the positions before start are set to zero": lambda x, v, s, i: _put(
            x + s * v, 0.0, ALL, slice(i)
        ),
        "nothing is changed: is the result lost?": lambda x, v, s, i: x,
    },
)
