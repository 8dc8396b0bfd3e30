"""Does grading itself work? Right answers pass, wrong answers fail, for every unit.

For each unit three things are run the way a class is graded:

* the reference notebook as a submission must earn full marks;
* the student notebook as it was handed out must earn nothing;
* every answer in ``tests/answers/<slug>/`` must get the verdict it was written for.

A file of answers is a module with ``EXERCISE``, the name of a `Check` or `Finding` in
``interp_course.checks.<slug>``; ``RIGHT``, a list of functions; and ``WRONG``, a dictionary
from a function to words that the named mistake must contain (empty if rejecting it is
enough). For a check a function is a student's answer; for a finding it returns the answer
and takes the number of the instance, or nothing if the answer is the same for all.
"""

import contextlib
import importlib
import importlib.util
import inspect
import io
import re
import shutil
import tempfile
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from interp_course import course
from interp_course.checking import Check, Finding, Verdict
from interp_course.course import CourseError, Unit
from interp_course.grading import batch
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


@dataclass(frozen=True)
class Answers:
    """What one file of answers says."""

    exercise: str
    right: Sequence[Callable[..., Any]]
    wrong: dict[Callable[..., Any], str]


def verify(
    root: Path,
    names: Sequence[str] = (),
    *,
    answers_only: bool = False,
    progress: Progress = lambda done, total, what: None,
) -> list[UnitReport]:
    """Verify these units, or all.

    Args:
        root: The course's root.
        names: Slugs or folder names.
        answers_only: Judge the answers only, without running a notebook.
        progress: See `batch.grade`.

    Raises:
        CourseError: If a unit, its checks or its answers cannot be loaded.
    """
    units = [course.unit(root, name) for name in names] or course.units(root)
    reports = []
    for unit in units:
        exercises = judge_unit(unit, root)
        problems = tuple(p for e in exercises for p in e.problems) + _too_few_named(exercises)
        reports.append(UnitReport(unit, exercises, problems=problems))
    return reports if answers_only else _with_notebooks(reports, root, progress)


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
        judge(check, _merged([a for a in loaded if a.exercise == name], name))
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


def load_answers(path: Path) -> Answers:
    """Import one file of answers.

    Raises:
        CourseError: If it cannot be imported or lacks one of the three names.
    """
    spec = importlib.util.spec_from_file_location(f"answers_{path.stem}", path)
    assert spec is not None, f"{path} ends in .py"
    assert spec.loader is not None, f"{path} is a file"
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        return Answers(module.EXERCISE, list(module.RIGHT), dict(module.WRONG))
    except Exception as error:  # the file may do anything
        raise CourseError(f"{path}: {type(error).__name__}: {error}") from error


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


def _merged(answers: list[Answers], exercise: str) -> Answers:
    right = [answer for entry in answers for answer in entry.right]
    wrong = {answer: words for entry in answers for answer, words in entry.wrong.items()}
    return Answers(exercise, right, wrong)


def _name(answer: Callable[..., Any]) -> str:
    return getattr(answer, "__name__", repr(answer))


def _too_few_named(exercises: Sequence[ExerciseReport]) -> tuple[str, ...]:
    wrong, named = sum(e.wrong for e in exercises), sum(e.named for e in exercises)
    if not exercises or named >= NAMED_SHARE * wrong:
        return ()
    return (f"{named} of {wrong} wrong answers are named, at least {NAMED_SHARE:.0%} are needed",)


def _with_notebooks(reports: list[UnitReport], root: Path, progress: Progress) -> list[UnitReport]:
    with tempfile.TemporaryDirectory(prefix="interp-course-") as scratch:
        submissions = Path(scratch, "submissions")
        for unit in (report.unit for report in reports):
            _hand_in(unit.solution(root), submissions / "reference" / unit.folder)
            _hand_in(unit.student(root), submissions / "blank" / unit.folder)
        graded = batch.grade(submissions, Path(scratch, "out"), root, progress=progress)
    found = {(result.student, result.assignment): result for result in graded.results}
    return [
        judged(
            _with_cells(report, nbformat.read(report.unit.student(root), 4)),
            found["reference", report.unit.folder],
            found["blank", report.unit.folder],
        )
        for report in reports
    ]


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
        if cell.score != cell.maximum
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
    return replace(report, reference=reference, blank=blank, problems=tuple(problems))


def _not_clean(name: str, result: Result) -> list[str]:
    return [f"{name}: {note}" for note in result.notes]
