"""Two features in one dimension: what becomes of the second one, at points of the phase diagram."""

import functools
import itertools
from collections.abc import Callable
from typing import Any

import torch

from interp_course import runtime
from interp_course.checking import Finding

PHASES = ("ignored", "dedicated", "superposed")
PROBABILITIES = tuple(n / 20 for n in range(1, 20))
IMPORTANCES = (0.1, 0.2, 0.3, 0.5, 0.7, 1.5, 2.0, 3.0, 5.0, 10.0)
"""Of the second feature; the first has 1."""
N_CELLS = 6
MARGIN = 0.3
"""By how much, relative to the lowest loss, the second lowest must be above it. Nearer to a
boundary the best trained network can be in between, or on the other side."""
Cell = tuple[float, float]
Problem = tuple[str, str | None]


def cells(instance: int) -> list[Cell]:
    """Six pairs (probability of being active, relative importance of the second feature).

    All are away from the boundaries between the phases, and each phase occurs.
    """
    return list(_drawn(instance))


def losses(probability: float, importance: float) -> dict[str, float]:
    """The expected losses of the three solutions.

    A feature that is not represented is replaced by its mean, p / 2: the model's output is then
    the bias. What it loses is the mean of its square, p / 3, minus the square of its mean. In an
    antipodal pair, W = [1, -1] and b = 0, a feature that is active alone is exact and the other
    one stays at 0. If both are active, the larger comes out as x - y, which is y too little, and
    the smaller as 0, which is y too little as well; the smaller of two numbers between 0 and 1 has
    a mean square of 1/6.
    """
    replaced = probability / 3 - (probability / 2) ** 2
    both_active = probability**2
    return {
        "ignored": importance * replaced,
        "dedicated": 1.0 * replaced,
        "superposed": both_active * (1.0 / 6 + importance / 6),
    }


def phase_of(cell: Cell) -> str:
    """The truth: the solution with the lowest loss."""
    return _lowest(losses(*cell))


def _lowest(of: dict[str, float]) -> str:
    return min(of, key=lambda phase: of[phase])


def _clear(cell: Cell) -> bool:
    first, second, _ = sorted(losses(*cell).values())
    return second >= (1 + MARGIN) * first


def _mean_forgotten(cell: Cell) -> str:
    p, r = cell
    return _lowest({**losses(p, r), "ignored": r * p / 3, "dedicated": p / 3})


def _all_lost(cell: Cell) -> str:
    p, r = cell
    return _lowest({**losses(p, r), "superposed": (1 + r) * p**2 / 3})


def _equal(cell: Cell) -> str:
    p, r = cell
    shared = losses(p, 1.0)
    return "superposed" if _lowest(shared) == "superposed" else _alone(r)


def _alone(r: float) -> str:
    return "ignored" if r < 1 else "dedicated"


_WAYS: dict[str, Callable[[Cell], str]] = {
    "the probability is taken for that of being *inactive*, the sparsity S of the paper": (
        lambda cell: phase_of((1 - cell[0], cell[1]))
    ),
    "it is told what becomes of the first feature, or the relative importance is turned round: it "
    "is that of the second feature": lambda cell: phase_of((cell[0], 1 / cell[1])),
    "everything is superposed: that has a price when both features are active": (
        lambda cell: "superposed"
    ),
    "nothing is superposed, as in a model without a ReLU: only the more important feature is "
    "represented": lambda cell: _alone(cell[1]),
    "the features are taken to be equally important when superposition is weighed: an unimportant "
    "one is not worth as much interference": _equal,
    "the bias is left out: a feature that is not represented is replaced by its mean, not by 0": (
        _mean_forgotten
    ),
    "both features are taken to be lost when they are active together: only the smaller one is, "
    "and the larger one loses as much": _all_lost,
}


@functools.lru_cache(maxsize=256)
def _drawn(instance: int) -> tuple[Cell, ...]:
    """The first draw that holds every phase, and in which all mistakes and the truth differ."""
    rng = runtime.generator("phase cells", instance)
    grid = [cell for cell in itertools.product(PROBABILITIES, IMPORTANCES) if _clear(cell)]
    while True:
        order = torch.randperm(len(grid), generator=rng)[:N_CELLS]
        drawn = tuple(grid[place] for place in order.tolist())
        truth = tuple(map(phase_of, drawn))
        wrong = {tuple(map(way, drawn)) for way in _WAYS.values()}
        if set(truth) == set(PHASES) and truth not in wrong and len(wrong) == len(_WAYS):
            return drawn


def _judge(answer: Any, instance: int) -> Problem | None:
    drawn = _drawn(instance)
    problem = _malformed(answer, drawn)
    if problem is not None:
        return problem
    given = tuple(_word(answer[cell]) for cell in drawn)
    truth = tuple(map(phase_of, drawn))
    if given == truth:
        return None
    same = [sentence for sentence, way in _WAYS.items() if tuple(map(way, drawn)) == given]
    if len(set(given)) == 1:
        same.append(f"all cells are called {given[0]}: each of the three phases occurs")
    wrong = sum(a != b for a, b in zip(given, truth, strict=True))
    text = f"{wrong} of {len(drawn)} cells {'is' if wrong == 1 else 'are'} wrong"
    return text, same[0] if same else None


def _word(value: Any) -> str:
    return value.strip().lower() if isinstance(value, str) else ""


def _malformed(answer: Any, drawn: tuple[Cell, ...]) -> Problem | None:
    if not isinstance(answer, dict):
        text = f"expected a dict from each cell to its phase, got {type(answer).__name__}"
        return text, None
    if set(answer) != set(drawn):
        text = f"expected the keys {list(drawn)}, got {list(answer)}"
        return text, _wrong_keys(answer, drawn)
    strange = [value for value in answer.values() if _word(value) not in PHASES]
    if strange:
        text = f"there is no phase {strange[0]!r}; the phases are {', '.join(PHASES)}"
        return text, None if isinstance(strange[0], str) else "the phase is not told by its name"
    return None


def _wrong_keys(answer: dict, drawn: tuple[Cell, ...]) -> str | None:
    if set(answer) <= set(drawn):
        return "a cell is left out"
    if set(answer) == {(r, p) for p, r in drawn}:
        return "probability and importance are swapped in the keys"
    if set(answer) <= {p for p, _ in drawn} | {r for _, r in drawn}:
        return "the keys are single numbers: two cells may have one of them in common"
    if set(answer) <= set(range(len(drawn) + 1)):
        return "the keys are places in the list instead of the cells themselves"
    return None


phases = Finding(
    name="phases",
    judge=_judge,
    reread="compare three losses at each cell: the second feature replaced by its mean, the first "
    "one replaced, and an antipodal pair, which loses something only when both are active",
)
