"""The proof of the grading where a person grades: such points wait, and nothing else does."""

from dataclasses import replace
from pathlib import Path

import pytest

from interp_course import cli, verify
from interp_course.course import Unit
from interp_course.grading.batch import CellScore, Result
from interp_course.verify import UnitReport

UNIT = Unit(1, "odd", "Odd", "Why?", minutes=5, points=5, by_hand=3)
SCORED, WAITS = CellScore("double-test", 2.0, 2.0), CellScore("why", 0.0, 3.0, waiting=True)
NOTHING = (replace(SCORED, score=0.0), replace(WAITS, waiting=False))


def judged(unit: Unit = UNIT, blank: tuple[CellScore, ...] = NOTHING) -> UnitReport:
    reference = Result("reference", unit.folder, "graded", (SCORED, WAITS))
    return verify.judged(UnitReport(unit, ()), reference, Result("b", unit.folder, "graded", blank))


def test_an_answer_in_words_may_wait_for_a_person() -> None:
    assert judged().problems == ()


def test_points_by_hand_that_differ_from_the_manifest_are_a_problem() -> None:
    expected = "3 points of the reference wait for a person, the manifest says 0 (by_hand)"
    assert judged(replace(UNIT, by_hand=0)).problems == (expected,)


def test_a_blank_answer_in_words_must_not_wait_for_a_person() -> None:
    problems = judged(blank=(NOTHING[0], WAITS)).problems
    assert problems == ("the blank notebook waits for a person in why",)


def test_the_table_of_a_unit_lists_what_waits_for_a_person() -> None:
    columns = [list(column.cells) for column in cli._verify_table(judged()).columns]
    first = [column[0] for column in columns]
    assert first == ["why (by hand)", "-", "-", "-", "waiting", "0/3"]


@pytest.mark.slow
def test_a_unit_with_an_answer_in_words_meets_its_bars(words_course: Path, tmp_path: Path) -> None:
    from interp_course import course

    unit = course.unit(words_course, "odd")
    report = verify._with_notebooks(UnitReport(unit, ()), words_course, tmp_path)
    assert report.problems == ()
