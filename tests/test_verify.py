"""The proof of the grading: every bar that can be missed is missed once here."""

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook
from typer.testing import CliRunner

from interp_course import cli, course, verify
from interp_course.checking import Case, Check, Finding
from interp_course.course import CourseError
from interp_course.grading import workspace
from interp_course.grading.results import Result
from interp_course.grading.scores import CellScore
from interp_course.verify import Answers, UnitReport

DOUBLE = Check(
    name="double",
    cases=lambda seed: [Case(f"x = {seed + 5}", (seed + 5.0,))],
    oracle=lambda x: 2 * x,
    mistakes={"x is squared": lambda x: x * x, "x is tripled": lambda x: 3 * x},
    reread="twice is x + x",
)
LARGEST = Finding(
    name="largest",
    judge=lambda answer, instance: None if answer == instance else ("no", "it is the smallest"),
    reread="the largest",
)
HERE = Path(__file__)
MODULE = "interp_course.checks.tiny"

RIGHT = """
def added(x):
    return x + x

def squared(x):
    return x * x

def tripled(x):
    return 3 * x

def zero(x):
    return 0.0 * x

EXERCISE = "double"
RIGHT = [added]
WRONG = {squared: "squared", tripled: "tripled", zero: "is doubled"}
"""


def squared(x: float) -> float:
    return x * x


def tripled(x: float) -> float:
    return 3 * x


def doubled(x: float) -> float:
    return 2 * x


def minus_one(x: float) -> float:
    return -1.0


def even_only(x: float) -> float:
    return 2 * x if x == 6 else 0.0


def judge(right: list[Any], wrong: dict[Callable[..., Any], str]) -> verify.ExerciseReport:
    return verify.judge(DOUBLE, Answers("double", right, wrong))


GOOD_WRONG = {squared: "squared", tripled: "tripled", minus_one: ""}


def test_an_exercise_that_meets_the_bars_has_no_problems() -> None:
    report = judge([doubled], GOOD_WRONG)
    assert (report.wrong, report.rejected, report.named) == (3, 3, 2)
    assert (report.right, report.accepted, report.problems) == (1, 1, ())


def test_a_wrong_answer_that_passes_for_one_seed_is_a_problem() -> None:
    report = judge([doubled], {**GOOD_WRONG, even_only: ""})
    assert report.rejected == 3
    assert report.problems == ("double: wrong answer even_only passes with seed 1",)


def test_a_mistake_that_gets_another_name_is_a_problem() -> None:
    report = judge([doubled], {**GOOD_WRONG, squared: "is halved"})
    assert report.named == 1
    assert "expected 'is halved', got 'x is squared'" in report.problems[0]


def test_a_right_answer_that_is_rejected_is_a_problem() -> None:
    report = judge([doubled, tripled], GOOD_WRONG)
    assert report.accepted == 1
    assert "right answer tripled is rejected" in report.problems[0]


def test_too_few_answers_are_a_problem() -> None:
    problems = judge([], {squared: "squared"}).problems
    assert "1 wrong answers, at least 3 are needed" in problems[0]
    assert "0 right answers, at least 1 are needed" in problems[1]


def test_an_answer_to_a_finding_may_depend_on_the_instance() -> None:
    answers = Answers("largest", [lambda instance: instance], {lambda: 7: "smallest"})
    report = verify.judge(LARGEST, answers)
    assert (report.accepted, report.rejected, report.named) == (1, 1, 1)


def test_an_answer_to_a_finding_must_hold_for_every_instance() -> None:
    assert verify.judge(LARGEST, Answers("largest", [lambda: 1], {})).accepted == 0


def test_what_an_answer_prints_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    verify.judge(LARGEST, Answers("largest", [lambda: print("hello") or 1], {}))
    assert capsys.readouterr().out == ""


def graded(name: str, source: str) -> NotebookNode:
    return new_code_cell(source, metadata={"nbgrader": {"grade_id": name, "grade": True}})


def test_the_cells_of_an_exercise_are_those_that_call_its_check() -> None:
    cells = [graded("one", "check.mass(mass)"), graded("two", "check.mass(m)\ncheck.half_life(h)")]
    notebook = new_notebook(cells=[*cells, new_code_cell("check.mass(mass)")])
    assert verify.graded_cells(notebook, "mass") == ("one", "two")
    assert verify.graded_cells(notebook, "life") == ()


def test_the_points_of_an_exercise_are_those_of_its_cells() -> None:
    cells = (CellScore("a", 1.0, 2.0), CellScore("b", 3.0, 3.0), CellScore("c", 1.0, 1.0))
    result = Result("reference", "01_tiny", "graded", cells)
    assert verify.points(result, ("a", "b")) == (4.0, 5.0)


def test_a_file_of_answers_that_cannot_be_imported_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("EXERCISE = 'x'\n")
    with pytest.raises(CourseError, match=r"bad\.py: AttributeError.*RIGHT"):
        verify.load_answers(tmp_path / "bad.py")


@pytest.fixture(scope="module")
def root(tiny_course: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tiny course with a student notebook and answers."""
    root = tmp_path_factory.mktemp("verified") / "course"
    shutil.copytree(tiny_course, root)
    unit = course.unit(root, "tiny")
    release = workspace.prepare(tmp_path_factory.mktemp("release"), root, unit)
    unit.student(root).parent.mkdir()
    unit.student(root).write_text(json.dumps(release))
    unit.answers(root).mkdir(parents=True)
    (unit.answers(root) / "double.py").write_text(RIGHT.replace("is doubled", ""))
    return root


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Stands in for the module of checks of the tiny unit."""
    module = ModuleType(MODULE)
    module.__dict__["double"] = DOUBLE
    monkeypatch.setitem(sys.modules, MODULE, module)
    return module


@pytest.fixture(scope="module")
def report(root: Path) -> UnitReport:
    """The tiny unit, verified with its notebooks."""
    with pytest.MonkeyPatch.context() as patch:
        module = ModuleType(MODULE)
        module.__dict__["double"] = DOUBLE
        patch.setitem(sys.modules, MODULE, module)
        return verify.verify(root)[0]


def test_the_reference_notebook_earns_all_points(report: UnitReport) -> None:
    assert report.reference is not None
    assert (report.reference.total, report.reference.notes) == (5, ())


def test_the_blank_notebook_earns_nothing(report: UnitReport) -> None:
    assert report.blank is not None
    assert (report.blank.total, report.blank.notes) == (0, ())


def test_the_share_of_named_mistakes_is_counted_over_the_unit(report: UnitReport) -> None:
    assert "2 of 3 wrong answers are named, at least 90% are needed" in report.problems


def test_a_check_that_no_graded_cell_calls_is_a_problem(report: UnitReport) -> None:
    assert "no graded cell calls double" in report.problems


def test_an_exercise_without_answers_is_a_problem(root: Path, checks: ModuleType) -> None:
    checks.__dict__["largest"] = LARGEST
    reports = verify.judge_unit(course.unit(root, "tiny"), root)
    assert [r.exercise for r in reports] == ["double", "largest"]
    assert "largest: 0 wrong answers" in reports[1].problems[0]


def test_answers_to_an_unknown_exercise_are_a_problem(root: Path, checks: ModuleType) -> None:
    del checks.__dict__["double"]
    (report,) = verify.verify(root, ["tiny"], answers_only=True)
    assert report.problems[0].startswith("could not be verified: ")
    assert report.problems[0].endswith("has no double")


def test_a_unit_without_checks_is_a_problem(root: Path) -> None:
    (report,) = verify.verify(root, ["tiny"], answers_only=True)
    assert report.problems[0].startswith("could not be verified: unit tiny has no checks")


def test_a_fault_of_a_check_itself_keeps_its_traceback(root: Path, checks: ModuleType) -> None:
    checks.__dict__["double"] = replace(DOUBLE, cases=lambda seed: [1 / 0])
    (report,) = verify.verify(root, answers_only=True)
    assert "in <lambda>" in report.problems[0]
    assert report.problems[0].endswith("ZeroDivisionError: division by zero\n")


def test_a_unit_without_a_student_notebook_is_a_problem(
    root: Path, checks: ModuleType, tmp_path: Path
) -> None:
    shutil.copytree(root, tmp_path / "course")
    course.unit(root, "tiny").student(tmp_path / "course").unlink()
    (report,) = verify.verify(tmp_path / "course")
    assert report.problems[0].endswith("tiny.ipynb is missing: run `interp-course build` first")


@pytest.fixture
def two_units(tiny_course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The root of a course in which a unit that cannot be verified precedes a real one."""
    manifest = (tiny_course / "course" / "course.toml").read_text()
    real = manifest.replace("number = 1", "number = 2").replace('"tiny"', '"superposition"')
    (tmp_path / "course").mkdir()
    (tmp_path / "course" / "course.toml").write_text(manifest + real)
    answers = course.unit(tmp_path, "superposition").answers(tmp_path)
    answers.mkdir(parents=True)
    shutil.copy(HERE.parent / "answers" / "superposition" / "quiz.py", answers)
    monkeypatch.setattr(course, "find_root", lambda: tmp_path)
    return tmp_path


def test_units_side_by_side_get_the_same_reports_in_the_same_order(two_units: Path) -> None:
    serial, parallel = (verify.verify(two_units, answers_only=True, jobs=n) for n in (1, 2))
    assert [r.unit.slug for r in parallel] == ["tiny", "superposition"]
    assert parallel == serial


def test_a_unit_that_cannot_be_verified_does_not_lose_the_others(two_units: Path) -> None:
    result = CliRunner().invoke(cli.app, ["verify", "--answers-only", "--jobs", "2"])
    assert result.exit_code == 1
    assert "02_superposition" in result.output
    reason = "unit tiny has no checks: No module named 'interp_course.checks.tiny'"
    assert f"✗ tiny: could not be verified: {reason}" in result.output.splitlines()


def test_units_are_counted_while_they_are_verified(root: Path) -> None:
    counts: list[tuple[int, int, str]] = []
    verify.verify(root, answers_only=True, progress=lambda *count: counts.append(count))
    assert counts == [(0, 1, "units"), (1, 1, "units")]


def test_points_that_differ_from_the_manifest_are_a_problem(report: UnitReport) -> None:
    assert report.reference is not None
    assert report.blank is not None
    cells = tuple(CellScore(c.name, c.maximum, c.maximum) for c in report.reference.cells[:1])
    short = Result("reference", "01_tiny", "graded", cells)
    problems = verify.judged(report, short, report.blank).problems
    assert "the notebook has 2 points, the manifest says 5" in problems


def test_swapped_notebooks_miss_every_bar(report: UnitReport) -> None:
    assert report.reference is not None
    assert report.blank is not None
    problems = "\n".join(verify.judged(report, report.blank, report.reference).problems)
    assert "the reference earns 0 of 3 in square-test: NotImplementedError" in problems
    assert "the blank notebook earns 2 in double-test" in problems


def test_the_command_prints_the_table_and_fails_when_a_bar_is_missed(
    root: Path, checks: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(course, "find_root", lambda: root)
    result = CliRunner().invoke(cli.app, ["verify", "--answers-only"])
    assert result.exit_code == 1
    row = next(line for line in result.output.splitlines() if "double" in line)
    assert [c.strip() for c in row.strip("│").split("│")][1:] == ["3/3", "2/3", "1/1", "-", "-"]
