"""The page that every student opens first."""

import re

import nbformat
import pytest
from small_course import BUILT, REPOSITORY

from interp_course import course


@pytest.fixture(scope="module")
def page():
    return nbformat.read(REPOSITORY / "solutions" / "START_HERE.ipynb", as_version=4)


def test_it_shows_a_check_that_names_the_mistake(page):
    errors = [o for cell in page.cells for o in cell.get("outputs", []) if o.output_type == "error"]
    [error] = errors
    assert error.ename == "CheckFailed"
    assert "This is what comes out when the mean is squared" in error.evalue


def test_nothing_of_the_machine_that_built_it_is_stored(page):
    assert "GB" not in str([cell.get("outputs") for cell in page.cells])


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
