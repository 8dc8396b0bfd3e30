"""Seven days on a circle, in an order that is not the calendar's."""

import functools
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from interp_course import runtime
from interp_course.checking import Finding

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WIDTH, EXAMPLES = 64, 40
OFFSET, OTHER, NOISE = 8.0, 1.5, 0.3
"""Size of what all share; spread of the direction that is no circle; spread everywhere."""
Problem = tuple[str, str | None]
Order = tuple[str, ...]


@dataclass(frozen=True)
class Week:
    """Activations of single examples, each of a word that names a day."""

    activations: Tensor
    """``[n 64]``, in no order."""
    days: list[str]
    """The day of each example."""


def week(instance: int) -> Week:
    """About forty noisy examples of each day.

    The days stand on a circle in a plane that is not aligned with the axes. All examples share
    an offset, and they differ along another direction, within each day, more than the days do.
    """
    planted, _ = _planted(instance)
    return Week(planted.activations.clone(), list(planted.days))


def around(instance: int) -> Order:
    """The truth: the days as they stand around the circle, from monday on."""
    return _planted(instance)[1]


@functools.lru_cache(maxsize=64)
def _planted(instance: int) -> tuple[Week, Order]:
    """The first draw on which no common mistake gives the right order by chance."""
    for attempt in itertools.count():
        rng = runtime.generator(f"week {attempt}", instance)
        order = [DAYS[place] for place in torch.randperm(len(DAYS), generator=rng).tolist()]
        drawn = _drawn(order, rng)
        right = normal(order)
        if right not in (normal(wrong(drawn)) for _, wrong in _WAYS):
            return drawn, right
    raise AssertionError("unreachable")


def _drawn(order: Sequence[str], rng: torch.Generator) -> Week:
    basis = torch.linalg.qr(torch.randn(WIDTH, WIDTH, generator=rng))[0]
    offset = torch.randn(WIDTH, generator=rng)
    offset *= OFFSET / offset.norm()
    rows, days = [], []
    for place, day in enumerate(order):
        angle = torch.tensor(2 * torch.pi * place / len(order))
        centre = angle.cos() * basis[0] + angle.sin() * basis[1]
        n = EXAMPLES + int(torch.randint(-4, 5, (), generator=rng))
        other = OTHER * torch.randn(n, 1, generator=rng) * basis[2]
        rows.append(offset + centre + other + NOISE * torch.randn(n, WIDTH, generator=rng))
        days += [day] * n
    shuffled = torch.randperm(len(days), generator=rng)
    return Week(torch.cat(rows)[shuffled], [days[row] for row in shuffled.tolist()])


def normal(order: Sequence[str]) -> Order:
    """The same order around a circle, read from monday on, tuesday before sunday."""
    start = list(order).index(DAYS[0])
    turned = (*order[start:], *order[:start])
    back = (turned[0], *turned[:0:-1])
    return turned if turned.index("tuesday") < turned.index("sunday") else back


def _means(given: Week) -> Tensor:
    """The mean activation of each day, ``[7 64]``, in calendar order."""
    rows = [[i for i, day in enumerate(given.days) if day == name] for name in DAYS]
    return torch.stack([given.activations[own].mean(dim=0) for own in rows]).double()


def _axes(points: Tensor, n: int = 2) -> Tensor:
    """The directions of largest sum of squares, ``[64 n]``."""
    return torch.linalg.svd(points, full_matrices=False)[2][:n].T


def _sorted(values: Tensor) -> list[str]:
    return [DAYS[place] for place in values.argsort().tolist()]


def _by_angle(plane: Tensor) -> list[str]:
    return _sorted(torch.atan2(plane[:, 1], plane[:, 0]))


def _one_axis(given: Week) -> list[str]:
    means = _means(given) - _means(given).mean(dim=0)
    return _sorted(means @ _axes(means, 1)[:, 0])


def _single(given: Week) -> list[str]:
    x = given.activations.double()
    return _by_angle((_means(given) - x.mean(dim=0)) @ _axes(x - x.mean(dim=0)))


def _not_centred(given: Week) -> list[str]:
    return _by_angle(_means(given) @ _axes(_means(given)))


def _from_the_origin(given: Week) -> list[str]:
    means = _means(given)
    return _by_angle(means @ _axes(means - means.mean(dim=0)))


def _single_not_centred(given: Week) -> list[str]:
    return _by_angle(_means(given) @ _axes(given.activations.double()))


def _distance(given: Week) -> list[str]:
    means = _means(given)
    return _sorted((means - means[0]).norm(dim=1))


def _similarity(given: Week, centred: bool = False) -> list[str]:
    means = _means(given)
    if centred:
        means = means - means.mean(dim=0)
    units = means / means.norm(dim=1, keepdim=True)
    return _sorted(-(units @ units[0]))


_ASSUMED = "the order of the calendar is assumed: the data have one of their own"
_NOT_CENTRED = (
    "the points are not centred: what all days share is larger than the circle, and angles are "
    "taken from the middle of the circle"
)
_RANKED = (
    "the days are ranked by distance from one of them or by similarity to it: that mixes the two "
    "sides of the circle"
)
_WAYS: list[tuple[str, Callable[[Week], list[str]]]] = [
    (_ASSUMED, lambda given: list(DAYS)),
    ("the days are in the order of the alphabet", lambda given: sorted(DAYS)),
    (
        "the days are in the order in which they first occur in the data",
        lambda given: list(dict.fromkeys(given.days)),
    ),
    (
        "the days are sorted along one axis: a circle needs two, and the angle between them",
        _one_axis,
    ),
    (
        "the plane is that of the single activations: they differ most along a direction that "
        "has nothing to do with the day, and a mean per day would remove it",
        _single,
    ),
    (_NOT_CENTRED, _not_centred),
    (_NOT_CENTRED, _from_the_origin),
    (_NOT_CENTRED, _single_not_centred),
    (_RANKED, _distance),
    (_RANKED, _similarity),
    (_RANKED, functools.partial(_similarity, centred=True)),
]


def _judge(answer: Any, instance: int) -> Problem | None:
    if isinstance(answer, np.ndarray):
        answer = answer.tolist()
    problem = _malformed(answer)
    if problem is not None:
        return problem
    given = normal([name.strip().lower() for name in answer])
    planted, right = _planted(instance)
    if given == right:
        return None
    same = [sentence for sentence, wrong in _WAYS if normal(wrong(planted)) == given]
    if any(normal(_swapped(right, place)) == given for place in range(len(DAYS))):
        same.append("two neighbours on the circle are swapped")
    text = "the days do not stand in this order around the circle"
    return text, ", or when ".join(dict.fromkeys(same)) or None


def _swapped(order: Sequence[str], place: int) -> list[str]:
    """With a day and the next one in each other's place."""
    days, following = list(order), (place + 1) % len(order)
    days[place], days[following] = days[following], days[place]
    return days


def _malformed(answer: Any) -> Problem | None:
    if not isinstance(answer, (list, tuple)):
        return f"expected a list of the seven days, got {answer!r}", None
    if not all(isinstance(name, str) for name in answer):
        text = f"expected names of days such as 'monday', got {answer!r}"
        return text, "places or angles are handed in instead of the days that have them"
    names = [name.strip().lower() for name in answer]
    strange = [name for name in names if name not in DAYS]
    if strange:
        return f"there is no day {strange[0]!r}; the days are {', '.join(DAYS)}", None
    if sorted(names) != sorted(DAYS):
        text = f"expected each of the seven days once, got {len(names)} names"
        return text, "a day is missing or named twice: a circle is not closed by naming its start"
    return None


circle = Finding(
    name="circle",
    judge=_judge,
    reread="one mean per day, minus the mean of the means, then the plane of the first two "
    "principal components, then the angle of each day in it",
)
