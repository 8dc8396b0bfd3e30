"""What a run leaves behind: changed files and running processes."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

SMALL = 1_000_000
CACHES = {"__pycache__", ".pytest_cache", ".ruff_cache", ".venv"}
GIT = {"config", "hooks"}
"""Of a repository's own folder, the rest of which any command of git changes."""
Files = dict[Path, tuple[int, ...] | str]


def files(*places: Path) -> Files:
    """Size, time, mode and, where it is small, the content of every file; of a link its target."""
    return {path: _state(path) for place in places for path in _below(place)}


def _below(place: Path) -> Iterable[Path]:
    for folder, inner, names in os.walk(place):
        inner[:] = [name for name in inner if name not in CACHES]
        if Path(folder).name == ".git":
            inner[:], names = [n for n in inner if n in GIT], [n for n in names if n in GIT]
        yield from (Path(folder, name) for name in [*names, *inner])


def _state(path: Path) -> tuple[int, ...] | str:
    found = path.lstat()
    if path.is_symlink():
        return os.readlink(path)
    if path.is_dir() or not path.is_file():
        return (found.st_mode, found.st_uid)
    digest = 0
    if found.st_size <= SMALL:
        digest = int.from_bytes(hashlib.sha256(path.read_bytes()).digest())
    return (found.st_mode, found.st_uid, found.st_size, found.st_mtime_ns, digest)


def processes(*marks: str) -> list[str]:
    """The processes whose command line or mounts name one of these texts."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            text = _read(entry / "cmdline") + _read(entry / "mountinfo")
            if any(mark in text for mark in marks):
                found.append(f"{entry.name} {_read(entry / 'cmdline')}")
    return found


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:  # it has just ended, or belongs to somebody else
        return ""
