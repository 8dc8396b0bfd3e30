"""Show and write the scores of a class."""

import csv
from collections.abc import Iterable
from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from interp_course.grading import waiting
from interp_course.grading.lms import not_a_formula, points
from interp_course.grading.results import Batch, Result
from interp_course.grading.scores import CellScore


def write_csv(batch: Batch, path: Path) -> None:
    """One line per submission, one column per graded cell, with all digits of the points.

    What a person has still to grade says ``waiting`` instead of a score, and its points are named
    in the notes. A text that a spreadsheet would take for a formula gets an apostrophe in front.
    """
    names = list(dict.fromkeys(cell.name for r in batch.results for cell in r.cells))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["student", "unit", "total", "max", *names, "status", "flags", "notes"])
        for result in batch.results:
            earned = {cell.name: _shown(cell) for cell in result.cells}
            writer.writerow(
                [
                    not_a_formula(result.student),
                    not_a_formula(result.assignment),
                    points(result.total),
                    points(result.maximum),
                    *(earned.get(name, "") for name in names),
                    result.status,
                    ", ".join(result.flags),
                    not_a_formula("; ".join([*waiting.notes(result.cells), *result.notes])),
                ]
            )


def tables(batch: Batch) -> RenderableType:
    """One table per unit, what the columns mean, and a line for each thing to know."""
    units = dict.fromkeys(result.assignment for result in batch.results)
    parts: list[RenderableType] = []
    for unit in units:
        results = [result for result in batch.results if result.assignment == unit]
        parts.extend(_of_unit(unit, results))
    notes = [
        f"{result.student} · {result.assignment or 'no unit'}: {note}"
        for result in batch.results
        for note in [*waiting.notes(result.cells), *result.notes]
    ]
    parts.extend(Text(note) for note in [*batch.remarks, *notes])
    return Group(*parts)


def number(value: float) -> str:
    """A score without needless zeros: 2, 1.5, 0.33."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _of_unit(unit: str, results: list[Result]) -> Iterable[RenderableType]:
    cells = next((result.cells for result in results if result.cells), ())
    table = Table(title=Text(unit or "no unit"), title_justify="left")
    table.add_column("student", overflow="fold")
    table.add_column("status")
    table.add_column("total", justify="right")
    for position in range(len(cells)):
        table.add_column(str(position + 1), justify="right")
    for result in results:
        scores = (_shown(cell) for cell in result.cells)
        total = f"{number(result.total)}/{number(result.maximum)}" if cells else "-"
        table.add_row(Text(result.student), result.status, total, *scores)
    yield table
    for position, cell in enumerate(cells):
        yield Text(f"  {position + 1}  {cell.name} ({number(cell.maximum)})")


def _shown(cell: CellScore) -> str:
    return waiting.WORD if cell.waiting else points(cell.score)
