"""Answers in words: what students see, what graders see, and what is refused."""

import shutil
import subprocess
import sys

import nbformat
import pytest
from words_course import ANSWER, MODEL_ANSWER, RUBRIC, SOURCE, TASK, make_words_course

from interp_course import notebooks
from interp_course.notebooks import BuildError
from interp_course.notebooks.source import read_source

SOLUTION, STUDENT = "solutions/01_odd/odd.ipynb", "course/01_odd/odd.ipynb"


@pytest.fixture
def built(words_course, tmp_path):
    """A copy for a test to change."""
    return shutil.copytree(words_course, tmp_path / "copy")


def cell(root, path, name):
    cells = nbformat.read(root / path, as_version=4).cells
    return next(found for found in cells if found.id == name)


def change(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_students_see_the_task_and_what_is_looked_for(words_course):
    text = cell(words_course, STUDENT, "why-task").source
    assert "Why is the sum" in text
    assert text.rstrip().endswith(
        "**What is looked for**: a reason that holds for all odd numbers."
    )


def test_students_see_neither_the_rubric_nor_the_model_answer(words_course):
    text = (words_course / STUDENT).read_text()
    assert RUBRIC not in text
    assert MODEL_ANSWER not in text
    assert "MARK SCHEME" not in text


def test_students_get_a_place_to_write_that_they_may_edit(words_course):
    answer = cell(words_course, STUDENT, "why")
    assert answer.source == "YOUR ANSWER HERE"
    assert answer.metadata.get("editable", True)
    assert not cell(words_course, STUDENT, "why-task").metadata.editable


def test_the_reference_holds_the_rubric_and_the_model_answer(words_course):
    assert RUBRIC in cell(words_course, SOLUTION, "why-task").source
    assert MODEL_ANSWER in cell(words_course, SOLUTION, "why").source


def test_nbgrader_knows_the_answer_as_one_that_a_person_grades(words_course):
    expected = {"grade": True, "solution": True, "locked": False, "task": False, "points": 2}
    found = cell(words_course, SOLUTION, "why").metadata.nbgrader
    assert found == expected | {"grade_id": "why", "schema_version": 3}


def test_what_was_built_is_what_the_source_says(words_course):
    assert notebooks.check(words_course) == []


@pytest.mark.slow
def test_nbgraders_own_command_gives_the_same_bytes(built):
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", "01_odd"]
    expected = (built / STUDENT).read_bytes()
    (built / STUDENT).write_text("overwrite me")
    subprocess.run([*command, "--force", "--no-db"], cwd=built, check=True, capture_output=True)
    assert (built / STUDENT).read_bytes() == expected


@pytest.mark.parametrize("secret", [RUBRIC, MODEL_ANSWER])
def test_a_line_that_leaked_to_students_is_found(built, secret):
    source = (built / "solutions/01_odd/odd.py").read_text()
    line = next(line for line in source.splitlines() if secret in line)
    (built / "course" / "notes.md").write_text(line.removeprefix("# "))
    assert any("hidden in odd.py" in problem for problem in notebooks.check(built))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (', "points": 2', "", "no points, although a person grades it"),
        (ANSWER, ANSWER.replace(" [markdown]", ""), "only Markdown can be `manual`"),
        (TASK, TASK.replace(', "locked": true', ""), "a rubric stands in a locked text cell"),
        (TASK, "# %% [markdown]", "a rubric stands in a locked text cell"),
        ("# <!-- END MARK SCHEME -->\n", "", "a rubric stands in a locked text cell"),
        ("<!-- END SOLUTION -->", "", "no model answer between <!-- BEGIN SOLUTION -->"),
        ("# Why is", "# ### BEGIN SOLUTION\n# Why is", "in text, write markers as <!-- BEGIN"),
        ('print("ready")', "# BEGIN MARK SCHEME", "a mark scheme, which only text can have"),
    ],
)
def test_a_source_that_would_lose_or_leak_something_is_refused(tmp_path, old, new, message):
    assert SOURCE.count(old) == 1
    root = make_words_course(tmp_path / "made", SOURCE.replace(old, new))
    with pytest.raises(BuildError) as refused:
        read_source(notebooks.targets(root)[0])
    assert message in str(refused.value)


def test_a_course_with_answers_in_words_breaks_no_rule(words_course):
    assert notebooks.lint(words_course) == []


@pytest.mark.parametrize(
    ("path", "old", "new", "message"),
    [
        (SOLUTION, "MARK SCHEME", "NOTES", "Exercise 1 consists of task, answer in words"),
        (SOLUTION, "What is looked for", "Tip", "does not say to students: What is looked for"),
        (SOLUTION, "### Exercise 1 · Odd", "### Odd", "'why' is graded, but in no exercise"),
        (STUDENT, "YOUR ANSWER HERE", "Because.", "'why' has no place to fill in"),
        ("course/course.toml", "by_hand = 2", "", "in words give 2 points, the manifest says 0"),
    ],
)
def test_a_notebook_that_breaks_a_rule_is_named(built, path, old, new, message):
    change(built / path, old, new)
    assert any(message in problem for problem in notebooks.lint(built))
