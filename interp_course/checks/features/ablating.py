"""The coordinate along a direction is set to a value."""

from collections.abc import Callable

import torch
from torch import Tensor

from interp_course import runtime
from interp_course.checking import Case, Check


def _cases(seed: int) -> list[Case]:
    """In the first case n is d_model, so that a wrong axis or broadcast gives a value too."""
    cases = []
    shapes = (((6, 6), 2.3, 1.7), ((2, 5, 7), 0.45, -2.6), ((3, 4, 9), 3.1, 0.8))
    for number, (shape, length, near) in enumerate(shapes):
        rng = runtime.generator("check ablation", seed + 1000 * number)
        x = torch.randn(*shape, generator=rng) + 0.6
        direction = torch.randn(shape[-1], generator=rng) + 0.5
        direction *= length / direction.norm()
        coordinate = near * (0.9 + 0.2 * torch.rand((), generator=rng).item())
        if number == 2:
            x, direction = x.double(), direction.double()
        kind = "float64, " if number == 2 else ""
        text = f"{kind}activations {shape}, a direction of length {length}"
        cases.append(Case(f"{text}, coordinate {coordinate:.2f}", (x, direction, coordinate)))
    return cases


def _oracle(x: Tensor, direction: Tensor, coordinate: float) -> Tensor:
    """In a basis whose first vector is the direction, the first coordinate is replaced."""
    size = len(direction)
    start = torch.cat([direction[:, None], torch.eye(size, dtype=direction.dtype)], dim=1)
    basis = torch.linalg.qr(start.double()).Q
    if basis[:, 0] @ direction.double() < 0:
        basis = -basis
    rows = [row.double() for row in x.reshape(-1, size)]
    for place, row in enumerate(rows):
        in_basis = [float(row @ basis[:, i]) for i in range(size)]
        in_basis[0] = coordinate
        rows[place] = sum((c * basis[:, i] for i, c in enumerate(in_basis)), torch.zeros(()))
    return torch.stack(rows).reshape(x.shape).to(x.dtype)


def _along(x: Tensor, u: Tensor) -> Tensor:
    """The coordinate along u; keeps a last axis of length 1."""
    return (x * u).sum(-1, keepdim=True)


def _taken_out(x: Tensor, v: Tensor) -> Tensor:
    u = v / v.norm()
    return x - _along(x, u) * u


def _with_unit(edit: Callable[[Tensor, Tensor, float], Tensor]) -> Callable[..., Tensor]:
    """The edit with the unit vector instead of the direction."""
    return lambda x, v, c: edit(x, v / v.norm(), c)


def _both(edit: Callable[[Tensor, Tensor, float], Tensor]) -> tuple[Callable[..., Tensor], ...]:
    """The edit with the unit vector, and with the direction as it is."""
    return _with_unit(edit), edit


def _largest_set(x: Tensor, v: Tensor, value: float, chosen: Tensor | None = None) -> Tensor:
    """The coordinates in which the direction is large are set to a value."""
    chosen = v.abs() == v.abs().max() if chosen is None else chosen
    return torch.where(chosen, torch.tensor(value, dtype=x.dtype), x)


def _over_examples(x: Tensor, u: Tensor, c: float) -> Tensor:
    """Projected along the axis before the last, which only fits where both are as long."""
    return x - u[:, None] * (u @ x) + c * u[:, None]


ablate_direction = Check(
    name="ablate_direction",
    oracle=_oracle,
    cases=_cases,
    reread="u = direction / its length; x·u is the coordinate of an activation (keep its last "
    "axis); take (x·u) u away, add coordinate times u",
    mistakes={
        "the coordinate is left out: the direction is removed, but nothing put in its place": (
            lambda x, v, c: _taken_out(x, v)
        ),
        "the direction is not scaled to length 1": (
            lambda x, v, c: x - _along(x, v) * v + c * v,
            lambda x, v, c: x - _along(x, v) * v + c * v / v.norm(),
            lambda x, v, c: x - _along(x, v) * v,
        ),
        "the coordinate is multiplied by the direction itself instead of the unit vector": (
            lambda x, v, c: _taken_out(x, v) + c * v
        ),
        "it is divided by the length only once: the direction stands in the projection twice": (
            lambda x, v, c: x - _along(x, v) * v / v.norm() + c * v / v.norm(),
            lambda x, v, c: x - _along(x, v) * v / v.norm() + c * v,
            lambda x, v, c: x - _along(x, v) * v / v.norm(),
        ),
        "the direction is divided by its squared length: that is no unit vector": (
            lambda x, v, c: (lambda u: x - _along(x, u) * u + c * u)(v / (v @ v)),
            lambda x, v, c: _taken_out(x, v) + c * v / (v @ v),
        ),
        "the direction is divided by the sum of its entries: the length is the root of the "
        "summed squares": (
            lambda x, v, c: (lambda u: x - _along(x, u) * u + c * u)(v / v.abs().sum()),
            lambda x, v, c: (lambda u: x - _along(x, u) * u + c * u)(v / v.sum()),
        ),
        "the direction is added without what was there being taken away first": _both(
            lambda x, u, c: x + c * u
        ),
        "the direction itself is subtracted, not the part of each activation along it": (
            *_both(lambda x, u, c: x - u),
            *_both(lambda x, u, c: x - c * u),
            *_both(lambda x, u, c: x - u + c * u),
        ),
        "the mean coordinate is taken away from all: each activation has its own": (
            _with_unit(lambda x, u, c: x - _along(x, u).mean() * u + c * u),
            _with_unit(lambda x, u, c: x - _along(x, u).mean() * u),
            _with_unit(lambda x, u, c: x - _along(x, u).mean(-2, keepdim=True) * u + c * u),
        ),
        "one coordinate is computed for all activations together: each has its own": _both(
            lambda x, u, c: x - (x * u).sum() * u + c * u
        ),
        "the last axis of the coordinates is lost, so that they are multiplied with the "
        "direction entry by entry (keepdim=True, or [..., None])": (
            *_both(lambda x, u, c: x - (x @ u) * u + c * u),
            *_both(lambda x, u, c: x + (c - x @ u) * u),
        ),
        "single entries are overwritten where the direction is large: a direction is a mixture "
        "of all entries": (
            lambda x, v, c: _largest_set(x, v, 0.0),
            lambda x, v, c: _largest_set(x, v, c),
            lambda x, v, c: _largest_set(x, v, 0.0, v.abs() > v.abs().mean()),
            lambda x, v, c: _largest_set(x, v, c, v.abs() > v.abs().mean()),
            lambda x, v, c: _largest_set(x, v, 0.0, v.abs() >= v.abs().median()),
        ),
        "the part along the direction is kept and everything else removed": (
            lambda x, v, c: x - _taken_out(x, v),
            lambda x, v, c: x - _taken_out(x, v) + c * v / v.norm(),
            lambda x, v, c: c * (x - _taken_out(x, v)),
        ),
        "only coordinate times the unit vector is left: the rest of the activation is lost": _both(
            lambda x, u, c: (c * u).expand(x.shape)
        ),
        "the part along the direction is added instead of subtracted": (
            _with_unit(lambda x, u, c: x + _along(x, u) * u + c * u),
            _with_unit(lambda x, u, c: x + _along(x, u) * u - c * u),
        ),
        "the coordinate gets the wrong sign": _with_unit(
            lambda x, u, c: x - _along(x, u) * u - c * u
        ),
        "the old coordinate is multiplied by the new one instead of replaced": (
            _with_unit(lambda x, u, c: x + (c - 1) * _along(x, u) * u),
            _with_unit(lambda x, u, c: x - c * _along(x, u) * u),
        ),
        "the coordinate is added to every entry: it belongs along the direction": (
            lambda x, v, c: _taken_out(x, v) + c
        ),
        "the activations are scaled to length 1: only the direction is": (
            lambda x, v, c: _taken_out(x / x.norm(dim=-1, keepdim=True), v) + c * v / v.norm()
        ),
        "the product runs over the examples instead of d_model": _both(_over_examples),
        "the old coordinates are returned instead of the activations": (
            *_both(lambda x, u, c: x @ u),
            *_both(lambda x, u, c: _along(x, u)),
        ),
        "nothing is changed: is the result lost?": lambda x, v, c: x,
    },
)
