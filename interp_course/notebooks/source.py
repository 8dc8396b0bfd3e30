"""Reading a source: jupytext's cells with fixed ids and complete nbgrader metadata."""

import hashlib
from collections import Counter
from typing import Any

from interp_course.notebooks import words
from interp_course.notebooks.files import BuildError, Target, node

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "pygments_lexer": "ipython3",
    },
}
CELL_METADATA = {"nbgrader", "tags", "jupyter"}
LAYOUT_OF_THE_TEXT = {"title", "cell_marker", "lines_to_next_cell", "lines_to_end_of_cell_marker"}
NBGRADER = {"grade": False, "locked": False, "schema_version": 3, "solution": False, "task": False}
NBGRADER_KEYS = {*NBGRADER, "grade_id", "points", words.MANUAL}


def read_source(target: Target) -> Any:
    """The notebook in a source, not run.

    Raises:
        BuildError: If the source is missing, or a cell's metadata is not understood.
    """
    import jupytext

    try:
        notebook = jupytext.reads(target.source.read_text(encoding="utf-8"), fmt="py:percent")
    except OSError as error:
        raise BuildError(f"the source {target.source} cannot be read: {error}") from error
    for cell in notebook.cells:
        problem = _complete_metadata(cell)
        if problem:
            raise BuildError(f"{target.source}: the cell {first_line(cell)!r} has {problem}")
    _give_ids(notebook.cells, target)
    notebook.metadata = node(METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def first_line(cell: Any) -> str:
    """How a cell starts, for messages."""
    return next((line.strip()[:60] for line in cell.source.splitlines() if line.strip()), "")


def _complete_metadata(cell: Any) -> str | None:
    """Fill in nbgrader's defaults and lock tests; or say what is wrong."""
    for key in LAYOUT_OF_THE_TEXT:
        cell.metadata.pop(key, None)
    given = dict(cell.metadata.get("nbgrader", {}))
    unknown = (set(cell.metadata) - CELL_METADATA) | (set(given) - NBGRADER_KEYS)
    if unknown:
        return f"unknown metadata: {', '.join(sorted(unknown))}"
    if "nbgrader" in cell.metadata:
        if not given.get("grade_id"):
            return "nbgrader metadata without a grade_id"
        if given.pop(words.MANUAL, False):
            if cell.cell_type != "markdown":
                return "a person to grade it, which is for text: only Markdown can be `manual`"
            given |= {"grade": True, "solution": True}
        full = {**NBGRADER, **given}
        full["locked"] = full["locked"] or full["task"] or (full["grade"] and not full["solution"])
        cell.metadata["nbgrader"] = node(full)
    return words.problem(cell)


def _give_ids(cells: list[Any], target: Target) -> None:
    """Name each cell by its grade_id or by its text, so that ids survive a move."""
    seen: Counter[str] = Counter()
    for cell in cells:
        text = f"{cell.cell_type}\0{cell.source}".encode()
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        name = grade_id or hashlib.sha256(text).hexdigest()[:12]
        seen[name] += 1
        if grade_id and seen[name] > 1:
            raise BuildError(f"{target.source}: the grade_id {grade_id!r} is used twice")
        cell["id"] = name if seen[name] == 1 else f"{name}-{seen[name]}"
