"""The command ``interp-course progress``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interp_course import course

if TYPE_CHECKING:
    from rich.table import Table

    from interp_course.progress import UnitProgress


def progress(
    unit: Annotated[str | None, typer.Argument(help="One unit, exercise by exercise.")] = None,
    reset: Annotated[
        bool, typer.Option("--reset", help="Forget it, here or in this unit; a copy is kept.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Reset without asking.")] = False,
) -> None:
    """Show what you have solved; it is kept in a file on this computer and sent to nobody."""
    root = course.find_root()
    chosen = course.unit(root, unit).slug if unit else None
    from rich.console import Console

    from interp_course import progress as kept

    path = kept.where(root)
    if path is None:
        typer.echo("no progress is kept here: INTERP_COURSE_PROGRESS is off, or this is a test")
        return
    if reset:
        _reset(path, chosen, ask=not yes)
        return
    units = kept.summary(root)
    one = next((entry for entry in units if entry.slug == chosen), None)
    Console().print(_overview(units) if one is None else _exercises(one))
    typer.echo(f"kept in {path}" if path.exists() else "no check has been called yet")


def _reset(path: Path, unit: str | None, *, ask: bool) -> None:
    from interp_course import progress as kept

    what = f"the unit {unit}" if unit else "the whole course"
    if ask:
        typer.confirm(f"Forget your progress in {what}?", abort=True)
    copy = kept.reset(path, unit)
    typer.echo(f"forgotten: {what}; as it was until now: {copy}")


def _overview(units: "list[UnitProgress]") -> "Table":
    from rich.table import Table

    table = Table()
    table.add_column("unit")
    for column in ("exercises", "points", "predictions"):
        table.add_column(column, justify="right")
    for unit in units:
        table.add_row(
            unit.title,
            f"{unit.solved}/{len(unit.exercises)}",
            f"{unit.points:g}/{unit.most_points:g}{_by_hand(unit)}" if unit.most_points else "-",
            f"{unit.predicted}/{unit.predictions}" if unit.predictions else "-",
        )
    if any(unit.by_hand for unit in units):
        table.caption = "(+ points that a person grades)"
    return table


def _by_hand(unit: "UnitProgress") -> str:
    return f" (+{unit.by_hand:g})" if unit.by_hand else ""


def _exercises(unit: "UnitProgress") -> "Table":
    from rich.table import Table

    table = Table(title=unit.title, title_justify="left")
    table.add_column("exercise", overflow="fold")
    table.add_column("points", justify="right")
    table.add_column("attempts", justify="right")
    table.add_column("solved")
    for exercise in unit.exercises:
        solved = "" if exercise.solved is None else f"{exercise.solved.astimezone():%Y-%m-%d %H:%M}"
        table.add_row(exercise.title, f"{exercise.points:g}", f"{exercise.attempts}", solved)
    return table
