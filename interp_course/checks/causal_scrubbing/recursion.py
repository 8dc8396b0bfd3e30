"""The recursion of causal scrubbing: a node's value when everything is resampled that may be."""

import itertools
from collections.abc import Iterator
from typing import Any

from interp_course.checking import Case, Check
from interp_course.checks.causal_scrubbing.computations import Draws, Node, Point, cases, run
from interp_course.checks.causal_scrubbing.recursion_mistakes import MISTAKES
from interp_course.comparing import difference

RTOL, ATOL = 1e-4, 1e-5
NAMED = 1e-6
"""Mistakes are named where values agree this closely: different draws may come near by chance."""


def _oracle(node: Node, reference: Point, draw: Draws) -> Any:
    """One of the right values: the one for draws from left to right."""
    return next(_right_values(node, reference, draw))


def _right_values(node: Node, reference: Point, draw: Draws) -> Iterator[Any]:
    """All values that can come out, by the order in which important inputs are drawn.

    The order matters only where two of them have the same feature: the first gets the first
    data point. No data point is drawn twice, so that the rest of the order does not matter.
    """
    if not node.inputs:
        yield node.compute(reference)
        return
    other = draw.point(None, reference, 0)
    for points in _drawn_points(node, reference, draw):
        choices = [
            list(_right_values(child, point, draw)) if point else [run(child, other)]
            for child, point in zip(node.inputs, points, strict=True)
        ]
        for values in itertools.product(*choices):
            yield node.compute(list(values))


def _drawn_points(node: Node, reference: Point, draw: Draws) -> list[tuple[Point | None, ...]]:
    """For each order the data points of the inputs; None for one that is not important."""
    important = [place for place, named in enumerate(node.important) if named]
    found = {}
    for order in itertools.permutations(important):
        points: list[Point | None] = [None] * len(node.inputs)
        used: dict[Any, int] = {}
        for place in order:
            feature = node.inputs[place].feature
            points[place] = draw.point(feature, reference, used.get(feature, 0))
            used[feature] = used.get(feature, 0) + 1
        found[tuple(points)] = True
    return list(found)


def _judge(case: Case, value: Any) -> tuple[str, str | None] | None:
    """Is it one of the values that can come out?"""
    problems = [difference(value, right, RTOL, ATOL) for right in _right_values(*case.args)]
    return None if None in problems else (str(problems[0]), None)


scrub = Check(
    name="scrub",
    oracle=_oracle,
    judge_value=_judge,
    cases=cases,
    reread="a leaf: its value on the reference; else one data point, draw(None, reference), for "
    "all unimportant inputs together, and for each important one a data point of its own, "
    "draw(child.feature, reference), with which it is scrubbed in turn",
    mistakes=MISTAKES,
    rtol=NAMED,
    atol=NAMED,
)
