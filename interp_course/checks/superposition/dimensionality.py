"""How much of a dimension each feature has for itself."""

import torch
from torch import Tensor
from torch.nn import functional

from interp_course import runtime
from interp_course.checking import Case, Check
from interp_course.checks.numbers import has_zero_column, naming_not_finite


def _cases(seed: int) -> list[Case]:
    """The first W is square, so its rows can be taken for columns; the last has zero columns."""
    cases = []
    for number, (d_hidden, n) in enumerate(((5, 5), (3, 8), (4, 7))):
        rng = runtime.generator("check dimensionality", seed + 1000 * number)
        lengths = 0.5 + 1.1 * torch.rand(n, generator=rng)
        W = lengths * functional.normalize(torch.randn(d_hidden, n, generator=rng), dim=0)
        kind = ""
        if number == 2:
            W, kind = W.double(), "float64, two columns of zeros, "
            W[:, torch.randperm(n, generator=rng)[:2]] = 0
        cases.append(Case(f"{kind}{n} features in {d_hidden} dimensions", (W,)))
    return cases


def _oracle(W: Tensor) -> Tensor:
    """One pair of columns after the other."""
    d_hidden, n = W.shape
    result = torch.zeros(n, dtype=W.dtype)
    for i in range(n):
        length = sum(W[h, i].item() ** 2 for h in range(d_hidden)) ** 0.5
        if length == 0:
            continue
        total = 0.0
        for j in range(n):
            along = sum(W[h, i].item() / length * W[h, j].item() for h in range(d_hidden))
            total += along**2
        result[i] = length**2 / total
    return result


def _own(W: Tensor) -> Tensor:
    return W.square().sum(dim=0)


def _unit(W: Tensor, dim: int = 0) -> Tensor:
    return functional.normalize(W, dim=dim)


def _overlaps(W: Tensor) -> Tensor:
    """Entry [i, j]: column j along the direction of column i."""
    return _unit(W).T @ W


def _total(W: Tensor) -> Tensor:
    return _overlaps(W).square().sum(dim=1)


def _ratio(above: Tensor, below: Tensor) -> Tensor:
    return torch.where(above > 0, above / below, 0.0)


def _right(W: Tensor) -> Tensor:
    return _ratio(_own(W), _total(W))


def _others(W: Tensor) -> Tensor:
    return _total(W) - _own(W)


def _cosines(W: Tensor) -> Tensor:
    return _unit(W).T @ _unit(W)


def _one_for_zeros(W: Tensor) -> Tensor:
    return torch.where(_own(W) > 0, _right(W), 1.0)


feature_dimensionality = Check(
    name="feature_dimensionality",
    oracle=_oracle,
    judge_value=naming_not_finite(
        _oracle,
        "a column of zeros is divided by its length: its dimensionality is 0",
        has_zero_column,
    ),
    cases=_cases,
    reread="squared length of column i, divided by the sum over all j of (unit vector of column i, "
    "times column j) squared; 0 for a column of zeros: [n_features]",
    mistakes={
        "rows are taken for features: they are the columns of W": lambda W: _right(W.T),
        "all columns are scaled to length 1, or the other one instead of the feature's own: short "
        "features disturb less than long ones": (
            lambda W: _ratio(_own(W), _overlaps(W).square().sum(dim=0)),
            lambda W: _ratio(_own(_unit(W)), _cosines(W).square().sum(dim=1)),
            lambda W: _ratio(_own(W), _cosines(W).square().sum(dim=1)),
            lambda W: _right(_unit(W)),
            lambda W: 1 / _cosines(W).square().sum(dim=1),
        ),
        "the feature's own column is not scaled to length 1 in the sum": (
            lambda W: _ratio(_own(W), (W.T @ W).square().sum(dim=1)),
            lambda W: _ratio(_own(W).sqrt(), (W.T @ W).square().sum(dim=1)),
        ),
        "the overlaps in the sum are not squared, only their size is taken": (
            lambda W: _ratio(_own(W), _overlaps(W).abs().sum(dim=1)),
            lambda W: _ratio(_own(W).sqrt(), _overlaps(W).abs().sum(dim=1)),
        ),
        "the overlaps are added up before they are squared: signs cancel": (
            lambda W: _ratio(_own(W), _overlaps(W).sum(dim=1).square()),
            lambda W: _ratio(_own(W), _overlaps(W).sum(dim=1)),
        ),
        "the feature itself is left out of the sum: j = i belongs to it": (
            lambda W: _ratio(_own(W), _others(W)),
            lambda W: _ratio(_own(W), _others(W).clamp(min=1e-8)),
        ),
        "the length above is not squared": lambda W: _ratio(_own(W).sqrt(), _total(W)),
        "the fraction is turned upside down": (
            lambda W: _total(W) / _own(W),
            lambda W: _ratio(_total(W), _own(W)),
        ),
        "the root of the sum is taken": (
            lambda W: _ratio(_own(W), _total(W).sqrt()),
            lambda W: _ratio(_own(W).sqrt(), _total(W).sqrt()),
        ),
        "it is divided by the squared lengths of all columns: directions are not looked at": (
            lambda W: _own(W) / _own(W).sum(),
            lambda W: _own(W) / _own(W).mean(),
        ),
        "one sum is used for all features: each has its own": (
            lambda W: _own(W) / _total(W).sum(),
            lambda W: _own(W) / _total(W).mean(),
        ),
        "it is the mean over all features: one number for each is asked for": (
            lambda W: len(W) / _own(W).sum(),
            lambda W: _right(W).mean(),
            lambda W: (len(W) / _own(W).sum()).expand(W.shape[1]),
        ),
        "the features are added up: one number for each is asked for": lambda W: _right(W).sum(),
        "only the sum below the line is returned": _total,
        "only the interference of the other features is returned": _others,
        "only the squared length is returned": _own,
        "the share that others take is returned: what is left of 1": lambda W: 1 - _right(W),
        "a column of zeros gets 1: a feature without direction has no dimension": _one_for_zeros,
    },
)
