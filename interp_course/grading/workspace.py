"""The folder that a batch writes: an nbgrader course of its own, never left half made."""

import contextlib
import fcntl
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Collection, Iterator
from contextlib import closing
from pathlib import Path

from nbformat import NotebookNode

from interp_course.course import CourseError, Unit
from interp_course.grading import formgrader, scores
from interp_course.grading.runner import SECRET_FILE, read_secret, register
from interp_course.grading.work import Kit, pack

_LOCK, _NEW = ".grading", ".new-"
"""The file that marks a folder as ours and that a running batch locks; a folder being made."""


def opened(out: Path, submissions: Path) -> Path:
    """The folder ``out``, which is new or of an earlier run.

    Raises:
        CourseError: If it cannot be used.
    """
    out, submissions = out.resolve(), submissions.resolve()
    if out.is_relative_to(submissions) or submissions.is_relative_to(out):
        raise CourseError(f"{out} and {submissions} must not contain each other: choose another")
    if re.search(r"[*?\[\]]", str(out)):
        raise CourseError(f"{out}: nbgrader cannot work in a path with *, ?, [ or ]")
    if out.exists() and not out.is_dir():
        raise CourseError(f"{out} is a file: choose another folder")
    if out.exists() and any(out.iterdir()) and not (out / _LOCK).exists():
        raise CourseError(f"{out} is not empty and not from an earlier run: choose another folder")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(out, error) from error
    return out


def _unwritable(out: Path, error: OSError) -> CourseError:
    return CourseError(f"{out} cannot be written ({error}): choose another folder")


@contextlib.contextmanager
def locked(workspace: Path) -> Iterator[None]:
    """Keep others from grading into the same folder, and clear up what a killed one has left.

    Raises:
        CourseError: If another process is grading into it.
    """
    try:
        lock = (workspace / _LOCK).open("w")
    except OSError as error:
        raise _unwritable(workspace, error) from error
    with lock as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CourseError(f"another run is grading into {workspace}: wait for it") from error
        for left in workspace.glob(f"{_NEW}*"):  # of a run that was killed
            shutil.rmtree(left, ignore_errors=True)
        yield


def registered(
    workspace: Path, root: Path, units: Collection[Unit]
) -> tuple[Kit, dict[str, NotebookNode]]:
    """Register units in the workspace, in one step: an interrupted run leaves it whole.

    Raises:
        CourseError: If its gradebook or a unit cannot be used, or it cannot be written.
    """
    if not units:
        return Kit({}), {}
    formgrader.write_settings(workspace)
    gradebook = workspace / "gradebook.db"
    with tempfile.TemporaryDirectory(dir=workspace, prefix=_NEW) as name:
        fresh, kept = Path(name, "fresh"), Path(name, "kept")
        fresh.mkdir()
        releases = {unit.slug: prepare(fresh, root, unit) for unit in units}
        read_secret(workspace / SECRET_FILE)
        shutil.copyfile(workspace / SECRET_FILE, fresh / SECRET_FILE)
        kit = pack(fresh, units)
        if gradebook.exists():
            kept.mkdir()
            _copy_database(gradebook, kept / gradebook.name)
            _see_that_it_fits(kept / gradebook.name, fresh / gradebook.name, gradebook)
            for unit in units:
                prepare(kept, root, unit)
        else:
            kept = fresh
        for step in ("source", "release"):
            for unit in units:
                target = workspace / step / unit.folder
                shutil.rmtree(target, ignore_errors=True)
                shutil.copytree(kept / step / unit.folder, target)
        (kept / gradebook.name).replace(gradebook)
    return kit, releases


def _copy_database(source: Path, target: Path) -> None:
    """A copy without what a killed run has written half.

    Raises:
        CourseError: If the database is damaged.
    """
    try:
        with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
            old.backup(new)
            found = [line for (line,) in new.execute("pragma integrity_check")]
    except sqlite3.DatabaseError as error:
        found = [str(error)]
    if found != ["ok"]:
        raise CourseError(
            f"{source} is damaged ({found[0]}) and was left as it is: put a copy of it back, or "
            "grade into a new folder"
        )


def _see_that_it_fits(old: Path, new: Path, gradebook: Path) -> None:
    """Compare a gradebook with one that has just been made.

    Raises:
        CourseError: If the old one is of another version of nbgrader.
    """
    if _version(old) != _version(new):
        raise CourseError(
            f"{gradebook} is of another version of nbgrader and was left as it is: run "
            f"`nbgrader db upgrade` in {gradebook.parent}, or grade into a new folder"
        )


def _version(gradebook: Path) -> str | None:
    """Of the tables; None if it does not say."""
    with closing(sqlite3.connect(gradebook)) as book:
        try:
            return book.execute("select version_num from alembic_version").fetchone()[0]
        except (sqlite3.DatabaseError, TypeError):
            return None


def prepare(workspace: Path, root: Path, unit: Unit) -> NotebookNode:
    """Register a unit in a workspace; returns the notebook that students received.

    Raises:
        CourseError: If the reference notebook is missing or nbgrader does not take it.
    """
    solution = unit.solution(root)
    if not solution.is_file():
        raise CourseError(f"{solution} is missing: run `interp-course build {unit.slug}` first")
    source = workspace / "source" / unit.folder
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(
        solution.parent, source, ignore=shutil.ignore_patterns("*.py", ".*", "__pycache__")
    )
    outcome = register(workspace, unit.folder)
    if outcome.failure is not None:
        raise CourseError(
            f"nbgrader did not take unit {unit.folder}: {outcome.failure}. If {workspace} was "
            "made with an earlier version of this unit, grade into a new folder"
        )
    return scores.release(workspace, unit)
