"""The expected loss of a linear model, exactly."""

from typing import Any

import torch
from torch import Tensor

from interp_course import runtime
from interp_course.checking import Case
from interp_course.checks.numbers import NumberCheck, is_finite
from interp_course.comparing import difference

RTOL = 1e-5
"""Four million random samples come within about 5e-4, and within this once in fifty cases."""
CLOSE = 0.02


def _cases(seed: int) -> list[Case]:
    """The first W is square, so its rows can be taken for columns."""
    cases = []
    for number, (d_hidden, n, share) in enumerate(((5, 5, 0.34), (3, 7, 0.68), (2, 6, 0.11))):
        rng = runtime.generator("check linear loss", seed + 1000 * number)
        W = torch.randn(d_hidden, n, generator=rng) * 0.9 * d_hidden**-0.5
        importance = 0.2 + 1.5 * torch.rand(n, generator=rng) ** 2
        more = 0.9 + 0.2 * torch.rand((), generator=rng, dtype=torch.float64).item()
        probability = round(share * more, 4)
        if number == 2:
            W, importance = W.double(), importance.double()
        kind = "float64, " if number == 2 else ""
        text = f"{kind}{n} features in {d_hidden} dimensions, active with probability {probability}"
        cases.append(Case(text, (W, probability, importance)))
    return cases


def _oracle(W: Tensor, probability: float, importance: Tensor) -> float:
    """Every product of two features in every squared difference, one after the other."""
    d_hidden, n = W.shape
    total = 0.0
    for i in range(n):
        factors = []  # of x_0, x_1, ... in what feature i differs by
        for j in range(n):
            product = sum(W[h, i].item() * W[h, j].item() for h in range(d_hidden))
            factors.append((1.0 if i == j else 0.0) - product)
        for j in range(n):
            for k in range(n):
                moment = probability / 3 if j == k else probability**2 / 4
                total += importance[i].item() * factors[j] * factors[k] * moment
    return total


def _judge(case: Case, value: Any) -> tuple[str, str | None] | None:
    right = _oracle(*case.args)
    problem = difference(value, right, RTOL, 0.0)
    if problem is None:
        return None
    if is_finite(value) and difference(value, right, CLOSE, 0.0) is None:
        relative = float(value) / right - 1
        problem += (
            f"\nThat is close ({relative:+.1e}), but the exact value is asked for, not an estimate "
            "from samples"
        )
    return problem, None


def _loss(
    W: Tensor,
    p: float,
    importance: Tensor,
    *,
    square: Any = lambda p: p / 3,
    cross: Any = lambda p: p**2 / 4,
    factors: Any = lambda W: torch.eye(W.shape[1], dtype=W.dtype) - W.T @ W,
    weights: Any = lambda importance: importance,
) -> Tensor:
    """The loss with one thing changed: E x_i^2, E x_i x_j, I - W^T W or the importances."""
    M = factors(W)
    alone = (square(p) - cross(p)) * M.square().sum(dim=1)
    together = cross(p) * M.sum(dim=1).square()
    return weights(importance) @ (alone + together)


def _changed(**options: Any) -> Any:
    return lambda *args: _loss(*args, **options)


def _nothing(p: float) -> float:
    return 0.0


def _gram(W: Tensor) -> Tensor:
    return W.T @ W


def _eye(W: Tensor) -> Tensor:
    return torch.eye(W.shape[1], dtype=W.dtype)


def _own(W: Tensor) -> Tensor:
    """How much of each feature is lost, whatever the others do."""
    return (_eye(W) - _gram(W)).diag().diag()


def _other(W: Tensor) -> Tensor:
    return _eye(W) - _gram(W) - _own(W)


def _without_crosses(**options: Any) -> tuple[Any, Any]:
    """A change, alone and together with forgetting the products of two features."""
    return _changed(**options), _changed(**options, cross=_nothing)


def _scaled(W: Tensor, p: float, importance: Tensor) -> Tensor:
    """With inputs multiplied by the importances before anything else."""
    M = importance * (_eye(W) - _gram(W))
    return _loss(W, p, torch.ones_like(importance), factors=lambda W: M)


linear_loss = NumberCheck(
    name="linear_loss",
    oracle=_oracle,
    judge_value=_judge,
    cases=_cases,
    rtol=RTOL,
    atol=0.0,
    reread="x - W^T W x = (1 - W^T W) x; feature i differs by a sum over j, and its square is a "
    "sum over pairs j, k of products x_j x_k: their means are p/3 for j = k, else p/2 times p/2",
    mistakes={
        "products of two different features are neglected: their mean is not 0, since no feature "
        "is ever negative": _changed(cross=_nothing),
        "only variances are used: the mean of a square is variance plus squared mean": (
            _changed(square=lambda p: p / 3 - p**2 / 4, cross=_nothing),
            _changed(square=lambda p: p / 12, cross=_nothing),
            _changed(square=lambda p: p / 12),
            _changed(square=lambda p: p / 3 - p**2 / 4),
            _changed(square=lambda p: p**2 / 12, cross=_nothing),
        ),
        "the variance 1/12 of an active feature is added to the squared mean of one that may be "
        "silent": _changed(square=lambda p: p / 12 + p**2 / 4),
        "the mean of x is taken for the mean of its square": _without_crosses(
            square=lambda p: p / 2
        ),
        "the mean input is put in: the mean of a square is not the square of the mean": (
            _changed(square=lambda p: p**2 / 4),
            _changed(square=lambda p: p / 4, cross=lambda p: p / 4),
        ),
        "the square of 1/2 is taken for the mean of the square of an active feature": (
            _without_crosses(square=lambda p: p / 4)
        ),
        "the probability is squared in the mean of a square: one feature needs to be active once": (
            _without_crosses(square=lambda p: p**2 / 3)
        ),
        "two features are active together with probability p squared, not p": _changed(
            cross=lambda p: p / 4
        ),
        "the mean of a product of two features is taken for that of a square": (
            _changed(cross=lambda p: p**2 / 3),
            _changed(cross=lambda p: p / 3),
        ),
        "the mean 1/2 of an active feature is forgotten, or used once, in products of two": (
            _changed(cross=lambda p: p**2),
            _changed(cross=lambda p: p**2 / 2),
        ),
        "the probability is left out: all features are always active": (
            _changed(square=lambda p: 1 / 3, cross=lambda p: 1 / 4),
            _changed(square=lambda p: 1 / 3, cross=_nothing),
        ),
        "each active feature is exactly 1: it is uniform between 0 and 1": (
            _changed(square=lambda p: p, cross=lambda p: p**2),
            _changed(square=lambda p: p, cross=_nothing),
        ),
        "the probability of being silent is taken: `probability` is that of being active": (
            lambda W, p, importance: _loss(W, 1 - p, importance),
            lambda W, p, importance: _loss(W, 1 - p, importance, cross=_nothing),
        ),
        "the importance is left out": _without_crosses(weights=torch.ones_like),
        "the importance is squared": _without_crosses(weights=torch.square),
        "the importances are scaled to add up to 1": _without_crosses(
            weights=lambda i: i / i.sum()
        ),
        "the mean over the features is taken: they are added up": _without_crosses(
            weights=lambda i: i / len(i)
        ),
        "the input is multiplied by the importances instead of the squared errors": _scaled,
        "interference is neglected: features disturb each other": (
            _changed(factors=_own),
            _changed(factors=_own, cross=_nothing),
        ),
        "only interference is counted: a feature can lose its own size, too": _without_crosses(
            factors=_other
        ),
        "the input is not subtracted: this is the size of the reconstruction": _without_crosses(
            factors=_gram
        ),
        "the reconstruction is added to the input": _without_crosses(
            factors=lambda W: _eye(W) + _gram(W)
        ),
        "W and its transpose are in each other's place: columns of W are features": (
            _without_crosses(factors=lambda W: _eye(W) - W @ W.T)
        ),
        "W is used once only: there and back it is used twice": _without_crosses(
            factors=lambda W: _eye(W) - W
        ),
        "a ReLU is applied: this model is linear": _without_crosses(
            factors=lambda W: _eye(W) - _gram(W).relu()
        ),
        "it is one number for each feature: their sum is asked for": _without_crosses(
            weights=lambda i: i.diag()
        ),
    },
)
