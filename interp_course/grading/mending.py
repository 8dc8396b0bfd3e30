"""Bring a submitted notebook into the form that nbgrader accepts, and say what was mended.

The notebook that students received (the *release*) is the measure: each cell that carries a
``grade_id`` must be there once, with the release's metadata. Afterwards nbgrader itself puts
the original source, with the hidden tests, into every locked cell.

Three accidents happen in every class. A copied cell would stop nbgrader's batch for everybody
who comes later in the alphabet, a deleted test cell would leave its exercise without a score,
and a notebook saved on another machine names a kernel that this one does not have.
"""

import re
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4.rwbase import rejoin_lines

from interp_course.grading.intake import Refused

KERNEL = "python3"
_FIXED = ("grade", "solution", "locked", "task", "points")
_UNUSABLE = (
    *(nbformat.ValidationError, AttributeError, KeyError, TypeError),
    *(ValueError, RecursionError),
)
"""What libraries raise over data that are no notebook."""
_LONGEST_QUOTE = 200
_CELL_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def mend(content: dict[str, Any], release: NotebookNode) -> tuple[NotebookNode, list[str]]:
    """A notebook that nbgrader can grade, and a note on each thing that was changed.

    Args:
        content: The submitted notebook as JSON data, from ``intake.read``; left as it is.
        release: The notebook that students received.

    Raises:
        Refused: If it does not follow the notebook format.
    """
    kernel = _kernel_name(content)
    notebook = _without_outputs(content)
    notes = [
        *_only_known_cells(notebook, release),
        *_each_once(notebook),
        *_metadata_of(notebook, release),
        *_missing_cells(notebook, release),
    ]
    if kernel != KERNEL:
        notes.append(f"kernel {_short(repr(kernel))}: graded with {KERNEL!r}")
    notebook.metadata = release.metadata.copy()
    return notebook, notes


def grade_id(cell: NotebookNode) -> str | None:
    """The name under which nbgrader knows a cell, or None for an ordinary cell."""
    entry = cell.metadata.get("nbgrader")
    name = entry.get("grade_id") if isinstance(entry, dict) else None
    return name if isinstance(name, str) else None


def _kernel_name(content: dict[str, Any]) -> str:
    metadata = content.get("metadata")
    spec = metadata.get("kernelspec") if isinstance(metadata, dict) else None
    return str(spec.get("name", KERNEL)) if isinstance(spec, dict) else KERNEL


def _short(text: str) -> str:
    """What a student wrote, as it is quoted in a note."""
    return text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}…"


def _without_outputs(content: dict[str, Any]) -> NotebookNode:
    """The notebook with fresh outputs and valid, unique cell ids."""
    seen: set[str] = set()
    cells = []
    for position, original in enumerate(content["cells"]):
        if not isinstance(original, dict):
            raise Refused(f"cell {position + 1} is not a cell")
        cell = dict(original)
        if cell.get("cell_type") == "code":
            cell.update(outputs=[], execution_count=None)
        name = cell.get("id")
        if not isinstance(name, str) or not _CELL_ID.fullmatch(name) or name in seen:
            name = f"cell-{position}"
        seen.add(name)
        cells.append({**cell, "id": name})
    minimal = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
    try:
        notebook = rejoin_lines(NotebookNode(nbformat.from_dict(minimal)))
        nbformat.validate(notebook)
        nbformat.writes(notebook).encode()  # half a character cannot be written
    except _UNUSABLE as error:
        reason = _short(str(error).splitlines()[0])
        raise Refused(f"the notebook does not follow the notebook format: {reason}") from error
    return notebook


def _only_known_cells(notebook: NotebookNode, release: NotebookNode) -> list[str]:
    known = {grade_id(cell) for cell in release.cells}
    notes = []
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata and (grade_id(cell) is None or grade_id(cell) not in known):
            notes.append(
                f"cell {_short(repr(grade_id(cell)))} is not part of this unit: not graded"
            )
            del cell.metadata["nbgrader"]
    return notes


def _each_once(notebook: NotebookNode) -> list[str]:
    """Of cells with one name the last is graded: by then all answers have been defined."""
    seen: set[str] = set()
    notes = []
    for cell in reversed(notebook.cells):
        name = grade_id(cell)
        if name is None:
            continue
        if name in seen:
            notes.append(f"cell {name} is there twice: the last one is graded")
            del cell.metadata["nbgrader"]
        seen.add(name)
    return notes[::-1]


def _metadata_of(notebook: NotebookNode, release: NotebookNode) -> list[str]:
    originals = {grade_id(cell): cell for cell in release.cells}
    notes = []
    for position, cell in enumerate(notebook.cells):
        name = grade_id(cell)
        if name is None:
            continue
        original = originals[name]
        given, wanted = cell.metadata["nbgrader"], original.metadata["nbgrader"]
        changed = any(given.get(key) != wanted.get(key) for key in _FIXED)
        if changed or cell.cell_type != original.cell_type:
            notes.append(f"type or points of cell {name} were changed: restored")
        pictures = {k: cell[k] for k in ("attachments",) if k in cell and cell.cell_type != "code"}
        own = pictures if original.cell_type == cell.cell_type else {}
        notebook.cells[position] = _copy(original, source=cell.source, id=cell.id, **own)
    return notes


def _missing_cells(notebook: NotebookNode, release: NotebookNode) -> list[str]:
    """Put each missing cell behind the nearest cell of the release that is still there."""
    notes = []
    present = {grade_id(cell) for cell in notebook.cells}
    place = 0
    for original in release.cells:
        name = grade_id(original)
        if name is None or name in present:
            place = _position(notebook, original, place)
            continue
        free = {cell.id for cell in notebook.cells}
        new_id = original.id if original.id not in free else f"restored-{len(notebook.cells)}"
        notebook.cells.insert(place, _copy(original, id=new_id))
        notes.append(f"cell {name} was removed: put back")
        place += 1
    return notes


def _position(notebook: NotebookNode, original: NotebookNode, otherwise: int) -> int:
    """One behind the submitted cell that stands for a cell of the release."""
    for position, cell in enumerate(notebook.cells):
        if cell.id == original.id or (grade_id(cell) and grade_id(cell) == grade_id(original)):
            return position + 1
    return otherwise


def _copy(cell: NotebookNode, **changes: Any) -> NotebookNode:
    return NotebookNode(nbformat.from_dict({**cell, **changes}))
