"""How faithful circuits of all sizes are, in two numbers.

Mueller et al. (2025), "MIB: A Mechanistic Interpretability Benchmark": CPR and CMD.
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from scipy.integrate import simpson
from torch import Tensor, trapezoid

from interp_course import runtime
from interp_course.checking import Case, Check
from interp_course.comparing import difference

Way = Callable[..., Any]
RTOL, ATOL = 1e-4, 1e-5
POINTS = (6, 5, 8)
SWAPPED = "the two are swapped: CPR comes first"


def _cases(seed: int) -> list[Case]:
    """Sizes that grow ever faster; faithfulness that overshoots 1, falls below 0, or neither.

    In the first it does both, in the second it stays between 0 and 1.
    """
    cases = []
    for number, n in enumerate(POINTS):
        rng = runtime.generator("check cpr and cmd", seed + 1000 * number)
        gaps = torch.rand(n, generator=rng) + 0.4
        shares = 1 - gaps.cumsum(0) / gaps.sum()
        sizes = (0.03 + 0.03 * torch.rand((), generator=rng)) ** shares
        low, high = (-0.5, 1.5) if number != 1 else (0.1, 0.85)
        rise = (torch.arange(n) / (n - 2)).clamp(max=1)
        faithfulness = low + (high - low) * rise - 0.15 * torch.rand(n, generator=rng)
        if number == 1:
            faithfulness = faithfulness.clamp(min=0.02)
        faithfulness[-1] = 1.0 - 0.06 * torch.rand((), generator=rng)
        kind = ""
        if number == 2:
            sizes, faithfulness, kind = sizes.double(), faithfulness.double(), "float64, "
        text = "between 0 and 1" if number == 1 else "also below 0 and above 1"
        cases.append(Case(f"{kind}{n} sizes, faithfulness {text}", (sizes, faithfulness)))
    return cases


def _oracle(sizes: Tensor, faithfulness: Tensor) -> tuple[float, float]:
    """One trapezoid after the other."""
    s, f = sizes.tolist(), faithfulness.tolist()
    cpr = cmd = 0.0
    for i in range(len(s) - 1):
        width = s[i + 1] - s[i]
        cpr += width * (f[i] + f[i + 1]) / 2
        cmd += width * (abs(1 - f[i]) + abs(1 - f[i + 1])) / 2
    return cpr, cmd


def _area(y: Tensor, s: Tensor) -> Tensor:
    return trapezoid(y, s)


def _away(f: Tensor) -> Tensor:
    return (1 - f).abs()


def _from_zero(first: Callable[[Tensor], Tensor]) -> Way:
    """A point at size 0 is put in front."""
    return lambda y, s: trapezoid(torch.cat([first(y[:1]), y]), torch.cat([0 * s[:1], s]))


def _crossing(s: Tensor, f: Tensor) -> Tensor:
    """The area between 1 and the straight lines that lead from point to point."""
    a, b = (1 - f)[:-1], (1 - f)[1:]
    heights = (a.square() + b.square()) / (a - b).abs().clamp(min=1e-12) / 2
    heights = torch.where(a * b < 0, heights, (a + b).abs() / 2)
    return (s.diff() * heights).sum()


RULES: Mapping[str, tuple[Way, ...]] = {
    "heights are averaged without their widths: sizes are not evenly spaced": (
        lambda y, s: y.mean(),
        lambda y, s: trapezoid(y) / (len(y) - 1),
        lambda y, s: trapezoid(y) / len(y),
    ),
    "the place in the list stands for the size: every step is as wide as any other": (
        lambda y, s: trapezoid(y),
        lambda y, s: y.sum(),
    ),
    "each width is multiplied by the height at its left end": (
        lambda y, s: (s.diff() * y[:-1]).sum(),
    ),
    "each width is multiplied by the height at its right end": (
        lambda y, s: (s.diff() * y[1:]).sum(),
        lambda y, s: (torch.cat([s[:1], s.diff()]) * y).sum(),
    ),
    "the sum of the two heights is not halved": (lambda y, s: 2 * trapezoid(y, s),),
    "the area is divided by the range of the sizes, by their number or by their sum": (
        lambda y, s: trapezoid(y, s) / (s[-1] - s[0]),
        lambda y, s: trapezoid(y, s) / len(s),
        lambda y, s: trapezoid(y, s) / (len(s) - 1),
        lambda y, s: trapezoid(y, s) / s.sum(),
    ),
    "the widths are those of a logarithmic axis": (
        lambda y, s: trapezoid(y, s.log()),
        lambda y, s: trapezoid(y, s.log10()),
        lambda y, s: trapezoid(y, s.log2()),
        lambda y, s: trapezoid(y, s.log()) / (s[-1].log() - s[0].log()),
    ),
    "a point at size 0 is added: nothing was measured there": (
        _from_zero(lambda first: 0 * first),
        _from_zero(lambda first: 0 * first + 1),
        _from_zero(lambda first: first),
    ),
    "width and height are exchanged: the sizes are measured over the faithfulness": (
        lambda y, s: trapezoid(s, y),
    ),
    "each height is weighted by its size instead of by the distance between two sizes": (
        lambda y, s: (y * s).sum(),
        lambda y, s: (y * s).mean(),
        lambda y, s: (y * s).sum() / s.sum(),
    ),
    "it is Simpson's rule: straight lines are asked for": (
        lambda y, s: torch.as_tensor(simpson(y.numpy(), x=s.numpy())),
    ),
    "the sign is turned: the sizes ascend": (lambda y, s: -trapezoid(y, s),),
    "the running area is returned: its last value is asked for": (
        lambda y, s: torch.cumulative_trapezoid(y, s),
    ),
}
CPR: Mapping[str, tuple[Way, ...]] = {
    "CPR is the area above the curve: below it is meant": (
        lambda s, f: trapezoid(1 - f, s),
        lambda s, f: 1 - trapezoid(f, s),
    ),
    "CPR is the largest faithfulness, not an area": (lambda s, f: f.max(),),
    "CPR counts without the sign: a circuit can point the wrong way": (
        lambda s, f: trapezoid(f.abs(), s),
    ),
    "CPR is cut off at 0 or at 1: faithfulness can lie outside": (
        lambda s, f: trapezoid(f.clamp(0, 1), s),
        lambda s, f: trapezoid(f.clamp(max=1), s),
        lambda s, f: trapezoid(f.clamp(min=0), s),
    ),
    "CPR is made of squares": (lambda s, f: trapezoid(f.square(), s),),
}
CMD: Mapping[str, tuple[Way, ...]] = {
    "CMD is made of CPR: where faithfulness exceeds 1, the two do not add up to 1": (
        lambda s, f: 1 - trapezoid(f, s),
        lambda s, f: (1 - trapezoid(f, s)).abs(),
        lambda s, f: trapezoid(f, s) - 1,
    ),
    "CMD has no absolute value: what is above 1 makes up for what is below": (
        lambda s, f: trapezoid(1 - f, s),
        lambda s, f: trapezoid(f - 1, s),
        lambda s, f: trapezoid(1 - f, s).abs(),
    ),
    "CMD is made of squares: it is made of distances": (
        lambda s, f: trapezoid((1 - f).square(), s),
        lambda s, f: trapezoid((1 - f).square(), s).sqrt(),
    ),
    "CMD counts only what is missing, or only what is too much: both are away from 1": (
        lambda s, f: trapezoid((1 - f).relu(), s),
        lambda s, f: trapezoid((f - 1).relu(), s),
        lambda s, f: trapezoid(1 - f.clamp(0, 1), s),
    ),
    "CMD is the distance from 0: it is that from 1": (
        lambda s, f: trapezoid(f.abs(), s),
        lambda s, f: trapezoid(f, s),
    ),
    "CMD takes the size of the faithfulness first: below 0 it is further away from 1": (
        lambda s, f: trapezoid((1 - f.abs()).abs(), s),
    ),
    "CMD is the largest distance, not an area": (lambda s, f: _away(f).max(),),
    "CMD is cut where the line crosses 1: the distance from 1 is taken at the sizes alone": (
        _crossing,
    ),
    "CMD is the distance from the line from 0 to 1: it is that from 1": (
        lambda s, f: trapezoid((s - f).abs(), s),
    ),
}


def _judge(case: Case, value: Any) -> tuple[str, str | None] | None:
    """Compare both numbers; where both are wrong, name what is wrong with CPR."""
    right = _oracle(*case.args)
    problem = difference(value, right, RTOL, ATOL)
    if problem is None or not isinstance(value, (tuple, list)) or len(value) != 2:
        return None if problem is None else (problem, None)
    if difference(value[::-1], right, RTOL, ATOL) is None:
        return problem, SWAPPED
    rules = (_both(area) for areas in RULES.values() for area in areas)
    one_right = not all(difference(a, b, RTOL, ATOL) for a, b in zip(value, right, strict=True))
    if one_right or any(_equal(value, way, case) for way in rules):
        return problem, None  # it is among the mistakes
    ways = {sentence: tuple(_first(area) for area in areas) for sentence, areas in RULES.items()}
    for sentence, wrongs in {**ways, **CPR}.items():
        if any(_equal(value[0], way, case) for way in wrongs):
            return problem, sentence
    return problem, None


def _equal(value: Any, way: Way, case: Case) -> bool:
    return difference(value, way(*case.args), RTOL, ATOL) is None


def _first(area: Way) -> Way:
    """CPR by another rule for the area."""
    return lambda s, f: area(f, s)


def _both(area: Way) -> Way:
    return lambda s, f: (area(f, s), area(_away(f), s))


def _of_cpr(way: Way) -> Way:
    return lambda s, f: (way(s, f), trapezoid(_away(f), s))


def _of_cmd(way: Way) -> Way:
    return lambda s, f: (trapezoid(f, s), way(s, f))


cpr_cmd = Check(
    name="cpr_cmd",
    oracle=_oracle,
    judge_value=_judge,
    cases=_cases,
    reread="between two neighbouring sizes: their distance times the mean of the two heights. CPR "
    "adds this up for f, CMD for |1 - f|; f may lie below 0 and above 1",
    mistakes={
        **{sentence: tuple(_both(way) for way in ways) for sentence, ways in RULES.items()},
        **{sentence: tuple(_of_cpr(way) for way in ways) for sentence, ways in CPR.items()},
        **{sentence: tuple(_of_cmd(way) for way in ways) for sentence, ways in CMD.items()},
        SWAPPED: lambda s, f: (trapezoid(_away(f), s), trapezoid(f, s)),
        "only one of the two is returned": (
            lambda s, f: trapezoid(f, s),
            lambda s, f: trapezoid(_away(f), s),
        ),
    },
)
