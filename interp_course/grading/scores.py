"""Read the scores of a submission back from nbgrader's gradebook."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from interp_course.course import Unit
from interp_course.grading.mending import grade_id
from interp_course.grading.runner import gradebook_url
from interp_course.grading.verdict_text import mistake

SHOWN_CHARACTERS = 4000


@dataclass(frozen=True)
class CellScore:
    """What one graded cell of a submission earned."""

    name: str
    """The cell's ``grade_id``."""
    score: float
    maximum: float
    error: str | None = None
    """What the cell raised, shortened; None if it raised nothing or did not run."""
    mistake: str | None = None
    """The misconception that the check named, if it recognised one."""
    waiting: bool = False
    """Whether a person has still to give the score, which is then counted as 0."""
    comment: str | None = None
    """What a person wrote on it."""


def release(workspace: Path, unit: Unit) -> NotebookNode:
    """The student version of a unit that was made when the unit was registered."""
    return nbformat.read(workspace / "release" / unit.folder / f"{unit.slug}.ipynb", 4)


def unearned(release_notebook: NotebookNode) -> tuple[CellScore, ...]:
    """Zero for each graded cell, in the notebook's order."""
    graded = [cell for cell in release_notebook.cells if _is_graded(cell)]
    entries = [cell.metadata["nbgrader"] for cell in graded]
    return tuple(CellScore(e["grade_id"], 0.0, float(e["points"])) for e in entries)


def earned(
    workspace: Path, student: str, unit: Unit, release_notebook: NotebookNode
) -> tuple[CellScore, ...]:
    """The scores that the gradebook holds for a submission, in the notebook's order."""
    from nbgrader.api import Gradebook

    with Gradebook(gradebook_url(workspace)) as book:
        notebook = book.find_submission_notebook(unit.slug, unit.folder, student)
        found = {grade.name: float(grade.score or 0.0) for grade in notebook.grades}
        waiting = {
            g.name for g in notebook.grades if g.needs_manual_grade and g.manual_score is None
        }
        comments = {c.name: c.comment for c in notebook.comments if c.comment}
    errors = _errors(workspace / "autograded" / student / unit.folder / f"{unit.slug}.ipynb")
    return tuple(
        replace(
            cell,
            score=found[cell.name],
            error=error,
            mistake=mistake(error),
            waiting=cell.name in waiting,
            comment=comments.get(cell.name),
        )
        for cell in unearned(release_notebook)
        for error in [errors.get(cell.name)]
    )


def store(workspace: Path, student: str, unit: Unit, files: Mapping[str, bytes]) -> None:
    """Put an executed notebook where nbgrader looks for it, and its scores into the gradebook.

    Args:
        workspace: The nbgrader course.
        student: The name of the student's folder.
        unit: The unit.
        files: The executed notebook and what lies beside it, by file name.
    """
    from nbconvert.exporters.exporter import ResourcesDict
    from nbgrader.api import Gradebook
    from nbgrader.preprocessors import SaveAutoGrades

    folder = workspace / "autograded" / student / unit.folder
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    names = {"notebook": unit.slug, "assignment": unit.folder, "student": student}
    resources = ResourcesDict(nbgrader={**names, "db_url": gradebook_url(workspace)})
    with warnings.catch_warnings():  # remarks of nbgrader's libraries on each other
        warnings.simplefilter("ignore")
        with Gradebook(gradebook_url(workspace)) as book:
            book.update_or_create_student(student)
            book.update_or_create_submission(unit.folder, student)
        SaveAutoGrades().preprocess(nbformat.read(folder / f"{unit.slug}.ipynb", 4), resources)


def forget(workspace: Path, student: str, unit: Unit) -> None:
    """Remove the automatic scores of an earlier run, so that a failed run cannot keep them.

    Scores that a person entered by hand stay.
    """
    from nbgrader.api import Gradebook, MissingEntry

    with Gradebook(gradebook_url(workspace)) as book:
        try:
            notebook = book.find_submission_notebook(unit.slug, unit.folder, student)
        except MissingEntry:
            return
        for grade in notebook.grades:
            grade.auto_score = None
        book.db.commit()


def _is_graded(cell: NotebookNode) -> bool:
    return bool(grade_id(cell)) and bool(cell.metadata["nbgrader"].get("grade"))


def _errors(autograded: Path) -> dict[str, str]:
    if not autograded.is_file():
        return {}
    errors = {}
    for cell in nbformat.read(autograded, 4).cells:
        for output in cell.get("outputs", []):
            if _is_graded(cell) and output.output_type == "error":
                text = f"{output.ename}: {output.evalue}".strip()
                errors[cell.metadata["nbgrader"]["grade_id"]] = text[:SHOWN_CHARACTERS]
    return errors
