"""How many directions fit before they disturb each other too much."""

import math
from collections.abc import Callable
from typing import Any

import torch

from interp_course import runtime
from interp_course.checking import Case
from interp_course.checks.numbers import NumberCheck


def _cases(seed: int) -> list[Case]:
    """In the last case the numbers are so large that hardly any mistake is below 1."""
    cases = []
    for number, (d_model, share, near) in enumerate(
        ((510, 0.012, 0.45), (2020, 0.004, 0.25), (12250, 0.06, 0.75))
    ):
        rng = runtime.generator("check capacity", seed + 1000 * number)
        more = (0.9 + 0.2 * torch.rand(2, generator=rng, dtype=torch.float64)).tolist()
        d_model += int(torch.randint(30, (), generator=rng))
        density, threshold = round(share * more[0], 5), round(near * more[1], 4)
        text = f"d_model {d_model}, density {density}, threshold {threshold}"
        cases.append(Case(text, (d_model, density, threshold)))
    return cases


Formula = Callable[[int, float, float], float]


def _reached(interference: Callable[[float], float], threshold: float) -> float:
    """The n at which a growing interference reaches the threshold, found by halving."""
    low, high = 0.0, 1.0
    while interference(high) < threshold:
        high *= 2
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if interference(middle) < threshold else (low, middle)
    return high


def _worst_oracle(d_model: int, density: float, threshold: float) -> float:
    return _reached(lambda n: density * n * d_model**-0.5, threshold)


def _typical_oracle(d_model: int, density: float, threshold: float) -> float:
    return _reached(lambda n: (density * n) ** 0.5 * d_model**-0.5, threshold)


def _worst(d: int, p: float, t: float) -> float:
    return t * d**0.5 / p


def _typical(d: int, p: float, t: float) -> float:
    return t**2 * d / p


def _common(right: Formula) -> dict[str, Any]:
    """The mistakes that can be made with either formula."""
    return {
        "the density is left out: this many may be active at a time, but most are not": (
            lambda d, p, t: right(d, 1.0, t)
        ),
        "it is multiplied by the density: the fewer are active, the more fit": (
            lambda d, p, t: right(d, 1.0, t) * p
        ),
        "the threshold is left out: it is not 1": lambda d, p, t: right(d, p, 1.0),
        "it is divided by the threshold: the more interference is allowed, the more fit": (
            lambda d, p, t: right(d, p, 1 / t),
            lambda d, p, t: right(d, p, 1.0) / t,
        ),
        "the density is taken for percent: it is a share, from 0 to 1": (
            lambda d, p, t: right(d, p / 100, t),
            lambda d, p, t: right(d, 100 * p, t),
        ),
        "the share of the silent features is taken instead of the active ones": (
            lambda d, p, t: right(d, 1 - p, t)
        ),
        "density and threshold are swapped": lambda d, p, t: right(d, t, p),
        "the number of dimensions is returned: that many could be orthogonal": (
            lambda d, p, t: float(d)
        ),
        "the density is under the root or squared: k is density times n": (
            lambda d, p, t: right(d, p**0.5, t),
            lambda d, p, t: right(d, p**2, t),
        ),
        "one is taken off the active ones: all k are counted here": (
            lambda d, p, t: right(d, p, t) + 1 / p
        ),
    }


worst_case_capacity = NumberCheck(
    name="worst_case_capacity",
    oracle=_worst_oracle,
    cases=_cases,
    rtol=1e-3,
    atol=1.0,
    reread="k = density * n directions are active; each overlaps by 1/sqrt(d_model); in the worst "
    "case the k overlaps simply add up; solve 'interference = threshold' for n",
    mistakes={
        "it is the typical case: random signs, so that the overlaps add like a random walk": (
            _typical
        ),
        "the root of d_model is forgotten: two directions overlap by 1/sqrt(d_model)": (
            lambda d, p, t: t * d / p,
            lambda d, p, t: d / p,
        ),
        "there is a root too many": (
            lambda d, p, t: t * d**0.25 / p,
            lambda d, p, t: (t * d / p) ** 0.5,
            lambda d, p, t: (t * d**0.5 / p) ** 0.5,
            lambda d, p, t: (t * d) ** 0.5 / p,
        ),
        "the threshold is squared: that belongs to the typical case": (
            lambda d, p, t: t**2 * d**0.5 / p
        ),
        "it is divided by sqrt(d_model): with more dimensions more fits": (
            lambda d, p, t: t / d**0.5 / p,
            lambda d, p, t: t / d / p,
        ),
        "the number active at a time is rounded first: round at the end, if at all": (
            lambda d, p, t: math.floor(t * d**0.5) / p,
            lambda d, p, t: math.ceil(t * d**0.5) / p,
            lambda d, p, t: round(t * d**0.5) / p,
        ),
        **_common(_worst),
    },
)

typical_capacity = NumberCheck(
    name="typical_capacity",
    oracle=_typical_oracle,
    cases=_cases,
    rtol=1e-3,
    atol=1.0,
    reread="k = density * n directions are active; each overlaps by 1/sqrt(d_model), with a random "
    "sign: k such numbers add up to about sqrt(k) of them; solve 'interference = threshold' for n",
    mistakes={
        "it is the worst case: all overlaps with one sign, so that they simply add up": _worst,
        "the threshold is not squared: the interference is a root": lambda d, p, t: t * d / p,
        "there is a root too many": (
            lambda d, p, t: t**2 * d**0.5 / p,
            lambda d, p, t: t * (d / p) ** 0.5,
            lambda d, p, t: (t * d / p) ** 0.5,
            lambda d, p, t: t**0.5 * d / p,
            lambda d, p, t: t**0.5 * (d / p) ** 0.5,
        ),
        "d_model is squared: the interference is sqrt(k / d_model)": lambda d, p, t: (
            t**2 * d**2 / p
        ),
        "it is divided by d_model: with more dimensions more fits": (
            lambda d, p, t: t**2 / d / p,
            lambda d, p, t: t**2 / d**0.5 / p,
        ),
        **_common(_typical),
    },
)
