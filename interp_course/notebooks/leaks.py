"""Nothing of a solution or a hidden test may lie in the folder that students get."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SHORTEST = 12
MARKER = re.compile(r"(BEGIN|END) (SOLUTION|HIDDEN TESTS|MARK SCHEME)")
OF_NO_INTEREST = {".ipynb_checkpoints", "__pycache__"}


def split(cells: list[Any]) -> tuple[set[str], str]:
    """The lines of a source that students must not see, and the text that they may."""
    hidden: set[str] = set()
    shown: list[str] = []
    for cell in cells:
        whole = _solution_without_markers(cell)
        inside = False
        for line in cell.source.splitlines():
            marker = MARKER.search(line)
            if marker:
                inside = marker[1] == "BEGIN"
            elif inside or whole:
                hidden.add(line.strip())
            else:
                shown.append(line.strip())
    return {line for line in hidden if len(line) >= SHORTEST}, "\n".join(shown)


def _solution_without_markers(cell: Any) -> bool:
    """Whether nbgrader clears the whole cell."""
    return cell.metadata.get("nbgrader", {}).get("solution", False) and not MARKER.search(
        cell.source
    )


def files(folder: Path) -> Iterator[Path]:
    """All files below a folder, but for what Jupyter and Python leave behind."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not OF_NO_INTEREST & set(path.relative_to(folder).parts):
            yield path


def leaks(hidden: set[str], shown: str, path: Path) -> list[str]:
    """What in a file should not be there: markers, and hidden lines that are shown nowhere."""
    text = readable(path)
    marker = MARKER.search(text)
    lines = sorted(line for line in hidden if line in text and line not in shown)
    return ([marker.group()] if marker else []) + lines


def readable(path: Path) -> str:
    """The text of a file; of a notebook every string in it, without JSON's escapes."""
    return as_text(path.read_bytes(), path.suffix)


def as_text(data: bytes, suffix: str) -> str:
    """The same of a file's contents."""
    text = data.decode("utf-8", errors="replace")
    if suffix != ".ipynb":
        return text
    try:
        return "\n".join(_strings(json.loads(text)))
    except json.JSONDecodeError:
        return text


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        yield "".join(value) if all(isinstance(v, str) for v in value) else ""
        for item in value:
            yield from _strings(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _strings(item)
