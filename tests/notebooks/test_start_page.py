"""The page that every student opens first."""

import re

import nbformat
import pytest
from small_course import BUILT, REPOSITORY

from interp_course import course
from interp_course.checks.start_here import looks_back


@pytest.fixture(scope="module")
def page():
    return nbformat.read(REPOSITORY / "solutions" / "START_HERE.ipynb", as_version=4)


def test_it_shows_a_check_that_names_the_mistake(page):
    errors = [o for cell in page.cells for o in cell.get("outputs", []) if o.output_type == "error"]
    [error] = errors
    assert error.ename == "CheckFailed"
    assert "This is what comes out when the short way back is taken" in error.evalue


def test_the_first_check_comes_within_five_minutes(page):
    place = next(n for n, cell in enumerate(page.cells) if "check.looks_back(" in cell.source)
    texts = [c.source for c in page.cells[: place + 2] if c.cell_type == "markdown"]
    seconds_to_read = sum(len(text.split()) for text in texts) / 200 * 60
    seconds_to_run = 60  # measured: 9, with all cells of the page
    assert seconds_to_read + seconds_to_run < 300


def test_nothing_of_the_machine_that_built_it_is_stored(page):
    assert " GB" not in str([cell.get("outputs") for cell in page.cells])


def test_the_wrong_answer_that_it_opens_with_is_not_the_only_one_that_is_named():
    assert {looks_back.verdict(letter).mistake is not None for letter in "ABD"} == {True}
    assert len({looks_back.verdict(letter).mistake for letter in "ABD"}) == 3


@pytest.mark.parametrize("answer", ["C", " c "])
def test_the_head_that_looks_back_is_right_in_any_case(answer):
    assert looks_back.verdict(answer).passed


@pytest.mark.parametrize("answer", ["E", 3, ["C"], (1, 1)])
def test_what_is_no_letter_of_the_picture_is_told_which_there_are(answer):
    assert "expected one of the letters A, B, C, D" in looks_back.verdict(answer).message


def test_its_links_lead_to_units_of_the_manifest(page):
    links = re.findall(r"\]\(([^)]+\.ipynb)\)", "".join(cell.source for cell in page.cells))
    students = {unit.student(REPOSITORY) for unit in course.units(REPOSITORY)}
    assert links
    assert {REPOSITORY / "course" / link for link in links} <= students


def test_the_map_lists_the_units_that_are_there(built):
    row = "| [01 · Small](01_small/small.ipynb) | What is twice two? | 5 min | 3 |"
    assert row in course.overview(built)
    (built / BUILT[1]).unlink()
    assert "Small" not in course.overview(built)
