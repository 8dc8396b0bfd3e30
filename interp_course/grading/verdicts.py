"""The verdicts on one notebook as a file beside it, for reports."""

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

SUFFIX = ".verdicts.json"
VERSION = 1
NO_REPLY = "no reply"
"""The flag of a cell whose answer could not be asked for, as when a function was deleted."""


@dataclass(frozen=True)
class ExerciseVerdict:
    """What became of one exercise of a graded cell."""

    name: str
    passed: bool
    message: str
    mistake: str | None = None
    """The sentence of the known mistake, if one was recognised."""
    seeds: tuple[int, ...] = ()
    """From which the inputs were drawn."""


@dataclass(frozen=True)
class CellVerdict:
    """What became of one graded cell."""

    passed: bool
    decided: Literal["outside", "inside"]
    """Outside of the student's process, or by what the cell did in it: that can be forged."""
    exercises: tuple[ExerciseVerdict, ...] = ()
    flags: tuple[str, ...] = ()
    """What an instructor should look at, such as "kernel died"."""


@dataclass(frozen=True)
class NotebookVerdicts:
    """What became of one submitted notebook."""

    student: str
    assignment: str
    notebook: str
    instance: int
    cells: Mapping[str, CellVerdict] = field(default_factory=dict)
    """By ``grade_id``, in the notebook's order."""
    flags: tuple[str, ...] = ()
    """Of cells that are not graded."""

    def notes(self) -> tuple[str, ...]:
        """What an instructor should know of, for each cell in which something happened."""
        of_graded = tuple(
            f"{flag} in {name}"
            for name, cell in self.cells.items()
            for flag in cell.flags
            if cell.decided == "outside" and flag != NO_REPLY
        )
        return (*self.flags, *of_graded)


def path_of(notebook: Path) -> Path:
    """Where the verdicts on an autograded notebook lie."""
    return notebook.with_name(f"{notebook.stem}{SUFFIX}")


def save(verdicts: NotebookVerdicts, path: Path) -> None:
    """Write a file anew: a link that lies in its place is replaced, not followed."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".verdicts-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump({"version": VERSION, **asdict(verdicts)}, file, indent=1)
    os.replace(name, path)


def load(path: Path) -> NotebookVerdicts:
    """Read a file that `save` wrote.

    Raises:
        ValueError: If it is not such a file.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        version = content.pop("version")
        if version != VERSION:
            raise ValueError(f"{path}: version {version}, expected {VERSION}: grade again")
        content["cells"] = {name: _cell(cell) for name, cell in content["cells"].items()}
        return NotebookVerdicts(**{**content, "flags": tuple(content["flags"])})
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} holds no verdicts: {error}") from error


def _cell(content: dict) -> CellVerdict:
    exercises = tuple(
        ExerciseVerdict(**{**entry, "seeds": tuple(entry["seeds"])})
        for entry in content["exercises"]
    )
    return CellVerdict(content["passed"], content["decided"], exercises, tuple(content["flags"]))
