"""A table of submissions, graded in one run, and what must become of each."""

import copy
import csv
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from interp_course import course
from interp_course.course import CourseError
from interp_course.grading import batch, intake, report, scores, workspace
from interp_course.grading.results import Batch, Result
from interp_course.grading.runner import Job, Outcome, UnsandboxedRunner

Notebook = dict[str, Any]


def _cell(notebook: Notebook, name: str) -> Notebook:
    return next(cell for cell in notebook["cells"] if cell["id"] == name)


def _answer(notebook: Notebook, name: str, code: str) -> Notebook:
    _cell(notebook, name)["source"] = f"def {name}(x):\n    {code}"
    return notebook


def _right(notebook: Notebook) -> Notebook:
    return _answer(_answer(notebook, "double", "return x + x"), "square", "return x**2")


def _wrong_on_hidden(notebook: Notebook) -> Notebook:
    return _answer(_right(notebook), "square", "return 4")


def _crash(notebook: Notebook) -> Notebook:
    _cell(notebook, "setup")["source"] = "1 / 0"
    return _right(notebook)


def _kernel_dies(notebook: Notebook) -> Notebook:
    return _answer(_right(notebook), "square", "import os; os._exit(1)")


def _endless(notebook: Notebook) -> Notebook:
    return _answer(_right(notebook), "double", "while True: pass")


def _warns(notebook: Notebook) -> Notebook:
    return _answer(_right(notebook), "double", "import warnings; warnings.warn('w'); return 2 * x")


def _without(*names: str) -> Callable[[Notebook], Notebook]:
    def change(notebook: Notebook) -> Notebook:
        cells = [cell for cell in _right(notebook)["cells"] if cell["id"] not in names]
        return {**notebook, "cells": cells}

    return change


def _test_copied(notebook: Notebook) -> Notebook:
    twin = {**copy.deepcopy(_cell(notebook, "double-test")), "id": "twin"}
    return {**notebook, "cells": [twin, *_right(notebook)["cells"]]}


def _test_weakened(notebook: Notebook) -> Notebook:
    cell = _cell(_wrong_on_hidden(notebook), "square-test")
    cell["source"], cell["metadata"]["nbgrader"]["points"] = "pass", 1000
    return notebook


def _test_unlocked(notebook: Notebook) -> Notebook:
    cell = _cell(_wrong_on_hidden(notebook), "square-test")
    cell["metadata"]["nbgrader"].update(solution=True, locked=False)
    return notebook


def _test_as_text(notebook: Notebook) -> Notebook:
    cell = _cell(_right(notebook), "square-test")
    cell["cell_type"] = "markdown"
    del cell["outputs"], cell["execution_count"]
    return notebook


def _other_kernel(notebook: Notebook) -> Notebook:
    notebook["metadata"]["kernelspec"] = {"name": "my-env", "display_name": "Mine"}
    return _right(notebook)


def _old_ids(notebook: Notebook) -> Notebook:
    for cell in notebook["cells"]:
        del cell["id"]
    return {**_old_style(notebook), "nbformat_minor": 4}


def _old_style(notebook: Notebook) -> Notebook:
    by_grade_id = {c["metadata"].get("nbgrader", {}).get("grade_id"): c for c in notebook["cells"]}
    by_grade_id["double"]["source"] = ["def double(x):\n", "    return 2 * x\n"]
    by_grade_id["square"]["source"] = "def square(x):\r\n    return x * x"
    return notebook


def _text(text: str) -> Callable[[Notebook], str]:
    return lambda notebook: text


@dataclass(frozen=True)
class Row:
    """What a student hands in, and what is expected of it."""

    hands_in: Callable[[Notebook], Notebook | str]
    scores: list[float]
    note: str = ""
    status: str = "graded"


ROWS = {
    "all right": Row(_right, [2, 3]),
    "blank": Row(lambda notebook: notebook, [0, 0]),
    "wrong on the hidden test": Row(_wrong_on_hidden, [2, 0]),
    "first cell crashes": Row(_crash, [2, 3]),
    "warning on stderr": Row(_warns, [2, 3]),
    "endless loop": Row(_endless, [0, 3]),
    "kernel dies": Row(_kernel_dies, [2, 0], "KernelDied in cell square-test"),
    "test removed": Row(_without("square-test"), [2, 3], "cell square-test was removed: put back"),
    "exercise removed": Row(_without("square", "square-test"), [2, 0], "cell square was removed"),
    "all cells removed": Row(lambda notebook: {**notebook, "cells": []}, [0, 0], "was removed"),
    "test copied": Row(_test_copied, [2, 3], "cell double-test is there twice"),
    "test weakened": Row(_test_weakened, [2, 0], "points of cell square-test were changed"),
    "test unlocked": Row(_test_unlocked, [2, 0], "points of cell square-test were changed"),
    "test as text": Row(_test_as_text, [2, 3], "type or points of cell square-test"),
    "other kernel": Row(_other_kernel, [2, 3], "kernel 'my-env': graded with 'python3'"),
    "older notebook format": Row(_old_ids, [2, 3]),
    "not JSON": Row(_text("{"), [0, 0], "not valid JSON", "refused"),
    "not a notebook": Row(_text("[1]"), [0, 0], "not a notebook", "refused"),
    "format 3": Row(lambda nb: {**nb, "nbformat": 3}, [0, 0], "too old", "refused"),
    "format 5": Row(lambda nb: {**nb, "nbformat": 5}, [0, 0], "too new", "refused"),
    "no cells": Row(_text('{"nbformat": 4}'), [0, 0], "no list of cells", "refused"),
    "broken cell": Row(_text('{"nbformat": 4, "cells": [{}]}'), [0, 0], "format", "refused"),
    "not UTF-8": Row(_text("\udcff"), [0, 0], "not UTF-8", "refused"),
    "too large": Row(_text(" " * 20_000_001), [0, 0], "the limit is 20 MB", "refused"),
}
FOLDERS = {
    "no folder": ("the folder is empty", []),
    "no notebook": ("tiny.ipynb is missing; there is 'tiny (1).ipynb'", [0, 0]),
    "linked notebook": ("tiny.ipynb is a symbolic link", [0, 0]),
    "linked folder": ("the folder is a symbolic link", []),
    "unknown unit": ("there is no unit '01_tinny': did you mean 01_tiny?", []),
    "loose notebook": ("tiny.ipynb lies outside an assignment's folder", []),
}
ODD_NAME = '=José, "J" [x]'


def _write(folder: Path, content: Notebook | str, name: str = "tiny.ipynb") -> None:
    folder.mkdir(parents=True)
    text = content if isinstance(content, str) else json.dumps(content)
    (folder / name).write_bytes(text.encode("utf-8", "surrogateescape"))


def _hand_in(submissions: Path, release: Notebook) -> None:
    for student, row in ROWS.items():
        _write(submissions / student / "01_tiny", row.hands_in(copy.deepcopy(release)))
    (submissions / "no folder").mkdir()
    _write(submissions / "no notebook" / "01_tiny", release, "tiny (1).ipynb")
    _write(submissions / "unknown unit" / "01_tinny", release)
    _write(submissions / "loose notebook", release)
    right = submissions / "all right" / "01_tiny"
    (submissions / "linked notebook" / "01_tiny").mkdir(parents=True)
    (submissions / "linked notebook" / "01_tiny" / "tiny.ipynb").symlink_to(right / "tiny.ipynb")
    (submissions / "linked folder").mkdir()
    (submissions / "linked folder" / "01_tiny").symlink_to(right)
    _write(submissions / ODD_NAME / "tiny", _right(copy.deepcopy(release)))
    (submissions / ODD_NAME / "tiny" / "math.py").write_text("")
    (submissions / "readme.txt").write_text("not a student")


class Unable:
    """A runner that fails."""

    def run(self, job: Job) -> Outcome:
        return Outcome("on purpose")


@dataclass
class Run:
    """One graded class."""

    submissions: Path
    root: Path
    batch: Batch
    before: dict[Path, bytes]

    def result(self, student: str) -> Result:
        return next(r for r in self.batch.results if r.student == student)

    def again(self, runner: Any, student: str) -> Result:
        """Grade one student a second time into the same folder."""
        alone = self.submissions.parent / f"only {student}"
        alone.mkdir(exist_ok=True)
        (self.submissions / student).rename(alone / student)
        try:
            return batch.grade(alone, self.batch.out, self.root, runner=runner, again=True).results[
                0
            ]
        finally:
            (alone / student).rename(self.submissions / student)


@pytest.fixture(scope="module")
def run(tiny_course: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    work = tmp_path_factory.mktemp("grading here")
    (work / "release").mkdir()
    unit = course.unit(tiny_course, "tiny")
    release = json.loads(json.dumps(workspace.prepare(work / "release", tiny_course, unit)))
    _hand_in(work / "subs", release)
    before = _contents(work / "subs")
    runner = UnsandboxedRunner(cell_timeout=2)
    graded = batch.grade(work / "subs", work / "out", tiny_course, runner=runner)
    return Run(work / "subs", tiny_course, graded, before)


def _contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("student", ROWS)
def test_each_submission_gets_its_scores_and_the_reason(run: Run, student: str) -> None:
    row, result = ROWS[student], run.result(student)
    assert (result.status, [cell.score for cell in result.cells]) == (row.status, row.scores)
    assert row.note in "\n".join(result.notes)
    assert bool(result.notes) == bool(row.note), "a note was added or is missing"


@pytest.mark.parametrize("student", FOLDERS)
def test_a_folder_without_a_gradable_notebook_is_refused_with_the_reason(
    run: Run, student: str
) -> None:
    reason, points = FOLDERS[student]
    result = run.result(student)
    assert (result.status, [cell.score for cell in result.cells]) == ("refused", points)
    assert reason in result.notes[0]


def test_every_submission_is_in_the_results_once(run: Run) -> None:
    students = [result.student for result in run.batch.results]
    assert students == sorted([*ROWS, *FOLDERS, ODD_NAME])


def test_a_name_with_unusual_characters_is_graded_under_a_safe_folder_name(run: Run) -> None:
    assert run.result(ODD_NAME).total == 5
    assert (run.batch.out / "submitted" / batch.folder_name(ODD_NAME)).is_dir()


@pytest.mark.parametrize("student", ["n" * 240, "é" * 120, "a=" * 120, "José!", "a/b", "\u0301"])
def test_a_name_is_made_into_one_that_fits_and_that_nobody_else_can_have(student: str) -> None:
    name = batch.folder_name(student)
    assert len(name.encode()) <= batch.LONGEST_NAME
    assert batch.folder_name(name) != name


def test_names_that_cannot_be_told_apart_are_refused(tiny_course: Path, tmp_path: Path) -> None:
    for name in (r"caf\xe9", os.fsdecode(b"caf\xe9")):
        _write(tmp_path / "subs" / name / "01_tiny", {"nbformat": 4, "cells": []})
    graded = batch.grade(tmp_path / "subs", tmp_path / "out", tiny_course, runner=Unable())
    assert [result.status for result in graded.results] == ["failed", "refused"]
    assert "cannot be told from" in graded.results[1].notes[0]


def test_files_beside_the_notebook_are_not_taken(run: Run) -> None:
    assert "math.py" in run.result(ODD_NAME).notes[0]
    assert not list(run.batch.out.rglob("math.py"))


def test_the_submissions_themselves_stay_as_they_are(run: Run) -> None:
    assert _contents(run.submissions) == run.before


def test_what_is_not_a_students_folder_is_remarked_on(run: Run) -> None:
    assert run.batch.remarks == ("readme.txt is a file, not a student's folder: left out",)


def test_the_source_text_with_the_solutions_stays_out_of_the_workspace(run: Run) -> None:
    assert not list(run.batch.out.rglob("tiny.py"))


def test_a_failed_cell_says_what_it_raised(run: Run) -> None:
    cell = run.result("wrong on the hidden test").cells[1]
    assert cell.error is not None
    assert "AssertionError" in cell.error


def test_a_kernel_that_died_is_named_as_such(run: Run) -> None:
    error = run.result("kernel dies").cells[1].error
    assert error is not None
    assert "KernelDied" in error


def test_an_endless_loop_is_named_as_such(run: Run) -> None:
    error = run.result("endless loop").cells[0].error
    assert error is not None
    assert "Timeout" in error or "KeyboardInterrupt" in error


def test_grading_again_into_the_same_folder_gives_the_same_scores(run: Run) -> None:
    assert run.again(UnsandboxedRunner(), "all right") == run.result("all right")


def test_a_failed_second_run_does_not_keep_the_first_scores(run: Run) -> None:
    result = run.again(Unable(), "all right")
    assert (result.status, result.total) == ("failed", 0)
    assert scores.earned(run.batch.out, "all right", *_unit_and_release(run))[0].score == 0


def _unit_and_release(run: Run) -> tuple[Any, Any]:
    unit = course.unit(run.root, "tiny")
    return unit, scores.release(run.batch.out, unit)


def test_the_csv_file_has_a_column_per_graded_cell(run: Run, tmp_path: Path) -> None:
    report.write_csv(run.batch, tmp_path / "scores.csv")
    with (tmp_path / "scores.csv").open(newline="", encoding="utf-8") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    row = rows["wrong on the hidden test"]
    assert [row[c] for c in ("total", "max", "double-test", "square-test")] == ["2", "5", "2", "0"]


def test_the_csv_file_quotes_names_and_defuses_formulas(run: Run, tmp_path: Path) -> None:
    report.write_csv(run.batch, tmp_path / "scores.csv")
    with (tmp_path / "scores.csv").open(newline="", encoding="utf-8") as file:
        assert f"'{ODD_NAME}" in [row["student"] for row in csv.DictReader(file)]


@pytest.mark.parametrize("out", ["subs", "subs/inside", "."])
def test_the_output_may_not_overlap_the_submissions(run: Run, out: str) -> None:
    with pytest.raises(CourseError, match="must not contain each other"):
        batch.grade(run.submissions, run.submissions.parent / out, run.root)


def test_a_foreign_output_folder_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("keep me")
    with pytest.raises(CourseError, match="not empty and not from an earlier run"):
        batch.grade(run.submissions, tmp_path, run.root)


def test_a_missing_submissions_folder_is_an_error(tiny_course: Path, tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="there is no folder"):
        batch.grade(tmp_path / "nowhere", tmp_path / "out", tiny_course)


def test_an_empty_submissions_folder_is_an_error(tiny_course: Path, tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="holds no student's folder"):
        intake.find(tmp_path, tiny_course)


def test_one_unit_handed_in_twice_is_graded_once(tiny_course: Path, tmp_path: Path) -> None:
    for name in ("01_tiny", "tiny"):
        (tmp_path / "ann" / name).mkdir(parents=True)
    found, _ = intake.find(tmp_path, tiny_course)
    assert [s.refusal for s in found] == [None, "01_tiny is the same unit: hand in one of the two"]


def test_numbers_are_shown_without_needless_zeros() -> None:
    assert [report.number(value) for value in (2.0, 1.5, 0.0, 10.0, 1 / 3)] == [
        "2",
        "1.5",
        "0",
        "10",
        "0.33",
    ]


def test_the_total_is_the_sum_of_the_cells() -> None:
    cell = batch.CellScore("a", 1.0, 2.0)
    result = Result("ann", "01_tiny", "graded", (cell, replace(cell, score=0.5)))
    assert (result.total, result.maximum) == (1.5, 4.0)
