"""The direction from one class to the other."""

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import normalize

from interp_course import runtime
from interp_course.checking import Case, Check


def _cases(seed: int) -> list[Case]:
    """Classes of unequal size and spread, around a point that is not zero."""
    cases = []
    for number, (n, n_true, d_model) in enumerate(((13, 4, 5), (17, 12, 8), (11, 7, 6))):
        rng = runtime.generator("check means", seed + 1000 * number)
        labels = torch.randperm(n, generator=rng) < n_true
        centre, apart = torch.randn(2, d_model, generator=rng)
        spread = 0.4 + 1.5 * torch.rand(n, d_model, generator=rng)
        noise = spread * torch.randn(n, d_model, generator=rng)
        activations = 1 + centre + 1.3 * labels[:, None] * apart + noise
        if number == 2:
            activations = activations.double()
        kind = "float64, " if number == 2 else ""
        text = f"{kind}{n} activations in {d_model} dimensions, {n_true} of them labelled True"
        cases.append(Case(text, (activations, labels)))
    return cases


def _oracle(activations: Tensor, labels: Tensor) -> Tensor:
    """One entry of one activation after the other."""
    n, d_model = activations.shape
    n_true = sum(bool(label) for label in labels)
    difference = torch.zeros(d_model, dtype=torch.float64)
    for i in range(n):
        for j in range(d_model):
            share = 1 / n_true if labels[i] else -1 / (n - n_true)
            difference[j] += share * activations[i, j].item()
    length = sum(entry**2 for entry in difference.tolist()) ** 0.5
    return (difference / length).to(activations.dtype)


def _means(x: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    return x[labels].mean(0), x[~labels].mean(0)


def _minus(x: Tensor, labels: Tensor) -> Tensor:
    yes, no = _means(x, labels)
    return yes - no


def _unit(x: Tensor) -> Tensor:
    return normalize(x, dim=-1)


def _sums(x: Tensor, labels: Tensor) -> Tensor:
    return x[labels].sum(0) - x[~labels].sum(0)


def _from_all(x: Tensor, labels: Tensor) -> Tensor:
    return x[labels].mean(0) - x.mean(0)


def _medians(x: Tensor, labels: Tensor) -> Tensor:
    return x[labels].median(0).values - x[~labels].median(0).values


def _middles(x: Tensor, labels: Tensor) -> Tensor:
    """The same with the mean of the two middle values, as NumPy defines the median."""
    return x[labels].quantile(0.5, dim=0) - x[~labels].quantile(0.5, dim=0)


def _in_deviations(x: Tensor, labels: Tensor, correction: int = 1) -> Tensor:
    return _minus(x, labels) / x.std(0, correction=correction)


def _welch(x: Tensor, labels: Tensor) -> Tensor:
    variance = x[labels].var(0) / labels.sum() + x[~labels].var(0) / (~labels).sum()
    return _minus(x, labels) / variance.sqrt()


def _widest(x: Tensor) -> Tensor:
    return torch.linalg.svd(x - x.mean(0))[2][0]


def _as_rows(x: Tensor, labels: Tensor) -> Tensor:
    return x[labels.long()].mean(0) - x[(~labels).long()].mean(0)


def _each(change: Any) -> Any:
    """A change of the direction, and the same change of the unscaled difference."""
    return (lambda x, y: _unit(change(x, y)), change)


difference_of_means = Check(
    name="difference_of_means",
    oracle=_oracle,
    cases=_cases,
    reread="mean over the examples labelled True, minus mean over those labelled False, divided "
    "by the length of this difference: one vector [d_model]",
    mistakes={
        "the difference is not scaled to length 1": _minus,
        "the sign is turned: it is True minus False": _each(lambda x, y: _minus(x, ~y)),
        "the mean of all examples is subtracted, not that of the other class, and the length is "
        "not 1": _from_all,
        "sums are compared instead of means: the larger class pulls too much": (
            *_each(_sums),
            lambda x, y: _sums(x, y) / len(x),
        ),
        "every activation is scaled to length 1 before the means are taken": _each(
            lambda x, y: _minus(_unit(x), y)
        ),
        "each of the two means is scaled to length 1, instead of their difference": _each(
            lambda x, y: _unit(x[y].mean(0)) - _unit(x[~y].mean(0))
        ),
        "medians are taken instead of means": (*_each(_medians), *_each(_middles)),
        "each entry is divided by its own size: only signs are left": lambda x, y: _minus(
            x, y
        ).sign(),
        "it is divided by the sum of its entries: the length is the root of the summed squares": (
            lambda x, y: _minus(x, y) / _minus(x, y).abs().sum(),
            lambda x, y: _minus(x, y) / _minus(x, y).sum(),
            lambda x, y: _minus(x, y) / _minus(x, y).mean(),
        ),
        "it is divided by its largest entry instead of its length": (
            lambda x, y: _minus(x, y) / _minus(x, y).abs().max(),
            lambda x, y: _minus(x, y) / _minus(x, y).max(),
        ),
        "it is divided by the square of its length": lambda x, y: (
            _minus(x, y) / _minus(x, y).square().sum()
        ),
        "it is divided by the root of d_model, whatever its length": lambda x, y: (
            _minus(x, y) / x.shape[-1] ** 0.5
        ),
        "its entries are standardised: subtracting their mean turns the direction": (
            lambda x, y: (_minus(x, y) - _minus(x, y).mean()) / _minus(x, y).std(),
            lambda x, y: _unit(_minus(x, y) - _minus(x, y).mean()),
        ),
        "each entry is divided by its standard deviation: that turns the direction": (
            *_each(_in_deviations),
            *_each(lambda x, y: _in_deviations(x, y, correction=0)),
            *_each(_welch),
        ),
        "only the mean of the examples labelled True is used": _each(lambda x, y: x[y].mean(0)),
        "only the mean of the examples labelled False is used": _each(lambda x, y: x[~y].mean(0)),
        "the two means are returned instead of their difference": (
            _means,
            lambda x, y: torch.stack(_means(x, y)),
            lambda x, y: _means(x, y)[::-1],
            lambda x, y: torch.stack(_means(x, y)[::-1]),
            lambda x, y: tuple(_unit(mean) for mean in _means(x, y)),
        ),
        "the two means are added": _each(lambda x, y: x[y].mean(0) + x[~y].mean(0)),
        "the mean runs over all entries: one number for each class instead of a vector": (
            lambda x, y: x[y].mean() - x[~y].mean(),
            lambda x, y: (x[y].mean() - x[~y].mean()).sign(),
        ),
        "True and False are taken for row numbers 1 and 0 instead of choosing examples": (
            *_each(_as_rows),
            *_each(lambda x, y: x[1] - x[0]),
        ),
        "it is the direction in which the examples vary most: the labels are not used": (
            lambda x, y: _widest(x),
            lambda x, y: -_widest(x),
        ),
        "an axis of length 1 is kept: a vector [d_model] is asked for": lambda x, y: _unit(
            _minus(x, y)
        )[None],
        "the length of the difference is returned, not its direction": lambda x, y: _minus(
            x, y
        ).norm(),
    },
)
