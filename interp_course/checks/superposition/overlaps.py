"""The largest overlap between two features."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from interp_course import runtime
from interp_course.checking import Case
from interp_course.checks.numbers import (
    NumberCheck,
    has_zero_column,
    naming_not_finite,
)


def _matrices(seed: int) -> list[Case]:
    """Two columns are almost parallel in the first W, which is square, and opposite in the next.

    Then there are columns of zeros, so many at the end that a single other column is left.
    """
    cases = []
    sizes = ((5, 5, 0), (3, 6, 0), (4, 8, 0), (4, 7, 2), (3, 4, 3))
    for number, (d_hidden, n, zeros) in enumerate(sizes):
        rng = runtime.generator("check worst interference", seed + 1000 * number)
        W = torch.randn(d_hidden, n, generator=rng)
        kind = ""
        if number < 3:
            turn = 1.7 if number == 0 else -1.7
            W[:, 3] = turn * W[:, 1] + 0.3 * W[:, 1].norm() * W[:, 0] / W[:, 0].norm()
        if number == 2:
            W, kind = W.double(), "float64, "
        W = W * (0.5 + torch.rand(n, generator=rng, dtype=torch.float64)).to(W.dtype)
        if zeros:
            W[:, torch.randperm(n, generator=rng)[:zeros]] = 0
            kind = f"{zeros} of the columns zero, "
        cases.append(Case(f"{kind}{n} columns in {d_hidden} dimensions", (W,)))
    return cases


def _worst_oracle(W: Tensor) -> float:
    """One pair of columns after the other."""
    columns = [column for column in W.double().T.tolist() if any(column)]
    worst = 0.0
    for i in range(len(columns)):
        for j in range(i + 1, len(columns)):
            a, b = columns[i], columns[j]
            product = sum(x * y for x, y in zip(a, b, strict=True))
            lengths = math.sqrt(sum(x * x for x in a)) * math.sqrt(sum(y * y for y in b))
            worst = max(worst, abs(product) / lengths)
    return worst


def _unit(W: Tensor) -> Tensor:
    return functional.normalize(W[:, W.norm(dim=0) > 0], dim=0)


def _off(gram: Tensor) -> Tensor:
    """The entries that are not on the diagonal, or one 0 if there are none."""
    entries = gram[~torch.eye(len(gram), dtype=torch.bool)]
    return entries if len(entries) else torch.zeros(1, dtype=gram.dtype)


def _table(W: Tensor) -> Tensor:
    """All products, those of columns of zeros, too."""
    unit = functional.normalize(W, dim=0)
    return unit.T @ unit


def _cosines(W: Tensor) -> Tensor:
    return _off(_unit(W).T @ _unit(W))


def _without_diagonal(gram: Tensor) -> Tensor:
    return gram - gram.diag().diag()


worst_interference = NumberCheck(
    name="worst_interference",
    oracle=_worst_oracle,
    judge_value=naming_not_finite(
        _worst_oracle,
        "a column of zeros is divided by its length, or the largest of no numbers is taken: "
        "columns of zeros do not count, and with fewer than two others it is 0",
        has_zero_column,
    ),
    cases=_matrices,
    reread="scale the columns of W to length 1, take the products of all pairs of different "
    "columns, and return the one of largest size, as a positive number",
    mistakes={
        "each column is compared with itself, too: that cosine is 1": (
            lambda W: (_unit(W).T @ _unit(W)).abs().max(),
        ),
        "1 is taken off the diagonal, also where a column of zeros has 0 there": (
            lambda W: (_table(W) - torch.eye(W.shape[1])).abs().max()
        ),
        "the columns are not scaled to length 1": (
            lambda W: _off(W.T @ W).abs().max(),
            lambda W: _off(W.T @ W).max(),
            lambda W: (W.T @ W).abs().max(),
        ),
        "only one of two columns is scaled to length 1": (
            lambda W: _off(_unit(W).T @ W).abs().max(),
            lambda W: _off(_unit(W).T @ W).max(),
        ),
        "W is divided by one number: each column has its own length": (
            lambda W: _off(W.T @ W).abs().max() / W.norm() ** 2,
            lambda W: _off(W.T @ W).abs().max() / W.norm(dim=0).max() ** 2,
            lambda W: _off(W.T @ W).abs().max() / (W.T @ W).abs().max(),
        ),
        "the sign is kept: opposite columns disturb each other most, but theirs is -1": (
            lambda W: _cosines(W).max(),
            lambda W: _without_diagonal(_unit(W).T @ _unit(W)).max(),
        ),
        "the smallest cosine is returned instead of the largest size": (
            lambda W: _cosines(W).min(),
            lambda W: _without_diagonal(_unit(W).T @ _unit(W)).min(),
            lambda W: _cosines(W).abs().min(),
            lambda W: -_cosines(W).max(),
        ),
        "the sign of the worst pair is kept: its size is asked for": (
            lambda W: _cosines(W)[_cosines(W).abs().argmax()],
        ),
        "the mean over all pairs is taken instead of the largest": (
            lambda W: _cosines(W).abs().mean(),
            lambda W: _cosines(W).square().mean().sqrt(),
            lambda W: _cosines(W).mean(),
            lambda W: _without_diagonal(_unit(W).T @ _unit(W)).abs().mean(),
        ),
        "all pairs are added up instead of taking the largest": (
            lambda W: _cosines(W).abs().sum(),
            lambda W: _cosines(W).abs().sum() / 2,
            lambda W: _cosines(W).square().sum(),
        ),
        "the interference of all other columns is added up: one pair is asked for": (
            lambda W: _without_diagonal(_unit(W).T @ _unit(W)).square().sum(dim=1).max(),
            lambda W: _without_diagonal(_unit(W).T @ _unit(W)).abs().sum(dim=1).max(),
        ),
        "rows are compared: the features are the columns of W": (
            lambda W: _cosines(W.T).abs().max(),
            lambda W: _off(W @ W.T).abs().max(),
        ),
        "the cosine is squared": lambda W: _cosines(W).square().max(),
        "the angle is returned instead of the cosine": (
            lambda W: _cosines(W).abs().max().acos(),
            lambda W: _cosines(W).min().acos(),
            lambda W: _cosines(W).max().acos(),
        ),
        "only neighbouring columns are compared: all pairs count": (
            lambda W: functional.cosine_similarity(W[:, 1:], W[:, :-1], dim=0).abs().max()
        ),
        "only the first column is compared with the others: all pairs count": (
            lambda W: torch.cat(
                [torch.zeros(1), (_unit(W)[:, 0] @ _unit(W)[:, 1:]).abs().float()]
            ).max()
        ),
        "it is one number for each column: the largest of all is asked for": lambda W: (
            _without_diagonal(_unit(W).T @ _unit(W)).abs().amax(dim=1)
        ),
        "it is the whole table of cosines: the largest is asked for": (
            lambda W: _unit(W).T @ _unit(W),
            lambda W: W.T @ W,
            lambda W: _without_diagonal(_unit(W).T @ _unit(W)),
            lambda W: _without_diagonal(_unit(W).T @ _unit(W)).abs(),
        ),
    },
)
