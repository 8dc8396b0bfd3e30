"""Attribution along a path of inputs, where one gradient is not enough.

Sundararajan et al. (2017), "Axiomatic Attribution for Deep Networks", section 3; Hanna et al.
(2024), "Have Faith in Faithfulness" (EAP-IG).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from interp_course import runtime
from interp_course.checking import Case, Check

Way = Callable[..., Any]
SHAPES = ((5, 3), (4, 5), (7, 4), (6, 2))
HIDDEN = 9


@dataclass(frozen=True, eq=False)
class _Slope:
    """The gradient of a sum of smooth steps, ``weights @ tanh(W @ x + b)``."""

    W: Tensor
    b: Tensor
    weights: Tensor

    def __call__(self, x: Any) -> Tensor:
        """The gradient at an input, or at several."""
        x = torch.as_tensor(x).detach().to(self.W)
        rest = 1 - torch.tanh(x @ self.W.T + self.b).square()
        return (self.weights * rest) @ self.W


def _cases(seed: int) -> list[Case]:
    """The way is long and the steps are few, so that the gradients on it differ."""
    cases = []
    for number, (d, steps) in enumerate(SHAPES):
        rng = runtime.generator("check integrated", seed + 1000 * number)
        slope = _Slope(
            W=1.2 * torch.randn(HIDDEN, d, generator=rng) / d**0.5,
            b=0.5 * torch.randn(HIDDEN, generator=rng),
            weights=torch.randn(HIDDEN, generator=rng) + 0.5,
        )
        corrupted = torch.randn(d, generator=rng) + 0.4
        step = torch.randn(d, generator=rng)
        clean = corrupted + 1.5 * (step + 0.4 * step.sign())
        if number == 2:
            slope = _Slope(slope.W.double(), slope.b.double(), slope.weights.double())
            clean, corrupted = clean.double(), corrupted.double()
        kind = "float64, " if number == 2 else ""
        text = f"{kind}{d} dimensions, {steps} steps"
        cases.append(Case(text, (slope, clean, corrupted, steps)))
    return cases


def _oracle(gradient_at: Way, clean: Tensor, corrupted: Tensor, steps: int) -> Tensor:
    """One step after the other, and in it one coordinate after the other."""
    total = [0.0] * len(clean)
    for k in range(1, steps + 1):
        point = torch.empty_like(corrupted)
        for i in range(len(clean)):
            point[i] = corrupted[i] + k * (clean[i] - corrupted[i]) / steps
        for i, slope in enumerate(gradient_at(point).tolist()):
            total[i] += slope
    factors = (clean - corrupted).tolist()
    products = [factor * slope / steps for factor, slope in zip(factors, total, strict=True)]
    return torch.tensor(products, dtype=torch.float64)


def _points(start: Any, end: Any, shares: Any) -> Tensor:
    """Inputs on the way, ``[share d]``."""
    return start + torch.as_tensor(shares, dtype=torch.float64)[:, None] * (end - start)


def _ends(steps: int) -> Tensor:
    """The shares of the way that are wanted."""
    return torch.arange(1, steps + 1) / steps


def _right(f: Way, k: Tensor, c: Tensor, n: int) -> Tensor:
    return (k - c) * f(_points(c, k, _ends(n))).mean(dim=0)


def _at(shares: Way) -> Way:
    """The mean of gradients at other shares of the way."""
    return lambda f, k, c, n: (k - c) * f(_points(c, k, shares(n))).mean(dim=0)


def _with(result: Way) -> Way:
    """Something else made of the right gradients, the two ends and the number of steps."""
    return lambda f, k, c, n: result(f(_points(c, k, _ends(n))), k, c, n)


def _both_ends(n: int) -> Tensor:
    return torch.linspace(0, 1, n)


def _trapezoid(f: Way, k: Tensor, c: Tensor, n: int) -> Tensor:
    gradients = f(_points(c, k, _both_ends(n + 1)))
    return (k - c) * (gradients[1:] + gradients[:-1]).mean(dim=0) / 2


integrated = Check(
    name="integrated",
    oracle=_oracle,
    cases=_cases,
    reread="as many points as there are steps, evenly spaced on the straight way from the "
    "corrupted input to the clean one, the clean one being the last; the mean of their gradients; "
    "times the way itself, coordinate by coordinate",
    mistakes={
        "one gradient is taken, at the corrupted end: that is attribution patching": (
            _at(lambda n: [0.0]),
            lambda f, k, c, n: n * (k - c) * f(c),
        ),
        "one gradient is taken, at the clean end": (
            _at(lambda n: [1.0]),
            lambda f, k, c, n: n * (k - c) * f(k),
        ),
        "one gradient is taken, in the middle of the way: the gradients are averaged, not the "
        "points": (
            _at(lambda n: [0.5]),
            _at(lambda n: [_ends(n).mean()]),
        ),
        "the first point is the corrupted end and the clean end is missing: k runs from 1 to "
        "steps": (
            _at(lambda n: torch.arange(n) / n),
            lambda f, k, c, n: (k - c) * f(_points(c, k, torch.arange(n) / n)).sum(dim=0),
        ),
        "the gradients are taken in the middle of each step instead of at its end": _at(
            lambda n: (torch.arange(n) + 0.5) / n
        ),
        "the way is cut into steps - 1 pieces: both ends are among the points": (
            _at(_both_ends),
            lambda f, k, c, n: (k - c) * f(_points(c, k, _both_ends(n))).sum(dim=0) / (n - 1),
        ),
        "there is one point too many: the corrupted end is counted as well": (
            _at(lambda n: _both_ends(n + 1)),
            lambda f, k, c, n: (k - c) * f(_points(c, k, _both_ends(n + 1))).sum(dim=0) / n,
            lambda f, k, c, n: (k - c) * f(_points(c, k, _both_ends(n + 1))).sum(dim=0),
        ),
        "it is the trapezoid rule: the two ends weigh half": _trapezoid,
        "the clean end is missing from the points": (
            _at(lambda n: torch.arange(1, n) / n),
            lambda f, k, c, n: (k - c) * f(_points(c, k, torch.arange(1, n) / n)).sum(dim=0) / n,
            _at(lambda n: torch.arange(1, n + 1) / (n + 1)),
        ),
        "the points go beyond the clean end": (
            _at(lambda n: torch.arange(1, n + 1) / (n - 1)),
            _at(lambda n: torch.arange(1, n + 1)),
            _at(lambda n: torch.arange(1, n + 2) / n),
        ),
        "the number of steps is not the one given": (
            _at(lambda n: _ends(10)),
            _at(lambda n: _ends(20)),
            _at(lambda n: _ends(50)),
            _at(lambda n: _ends(100)),
            _at(lambda n: _ends(2 * n)),
        ),
        "the mean of the gradients is not multiplied by the way from corrupted to clean": (
            _with(lambda g, k, c, n: g.mean(dim=0)),
            _with(lambda g, k, c, n: g.sum(dim=0)),
        ),
        "the gradients are added up, but not divided by the number of steps": _with(
            lambda g, k, c, n: (k - c) * g.sum(dim=0)
        ),
        "it is divided by the number of steps twice, or by another number": (
            _with(lambda g, k, c, n: (k - c) * g.mean(dim=0) / n),
            _with(lambda g, k, c, n: (k - c) * g.sum(dim=0) / (n + 1)),
            _with(lambda g, k, c, n: (k - c) * g.sum(dim=0) / (n - 1)),
            _with(lambda g, k, c, n: (k - c) * g.sum(dim=0) / len(k)),
            _with(lambda g, k, c, n: (k - c) * g.mean()),
        ),
        "the way starts at zero: it starts at the corrupted input": (
            lambda f, k, c, n: k * f(_points(0 * k, k, _ends(n))).mean(dim=0),
            lambda f, k, c, n: (k - c) * f(_points(0 * k, k, _ends(n))).mean(dim=0),
        ),
        "the points are shares of the way, without the corrupted input at which it starts": (
            lambda f, k, c, n: (k - c) * f(_points(0 * k, k - c, _ends(n))).mean(dim=0)
        ),
        "shares of the clean input are added to the corrupted one: it is the difference that is "
        "added": (
            lambda f, k, c, n: (k - c) * f(c + _points(0 * k, k, _ends(n))).mean(dim=0),
            lambda f, k, c, n: (k - c) * f(k + _points(0 * k, k - c, _ends(n))).mean(dim=0),
        ),
        "the factor is the clean input itself: it is its difference from the corrupted one": _with(
            lambda g, k, c, n: k * g.mean(dim=0)
        ),
        "the factor is the corrupted input itself: it is the difference of the two": (
            _with(lambda g, k, c, n: c * g.mean(dim=0)),
            _with(lambda g, k, c, n: -c * g.mean(dim=0)),
        ),
        "the sign is turned: the way leads from corrupted to clean": _with(
            lambda g, k, c, n: (c - k) * g.mean(dim=0)
        ),
        "the way leads from clean to corrupted": (
            lambda f, k, c, n: (c - k) * f(_points(k, c, _ends(n))).mean(dim=0)
        ),
        "each gradient is multiplied by its own point: the factor is the whole way": (
            lambda f, k, c, n: (_points(c, k, _ends(n)) * f(_points(c, k, _ends(n)))).mean(dim=0),
            lambda f, k, c, n: (_points(0 * k, k - c, _ends(n)) * f(_points(c, k, _ends(n)))).mean(
                dim=0
            ),
        ),
        "only the gradient of the first step is kept: is the `return` inside the loop?": (
            _with(lambda g, k, c, n: (k - c) * g[0] / n),
            _with(lambda g, k, c, n: (k - c) * g[0]),
        ),
        "only the gradient of the last step is kept": _with(lambda g, k, c, n: (k - c) * g[-1] / n),
        "sizes are taken without their signs": (
            _with(lambda g, k, c, n: ((k - c) * g.mean(dim=0)).abs()),
            _with(lambda g, k, c, n: (k - c).abs() * g.mean(dim=0)),
            _with(lambda g, k, c, n: (k - c) * g.abs().mean(dim=0)),
            _with(lambda g, k, c, n: (k - c).abs() * g.abs().mean(dim=0)),
        ),
        "something is squared": (
            _with(lambda g, k, c, n: (k - c).square() * g.mean(dim=0)),
            _with(lambda g, k, c, n: (k - c) * g.square().mean(dim=0)),
        ),
        "the factor is a length: each coordinate has its own difference": _with(
            lambda g, k, c, n: (k - c).norm() * g.mean(dim=0)
        ),
        "the coordinates are added up: there is one number for each": (
            lambda *a: _right(*a).sum(),
            lambda *a: _right(*a).mean(),
            _with(lambda g, k, c, n: (g @ (k - c)).sum()),
        ),
        "the steps are kept apart: their gradients are averaged": (
            _with(lambda g, k, c, n: (k - c) * g),
            _with(lambda g, k, c, n: (k - c) * g / n),
        ),
    },
)
