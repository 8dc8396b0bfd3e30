"""Six features in four dimensions: how features occur together shows in their directions.

Source: Elhage et al. (2022), section "The Geometry of Superposition", "Organization of Correlated
and Anti-Correlated Features": features that exclude each other are best stored in opposite
directions, correlated ones orthogonally or, if there are too few dimensions, side by side.
"""

import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from interp_course import runtime
from interp_course.checking import Finding

LETTERS = tuple("ABCDEF")
LENGTHS = (0.8, 0.65, 1.0, 1.0, 1.0, 1.0)
"""Of the correlated pair, the anticorrelated pair and the two features that stand alone."""
NOISE = 0.04
KEYS = ("correlated", "anticorrelated")
Problem = tuple[str, str | None]
Pair = frozenset[str]


@dataclass(frozen=True)
class Network:
    """The weights of a toy model with few dimensions, and nothing about its data."""

    W: Tensor
    """``[4 6]``: column i is the direction of the feature ``names[i]``."""
    names: tuple[str, ...]


def network(instance: int) -> Network:
    """A made-up network with the geometry that training gives, noisy and turned at random.

    Two of the features are active together or not at all, and when they are, one's magnitude
    says much about the other's. Two are never active at the same time. The last two are
    independent of all others. Features are active so often (about 4 times in 10) that
    independent ones do not share a dimension.
    """
    planted, _ = _planted(instance)
    return Network(planted.W.clone(), planted.names)


def pairs(instance: int) -> dict[str, Pair]:
    """The truth."""
    return dict(_planted(instance)[1])


@functools.lru_cache(maxsize=256)
def _planted(instance: int) -> tuple[Network, dict[str, Pair]]:
    """The first draw in which columns read in the order of the alphabet give neither pair."""
    for attempt in itertools.count():
        rng = runtime.generator(f"relations {attempt}", instance)
        places = torch.randperm(6, generator=rng).tolist()
        letters = torch.randperm(6, generator=rng).tolist()
        names = tuple(LETTERS[letter] for letter in letters)
        truth = _named(places, names)
        if not any(truth[key] in _named(places, LETTERS).values() for key in KEYS):
            W = torch.zeros(4, 6)
            W[:, places] = _directions(rng)
            return Network(W, names), truth
    raise AssertionError("unreachable")


def _named(places: Sequence[int], names: Sequence[str]) -> dict[str, Pair]:
    first = [names[place] for place in places[:4]]
    return {KEYS[0]: frozenset(first[:2]), KEYS[1]: frozenset(first[2:])}


def _directions(rng: torch.Generator) -> Tensor:
    """In the order of `LENGTHS`: two side by side, two opposite, and two alone."""
    rotation = torch.linalg.qr(torch.randn(4, 4, generator=rng)).Q
    one, other, third, fourth = rotation.unbind(dim=1)
    columns = torch.stack([one, one, other, -other, third, fourth], dim=1)
    return columns * torch.tensor(LENGTHS) + NOISE * torch.randn(4, 6, generator=rng)


def _judge(answer: Any, instance: int) -> Problem | None:
    if not isinstance(answer, dict) or set(answer) != set(KEYS):
        return f"expected a dict with the keys {' and '.join(KEYS)}, got {answer!r}", None
    for key in KEYS:
        problem = _malformed(key, answer[key])
        if problem is not None:
            return problem
    given = {key: frozenset(name.strip().upper() for name in answer[key]) for key in KEYS}
    planted, truth = _planted(instance)
    if given == truth:
        return None
    wrong = " and ".join(key for key in KEYS if given[key] != truth[key])
    return f"wrong: {wrong}", _mistake(given, truth, planted)


def _malformed(key: str, value: Any) -> Problem | None:
    if not isinstance(value, (set, frozenset, list, tuple)):
        return f"expected a set of two names under {key!r}, got {value!r}", None
    if not all(isinstance(name, str) for name in value):
        text = f"expected letters under {key!r}, got {value!r}"
        return text, "places are handed in instead of the names that belong to them"
    if len(value) != 2 or len({name.strip().upper() for name in value}) != 2:
        return f"expected two different names under {key!r}, got {value!r}", None
    if not {name.strip().upper() for name in value} <= set(LETTERS):
        return f"the features are called {', '.join(LETTERS)}, got {value!r}", None
    return None


def _mistake(given: dict[str, Pair], truth: dict[str, Pair], planted: Network) -> str | None:
    together, apart = (given[key] for key in KEYS)
    renamed = {name: letter for name, letter in zip(planted.names, LETTERS, strict=True)}
    if all(given[key] == frozenset(renamed[name] for name in truth[key]) for key in KEYS):
        return "the columns are read in the order of the alphabet: column i is that of names[i]"
    if together == truth[KEYS[1]]:
        return (
            "opposite directions are taken for correlation: two features that are active together "
            "would take away from each other"
        )
    if apart == truth[KEYS[0]]:
        return (
            "directions side by side are taken for features that exclude each other: when one of "
            "them is active, both outputs rise"
        )
    if together != truth[KEYS[0]] and apart == truth[KEYS[1]]:
        return (
            "orthogonal directions are taken for correlation: each has a dimension for itself, "
            "which a model short of them spends on features that say nothing about each other"
        )
    if apart != truth[KEYS[1]] and together == truth[KEYS[0]]:
        return (
            "orthogonal directions are taken for features that exclude each other: those can "
            "share a dimension at no cost, and here none is shared"
        )
    return None


relations = Finding(
    name="relations",
    judge=_judge,
    reread="take the cosines between the columns of W: what does an active feature do to the other "
    "output, and when would that be harmless, or even welcome?",
)
