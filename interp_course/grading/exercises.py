"""What a unit's exercises are, and what a student wrote for them: read off the notebooks."""

import re
from dataclasses import dataclass

from nbformat import NotebookNode

from interp_course.grading.mending import grade_id

_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)
_MARKUP = re.compile(r"[*`]|(?<!\w)_|_(?!\w)")


@dataclass(frozen=True)
class Exercise:
    """One graded cell with the answer cells that belong to it."""

    name: str
    """The ``grade_id`` of the graded cell."""
    title: str
    """The heading above the answer, without markup."""
    maximum: float
    answers: tuple[str, ...]
    """The ``grade_id`` of each answer cell since the graded cell before."""


def exercises(release: NotebookNode) -> tuple[Exercise, ...]:
    """The exercises of a unit, in order, from the notebook that students received."""
    found: list[Exercise] = []
    heading, answers = "", []
    for cell in release.cells:
        headings = _HEADING.findall(cell.source) if cell.cell_type == "markdown" else []
        heading = headings[-1] if headings else heading
        entry, name = cell.metadata.get("nbgrader", {}), grade_id(cell)
        if name and entry.get("solution"):
            answers.append(name)
        if name and entry.get("grade"):
            title = _MARKUP.sub("", heading) or name
            found.append(Exercise(name, title, float(entry["points"]), tuple(answers)))
            answers = []
    return tuple(found)


def answer_sources(notebook: NotebookNode) -> dict[str, str]:
    """The text of each answer cell of a notebook, by its ``grade_id``."""
    entries = ((grade_id(cell), cell) for cell in notebook.cells)
    return {
        name: cell.source
        for name, cell in entries
        if name and cell.metadata["nbgrader"].get("solution")
    }
