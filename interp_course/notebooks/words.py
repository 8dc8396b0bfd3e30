"""Answers in words: text that a person grades, by a rubric that students do not see.

Two Markdown cells belong to such an exercise. The first one, locked, holds the task, what is
looked for, and the rubric between ``BEGIN MARK SCHEME`` and ``END MARK SCHEME``; nbgrader cuts
the rubric out for students and puts it back when it grades, so that it stands above the answer
in Formgrader. The second one, ``"manual": true`` in its nbgrader metadata, is for the answer;
in the source it holds a model answer between ``BEGIN SOLUTION`` and ``END SOLUTION``.
"""

import re
from collections.abc import Iterator
from typing import Any

CRITERIA = "What is looked for"
ANSWER_STUB = "YOUR ANSWER HERE"
MANUAL = "manual"

_REGION = r"^<!-- BEGIN {0} -->$.*?^<!-- END {0} -->$"
_RUBRIC = re.compile(_REGION.format("MARK SCHEME"), re.MULTILINE | re.DOTALL)
_MODEL_ANSWER = re.compile(_REGION.format("SOLUTION"), re.MULTILINE | re.DOTALL)
_MARKER = re.compile(r"^.*\b(?:BEGIN|END) (?:SOLUTION|MARK SCHEME)\b.*$", re.MULTILINE)
_COMMENT = re.compile(r"<!-- (?:BEGIN|END) (?:SOLUTION|MARK SCHEME) -->")


def is_answer(cell: Any) -> bool:
    """Whether a cell is text that a person grades."""
    grader = cell.metadata.get("nbgrader", {})
    return cell.cell_type == "markdown" and bool(grader.get("grade") and grader.get("solution"))


def has_rubric(cell: Any) -> bool:
    """Whether a cell of a reference notebook shows a rubric to those who grade."""
    locked = cell.metadata.get("nbgrader", {}).get("locked", False)
    return cell.cell_type == "markdown" and locked and bool(_RUBRIC.search(cell.source))


def points_by_hand(cells: list[Any]) -> int | float:
    """The points that only a person can give."""
    return sum(cell.metadata.nbgrader.points for cell in cells if is_answer(cell))


def problem(cell: Any) -> str | None:
    """What is wrong with the markers and the metadata of a source's cell, nbgrader's complete."""
    if is_answer(cell):
        return _of_an_answer(cell)
    if cell.cell_type != "markdown":
        return "a mark scheme, which only text can have" if "MARK SCHEME" in cell.source else None
    markers = _MARKER.findall(cell.source)
    if markers and not has_rubric(cell):
        return (
            f'{markers[0]!r}: a rubric stands in a locked text cell (`"locked": true`) between '
            "<!-- BEGIN MARK SCHEME --> and <!-- END MARK SCHEME -->, or it would be lost"
        )
    return _badly_marked(markers)


def _of_an_answer(cell: Any) -> str | None:
    if not cell.metadata.nbgrader.get("points", 0) > 0:
        return "no points, although a person grades it"
    if not _MODEL_ANSWER.search(cell.source):
        return "no model answer between <!-- BEGIN SOLUTION --> and <!-- END SOLUTION -->"
    return _badly_marked(_MARKER.findall(cell.source))


def _badly_marked(markers: list[str]) -> str | None:
    """A marker such as ``### BEGIN SOLUTION`` would be a heading in text."""
    odd = next((marker for marker in markers if not _COMMENT.fullmatch(marker)), None)
    return None if odd is None else f"{odd!r}: in text, write markers as <!-- BEGIN SOLUTION -->"


def rules(cells: list[Any]) -> Iterator[str]:
    """What students must find in a reference notebook's tasks: what is looked for."""
    for cell in cells:
        if has_rubric(cell) and CRITERIA not in _RUBRIC.sub("", cell.source):
            yield f"the cell {cell.id!r} does not say to students: {CRITERIA}"
