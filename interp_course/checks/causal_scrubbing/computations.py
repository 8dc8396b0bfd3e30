"""Small computations that are written as trees, and data points drawn for them."""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch

from interp_course.checking import Case

Point = tuple[int, ...]
"""A data point: three properties from 0 to 9, and a number of its own."""
Feature = Callable[[Point], Any]


@dataclass(frozen=True)
class Node:
    """One step of a computation, with what a hypothesis says about it."""

    compute: Callable[[Any], Any]
    """Of a leaf: takes a data point. Of any other node: takes the list of its inputs' values."""
    inputs: tuple["Node", ...] = ()
    """The nodes whose values it reads, in the order in which it wants them; a leaf has none."""
    important: tuple[bool, ...] = ()
    """For each input, whether the hypothesis names it as important."""
    feature: Feature | None = None
    """What the node's value tells about a data point, according to the hypothesis."""

    def __post_init__(self) -> None:
        if len(self.important) != len(self.inputs):
            raise ValueError(
                f"important must have one entry for each input, got {len(self.important)} for "
                f"{len(self.inputs)} inputs"
            )


def run(node: Node, x: Any) -> Any:
    """The plain value of a node on a data point: nothing is scrubbed."""
    if not node.inputs:
        return node.compute(x)
    return node.compute([run(child, x) for child in node.inputs])


class Draws(NamedTuple):
    """Draws other data points; the same calls always get the same ones, and no two a common one."""

    seed: int
    calls: dict[tuple[Feature | None, Point], int]
    """How often it has been called with these arguments."""

    def __call__(self, feature: Feature | None, reference: Point) -> Point:
        """A data point with the same feature as the reference; any at all if it is None."""
        if not (feature is None or callable(feature)):
            raise TypeError(f"draw(feature, reference): a feature comes first, got {feature!r}")
        if not isinstance(reference, tuple):
            raise TypeError(f"draw(feature, reference): not a data point: {reference!r}")
        number = self.calls.get((feature, reference), 0)
        self.calls[feature, reference] = number + 1
        return self.point(feature, reference, number)

    def point(self, feature: Feature | None, reference: Point, number: int) -> Point:
        """What the call with these arguments gives that is the ``number``-th, from 0."""
        rng = random.Random(repr((self.seed, feature, reference, number)))
        while True:
            drawn = tuple(rng.randrange(10) for _ in range(3))
            point = (*drawn, rng.randrange(10**6))
            if feature is None or feature(point) == feature(reference):
                return point


@dataclass(frozen=True)
class _Remainder:
    """A property, or the sum of two, modulo a number."""

    places: tuple[int, ...]
    modulus: int

    def __call__(self, x: Point) -> int:
        return sum(x[place] for place in self.places) % self.modulus


@dataclass(frozen=True)
class _Reading:
    """What a leaf computes: a number, or several, that differ for any two data points."""

    weights: tuple[float, ...]
    copies: int

    def __call__(self, x: Point) -> Any:
        if not isinstance(x, tuple):
            raise TypeError(f"compute of a leaf takes a data point, got a {type(x).__name__}")
        angle = sum(weight * entry for weight, entry in zip(self.weights, x, strict=True))
        values = [math.sin(angle + shift) for shift in range(max(1, self.copies))]
        return torch.tensor(values, dtype=torch.float64) if self.copies else values[0]


@dataclass(frozen=True)
class _Mixture:
    """What other nodes compute: a sum in which each input has a weight of its own."""

    weights: tuple[float, ...]

    def __call__(self, values: Any) -> Any:
        if not isinstance(values, (list, tuple)) or len(values) != len(self.weights):
            got = f"{len(values)}" if isinstance(values, (list, tuple)) else repr(values)
            raise ValueError(
                f"compute takes the list of the {len(self.weights)} values of the node's inputs, "
                f"got {got}"
            )
        total = sum(weight * value for weight, value in zip(self.weights, values, strict=True))
        return total + 0.3 * values[0] * values[-1]


FEATURES = (
    *(_Remainder((place,), 10) for place in range(3)),
    *(_Remainder((place,), 2) for place in range(3)),
    *(_Remainder(places, 5) for places in ((0, 1), (1, 2), (0, 2))),
)
Plan = tuple[int, bool, tuple[Any, ...]]
"""A node to be drawn: the number of its feature, whether it is important, its inputs' plans."""
PAIR: tuple[Plan, ...] = ((2, True, ()), (3, False, ()))
FORK: tuple[Plan, ...] = ((4, False, ()), (5, True, ()), (5, True, ()))
LOST: tuple[Plan, ...] = ((6, False, ()), (7, False, ()))
PLANS: tuple[tuple[str, Plan], ...] = (
    ("a leaf alone", (0, True, ())),
    ("two levels, some inputs important", (0, True, (*FORK, (1, True, ()), (6, False, ())))),
    ("two levels, all inputs important", (0, True, ((1, True, ()), (2, True, ())))),
    ("two levels, no input important", (0, True, LOST)),
    (
        "three levels",
        (0, True, ((1, True, PAIR), (2, True, LOST), (3, False, PAIR), (4, False, ()))),
    ),
    (
        "three levels, two important inputs with the same feature, values are float64 tensors",
        (0, True, ((1, True, FORK), (1, True, PAIR), (2, False, LOST), (3, False, FORK))),
    ),
    ("four levels", (0, True, ((1, True, ((2, True, FORK), (3, False, PAIR))), (4, False, PAIR)))),
)


def cases(seed: int) -> list[Case]:
    """Trees of given plans; features, weights, order of inputs and reference are drawn."""
    drawn = []
    for number, (text, plan) in enumerate(PLANS):
        rng = random.Random(f"check scrub {seed} {number}")
        features = rng.sample(FEATURES, 8)
        node = _planted(plan, features, 3 if "tensors" in text else 0, rng)
        draws = Draws(rng.randrange(10**6), {})
        drawn.append(Case(text, (node, draws.point(None, (), 0), draws)))
    return drawn


def _planted(plan: Plan, features: list[_Remainder], copies: int, rng: random.Random) -> Node:
    number, _, below = plan
    below = tuple(rng.sample(below, len(below)))

    def weights(n: int) -> tuple[float, ...]:
        return tuple(rng.choice((-1, 1)) * rng.uniform(0.5, 1.5) for _ in range(n))

    if not below:
        return Node(_Reading(weights(4), copies), feature=features[number])
    return Node(
        _Mixture(weights(len(below))),
        tuple(_planted(child, features, copies, rng) for child in below),
        tuple(important for _, important, _ in below),
        features[number],
    )
