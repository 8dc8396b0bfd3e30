"""Does grading itself work? Right answers pass, wrong answers fail, for every unit.

For each unit three things are run the way a class is graded:

* the reference notebook as a submission must earn full marks, but for answers in words, which
  must wait for a person;
* the student notebook as it was handed out must earn nothing;
* every answer in ``tests/answers/<slug>/`` (see `answers`) must get the verdict it was written
  for.
"""

import contextlib
import importlib
import inspect
import io
import re
import shutil
import tempfile
import traceback
from collections.abc import Callable, Collection, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from interp_course import course, workers
from interp_course.answers import Answers, load_answers, merged
from interp_course.checking import Check, Finding, Verdict
from interp_course.course import CourseError, Unit
from interp_course.grading import batch, waiting
from interp_course.grading.batch import Progress
from interp_course.grading.results import Result

SEEDS = (0, 1, 2)
FEWEST_WRONG = 3
FEWEST_RIGHT = 1
NAMED_SHARE = 0.9


@dataclass(frozen=True)
class ExerciseReport:
    """How the answers to one exercise were judged."""

    exercise: str
    wrong: int = 0
    rejected: int = 0
    """Wrong answers that fail for every seed."""
    named: int = 0
    """Wrong answers whose expected mistake is named for every seed."""
    right: int = 0
    accepted: int = 0
    """Right answers that pass for every seed."""
    cells: tuple[str, ...] = ()
    """The graded cells of the student notebook that call the check."""
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class UnitReport:
    """How one unit did; ``problems`` is empty if it meets every bar."""

    unit: Unit
    exercises: tuple[ExerciseReport, ...]
    reference: Result | None = None
    blank: Result | None = None
    problems: tuple[str, ...] = field(default=())


def verify(
    root: Path,
    names: Sequence[str] = (),
    *,
    answers_only: bool = False,
    jobs: int = 1,
    progress: Progress = lambda done, total, what: None,
) -> list[UnitReport]:
    """Verify these units, or all; a unit that cannot be verified has a problem that says why.

    Args:
        root: The course's root.
        names: Slugs or folder names.
        answers_only: Judge the answers only, without running a notebook.
        jobs: How many units are verified side by side, in processes of their own.
        progress: Called with (units done, units in all, what is counted).

    Raises:
        CourseError: If there is no such unit.
        ValueError: If there are to be no jobs.
    """
    units = [course.unit(root, name) for name in names] or course.units(root)
    with tempfile.TemporaryDirectory(prefix="interp-course-", ignore_cleanup_errors=True) as made:
        scratch = None if answers_only else Path(made)
        reports = workers.each(
            partial(verify_unit, root=root, scratch=scratch),
            units,
            jobs=jobs,
            done=lambda count: progress(count, len(units), "units"),
        )
    return [
        _failed(unit, report) if isinstance(report, Exception) else report
        for unit, report in zip(units, reports, strict=True)
    ]


def verify_unit(unit: Unit, root: Path, scratch: Path | None = None) -> UnitReport:
    """Judge a unit's answers and, if there is a folder for it, grade its two notebooks there."""
    try:
        exercises = judge_unit(unit, root)
        problems = tuple(p for e in exercises for p in e.problems) + _too_few_named(exercises)
        report = UnitReport(unit, exercises, problems=problems)
        return _with_notebooks(report, root, scratch / unit.slug) if scratch else report
    except Exception as error:  # of this unit alone
        return _failed(unit, error)


def judge_unit(unit: Unit, root: Path) -> tuple[ExerciseReport, ...]:
    """Judge all answers to a unit's exercises, in the order in which its checks are defined."""
    checks = _import_checks(unit)
    files = sorted(unit.answers(root).glob("*.py"))
    loaded = [load_answers(file) for file in files if not file.name.startswith("_")]
    known = exercises_of(checks)
    unknown = [a.exercise for a in loaded if a.exercise not in known]
    if unknown:
        raise CourseError(f"{unit.answers(root)}: {checks.__name__} has no {', '.join(unknown)}")
    return tuple(
        judge(check, merged([a for a in loaded if a.exercise == name], name))
        for name, check in known.items()
    )


def exercises_of(checks: Any) -> dict[str, Check | Finding]:
    """The checks and findings in a module, by name."""
    return {n: value for n, value in vars(checks).items() if isinstance(value, Check | Finding)}


def judge(check: Check | Finding, answers: Answers) -> ExerciseReport:
    """Ask one check for its verdict on each answer and compare with what was expected."""
    problems = []
    counts = {"wrong": len(answers.wrong), "right": len(answers.right)}
    rejected = named = accepted = 0
    for answer, words in answers.wrong.items():
        verdicts = _verdicts(check, answer)
        slipped = [seed for seed, v in zip(SEEDS, verdicts, strict=True) if v.passed]
        unnamed = [v for v in verdicts if words and words not in (v.mistake or "")]
        rejected += not slipped
        named += bool(words) and not unnamed
        if slipped:
            problems.append(f"wrong answer {_name(answer)} passes with seed {slipped[0]}")
        elif unnamed:
            heard = unnamed[0].mistake or unnamed[0].message
            problems.append(f"wrong answer {_name(answer)}: expected {words!r}, got {heard!r}")
    for answer in answers.right:
        failed = [verdict for verdict in _verdicts(check, answer) if not verdict.passed]
        accepted += not failed
        if failed:
            problems.append(f"right answer {_name(answer)} is rejected: {failed[0].message}")
    for kind, fewest in (("wrong", FEWEST_WRONG), ("right", FEWEST_RIGHT)):
        if counts[kind] < fewest:
            problems.append(f"{counts[kind]} {kind} answers, at least {fewest} are needed")
    texts = tuple(f"{answers.exercise}: {problem}" for problem in problems)
    return ExerciseReport(
        answers.exercise,
        wrong=counts["wrong"],
        rejected=rejected,
        named=named,
        right=counts["right"],
        accepted=accepted,
        problems=texts,
    )


def graded_cells(notebook: NotebookNode, exercise: str) -> tuple[str, ...]:
    """The names of the graded cells that call the check of an exercise."""
    call = re.compile(rf"\.{exercise}\(")
    return tuple(
        cell.metadata["nbgrader"]["grade_id"]
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("grade") and call.search(cell.source)
    )


def points(result: Result, names: Collection[str]) -> tuple[float, float]:
    """Points earned and points to be had in the cells of these names."""
    cells = [cell for cell in result.cells if cell.name in names]
    earned = sum((cell.score for cell in cells), start=0.0)
    return earned, sum((cell.maximum for cell in cells), start=0.0)


def _verdicts(check: Check | Finding, answer: Callable[..., Any]) -> list[Verdict]:
    if isinstance(check, Check):
        return [check.verdict(answer, seed) for seed in SEEDS]
    takes_instance = bool(inspect.signature(answer).parameters)
    verdicts = []
    for seed in SEEDS:
        with contextlib.redirect_stdout(io.StringIO()):
            value = answer(seed) if takes_instance else answer()
        verdicts.append(check.verdict(value, seed))
    return verdicts


def _import_checks(unit: Unit) -> Any:
    name = f"interp_course.checks.{unit.slug}"
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise CourseError(f"unit {unit.slug} has no checks: {error}") from error


def _name(answer: Callable[..., Any]) -> str:
    return getattr(answer, "__name__", repr(answer))


def _failed(unit: Unit, error: Exception) -> UnitReport:
    """A report on a unit that has none; only what was not foreseen needs its traceback."""
    foreseen = isinstance(error, CourseError | BrokenProcessPool)
    reason = str(error) if foreseen else "".join(traceback.format_exception(error))
    return UnitReport(unit, (), problems=(f"could not be verified: {reason}",))


def _too_few_named(exercises: Sequence[ExerciseReport]) -> tuple[str, ...]:
    wrong, named = sum(e.wrong for e in exercises), sum(e.named for e in exercises)
    if not exercises or named >= NAMED_SHARE * wrong:
        return ()
    return (f"{named} of {wrong} wrong answers are named, at least {NAMED_SHARE:.0%} are needed",)


def _with_notebooks(report: UnitReport, root: Path, scratch: Path) -> UnitReport:
    unit, submissions = report.unit, scratch / "submissions"
    _hand_in(unit.solution(root), submissions / "reference" / unit.folder)
    _hand_in(unit.student(root), submissions / "blank" / unit.folder)
    graded = batch.grade(submissions, scratch / "out", root)
    found = {result.student: result for result in graded.results}
    report = _with_cells(report, nbformat.read(unit.student(root), 4))
    return judged(report, found["reference"], found["blank"])


def _with_cells(report: UnitReport, notebook: NotebookNode) -> UnitReport:
    exercises = tuple(
        replace(entry, cells=graded_cells(notebook, entry.exercise)) for entry in report.exercises
    )
    names = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in notebook.cells]
    exercises = tuple(sorted(exercises, key=lambda e: names.index(e.cells[0]) if e.cells else -1))
    unused = tuple(f"no graded cell calls {e.exercise}" for e in exercises if not e.cells)
    return replace(report, exercises=exercises, problems=report.problems + unused)


def _hand_in(notebook: Path, folder: Path) -> None:
    if not notebook.is_file():
        raise CourseError(f"{notebook} is missing: run `interp-course build` first")
    folder.mkdir(parents=True)
    shutil.copy(notebook, folder)


def judged(report: UnitReport, reference: Result, blank: Result) -> UnitReport:
    """The report with the two notebooks' results, and what is wrong with them."""
    problems = [*report.problems, *_not_clean("reference", reference), *_not_clean("blank", blank)]
    problems += [
        f"the reference earns {cell.score:g} of {cell.maximum:g} in {cell.name}: {cell.error}"
        for cell in reference.cells
        if cell.score != cell.maximum and not cell.waiting
    ]
    problems += [
        f"the blank notebook earns {cell.score:g} in {cell.name}"
        for cell in blank.cells
        if cell.score != 0
    ]
    if reference.maximum != report.unit.points:
        problems.append(
            f"the notebook has {reference.maximum:g} points, the manifest says {report.unit.points}"
        )
    by_hand = waiting.points(reference.cells)
    if by_hand != report.unit.by_hand:
        problems.append(
            f"{by_hand:g} points of the reference wait for a person, the manifest says "
            f"{report.unit.by_hand} (by_hand)"
        )
    problems += [
        f"the blank notebook waits for a person in {cell.name}"
        for cell in blank.cells
        if cell.waiting
    ]
    return replace(report, reference=reference, blank=blank, problems=tuple(problems))


def _not_clean(name: str, result: Result) -> list[str]:
    return [f"{name}: {note}" for note in result.notes]
