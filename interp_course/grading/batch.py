"""Grade a whole folder of submissions: one failure never touches another submission.

Everything is written below one output folder, which is an nbgrader course of its own::

    OUT/source, OUT/release      the units, with and without solutions
    OUT/submitted                mended copies of the submissions (the originals stay as they are)
    OUT/autograded               the executed notebooks
    OUT/gradebook.db             nbgrader's gradebook
    OUT/nbgrader_config.py       its settings, for Formgrader
    OUT/logs                     what nbgrader said, one file per submission
"""

import hashlib
import re
import shutil
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import nbformat
from nbformat import NotebookNode

from interp_course import course
from interp_course.course import CourseError, Unit
from interp_course.grading import formgrader, intake, scores
from interp_course.grading.intake import Refused, Submission
from interp_course.grading.mending import mend
from interp_course.grading.runner import Job, Runner, UnsandboxedRunner, register
from interp_course.grading.scores import CellScore

Progress = Callable[[int, int, str], None]
"""Called with (submissions done, submissions in all, the one that comes next)."""

_PLAIN_NAME = re.compile(r"[\w.@-]+( [\w.@-]+)*")
_UNUSUAL = re.compile(r"[^\w.@-]+")


@dataclass(frozen=True)
class Result:
    """What became of one submission."""

    student: str
    assignment: str
    """The unit's folder name, or the name the student used if there is no such unit."""
    status: Literal["graded", "refused", "failed"]
    """Refused at intake, or failed while it ran: both score zero and say why in ``notes``."""
    cells: tuple[CellScore, ...] = ()
    """One per graded cell, in the notebook's order; empty for an unknown unit."""
    notes: tuple[str, ...] = ()

    @property
    def total(self) -> float:
        """The points earned."""
        return sum((cell.score for cell in self.cells), start=0.0)

    @property
    def maximum(self) -> float:
        """The points to be had."""
        return sum((cell.maximum for cell in self.cells), start=0.0)


@dataclass(frozen=True)
class Batch:
    """The results of one run."""

    out: Path
    results: tuple[Result, ...]
    remarks: tuple[str, ...] = field(default=())
    """What else lay in the folder of submissions and was left out."""

    @property
    def problems(self) -> int:
        """The number of submissions without a grade."""
        return sum(result.status != "graded" for result in self.results)


def grade(
    submissions: Path,
    out: Path,
    root: Path,
    *,
    only: Collection[str] = (),
    runner: Runner | None = None,
    progress: Progress = lambda done, total, what: None,
) -> Batch:
    """Grade every submission in a folder laid out as ``student/assignment/notebook.ipynb``.

    Args:
        submissions: The folder; nothing in it is changed.
        out: Where all files of this run go: a new folder, or one of an earlier run.
        root: The course's root.
        only: Slugs or folder names of units; submissions to other units are left out.
        runner: What executes a submission; by default `UnsandboxedRunner`.
        progress: Called before each submission and once at the end.

    Raises:
        CourseError: If a folder is missing or cannot be used, or a unit cannot be registered.
    """
    found, remarks = intake.find(submissions, root)
    wanted = {course.unit(root, name).slug for name in only}
    found = [s for s in found if not wanted or (s.unit is not None and s.unit.slug in wanted)]
    if not found:
        raise CourseError(f"{submissions} holds no submission to {', '.join(sorted(wanted))}")
    workspace = _workspace(out, submissions)
    units = {s.unit.slug: s.unit for s in found if s.unit is not None}
    releases = {slug: prepare(workspace, root, unit) for slug, unit in units.items()}
    runner = runner or UnsandboxedRunner()
    results = []
    for done, submission in enumerate(found):
        progress(done, len(found), f"{submission.student} · {submission.assignment}")
        if submission.unit is None:
            results.append(_refused(submission, (), submission.refusal or ""))
        else:
            release = releases[submission.unit.slug]
            results.append(_grade_one(submission, submission.unit, release, workspace, runner))
    progress(len(found), len(found), "")
    return Batch(workspace, tuple(results), tuple(remarks))


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
    formgrader.write_settings(workspace)
    outcome = register(workspace, unit.folder)
    if outcome.failure is not None:
        raise CourseError(
            f"nbgrader did not take unit {unit.folder}: {outcome.failure}. If {workspace} was "
            "made with an earlier version of this unit, grade into a new folder"
        )
    return scores.release(workspace, unit)


def _workspace(out: Path, submissions: Path) -> Path:
    out, submissions = out.resolve(), submissions.resolve()
    if out.is_relative_to(submissions) or submissions.is_relative_to(out):
        raise CourseError(f"{out} and {submissions} must not contain each other: choose another")
    if re.search(r"[*?\[\]]", str(out)):
        raise CourseError(f"{out}: nbgrader cannot work in a path with *, ?, [ or ]")
    if out.exists() and not out.is_dir():
        raise CourseError(f"{out} is a file: choose another folder")
    if out.exists() and any(out.iterdir()) and not (out / "gradebook.db").exists():
        raise CourseError(f"{out} is not empty and not from an earlier run: choose another folder")
    out.mkdir(parents=True, exist_ok=True)
    return out


def _grade_one(
    submission: Submission, unit: Unit, release: NotebookNode, workspace: Path, runner: Runner
) -> Result:
    student = folder_name(submission.student)
    zero = scores.unearned(release)
    if submission.refusal is None:
        _forget(workspace, student, unit)
    try:
        notebook, notes = mend(intake.read(submission), release)
    except Refused as reason:
        return _refused(submission, zero, str(reason))
    notes += _note_on_files(intake.other_files(submission))
    target = workspace / "submitted" / student / unit.folder / f"{unit.slug}.ipynb"
    target.parent.mkdir(parents=True)
    nbformat.write(notebook, target)
    outcome = runner.run(Job(workspace, student, unit.folder))
    _write_log(workspace / "logs" / f"{student} {unit.folder}.log", outcome.log)
    if outcome.failure is not None:
        failure = f"could not be run to the end: {outcome.failure}"
        return Result(submission.student, unit.folder, "failed", zero, (failure, *notes))
    earned = scores.earned(workspace, student, unit, release)
    return Result(submission.student, unit.folder, "graded", earned, tuple(notes))


def folder_name(student: str) -> str:
    """The student's name where nbgrader can use it as a folder name and file pattern.

    Other names get their unusual characters replaced and a suffix that keeps them apart.
    """
    if _PLAIN_NAME.fullmatch(student):
        return student
    digest = hashlib.sha256(student.encode()).hexdigest()[:6]
    return f"{_UNUSUAL.sub('_', student)}-{digest}"


def _refused(submission: Submission, cells: tuple[CellScore, ...], reason: str) -> Result:
    name = submission.unit.folder if submission.unit else submission.assignment
    return Result(submission.student, name, "refused", cells, (reason,))


def _forget(workspace: Path, student: str, unit: Unit) -> None:
    """Remove what an earlier run left of this submission."""
    for step in ("submitted", "autograded"):
        shutil.rmtree(workspace / step / student / unit.folder, ignore_errors=True)
    scores.forget(workspace, student, unit)


def _note_on_files(names: Sequence[str]) -> list[str]:
    if not names:
        return []
    shown = ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
    return [f"{len(names)} other file(s) not taken: {shown}"]


def _write_log(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
