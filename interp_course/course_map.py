"""The map of the course: which unit builds on which, and how far you are in each."""

from pathlib import Path

from interp_course import course, figures, progress
from interp_course.course import Unit
from interp_course.picture import Picture
from interp_course.progress import UnitProgress


def draw(root: Path | None = None) -> Picture:
    """The units that are there, with an arrow from each to those that build on it.

    Args:
        root: The course's folder; None looks for it from the current folder.

    Raises:
        CourseError: If there is no course here, no unit in it, or a unit needs a later one.
    """
    root = root or course.find_root()
    units = [unit for unit in course.units(root) if unit.student(root).exists()]
    if not units:
        raise course.CourseError(f"{root / 'course'} has no notebook of a unit: get it anew")
    done = _progress(root)
    try:
        return figures.paths(
            [_stop(unit, units, done) for unit in units],
            title=f"{len(units)} {'unit' if len(units) == 1 else 'units'}: each builds on the one "
            "from which an arrow comes",
            alt=" ".join(_sentence(unit, units, done) for unit in units),
        )
    except ValueError as error:
        raise course.CourseError(f"{root}/course/course.toml: {error}") from error


def _progress(root: Path) -> dict[str, UnitProgress]:
    """By unit; empty where it cannot be read, which `progress.show` explains."""
    try:
        return {unit.slug: unit for unit in progress.summary(root)}
    except progress.ProgressError:
        return {}


def _stop(unit: Unit, units: list[Unit], done: dict[str, UnitProgress]) -> figures.Stop:
    places = {other.slug: place for place, other in enumerate(units)}
    return figures.Stop(
        f"{unit.number:02d} · {unit.title}",
        f"{unit.minutes} min, {unit.points} points{_solved(unit, done, ', {} of {} solved')}",
        tuple(places[need] for need in unit.needs if need in places),
        _share(unit, done),
    )


def _share(unit: Unit, done: dict[str, UnitProgress]) -> float:
    known = done.get(unit.slug)
    return known.solved / len(known.exercises) if known and known.exercises else 0.0


def _solved(unit: Unit, done: dict[str, UnitProgress], words: str) -> str:
    """How many exercises are solved, once it is one."""
    known = done.get(unit.slug)
    return words.format(known.solved, len(known.exercises)) if known and known.solved else ""


def _sentence(unit: Unit, units: list[Unit], done: dict[str, UnitProgress]) -> str:
    names = [f"unit {other.number:02d}" for other in units if other.slug in unit.needs]
    begin = f"builds on {' and '.join(names)}" if names else "needs no other unit"
    return (
        f"Unit {unit.number:02d}, {unit.title}, {begin}; {unit.minutes} minutes, "
        f"{unit.points} points{_solved(unit, done, '; {} of {} exercises solved')}."
    )
