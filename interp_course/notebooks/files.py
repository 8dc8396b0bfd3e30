"""The files of a unit, and the digest that tells whether one was edited after it was built."""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from interp_course import course
from interp_course.course import START, CourseError, Unit

UNDIGESTED = {"id", "execution_count"}


class BuildError(CourseError):
    """A notebook could not be built; the message says why, and what to do."""


@dataclass(frozen=True)
class Target:
    """The three files of one unit, or of the start page (which has no `Unit`)."""

    name: str
    source: Path
    solution: Path
    student: Path
    unit: Unit | None = None

    @property
    def command(self) -> str:
        """The command that makes both notebooks anew."""
        return f"interp-course build {self.name}"


def targets(root: Path, name: str | None = None) -> list[Target]:
    """What there is to build: one unit (or the start page), or all with the start page last.

    Raises:
        CourseError: If there is no unit of this name.
    """
    if name == START:
        return [_start_page(root)]
    chosen = course.units(root) if name is None else [course.unit(root, name)]
    made = [Target(u.slug, u.source(root), u.solution(root), u.student(root), u) for u in chosen]
    return made if name else [*made, _start_page(root)]


def _start_page(root: Path) -> Target:
    source = root / "solutions" / f"{START}.py"
    return Target(START, source, source.with_suffix(".ipynb"), root / "course" / f"{START}.ipynb")


def node(value: dict[str, Any]) -> Any:
    """A copy of a dictionary of the kind that nbformat uses."""
    from nbformat import from_dict

    return from_dict(value)


def to_text(notebook: Any) -> str:
    """The notebook as nbgrader, too, would write it."""
    import nbformat

    return nbformat.writes(notebook)


def from_text(text: str) -> Any:
    """The notebook in a file's text.

    Raises:
        ValueError: If the text is not a notebook.
    """
    import nbformat

    try:
        return nbformat.reads(text, as_version=4)
    except Exception as error:  # nbformat raises many kinds
        raise ValueError(f"not a notebook: {error}") from error


def digest(notebook: Any) -> str:
    """A sha256 over what a person can change in the cells: not the ids, nor the counts."""
    cells = [
        {key: value for key, value in cell.items() if key not in UNDIGESTED}
        for cell in from_text(to_text(notebook)).cells
    ]
    return hashlib.sha256(json.dumps(cells, sort_keys=True).encode()).hexdigest()


def edited(path: Path) -> bool:
    """Whether a file was made by hand, or changed after it was built."""
    try:
        notebook = from_text(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return False
    except ValueError:
        return True
    return digest(notebook) not in notebook.metadata.get("interp_course", {}).values()


def refuse_to_lose_edits(paths: list[Path], root: Path) -> None:
    """Raise if one of these files holds something that is not in its source.

    Raises:
        BuildError: Names the files.
    """
    lost = [str(path.relative_to(root)) for path in paths if edited(path)]
    if lost:
        raise BuildError(
            f"edited since it was built: {', '.join(lost)}. A student's answers may be in there. "
            "Nothing was changed. Copy elsewhere what must be kept, then overwrite with --force"
        )


def write(path: Path, text: str) -> None:
    """Replace a file in one step: a reader sees the old text or the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(f"{path.suffix}.part")
    half.write_text(text, encoding="utf-8")
    os.replace(half, path)
