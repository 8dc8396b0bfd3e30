"""Which files a release consists of, and the manifest that names them."""

import hashlib
import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from interp_course.course import START, CourseError, Unit

MANIFEST = "release.json"
FORMAT = 1

_ON_TOP = ("LICENSE", "constraints.txt", "environment.yml", "nbgrader_config.py", "pyproject.toml")
_FOR_STUDENTS = {"README.md": "student_readme.txt", "Makefile": "student_makefile.txt"}
_TEMPLATES = ("interp_course", "releasing")
_DOCS = (
    *("bibliography.toml", "glossary.md", "methods.md", "notation.md", "performance.md"),
    *("student.md", "world.md"),
)
_MODEL_CARDS = "models/*.md"
_KINDS = {".html", ".css", ".js", ".json", ".py", ".safetensors", ".toml"}
_LEFTOVERS = {".ipynb_checkpoints", "__pycache__", ".DS_Store", "Thumbs.db"}


class ReleaseError(CourseError):
    """A release cannot be made or written; the message says why, and what to do."""


@dataclass(frozen=True)
class Release:
    """The files that students get, in memory."""

    version: str
    """The version of the course, from ``pyproject.toml``."""
    units: tuple[str, ...]
    """The folder names of the units in it."""
    files: Mapping[str, bytes]
    """The contents by path, with slashes; without the manifest."""

    def manifest(self) -> bytes:
        """The text of ``release.json``: version, units, and the sha256 of every file."""
        entry = {
            "format": FORMAT,
            "course": "interp-course",
            "version": self.version,
            "units": list(self.units),
            "files": {path: sha256(data) for path, data in sorted(self.files.items())},
        }
        return f"{json.dumps(entry, indent=1)}\n".encode()


def sha256(data: bytes) -> str:
    """The digest of a file's contents, in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def collect(root: Path, units: Sequence[Unit]) -> Release:
    """Read everything that a release with these units consists of.

    Only what is named here goes in, so a note that lies about in ``course/`` does not.

    Raises:
        ReleaseError: If a file is missing, or one in the package is of an unexpected kind.
    """
    notebooks = [unit.student(root) for unit in units]
    paths = [
        *(root / name for name in _ON_TOP),
        root / "course" / "course.toml",
        root / "course" / f"{START}.ipynb",
        *notebooks,
        *_package(root),
        *(root / "docs" / name for name in _DOCS),
        *sorted((root / "docs").glob(_MODEL_CARDS)),
    ]
    files = {path.relative_to(root).as_posix(): _read(path) for path in paths}
    for name, template in _FOR_STUDENTS.items():
        files[name] = _read(root.joinpath(*_TEMPLATES, template))
    version = tomllib.loads(files["pyproject.toml"].decode())["project"]["version"]
    return Release(version, tuple(u.folder for u in units), dict(sorted(files.items())))


def _package(root: Path) -> Iterator[Path]:
    for path in _files(root / "interp_course"):
        if path.suffix not in _KINDS and path.name not in _FOR_STUDENTS.values():
            raise ReleaseError(
                f"{path.relative_to(root)} is no file of the package; expected are "
                f"{', '.join(sorted(_KINDS))}: move it out of interp_course/"
            )
        yield path


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not _LEFTOVERS & set(path.relative_to(folder).parts):
            yield path


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ReleaseError(
            f"{path} is missing: a release is made from a complete copy of the course's repository"
        ) from None


def parse_manifest(data: bytes, place: Path) -> dict[str, Any]:
    """The contents of a ``release.json``, whose paths are safe to follow.

    Args:
        data: The file's contents.
        place: Where it was found, for the message.

    Raises:
        ReleaseError: If it is damaged, of a newer format, or names a path outside its folder.
    """
    try:
        entry = json.loads(data)
        sound = entry["format"] == FORMAT and all(map(_is_inside, entry["files"]))
        entry["units"] = [str(unit) for unit in entry["units"]]
    except (ValueError, KeyError, TypeError):
        sound, entry = False, {}
    if not sound:
        raise ReleaseError(
            f"{place} is damaged, or from another version of interp-course: release into a new "
            "folder"
        )
    return entry


def _is_inside(path: str) -> bool:
    parts = path.split("/")
    return "\\" not in path and ":" not in path and not {"", ".", ".."} & set(parts)
