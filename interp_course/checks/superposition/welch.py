"""How small the largest overlap between many vectors can be."""

import math
from collections.abc import Callable

import torch

from interp_course import runtime
from interp_course.checking import Case
from interp_course.checks.numbers import NumberCheck, naming_not_finite


def _sizes(seed: int) -> list[Case]:
    """Many, several and too few vectors; at least three more than dimensions in the first two."""
    rng = runtime.generator("check welch bound", seed)
    small, large, middle, few = torch.randint(4, (4,), generator=rng).tolist()
    sizes = ((11 + 3 * small, 4 + small), (52 + 5 * large, 7 + large), (9, 9), (5, 8 + few))
    return [
        Case(f"{n} vectors in {d} dimensions" + " (no more than dimensions)" * (n <= d), (n, d))
        for n, d in (*sizes[:2], (40 + middle, 17), *sizes[2:])
    ]


def _welch_oracle(n: int, d: int) -> float:
    """From the mean of the squared cosines.

    The Gram matrix has trace n and at most d eigenvalues, so that the sum of the squares of all
    entries is at least n^2 / d; n of them are 1, on the diagonal.
    """
    if n <= d:
        return 0.0
    least = n**2 / d
    return math.sqrt((least - n) / (n**2 - n))


def _bound(n: int, d: int) -> float:
    return math.sqrt((n - d) / (d * (n - 1)))


def _guarded(formula: Callable[[int, int], float]) -> Callable[[int, int], float]:
    """The formula where there are more vectors than dimensions, 0 elsewhere."""
    return lambda n, d: formula(n, d) if n > d else 0.0


def _slip(*formulas: Callable[[int, int], float]) -> tuple[Callable[[int, int], float], ...]:
    """Ways of making a mistake, each with and without the case of too few vectors."""
    return tuple(way for formula in formulas for way in (_guarded(formula), formula))


welch_bound = NumberCheck(
    name="welch_bound",
    oracle=_welch_oracle,
    judge_value=naming_not_finite(
        _welch_oracle,
        "the formula is used for no more vectors than dimensions, too: these can all be "
        "orthogonal, and the bound is 0",
        lambda n, d: n <= d,
    ),
    cases=_sizes,
    reread="the root of (n - d) / (d (n - 1)), n the number of vectors and d that of dimensions; "
    "0 if n is not larger than d",
    mistakes={
        "the root is left out": _slip(lambda n, d: _bound(n, d) ** 2),
        "n and d are swapped": (
            lambda n, d: _bound(d, n) if n < d else 0.0,
            lambda n, d: (d - n) / (n * (d - 1)),
        ),
        "n and d are swapped below the line": _slip(
            lambda n, d: math.sqrt(abs(n - d) / (n * (d - 1))),
            lambda n, d: (n - d) / (n * (d - 1)),
        ),
        "it is the limit of very many vectors, 1 / sqrt(d): for fewer the bound is lower": _slip(
            lambda n, d: d**-0.5
        ),
        "n stands below the line instead of n - 1: a vector is not compared with itself": _slip(
            lambda n, d: math.sqrt((n - d) / (n * d)), lambda n, d: (n - d) / (n * d)
        ),
        "n stands above the line instead of n - d": _slip(
            lambda n, d: math.sqrt(n / (d * (n - 1))), lambda n, d: n / (d * (n - 1))
        ),
        "d is left out below the line": _slip(
            lambda n, d: math.sqrt((n - d) / (n - 1)), lambda n, d: (n - d) / (n - 1)
        ),
        "n - 1 is left out below the line": _slip(
            lambda n, d: math.sqrt((n - d) / d), lambda n, d: (n - d) / d
        ),
        "brackets are missing below the line: it is divided by d and by n - 1": _slip(
            lambda n, d: math.sqrt((n - d) / d * (n - 1)),
            lambda n, d: (n - d) / d * (n - 1),
            lambda n, d: math.sqrt((n - d) / (d * n - 1)),
            lambda n, d: (n - d) / (d * n - 1),
        ),
        "only what is above the line is under the root": _slip(
            lambda n, d: math.sqrt(n - d) / (d * (n - 1))
        ),
        "d is squared below the line": _slip(
            lambda n, d: math.sqrt((n - d) / (d * d * (n - 1))),
            lambda n, d: math.sqrt(n - d) / d / math.sqrt(n - 1),
        ),
        "1 is taken off d, too": _slip(lambda n, d: math.sqrt((n - d) / ((d - 1) * (n - 1)))),
        "it is the angle of the bound, not its cosine": _slip(
            lambda n, d: math.acos(_bound(n, d)), lambda n, d: math.degrees(math.acos(_bound(n, d)))
        ),
        "the fraction is turned upside down": _slip(
            lambda n, d: 1 / _bound(n, d), lambda n, d: _bound(n, d) ** -2
        ),
        "the formula is used for no more vectors than dimensions, too: these can all be "
        "orthogonal, and the bound is 0": (
            lambda n, d: math.sqrt(abs(n - d) / (d * (n - 1))),
            lambda n, d: math.copysign(math.sqrt(abs(n - d) / (d * (n - 1))), n - d),
        ),
        "1 is returned for no more vectors than dimensions: these can all be orthogonal": (
            lambda n, d: _bound(n, d) if n > d else 1.0
        ),
    },
)
