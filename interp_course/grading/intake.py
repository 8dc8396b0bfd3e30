"""Find the submissions in a folder ``student/assignment/notebook.ipynb`` and read each one.

Nothing here runs a student's code or changes a file. What cannot be graded is refused with
its reason, and the rest goes on.
"""

import json
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from interp_course import course
from interp_course.course import CourseError, Unit

LARGEST_NOTEBOOK, MOST_CELLS = 20_000_000, 2_000
IGNORED_FOLDERS = ("__MACOSX", "__pycache__")


class Refused(Exception):
    """A submission that cannot be graded; the message is the reason and what to do."""


@dataclass(frozen=True)
class Submission:
    """One folder of one student, as found on disk."""

    student: str
    """The name of the student's folder, as `shown`."""
    assignment: str
    """The name of the assignment's folder; empty if the student handed in none."""
    folder: Path
    unit: Unit | None = None
    """The unit it answers; None if there is no such unit."""
    refusal: str | None = None
    """Why the folder cannot be graded, if that is clear without reading the notebook."""


def shown(name: str) -> str:
    """A file's name as text that can be written: what is no UTF-8 becomes the bytes' numbers."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def find(submissions: Path, root: Path) -> tuple[list[Submission], list[str]]:
    """All submissions in a folder, in alphabetical order, and remarks on what else lies there.

    Raises:
        CourseError: If the folder is missing or holds no student's folder.
    """
    if not submissions.is_dir():
        raise CourseError(f"there is no folder {submissions}: pass the folder of submissions")
    found, remarks = [], []
    for entry in sorted(submissions.iterdir()):
        if entry.name.startswith(".") or entry.name in IGNORED_FOLDERS:
            continue
        if entry.is_dir() and not entry.is_symlink():
            found.extend(_of_student(entry, root))
        else:
            kind = "a symbolic link" if entry.is_symlink() else "a file"
            remarks.append(f"{shown(entry.name)} is {kind}, not a student's folder: left out")
    if not found:
        raise CourseError(
            f"{submissions} holds no student's folder; "
            "expected student/assignment/notebook.ipynb below it"
        )
    return found, remarks


def _of_student(folder: Path, root: Path) -> list[Submission]:
    entries = [e for e in sorted(folder.iterdir()) if not e.name.startswith(".")]
    entries = [e for e in entries if e.name not in IGNORED_FOLDERS]
    inside = [e for e in entries if e.is_dir() or e.is_symlink()]
    if not inside:
        loose = [shown(e.name) for e in entries if e.suffix == ".ipynb"]
        what = f"{loose[0]} lies outside an assignment's folder" if loose else "the folder is empty"
        example = course.units(root)[0].folder
        reason = f"{what}: expected {shown(folder.name)}/{example}/ or another unit's folder"
        return [Submission(shown(folder.name), "", folder, refusal=reason)]
    taken: dict[str, str] = {}
    return [_of_assignment(shown(folder.name), entry, root, taken) for entry in inside]


def _of_assignment(student: str, folder: Path, root: Path, taken: dict[str, str]) -> Submission:
    name = shown(folder.name)
    if folder.is_symlink():
        reason = "the folder is a symbolic link: hand in a real folder"
        return Submission(student, name, folder, refusal=reason)
    try:
        unit = course.unit(root, name)
    except CourseError:
        return Submission(student, name, folder, refusal=_unknown(name, root))
    if unit.slug in taken:
        reason = f"{taken[unit.slug]} is the same unit: hand in one of the two"
        return Submission(student, name, folder, unit, reason)
    taken[unit.slug] = name
    return Submission(student, name, folder, unit)


def _unknown(name: str, root: Path) -> str:
    folders = [unit.folder for unit in course.units(root)]
    by_name = {unit.slug: unit.folder for unit in course.units(root)} | {f: f for f in folders}
    near = get_close_matches(name, by_name, n=1, cutoff=0.5)
    hint = f"did you mean {by_name[near[0]]}?" if near else f"units: {', '.join(folders)}"
    return f"there is no unit {name!r}: {hint}"


def read(submission: Submission) -> dict[str, Any]:
    """The submitted notebook as plain JSON data, checked for what can be said about a file.

    Raises:
        Refused: If the notebook is missing, a link, too large, or not a notebook.
    """
    if submission.refusal is not None:
        raise Refused(submission.refusal)
    assert submission.unit is not None, "a submission that is not refused has a unit"
    path = _notebook(submission.folder, f"{submission.unit.slug}.ipynb")
    try:
        content = json.loads(path.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise Refused(f"{path.name} is not UTF-8 text (byte {error.start})") from error
    except (ValueError, RecursionError) as error:
        raise Refused(f"{path.name} is not valid JSON: {error}") from error
    except OSError as error:
        raise Refused(f"{path.name} cannot be read: {error.strerror}") from error
    return _notebook_content(path.name, content)


def other_files(submission: Submission) -> list[str]:
    """Files beside the notebook, which are not graded."""
    assert submission.unit is not None, "only asked for submissions that were read"
    names = (shown(entry.name) for entry in sorted(submission.folder.iterdir()))
    return [n for n in names if n != f"{submission.unit.slug}.ipynb" and not n.startswith(".")]


def _notebook(folder: Path, name: str) -> Path:
    path = folder / name
    if path.is_symlink():
        raise Refused(f"{name} is a symbolic link: hand in the file itself")
    if path.is_dir():
        raise Refused(f"{name} is a folder: hand in the notebook itself")
    if not path.is_file():
        others = sorted(shown(p.name) for p in folder.glob("*.ipynb"))
        hint = f"; there is {others[0]!r}: rename it if that is the one" if others else ""
        raise Refused(f"{name} is missing{hint}")
    size = path.stat().st_size
    if size > LARGEST_NOTEBOOK:
        raise Refused(
            f"{name} has {size / 1e6:.0f} MB, the limit is {LARGEST_NOTEBOOK / 1e6:.0f} MB: "
            "clear the outputs and save it again"
        )
    return path


def _notebook_content(name: str, content: Any) -> dict[str, Any]:
    if not isinstance(content, dict) or not isinstance(content.get("nbformat"), int):
        raise Refused(f"{name} is JSON, but not a notebook")
    version = content["nbformat"]
    if version != 4:
        age = "old" if version < 4 else "new"
        raise Refused(
            f"{name} is in the too {age} notebook format {version}, expected 4: "
            "open it in JupyterLab and save it again"
        )
    if not isinstance(content.get("cells"), list):
        raise Refused(f"{name} has no list of cells")
    if len(content["cells"]) > MOST_CELLS:
        number = len(content["cells"])
        raise Refused(f"{name} has {number:,} cells, the limit is {MOST_CELLS:,}")
    return content
