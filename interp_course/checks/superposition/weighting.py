"""The loss of a toy model: squared errors, weighted by importance."""

from typing import Any

import torch
from torch import Tensor

from interp_course import runtime
from interp_course.checking import Case, Check


def _cases(seed: int) -> list[Case]:
    """In the first case there are as many samples as features."""
    cases = []
    for number, (batch, n) in enumerate(((6, 6), (9, 4), (5, 11))):
        rng = runtime.generator("check weighted loss", seed + 1000 * number)
        x, x_hat = (
            0.3 + torch.rand(2, batch, n, generator=rng) * torch.tensor([1.0, 1.7])[:, None, None]
        )
        importance = 0.15 + 1.6 * torch.rand(n, generator=rng) ** 2
        if number == 2:
            x, x_hat, importance = x.double(), x_hat.double(), importance.double()
        kind = "float64, " if number == 2 else ""
        text = f"{kind}{batch} samples of {n} features"
        cases.append(Case(text, (x, x_hat, importance)))
    return cases


def _oracle(x: Tensor, x_hat: Tensor, importance: Tensor) -> float:
    """One feature of one sample after the other."""
    batch, n = x.shape
    total = 0.0
    for s in range(batch):
        for i in range(n):
            total += importance[i].item() * (x[s, i].item() - x_hat[s, i].item()) ** 2
    return total / batch


def _each(x: Tensor, x_hat: Tensor, importance: Tensor) -> Tensor:
    return importance * (x - x_hat) ** 2


def _right(x: Tensor, x_hat: Tensor, importance: Tensor) -> Tensor:
    return _each(x, x_hat, importance).sum(dim=1).mean()


def _with(importance_of: Any) -> Any:
    """The loss with something else for the importance."""
    return lambda x, x_hat, importance: _right(x, x_hat, importance_of(importance))


weighted_loss = Check(
    name="weighted_loss",
    oracle=_oracle,
    cases=_cases,
    reread="square the difference of each feature, multiply by its importance, add up the "
    "features, and take the mean over the samples: one number",
    mistakes={
        "the mean runs over the features too: they are added up": (
            lambda *a: _each(*a).mean(),
            lambda x, y, i: (x - y).square().mean(),
        ),
        "the sum runs over the samples too: they are averaged": (
            lambda *a: _each(*a).sum(),
            lambda x, y, i: (x - y).square().sum(),
        ),
        "the sum runs over the samples and the mean over the features: it is the other way round": (
            lambda *a: _each(*a).sum(dim=0).mean()
        ),
        "the importance is squared along with the difference": (
            _with(torch.square),
            lambda x, y, i: (i * (x - y)).square().mean(),
            lambda x, y, i: (i * (x - y)).square().sum(),
        ),
        "x alone is multiplied by the importance, before the difference": (
            lambda x, y, i: (i * x - y).square().sum(dim=1).mean(),
            lambda x, y, i: (i * x - y).square().mean(),
            lambda x, y, i: (x - i * y).square().sum(dim=1).mean(),
        ),
        "the difference is not squared, only its size is taken": (
            lambda x, y, i: (i * (x - y).abs()).sum(dim=1).mean(),
            lambda x, y, i: (i * (x - y).abs()).mean(),
        ),
        "the differences are not squared: positive and negative ones cancel": (
            lambda x, y, i: (i * (x - y)).sum(dim=1).mean(),
            lambda x, y, i: (i * (y - x)).sum(dim=1).mean(),
            lambda x, y, i: (i * (x - y)).mean(),
        ),
        "the differences are added up first and squared then": (
            lambda x, y, i: (i * (x - y)).sum(dim=1).square().mean(),
            lambda x, y, i: (x - y).sum(dim=1).square().mean(),
        ),
        "the samples are averaged before the difference is squared": (
            lambda x, y, i: (i * (x - y).mean(dim=0).square()).sum()
        ),
        "the importance is left out": _with(torch.ones_like),
        "a root is taken at the end: the loss is a square": (
            lambda *a: _right(*a).sqrt(),
            lambda *a: _each(*a).mean().sqrt(),
        ),
        "a root is taken in each sample: the loss is a square": (
            lambda *a: _each(*a).sum(dim=1).sqrt().mean()
        ),
        "the importances are scaled to add up to 1": _with(lambda i: i / i.sum()),
        "the importances are scaled to a mean or a largest one of 1": (
            _with(lambda i: i / i.mean()),
            _with(lambda i: i / i.max()),
        ),
        "the importances go through a softmax: they are weights already": _with(
            lambda i: i.softmax(dim=0)
        ),
        "it is divided by the importance": (
            _with(lambda i: 1 / i),
            lambda x, y, i: ((x - y).square() / i).mean(),
        ),
        "the root of the importance is taken": _with(torch.sqrt),
        "it is halved": (lambda *a: _right(*a) / 2, lambda *a: _each(*a).mean() / 2),
        "the importance is multiplied along the samples: it belongs to the features": (
            lambda x, y, i: (i[:, None] * (x - y).square()).sum(dim=1).mean()
        ),
        "only a mean is left of the importances: each belongs to a feature": _with(
            lambda i: i.mean().expand_as(i)
        ),
        "it is one number for each sample: their mean is asked for": lambda *a: _each(*a).sum(
            dim=1
        ),
        "it is one number for each feature: their sum is asked for": lambda *a: _each(*a).mean(
            dim=0
        ),
        "it is a table of samples and features: one number is asked for": _each,
        "the sign is turned: a loss is never negative": lambda *a: -_right(*a),
    },
)
