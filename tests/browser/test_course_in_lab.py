"""The notebooks of the course open and run in JupyterLab, without asking anybody outside."""

import pytest
from labserver import REPOSITORY, Visit, before_first_error, errors, not_run

from interp_course import course

pytestmark = pytest.mark.browser

UNITS = course.units(REPOSITORY)
every_unit = pytest.mark.parametrize("unit", UNITS, ids=[unit.slug for unit in UNITS])


def test_the_server_uses_the_settings_of_the_course(lab):
    assert (lab.root / "nbgrader_config.py").is_file()


def test_start_here_shows_its_title(visit: Visit):
    visit.open("course/START_HERE.ipynb")
    visit.page.locator(".jp-RenderedMarkdown h1").first.wait_for(state="visible")


def test_start_here_runs_without_error(visit: Visit):
    visit.open("course/START_HERE.ipynb")
    cells = visit.run(seconds=240)
    assert errors(cells) == []
    assert not_run(cells) == []


@every_unit
def test_a_student_gets_as_far_as_the_first_open_exercise(visit: Visit, unit: course.Unit):
    visit.open(f"course/{unit.folder}/{unit.slug}.ipynb")
    cells = visit.run(seconds=240)
    assert errors(cells) == ["NotImplementedError"]
    assert not_run(before_first_error(cells)) == []
