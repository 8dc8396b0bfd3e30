"""A line-up of eight attention heads with known habits, three of which are wanted."""

from typing import Any

import torch
from torch import Tensor

from interp_course import runtime
from interp_course.checking import Finding

PERIODS = (12, 17)
HABITS = {
    "previous-token": 0.8,
    "induction, strong": 0.8,
    "induction, weak": 0.45,
    "duplicate-token": 0.8,
    "off by one": 0.8,
    "fixed distance": 0.85,
    "current token": 0.7,
    "resting on BOS": 0.9,
}
"""Each habit and the share of attention that follows it; the rest is noise."""


def lineup(instance: int) -> dict[str, dict[int, Tensor]]:
    """Attention patterns ``[query_pos, key_pos]`` of the heads A to H, for each period.

    The sequences are BOS and two copies of a random block; each head's habit is known to the
    check, and the letters are dealt anew for each instance.
    """
    rng = runtime.generator("line-up patterns", instance)
    return {
        letter: {period: _pattern(habit, period, rng) for period in PERIODS}
        for letter, habit in sorted(habits(instance).items())
    }


def habits(instance: int) -> dict[str, str]:
    """The truth: letter to habit."""
    order = torch.randperm(len(HABITS), generator=runtime.generator("line-up", instance))
    names = list(HABITS)
    return {letter: names[place] for letter, place in zip("ABCDEFGH", order.tolist(), strict=True)}


def _pattern(habit: str, period: int, rng: torch.Generator) -> Tensor:
    n = 2 * period + 1
    noise = torch.rand(n, n, generator=rng).tril()
    noise /= noise.sum(dim=1, keepdim=True)
    wanted = torch.zeros(n, n)
    for query in range(n):
        wanted[query, _key(habit, query, period)] = 1.0
    share = HABITS[habit] * (1 - 0.1 * torch.rand(n, 1, generator=rng))
    return share * wanted + (1 - share) * noise


def _key(habit: str, query: int, period: int) -> int:
    """Where the head looks from a query; heads that find nothing rest on BOS."""
    back = {
        "previous-token": 1,
        "induction, strong": period - 1,
        "induction, weak": period - 1,
        "duplicate-token": period,
        "off by one": period - 2,
        "fixed distance": PERIODS[0] - 1,
        "current token": 0,
        "resting on BOS": query,
    }[habit]
    by_content = habit.startswith(("induction", "duplicate", "off"))
    if query < back or (by_content and query <= period):
        return 0
    return query - back


def _judge(answer: Any, instance: int) -> tuple[str, str | None] | None:
    if not isinstance(answer, dict) or set(answer) != {"previous", "induction"}:
        return f"expected a dict with the keys 'previous' and 'induction', got {answer!r}", None
    truth = {habit: letter for letter, habit in habits(instance).items()}
    strong, weak = truth["induction, strong"], truth["induction, weak"]
    previous, named = _letters(answer["previous"]), _letters(answer["induction"])
    if previous == [truth["previous-token"]] and named == [strong, weak]:
        return None
    return "these are not the three wanted heads", _mistake(previous, named, truth, strong, weak)


def _letters(value: Any) -> list[str]:
    return [str(item).strip().upper() for item in value]


def _mistake(
    previous: list[str], named: list[str], truth: dict[str, str], strong: str, weak: str
) -> str | None:
    decoys = {
        "fixed distance": "a head that looks a fixed distance back is taken for an induction "
        "head: its score is high at one period and gone at the other",
        "off by one": "a head that looks *two* after the earlier occurrence is named: it would "
        "copy the wrong token",
        "duplicate-token": "the duplicate-token head is named: it looks at the earlier occurrence "
        "itself, not at what came after it",
    }
    for habit, sentence in decoys.items():
        if truth[habit] in named:
            return sentence
    if truth["previous-token"] in named or {strong, weak} & set(previous):
        return "previous-token and induction heads are swapped"
    if truth["current token"] in previous:
        return "the head that looks at its own position is taken for the previous-token head"
    if named == [weak, strong]:
        return "the ranking is turned around: the strongest comes first"
    if set(named) < {strong, weak}:
        return "an induction head is missing: one of the two is weak, but far above chance"
    return None


suspects = Finding(
    name="suspects",
    judge=_judge,
    reread="score all eight heads at both periods; a head that copies must follow the repeat, "
    "however long it is; write letters, the strongest first",
)
