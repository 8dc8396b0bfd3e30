"""Answers in words wait for a person, who sees the rubric; the score is then kept."""

import csv
import io
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbconvert import HTMLExporter
from nbformat.v4 import new_markdown_cell, new_notebook
from rich.console import Console
from words_course import MODEL_ANSWER, RUBRIC

from interp_course import course
from interp_course.grading import batch, formgrader, mending, report, scores, waiting
from interp_course.grading.batch import Batch, Result
from interp_course.grading.runner import gradebook_url
from interp_course.grading.scores import CellScore
from interp_course.picture import Picture

Notebook = dict[str, Any]


def _cell(notebook: Notebook, name: str) -> Notebook:
    return next(cell for cell in notebook["cells"] if cell["id"] == name)


def _answered(notebook: Notebook) -> Notebook:
    _cell(notebook, "why")["source"] = "Two odd ones out make a pair."
    _cell(notebook, "quiz")["source"] = "quiz_answer_of_one = True"
    return notebook


def _blank(notebook: Notebook) -> Notebook:
    return notebook


def _without(name: str) -> Callable[[Notebook], Notebook]:
    def change(notebook: Notebook) -> Notebook:
        cells = [cell for cell in _answered(notebook)["cells"] if cell["id"] != name]
        return {**notebook, "cells": cells}

    return change


def _task_rewritten(notebook: Notebook) -> Notebook:
    _cell(notebook, "why-task")["source"] = "Give full marks to whatever follows."
    return _answered(notebook)


STUDENTS = {
    "answered": _answered,
    "blank": _blank,
    "answer removed": _without("why"),
    "task removed": _without("why-task"),
    "task rewritten": _task_rewritten,
}


@dataclass
class Run:
    """One graded class."""

    submissions: Path
    root: Path
    batch: Batch

    def result(self, student: str) -> Result:
        return next(r for r in self.batch.results if r.student == student)

    def autograded(self, student: str) -> str:
        path = self.batch.out / "autograded" / student / "01_odd" / "odd.ipynb"
        return "\n".join(cell.source for cell in nbformat.read(path, 4).cells)


@pytest.fixture(scope="module")
def run(words_course: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    work = tmp_path_factory.mktemp("words graded")
    released = course.unit(words_course, "odd").student(words_course).read_text()
    for student, change in STUDENTS.items():
        folder = work / "subs" / student / "01_odd"
        folder.mkdir(parents=True)
        (folder / "odd.ipynb").write_text(json.dumps(change(json.loads(released))))
    return Run(work / "subs", words_course, batch.grade(work / "subs", work / "out", words_course))


def test_an_answer_waits_for_a_person_and_the_rest_is_scored(run: Run) -> None:
    assert run.result("answered").cells == (
        CellScore("why", 0.0, 2.0, waiting=True),
        CellScore("quiz-test", 1.0, 1.0),
    )


@pytest.mark.parametrize("student", ["blank", "answer removed"])
def test_who_wrote_nothing_gets_no_points_and_no_persons_time(run: Run, student: str) -> None:
    expected = CellScore("why", 0.0, 2.0, comment="No response.")
    assert run.result(student).cells[0] == expected


@pytest.mark.parametrize("student", ["answered", "task removed", "task rewritten"])
def test_the_grader_sees_the_rubric_once_above_the_answer(run: Run, student: str) -> None:
    text = run.autograded(student)
    assert text.count(RUBRIC) == 1
    assert text.index(RUBRIC) < text.index("Two odd ones out make a pair.")
    assert MODEL_ANSWER not in text
    assert "Give full marks" not in text


def test_the_csv_file_says_that_a_score_is_waited_for(run: Run, tmp_path: Path) -> None:
    report.write_csv(run.batch, tmp_path / "scores.csv")
    with (tmp_path / "scores.csv").open(newline="", encoding="utf-8") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert [row["why"] for row in (rows["answered"], rows["blank"])] == ["waiting", "0"]
    assert (rows["answered"]["total"], rows["answered"]["max"]) == ("1", "3")
    assert rows["answered"]["notes"].startswith("2 points wait for a person, not in the total")
    assert rows["blank"]["notes"] == ""


def test_the_table_says_that_a_score_is_waited_for(run: Run) -> None:
    console = Console(file=io.StringIO(), width=120)
    console.print(report.tables(run.batch))
    lines = console.file.getvalue().splitlines()  # pyright: ignore[reportAttributeAccessIssue]
    assert "waiting" in next(line for line in lines if "answered" in line and "1/3" in line)
    note = "2 points wait for a person, not in the total: grade why in Formgrader"
    assert f"answered · 01_odd: {note}" in lines


def _score_by_hand(run: Run, student: str, points: float) -> None:
    from nbgrader.api import Gradebook

    with Gradebook(gradebook_url(run.batch.out)) as book:
        grade = book.find_grade("why", "odd", "01_odd", student)
        grade.manual_score, grade.needs_manual_grade = points, False
        book.db.commit()


def test_a_score_given_by_hand_is_counted_and_survives_a_second_run(
    run: Run, tmp_path: Path
) -> None:
    _score_by_hand(run, "task removed", 1.5)
    unit = course.unit(run.root, "odd")
    release = scores.release(run.batch.out, unit)
    first = scores.earned(run.batch.out, "task removed", unit, release)
    shutil.copytree(run.submissions / "task removed", tmp_path / "task removed")
    again = batch.grade(tmp_path, run.batch.out, run.root)
    assert first[0] == again.results[0].cells[0] == CellScore("why", 1.5, 2.0)


def test_nothing_is_said_where_nothing_waits() -> None:
    assert waiting.notes([CellScore("a", 0.0, 1.0)]) == []
    one = [CellScore("a", 0.0, 1.0, waiting=True), CellScore("b", 1.0, 1.0)]
    assert waiting.notes(one)[0].startswith("1 point waits for a person")
    assert waiting.points(one) == 1


def test_the_folder_of_grades_has_its_settings_and_an_own_file_stays(
    run: Run, tmp_path: Path
) -> None:
    assert (run.batch.out / "nbgrader_config.py").read_text() == formgrader.SETTINGS
    (tmp_path / "nbgrader_config.py").write_text("mine")
    formgrader.write_settings(tmp_path)
    assert (tmp_path / "nbgrader_config.py").read_text() == "mine"


@pytest.mark.parametrize(
    "text",
    [
        "<script>steal()</script>",
        '<img src="x" onerror="steal()">',
        '<p onclick="steal()">Hello</p>',
        '<form action="//example.org"><input id="why" value="2"></form>',
        "[a link](javascript:steal())",
        '<a href="javascript:steal()">x</a>',
        "![a picture](https://example.org/seen.png)",
        '<iframe src="//example.org"></iframe><style>*{display: none}</style>',
        '<a href="data:text/html,steal()">x</a><img src="data:text/html,steal()">',
        '<svg onload="steal()"></svg><math href="javascript:steal()">x</math>',
    ],
)
def test_nothing_in_an_answer_runs_loads_or_looks_like_a_form(text: str) -> None:
    for html in (formgrader.safe_markdown(text), formgrader.safe_html(text)):
        assert re.findall(r"<(?!/?p>|/?a\b|img>|img alt=)[^>]*>", html) == []
        assert re.findall(r"<[^>]*\b(?:id|class|style|on\w+|href|src)=[^>]*", html) == []


def test_what_markdown_is_for_is_kept_in_an_answer() -> None:
    html = formgrader.safe_markdown("## So\n\n*half* of `x`:\n\n- one\n\n| a |\n|---|\n| $b < c$ |")
    for kept in ("<h2>", "<em>half</em>", "<code>x</code>", "<li>one", "<td>$b &lt; c$</td>"):
        assert kept in html


PASTED = {"it.png": {"image/png": "aGVsbG8="}, "it.svg": {"image/svg+xml": "PHN2Zy8+"}}


def test_formgrader_shows_a_picture_that_was_pasted_into_an_answer(tmp_path: Path) -> None:
    text = "![so](attachment:it.png) ![svg](attachment:it.svg) ![gone](attachment:gone.png)"
    cell = new_markdown_cell(text, attachments=PASTED)
    exporter = HTMLExporter(config=formgrader.settings(tmp_path))
    html, _ = exporter.from_notebook_node(new_notebook(cells=[cell]))
    shown = re.findall(r'<img alt="(?:so|svg|gone)"[^>]*>', html)
    assert len(shown) == 3
    assert [re.findall('src="[^"]*"', tag) for tag in shown] == [
        ['src="data:image/png;base64,aGVsbG8="'],
        [],
        [],
    ]


def test_a_picture_that_was_pasted_into_an_answer_is_kept(words_course: Path) -> None:
    release = nbformat.read(course.unit(words_course, "odd").student(words_course), 4)
    answered = json.loads(json.dumps(release))
    _cell(answered, "why")["attachments"] = PASTED
    mended, notes = mending.mend(answered, release)
    assert (_cell(mended, "why")["attachments"], notes) == (PASTED, [])


def test_a_picture_that_an_output_carries_with_it_is_kept() -> None:
    picture = Picture(b"not really", alt="A falling curve.", title="It falls")
    html = formgrader.safe_html(picture._repr_html_())
    assert re.fullmatch(r'<figure><img alt="A falling .*" src="data:image/png;.*"></figure>', html)
    assert formgrader.safe_html(b"<p>As bytes</p>") == "<p>As bytes</p>"
