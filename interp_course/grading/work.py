"""What a worker does with one submission, in a folder of its own, on this machine or another.

A worker gets all it needs by value: the `Kit`, which is the course as nbgrader wants it, and
an `Order`, which is one mended notebook. It returns what came out as a `Delivery` and writes
nothing anywhere else, so that only one process ever writes a gradebook that counts.
"""

import atexit
import functools
import hashlib
import shutil
import tempfile
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from interp_course.course import Unit
from interp_course.grading import storing, verdicts
from interp_course.grading.runner import SECRET_FILE, Job, Outcome, Runner

LARGEST_FILE = 50_000_000
_FOLDERS = ("source", "release")
_COMPLETE = ".complete"
"""Marks a copy of the kit that was written to the end."""


@dataclass(frozen=True)
class Kit:
    """An nbgrader course with units and no students, as files."""

    files: dict[str, bytes] = field(repr=False)
    """What each file holds, by its path below the course."""

    def digest(self, unit: Unit | None = None) -> str:
        """Tells kits apart whose notebooks (or those of one unit) differ in anything.

        That of the whole kit also tells runs apart that draw other inputs.
        """
        folders = (*_FOLDERS, SECRET_FILE)
        if unit is not None:
            folders = tuple(f"{f}/{unit.folder}/" for f in _FOLDERS)
        whole = hashlib.sha256()
        for name, content in self.files.items():
            if name.startswith(folders):
                whole.update(f"{name} {len(content)}\n".encode() + content)
        return whole.hexdigest()


@dataclass(frozen=True)
class Order:
    """One submission that is to be run."""

    student: str
    """The name of the student's folder, as nbgrader can use it."""
    unit: Unit
    notebook: str = field(repr=False)
    """The mended notebook as text."""


@dataclass(frozen=True)
class Delivery:
    """What became of an order."""

    outcome: Outcome
    notes: tuple[str, ...] = ()
    """What an instructor should know of."""
    files: dict[str, bytes] = field(default_factory=dict, repr=False)
    """The executed notebook and what lies beside it, by file name."""


def pack(workspace: Path, units: Collection[Unit]) -> Kit:
    """The kit of a workspace in which these units have been registered."""
    paths = [workspace / "gradebook.db", workspace / SECRET_FILE]
    for unit in units:
        for folder in _FOLDERS:
            found = (workspace / folder / unit.folder).rglob("*")
            paths.extend(path for path in sorted(found) if path.is_file())
    return Kit({path.relative_to(workspace).as_posix(): path.read_bytes() for path in paths})


def do(order: Order, kit: Kit, runner: Runner) -> Delivery:
    """Run one submission in this process's own copy of the kit."""
    try:
        return _done(order, kit, runner)
    except OSError as error:  # of this machine: a runner does not raise
        return Delivery(Outcome(storing.reason(error)))


def _done(order: Order, kit: Kit, runner: Runner) -> Delivery:
    workspace = _unpacked(kit.digest())
    if not (workspace / _COMPLETE).exists():
        for name, content in kit.files.items():
            path = workspace / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        (workspace / _COMPLETE).touch()
    unit, student = order.unit, order.student
    target = workspace / "submitted" / student / unit.folder / f"{unit.slug}.ipynb"
    try:
        target.parent.mkdir(parents=True)
        target.write_text(order.notebook, encoding="utf-8")
        outcome = runner.run(Job(workspace, student, unit.folder))
        if outcome.failure is not None:
            return Delivery(outcome)
        folder = workspace / "autograded" / student / unit.folder
        notes = verdicts.load(folder / f"{unit.slug}{verdicts.SUFFIX}").notes()
        return Delivery(outcome, notes, _written(folder))
    finally:
        for step in ("submitted", "autograded"):
            shutil.rmtree(workspace / step / student, ignore_errors=True)


@functools.lru_cache(maxsize=1)
def _unpacked(digest: str) -> Path:
    """A folder of this process, which is gone when it ends."""
    folder = Path(tempfile.mkdtemp(prefix=f"interp-course-{digest[:8]}-")).resolve()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _written(folder: Path) -> dict[str, bytes]:
    """Plain files only: a link could point at anything."""
    found = [path for path in sorted(folder.iterdir()) if path.is_file() and not path.is_symlink()]
    return {path.name: path.read_bytes() for path in found if path.stat().st_size <= LARGEST_FILE}
