"""Grade a whole folder of submissions: one failure never touches another submission.

Everything is written below one output folder, which is an nbgrader course of its own::

    OUT/source, OUT/release      the units, with and without solutions
    OUT/submitted                mended copies of the submissions (the originals stay as they are)
    OUT/autograded               the executed notebooks
    OUT/gradebook.db             nbgrader's gradebook
    OUT/nbgrader_config.py       its settings, for Formgrader
    OUT/logs                     what nbgrader said, one file per submission
    OUT/journal                  what has been graded, one file per submission

Workers run submissions in folders of their own (`work`); only this process writes to OUT. A run
that was interrupted, at any moment, goes on when it is started again: what is in the journal is
not run a second time.
"""

import contextlib
import hashlib
import re
import shutil
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from interp_course import course, runtime
from interp_course.course import CourseError, Unit
from interp_course.grading import crew as crews
from interp_course.grading import flags, intake, journal, scores, storing
from interp_course.grading.crew import Crew
from interp_course.grading.intake import Refused, Submission
from interp_course.grading.mending import mend
from interp_course.grading.results import Batch, Result, Status
from interp_course.grading.runner import Runner, UnsandboxedRunner
from interp_course.grading.scores import CellScore
from interp_course.grading.work import Delivery, Kit, Order
from interp_course.grading.workspace import locked, opened, registered

Progress = Callable[[int, int, str], None]
"""Called with (submissions done, submissions in all, the one that is done or comes next)."""

LONGEST_NAME = 100
"""Bytes in the name of a student's folder; file names are made from it."""
_PLAIN_NAME = re.compile(r"[\w.@-]+( [\w.@-]+)*")
_UNUSUAL = re.compile(r"[^\w.@-]+")
_MADE_NAME = re.compile(r".*_.*-[0-9a-f]{6}")


def grade(
    submissions: Path,
    out: Path,
    root: Path,
    *,
    only: Collection[str] = (),
    runner: Runner | None = None,
    crew: Crew = crews.alone,
    again: bool = False,
    progress: Progress = lambda done, total, what: None,
) -> Batch:
    """Grade every submission in a folder laid out as ``student/assignment/notebook.ipynb``.

    Args:
        submissions: The folder; nothing in it is changed.
        out: Where all files of this run go: a new folder, or one of an earlier run.
        root: The course's root.
        only: Slugs or folder names of units; submissions to other units are left out.
        runner: What executes a submission; by default `UnsandboxedRunner`.
        crew: Who does the work; by default this process alone.
        again: Also run what the journal says has been graded. What failed is always run again.
        progress: Called before the first submission, and after each.

    Raises:
        CourseError: If a folder is missing or cannot be used, a unit cannot be registered, or
            another run is grading into the same folder.
    """
    found, remarks = intake.find(submissions, root)
    wanted = {course.unit(root, name).slug for name in only}
    found = [s for s in found if not wanted or (s.unit is not None and s.unit.slug in wanted)]
    if not found:
        raise CourseError(f"{submissions} holds no submission to {', '.join(sorted(wanted))}")
    workspace = opened(out, submissions)
    units = {s.unit.slug: s.unit for s in found if s.unit is not None}
    with locked(workspace):
        kit, releases = registered(workspace, root, units.values())
        desk = _Desk(workspace, kit, releases, again, _instances(runner))
        progress(0, len(found), "")
        results: dict[int, Result] = {}
        for number, result in _results(desk, found, runner or UnsandboxedRunner(), crew):
            results[number] = result
            progress(len(results), len(found), f"{result.student} · {result.assignment}")
    return Batch(workspace, tuple(results[n] for n in range(len(found))), tuple(remarks))


@dataclass(frozen=True)
class _Desk:
    """Takes submissions in and stores what comes back; the only writer of the workspace."""

    workspace: Path
    kit: Kit
    releases: dict[str, NotebookNode]
    again: bool
    drawn: str
    """Which instances the students have: another one is graded anew."""
    owners: dict[str, Path] = field(default_factory=dict)
    """Whose folder each name in the workspace stands for."""

    def take_in(self, submission: Submission) -> "Result | _Taken":
        """What is known of a submission already, or an order for a worker."""
        if submission.unit is None:
            return _refused(submission, (), submission.refusal or "")
        unit, release = submission.unit, self.releases[submission.unit.slug]
        student = folder_name(submission.student)
        owner = self.owners.setdefault(student, submission.folder.parent)
        if owner != submission.folder.parent:
            reason = f"the name cannot be told from {intake.shown(owner.name)!r}: rename the folder"
            return _refused(submission, scores.unearned(release), reason)
        try:
            content = intake.read(submission)
            notebook, notes = mend(content, release)
        except Refused as reason:
            if submission.refusal is None:
                self._forget(student, unit)
            return _refused(submission, scores.unearned(release), str(reason))
        notes += _note_on_files(intake.other_files(submission))
        text = nbformat.writes(notebook)
        key = journal.key(text, *notes, self.kit.digest(unit), self.drawn)
        known = journal.find(self.workspace / "journal", f"{student} {unit.folder}", key)
        if known is not None and known.status == "graded" and not self.again:
            # A person may have graded since.
            cells = scores.earned(self.workspace, student, unit, release)
            return replace(known, cells=cells)
        taken = _Taken(submission, Order(student, unit, text), key, tuple(notes))
        try:
            self._forget(student, unit)
            target = self.workspace / "submitted" / student / unit.folder / f"{unit.slug}.ipynb"
            target.parent.mkdir(parents=True)
            target.write_text(text, encoding="utf-8")
        except storing.ERRORS as error:
            return self._not_stored(taken, error)
        return taken

    def store(self, taken: "_Taken", delivery: Delivery) -> Result:
        """Keep what came back; where that is impossible, the result says why."""
        try:
            return self._stored(taken, delivery)
        except storing.ERRORS as error:
            with contextlib.suppress(*storing.ERRORS):
                self._forget(taken.order.student, taken.order.unit)
            return self._not_stored(taken, error)

    def _stored(self, taken: "_Taken", delivery: Delivery) -> Result:
        """Files first, then the gradebook, then the journal."""
        order, unit = taken.order, taken.order.unit
        name = f"{order.student} {unit.folder}"
        _write_log(self.workspace / "logs" / f"{name}.log", delivery.outcome.log)
        failure = delivery.outcome.failure
        if failure is None:
            scores.store(self.workspace, order.student, unit, delivery.files)
            cells = scores.earned(self.workspace, order.student, unit, self.releases[unit.slug])
            notes = (*delivery.notes, *taken.notes)
            result = _result(taken.submission, "graded", cells, notes)
        else:
            result = self._failed(taken, f"could not be run to the end: {failure}")
        journal.write(self.workspace / "journal", name, taken.key, result)
        return result

    def _failed(self, taken: "_Taken", why: str) -> Result:
        zero = scores.unearned(self.releases[taken.order.unit.slug])
        return _result(taken.submission, "failed", zero, (why, *taken.notes))

    def _not_stored(self, taken: "_Taken", error: Exception) -> Result:
        return self._failed(taken, f"could not be stored: {storing.reason(error)}")

    def _forget(self, student: str, unit: Unit) -> None:
        """Remove what an earlier run left of this submission."""
        journal.drop(self.workspace / "journal", f"{student} {unit.folder}")
        for step in ("submitted", "autograded"):
            shutil.rmtree(self.workspace / step / student / unit.folder, ignore_errors=True)
        scores.forget(self.workspace, student, unit)


@dataclass(frozen=True)
class _Taken:
    """A submission that waits for a worker."""

    submission: Submission
    order: Order
    key: str
    notes: tuple[str, ...]


def _results(
    desk: _Desk, found: Sequence[Submission], runner: Runner, crew: Crew
) -> Iterator[tuple[int, Result]]:
    """The number of each submission and what became of it, as it becomes known."""
    waiting: dict[tuple[str, str], tuple[int, _Taken]] = {}
    known: list[tuple[int, Result]] = []

    def orders() -> Iterator[Order]:
        names: dict[str, str] = {}
        for number, submission in enumerate(found):
            folder = folder_name(submission.student)
            other = names.setdefault(folder, submission.student)
            if other != submission.student:
                text = f"{other!r} has the same name for nbgrader, {folder!r}: rename one of them"
                known.append((number, _refused(submission, (), text)))
                continue
            taken = desk.take_in(submission)
            if isinstance(taken, Result):
                known.append((number, taken))
            else:
                waiting[taken.order.student, taken.order.unit.folder] = number, taken
                yield taken.order

    for order, delivery in crew(orders(), desk.kit, runner):
        number, taken = waiting.pop((order.student, order.unit.folder))
        yield number, desk.store(taken, delivery)
        while known:
            yield known.pop(0)
    yield from known


def _instances(runner: Runner | None) -> str:
    common = getattr(runner, "instance", None)
    common = runtime.instance() if common is None else common
    return f"{getattr(runner, 'instances', 'same')} {common}"


def folder_name(student: str) -> str:
    """The student's name where nbgrader can use it as a folder name and file pattern.

    Other names, and those that look as if they had been made here, get their unusual characters
    replaced, are cut if they are long, and get a suffix that keeps them apart.
    """
    fits = len(student.encode()) <= LONGEST_NAME
    if fits and _PLAIN_NAME.fullmatch(student) and not _MADE_NAME.fullmatch(student):
        return student
    digest = hashlib.sha256(student.encode()).hexdigest()[:6]
    short = _UNUSUAL.sub("_", student).encode()[: LONGEST_NAME - 8].decode(errors="ignore")
    return f"{short}_-{digest}" if "_" not in short else f"{short}-{digest}"


def _refused(submission: Submission, cells: tuple[CellScore, ...], reason: str) -> Result:
    return _result(submission, "refused", cells, (reason,))


def _result(
    submission: Submission, status: Status, cells: tuple[CellScore, ...], notes: Sequence[str]
) -> Result:
    name = submission.unit.folder if submission.unit else submission.assignment
    raised = flags.flags_of(status, notes, cells)
    return Result(submission.student, name, status, cells, tuple(notes), raised)


def _note_on_files(names: Sequence[str]) -> list[str]:
    if not names:
        return []
    shown = ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
    return [f"{len(names)} other file(s) not taken: {shown}"]


def _write_log(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
