"""Whether an answer or a hidden test is in a release: every hidden line against every file."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from interp_course import notebooks
from interp_course.notebooks import leaks
from interp_course.notebooks.source import read_source

PACKAGE = "interp_course/"
_MARKER_LINE = re.compile(rf"^[ \t]*(?:#+|<!--)[ \t]*{leaks.MARKER.pattern}", re.MULTILINE)
COMMON_LINES = 2
"""How many lines of one answer a file of the package may contain: ``z = z.clone()`` is in many a
function, and a formula of one or two lines is the same wherever it is written down."""


@dataclass(frozen=True)
class Hidden:
    """The lines of one cell that students must not see."""

    source: str
    """The source's file name."""
    cell: str
    lines: frozenset[str]
    """Without indentation, without those that students see elsewhere, and none shorter than
    `leaks.SHORTEST`."""
    is_test: bool
    """Whether it is a hidden test; otherwise it is an answer."""


def hidden(root: Path) -> list[Hidden]:
    """What the sources of all units hide, cell by cell.

    Raises:
        BuildError: If a source cannot be read.
    """
    cells = [
        (target.source.name, cell, *leaks.split([cell]))
        for target in notebooks.targets(root)
        for cell in read_source(target).cells
    ]
    shown = "\n".join(text for *_, text in cells)
    found = [
        Hidden(
            name,
            str(cell.id),
            frozenset(line for line in lines if line not in shown),
            bool(cell.metadata.get("nbgrader", {}).get("grade")),
        )
        for name, cell, lines, _ in cells
    ]
    return [item for item in found if item.lines]


def leaked(root: Path, files: Mapping[str, bytes]) -> list[str]:
    """Where a release shows what it should hide, one line each; empty if nowhere.

    Nowhere may there be a marker or a line of a hidden test; code that speaks of markers, in the
    package, has none that begins a line. Outside the package there may be no
    line of an answer; in a file of the package at most `COMMON_LINES` of one cell's.

    Args:
        root: The folder of the course.
        files: The contents by path.
    """
    secrets = hidden(root)
    return [problem for path, data in files.items() for problem in _problems(path, data, secrets)]


def _problems(path: str, data: bytes, secrets: list[Hidden]) -> Iterator[str]:
    text = leaks.as_text(data, PurePosixPath(path).suffix)
    marker = (_MARKER_LINE if path.startswith(PACKAGE) else leaks.MARKER).search(text)
    if marker:
        yield f"{path} contains {marker.group()!r}"
    for item in secrets:
        lines = sorted(line for line in item.lines if line in text)
        allowed = COMMON_LINES if path.startswith(PACKAGE) and not item.is_test else 0
        if len(lines) > allowed:
            kind = "a hidden test" if item.is_test else "an answer"
            yield f"{path} contains {lines[0]!r} of {kind} (cell {item.cell!r} of {item.source})"
