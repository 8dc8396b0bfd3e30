"""Exercises and answers, as read from notebooks."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from interp_course import course
from interp_course.grading.exercises import answer_sources, exercises

ROOT = course.find_root()


def graded(name: str, points: int) -> nbformat.NotebookNode:
    entry = {"grade_id": name, "grade": True, "solution": False, "points": points}
    return new_code_cell("check()", metadata={"nbgrader": entry})


def answer(name: str, source: str = "") -> nbformat.NotebookNode:
    entry = {"grade_id": name, "grade": False, "solution": True}
    return new_code_cell(source, metadata={"nbgrader": entry})


NOTEBOOK = new_notebook(
    cells=[
        new_markdown_cell("# Unit\n\n## Part\n\n### Exercise 1 · The `first` *one*\n\nText"),
        answer("a", "x = 1"),
        new_code_cell("look"),
        answer("b"),
        graded("ab-test", 2),
        answer("c"),
        graded("c-test", 3),
    ]
)


def test_the_title_is_the_last_heading_without_its_markup():
    assert exercises(NOTEBOOK)[0].title == "Exercise 1 · The first one"


def test_all_answers_since_the_exercise_before_belong_to_it():
    assert [exercise.answers for exercise in exercises(NOTEBOOK)] == [("a", "b"), ("c",)]


def test_points_are_those_of_the_graded_cell():
    assert [exercise.maximum for exercise in exercises(NOTEBOOK)] == [2, 3]


def test_only_answer_cells_are_a_students_own():
    assert answer_sources(NOTEBOOK) == {"a": "x = 1", "b": "", "c": ""}


def test_a_notebook_without_headings_names_the_exercise_after_its_cell():
    assert exercises(new_notebook(cells=[graded("q-test", 1)]))[0].title == "q-test"


@pytest.mark.parametrize("unit", course.units(ROOT), ids=lambda unit: unit.slug)
def test_every_exercise_of_the_course_has_a_title_and_an_answer_of_its_own(unit):
    if unit.student(ROOT).is_file():
        found = exercises(nbformat.read(unit.student(ROOT), 4))
        assert len({exercise.title for exercise in found}) == len(found)
        assert all(exercise.answers for exercise in found)
