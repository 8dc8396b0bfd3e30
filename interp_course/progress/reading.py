"""How far a student is: the events, read beside the exercises in the student's notebooks."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from interp_course import course
from interp_course.progress import storing
from interp_course.progress.storing import Event

START_UNIT = "start_here"
"""The name of the start page's checks."""
_HEADING = re.compile(r"^#{2,3}\s+(.+?)\s*$", re.MULTILINE)
_CALL = re.compile(r"\bcheck\.(\w+)\(")
_PREDICTION = re.compile(r"\bcheck\.predictions\[[\"'](\w+)[\"']\]\(")


@dataclass(frozen=True)
class ExerciseProgress:
    """One graded exercise."""

    title: str
    points: float
    checks: tuple[str, ...]
    """The names of its checks."""
    attempts: int
    """How often the check was called before it passed, that time included."""
    solved: datetime | None
    """When all of its checks had passed for the first time."""


@dataclass(frozen=True)
class UnitProgress:
    """One unit, or the start page."""

    slug: str
    title: str
    exercises: tuple[ExerciseProgress, ...]
    """Those that a check decides."""
    predicted: int
    predictions: int
    by_hand: float = 0.0
    """The points of answers in words, which a person grades."""

    @property
    def solved(self) -> int:
        """How many exercises are solved."""
        return sum(exercise.solved is not None for exercise in self.exercises)

    @property
    def points(self) -> float:
        """What the solved exercises are worth."""
        return sum((e.points for e in self.exercises if e.solved is not None), 0.0)

    @property
    def most_points(self) -> float:
        """What all of them are worth, without the points of ``by_hand``."""
        return sum((exercise.points for exercise in self.exercises), 0.0)


def summary(root: Path) -> list[UnitProgress]:
    """The progress on the start page and in each unit, as far as their notebooks are there.

    Raises:
        CourseError: If the manifest cannot be read.
        ProgressError: If the file with the progress cannot be read.
    """
    path = storing.where(root)
    found = [] if path is None else storing.events(path)
    pages = [(START_UNIT, "Start here", root / "course" / f"{course.START}.ipynb")]
    pages += [
        (unit.slug, f"{unit.number:02d} · {unit.title}", unit.student(root))
        for unit in course.units(root)
    ]
    return [
        _unit(slug, title, _cells(page), [event for event in found if event.unit == slug])
        for slug, title, page in pages
        if page.exists()
    ]


def _unit(slug: str, title: str, cells: list[Any], events: Sequence[Event]) -> UnitProgress:
    found = list(_exercises(cells, graded=slug != START_UNIT))
    exercises = tuple(
        ExerciseProgress(heading, points, checks, *_done(checks, events))
        for heading, points, checks in found
        if checks
    )
    by_hand = sum((points for _, points, checks in found if not checks), 0.0)
    asked = {f"predictions.{name}" for cell in cells for name in _PREDICTION.findall(_source(cell))}
    answered = {event.exercise for event in events if event.passed is None and event.answer}
    return UnitProgress(slug, title, exercises, len(asked & answered), len(asked), by_hand)


def _done(checks: Sequence[str], events: Sequence[Event]) -> tuple[int, datetime | None]:
    """Calls up to the first success, and its time; of several checks the last one counts."""
    attempts, times = 0, []
    for check in checks:
        calls = [event for event in events if event.exercise == check]
        first = next((n for n, event in enumerate(calls) if event.passed), None)
        attempts = max(attempts, len(calls) if first is None else first + 1)
        times += [] if first is None else [calls[first].at]
    return attempts, max(times) if times and len(times) == len(checks) else None


def _exercises(
    cells: Sequence[Any], *, graded: bool
) -> Iterator[tuple[str, float, tuple[str, ...]]]:
    """Heading, points and checks of each graded cell; of each self-check on the start page.

    An answer in words, which a person grades, has no checks.
    """
    heading = ""
    for cell in cells:
        source, metadata = _source(cell), cell.get("metadata", {})
        entry = metadata.get("nbgrader", {})
        counts = entry.get("grade") if graded else "self-check" in metadata.get("tags", ())
        text = cell.get("cell_type") == "markdown"
        if text and not counts:
            heading = next(iter(_HEADING.findall(source)[-1:]), heading)
        checks = () if text else tuple(dict.fromkeys(_CALL.findall(source)))
        if counts and (checks or entry.get("solution")):
            yield heading.replace("*", "").replace("`", ""), float(entry.get("points", 0)), checks


def _cells(page: Path) -> list[Any]:
    """The cells of a notebook that a student may have changed in any way."""
    try:
        cells = json.loads(page.read_text(encoding="utf-8"))["cells"]
        return [cell for cell in cells if isinstance(cell, dict)]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _source(cell: Any) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(map(str, source))
