"""A class that hands in the tiny unit, and what its gradebook must hold afterwards."""

import sqlite3
from contextlib import closing
from pathlib import Path

import nbformat

from interp_course import course
from interp_course.grading import scores, workspace
from interp_course.grading.results import Batch


def hand_in(folder: Path, tiny_course: Path, students: int) -> Path:
    """A class in which everybody has one exercise right, and every other student both."""
    unit = course.unit(tiny_course, "tiny")
    (folder / "release").mkdir()
    release = workspace.prepare(folder / "release", tiny_course, unit)
    for number in range(students):
        notebook = nbformat.from_dict(release)
        for cell in notebook.cells:
            if cell.id == "double":
                cell.source = "def double(x):\n    return 2 * x"
            if cell.id == "square" and number % 2:
                cell.source = "def square(x):\n    return x * x"
        target = folder / "class" / f"student {number:03}" / "01_tiny"
        target.mkdir(parents=True)
        nbformat.write(notebook, target / "tiny.ipynb")
    return folder / "class"


def expected(students: int) -> list[float]:
    """The totals of that class."""
    return [2.0, 5.0] * (students // 2)


def totals(graded: Batch) -> list[float]:
    """What each submission earned."""
    return [result.total for result in graded.results]


def stored(graded: Batch, tiny_course: Path) -> list[float]:
    """The totals in nbgrader's own gradebook, which must be whole."""
    with closing(sqlite3.connect(graded.out / "gradebook.db")) as book:
        assert book.execute("pragma integrity_check").fetchone() == ("ok",)
    unit = course.unit(tiny_course, "tiny")
    release = scores.release(graded.out, unit)
    found = [scores.earned(graded.out, r.student, unit, release) for r in graded.results]
    return [sum(cell.score for cell in cells) for cells in found]
