"""Submissions of students who are made up: some exercises solved, the others left open."""

import random
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from interp_course.course import Unit

OPEN = 1 / 3
"""The share of exercises that a student leaves open who is neither perfect nor idle."""


def hand_in(
    folder: Path, unit: Unit, solution: NotebookNode, release: NotebookNode, students: int
) -> list[str]:
    """Write a notebook for each student below ``student/assignment``; returns their names.

    The first student has solved everything, the second nothing, each other one leaves some
    exercises open, drawn by the student's number.

    Args:
        folder: Where to write.
        unit: The unit they answer.
        solution: Its reference notebook.
        release: What students received.
        students: How many there are.
    """
    answers = {name: cell.source for cell in solution.cells if (name := answer_name(cell))}
    names = [f"student-{number:03}" for number in range(students)]
    for number, name in enumerate(names):
        left = open_ones(list(answers), number)
        notebook: Any = nbformat.from_dict(release)
        for cell in notebook.cells:
            if (answer := answer_name(cell)) and answer not in left:
                cell.source = answers[answer]
        target = folder / name / unit.folder
        target.mkdir(parents=True)
        nbformat.write(notebook, target / f"{unit.slug}.ipynb")
    return names


def answer_name(cell: NotebookNode) -> str | None:
    """The name of a cell that students fill in, else None."""
    entry = cell.metadata.get("nbgrader", {})
    return entry["grade_id"] if entry.get("solution") else None


def open_ones(answers: list[str], number: int) -> set[str]:
    """Which answers the student with this number leaves open."""
    if number < 2:
        return set(answers[: number * len(answers)])
    return {name for name in answers if random.Random(f"{number} {name}").random() < OPEN}
