"""The file of a student's progress: where it is, and how several kernels write it at once.

It is an SQLite file in its write-ahead mode, with one row per event. A connection stays open as
long as its file is the one in the folder: opening costs a hundred times what a row costs.
"""

import atexit
import contextlib
import functools
import json
import os
import sqlite3
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from interp_course import course

VARIABLE = "INTERP_COURSE_PROGRESS"
"""``off``, or the file to use: then events are written outside of notebooks as well."""
GRADING = ("NBGRADER_EXECUTION", "INTERP_COURSE_INBOX")
"""Set where a grader runs a notebook; nothing is then written or read."""
PATIENCE_SECONDS = 2.0
LONGEST_ANSWER = 1000
_TABLE = """CREATE TABLE IF NOT EXISTS event (
    at TEXT NOT NULL, unit TEXT NOT NULL, exercise TEXT NOT NULL, passed INTEGER, answer TEXT
)"""
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_BESIDE = ("-wal", "-shm")

_T = TypeVar("_T")


class ProgressError(RuntimeError):
    """The progress cannot be read or put back to nothing; the message says why."""


@dataclass(frozen=True)
class Event:
    """One call of a check or a prediction."""

    at: datetime
    unit: str
    exercise: str
    passed: bool | None
    """None for a prediction, which is neither right nor wrong."""
    answer: Any = None


@dataclass
class _Open:
    connection: sqlite3.Connection
    identity: tuple[int, int, int]
    """Process, device and inode for which the connection was opened."""


_opened: dict[Path, _Open] = {}
_inherited: list[_Open] = []
"""Of the process before a fork: to close them here could damage what it writes."""
_lock = threading.RLock()


def where(root: Path | None = None) -> Path | None:
    """The file with the progress in a course; None if none is kept here.

    Args:
        root: The course's folder; None looks for it from the current folder.
    """
    setting = os.environ.get(VARIABLE, "").strip()
    if setting.lower() == "off" or any(name in os.environ for name in GRADING):
        return None
    if setting:
        return Path(setting).expanduser().absolute()
    if "PYTEST_VERSION" in os.environ:  # also in a kernel that a test has started
        return None
    return _folder() / f"{_course_name(root or Path.cwd())}.sqlite"


def record(unit: str, exercise: str, passed: bool | None, answer: Any = None) -> None:
    """Write down one event, in a notebook or where `VARIABLE` names a file; never raises.

    Args:
        unit: The slug.
        exercise: The name of the check.
        passed: None for a prediction.
        answer: What was answered to a quiz or a prediction; anything else is not kept.
    """
    with contextlib.suppress(Exception):  # no verdict may depend on a disk
        path = where() if _asked_for() or _in_a_kernel() else None
        if path is None:
            return
        kept = None if answer is None else json.dumps(answer, default=str)[:LONGEST_ANSWER]
        row = (_now().isoformat(), unit, exercise, passed, kept)
        _with(path, lambda c: c.execute("INSERT INTO event VALUES (?, ?, ?, ?, ?)", row))


def events(path: Path) -> list[Event]:
    """All events in a file, in order; none if there is no file.

    Raises:
        ProgressError: If it cannot be read, as when its folder is on a disk that is full.
    """
    if not path.exists():
        return []
    query = "SELECT at, unit, exercise, passed, answer FROM event ORDER BY rowid"
    try:
        rows = _with(path, lambda c: c.execute(query).fetchall())
    except (sqlite3.Error, OSError) as error:
        raise ProgressError(f"the progress in {path} cannot be read: {error}") from error
    return [
        Event(datetime.fromisoformat(at), unit, exercise, _truth(passed), _answer(answer))
        for at, unit, exercise, passed, answer in rows
    ]


def reset(path: Path, unit: str | None = None) -> Path:
    """Forget the events of a unit, or all; returns the copy in which they are still found.

    Raises:
        ProgressError: If there is no file, or no copy can be made; nothing is then forgotten.
    """
    if not path.exists():
        raise ProgressError(f"there is no progress in {path} to forget")
    copy = _dated(path)

    def forget(connection: sqlite3.Connection) -> None:
        connection.execute("VACUUM INTO ?", (str(copy),))
        connection.execute("DELETE FROM event WHERE ? IS NULL OR unit = ?", (unit, unit))

    try:
        _with(path, forget)
    except (sqlite3.Error, OSError) as error:
        raise ProgressError(f"the progress in {path} was left as it is: {error}") from error
    return copy


def close() -> None:
    """Close all files, as happens when Python ends."""
    with _lock:
        for path in list(_opened):
            _forget_connection(path)


atexit.register(close)


def _with(path: Path, work: Callable[[sqlite3.Connection], _T]) -> _T:
    """Do something with the file; if it is damaged, put it aside, say so, and do it with a new one.

    Raises:
        sqlite3.Error: If the file cannot be used.
        OSError: If its folder cannot be made.
    """
    with _lock:
        before = _identity(path)
        try:
            return work(_connection(path))
        except sqlite3.DatabaseError as error:
            _forget_connection(path)
            if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _DAMAGED:
                raise
        if _identity(path) == before:  # or else another kernel has just done it
            _set_aside(path)
        return work(_connection(path))


def _connection(path: Path) -> sqlite3.Connection:
    opened = _opened.get(path)
    if opened is not None and opened.identity == _identity(path):
        return opened.connection
    _forget_connection(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(
        path, timeout=PATIENCE_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA synchronous = NORMAL")
        with contextlib.suppress(sqlite3.OperationalError):  # another kernel is just doing this
            connection.execute("PRAGMA journal_mode = WAL").fetchone()
        connection.execute(_TABLE)
    except BaseException:
        connection.close()
        raise
    identity = _identity(path)
    assert identity is not None
    _opened[path] = _Open(connection, identity)
    return connection


def _identity(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return os.getpid(), found.st_dev, found.st_ino


def _forget_connection(path: Path) -> None:
    opened = _opened.pop(path, None)
    if opened is not None and opened.identity[0] == os.getpid():
        opened.connection.close()
    elif opened is not None:
        _inherited.append(opened)


def _set_aside(path: Path) -> None:
    aside = _dated(path, "damaged-")
    path.rename(aside)
    for ending in _BESIDE:
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + ending).rename(aside.with_name(aside.name + ending))
    print(  # noqa: T201
        f"(The file with your progress was damaged. It is now called {aside.name}, in "
        f"{aside.parent}, and a new one was begun. Your notebooks are untouched.)"
    )


def _dated(path: Path, word: str = "") -> Path:
    """A free name beside a file, with today's date."""
    stem = f"{path.stem}-{word}{_now().astimezone():%Y-%m-%d}"
    names = (f"{stem}{'' if n == 1 else f'-{n}'}{path.suffix}" for n in range(1, 10_000))
    return next(free for free in map(path.with_name, names) if not free.exists())


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _truth(passed: int | None) -> bool | None:
    return None if passed is None else bool(passed)


def _answer(text: str | None) -> Any:
    try:
        return None if text is None else json.loads(text)
    except ValueError:
        return text  # it was too long


def _asked_for() -> bool:
    return bool(os.environ.get(VARIABLE, "").strip())


def _in_a_kernel() -> bool:
    module = sys.modules.get("ipykernel.kernelapp")
    return module is not None and module.IPKernelApp.initialized()


def _folder() -> Path:
    import platformdirs

    return platformdirs.user_data_path("interp-course", appauthor=False) / "progress"


@functools.lru_cache(maxsize=64)
def _course_name(start: Path) -> str:
    try:
        return course.name(course.find_root(start))
    except course.CourseError:
        return course.UNNAMED
