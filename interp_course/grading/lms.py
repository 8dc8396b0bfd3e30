"""Scores of a class as a CSV file that a learning management system can read.

One line per student, one column per unit and, where wanted, per exercise. The identity that is
known here is the name of the student's folder, so it goes where the system looks for a login:

* ``plain``: the column ``student``;
* ``moodle``: ``Email address`` if the name holds an @, else ``ID number``, which are the fields
  that Moodle's import maps users from (``grade/import/csv``, fields ``useremail`` and
  ``useridnumber``); an empty or "-" grade means no grade;
* ``canvas``: the head of a Canvas gradebook, ``Student, ID, SIS User ID, SIS Login ID, Section``,
  and a line ``Points Possible``. ``ID`` is Canvas's own number and stays empty: Canvas then
  looks for the login, and at last for the name (``lib/gradebook_importer.rb``). A column is
  named by the assignment's title; with the number behind it, ``title (id)``, it is found
  although it was renamed.
"""

import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, get_args

from interp_course.grading.results import Batch, Result

Lms = Literal["plain", "moodle", "canvas"]

_FORMULA = tuple("=+-@|%\uff1d\uff0b\uff0d\uff20")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_IDENTITY: dict[str, tuple[str, ...]] = {
    "plain": ("student",),
    "moodle": ("ID number", "Email address"),
    "canvas": ("Student", "ID", "SIS User ID", "SIS Login ID", "Section"),
}


def write_scores(
    batch: Batch,
    path: Path,
    lms: Lms = "plain",
    *,
    exercises: bool = True,
    assignment_ids: Mapping[str, int] | None = None,
) -> None:
    """Write one line per student, quoted where needed, with the points as they are.

    A unit that a student did not hand in is an empty field; a refused or failed submission is 0.

    Args:
        batch: The graded class.
        path: The file to write.
        lms: Which system is to read it.
        exercises: Whether each exercise gets a column, too. Where a system makes a grade item
            of every column, the exercises would count a second time beside their unit.
        assignment_ids: Canvas's numbers of assignments, by the name of the column.

    Raises:
        ValueError: If there is no such format, or numbers are given for a column that is not
            there or for another system than Canvas.
    """
    if lms not in get_args(Lms):
        raise ValueError(f"lms must be one of {', '.join(get_args(Lms))}, got {lms!r}")
    columns = _columns(batch, exercises)
    ids = assignment_ids or {}
    unknown = [name for name in ids if name not in columns or lms != "canvas"]
    if unknown:
        hint = f"columns: {', '.join(columns)}" if lms == "canvas" else "only Canvas has them"
        raise ValueError(f"assignment_ids names {unknown[0]!r}, which cannot be used; {hint}")
    headings = [f"{name} ({ids[name]})" if name in ids else name for name in columns]
    students = list(dict.fromkeys(result.student for result in batch.results))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*_IDENTITY[lms], *headings])
        if lms == "canvas":
            writer.writerow(["    Points Possible", "", "", "", "", *map(points, columns.values())])
        for student in students:
            earned = _earned([r for r in batch.results if r.student == student], exercises)
            row = [points(earned[name]) if name in earned else "" for name in columns]
            writer.writerow([*_identity(student, lms), *row])


def points(value: float) -> str:
    """A score with all its digits, and no needless ones: 2, 1.5, 0.333333333333333."""
    return f"{value:.15g}"


def not_a_formula(text: str) -> str:
    """A text on one line that a spreadsheet does not take for a formula.

    If it would, it gets an apostrophe in front (OWASP, "CSV Injection").
    """
    text = _CONTROL.sub(" ", text.encode("utf-8", "replace").decode())
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text


def _identity(student: str, lms: Lms) -> Sequence[str]:
    name = not_a_formula(student)
    if lms == "moodle":
        return ("", name) if "@" in student else (name, "")
    return (name, "", "", name, "") if lms == "canvas" else (name,)


def _columns(batch: Batch, exercises: bool) -> dict[str, float]:
    """Name and maximum of each column, unit by unit in the order of their numbers."""
    of_unit = {r.assignment: r for r in batch.results if r.cells}
    columns: dict[str, float] = {}
    for _, result in sorted(of_unit.items()):
        columns[result.assignment] = result.maximum
        for cell in result.cells if exercises else ():
            columns[_column(result, cell.name)] = cell.maximum
    return columns


def _earned(results: Sequence[Result], exercises: bool) -> dict[str, float]:
    """Points by column. Of a unit that was handed in twice, the graded submission counts."""
    earned: dict[str, float] = {}
    for result in sorted(results, key=lambda r: r.status == "graded"):
        if result.cells:
            earned[result.assignment] = result.total
            cells = result.cells if exercises else ()
            earned |= {_column(result, cell.name): cell.score for cell in cells}
    return earned


def _column(result: Result, cell: str) -> str:
    return f"{result.assignment} {cell.removesuffix('-test')}"
