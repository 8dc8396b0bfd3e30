"""Answers in words: what has no score yet, because a person has to read it."""

from collections.abc import Sequence

from interp_course.grading.scores import CellScore

WORD = "waiting"
"""What stands in the place of a score."""


def points(cells: Sequence[CellScore]) -> float:
    """How many points are still to be given by a person; none of them is in a total."""
    return sum((cell.maximum for cell in cells if cell.waiting), start=0.0)


def notes(cells: Sequence[CellScore]) -> list[str]:
    """One line if something waits for a person: what, and where to grade it."""
    names = [cell.name for cell in cells if cell.waiting]
    if not names:
        return []
    what = "point waits" if points(cells) == 1 else "points wait"
    return [
        f"{points(cells):g} {what} for a person, not in the total: "
        f"grade {', '.join(names)} in Formgrader"
    ]
