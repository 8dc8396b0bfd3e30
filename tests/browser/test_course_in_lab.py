"""The notebooks of the course open and run in JupyterLab, without asking anybody outside."""

import pytest
from labserver import Visit, before_first_error, errors, not_run

pytestmark = pytest.mark.browser

UNIT = "03_induction_heads/induction_heads.ipynb"


def test_the_server_uses_the_settings_of_the_course(lab):
    assert (lab.root / "nbgrader_config.py").is_file()


def test_start_here_shows_its_title(visit: Visit):
    visit.open("course/START_HERE.ipynb")
    visit.page.locator(".jp-RenderedMarkdown h1").first.wait_for(state="visible")


def test_start_here_runs_without_error(visit: Visit):
    visit.open("course/START_HERE.ipynb")
    cells = visit.run(seconds=120)
    assert errors(cells) == []
    assert not_run(cells) == []


def test_a_student_gets_as_far_as_the_first_open_exercise(visit: Visit):
    visit.open(f"course/{UNIT}")
    cells = visit.run(seconds=120)
    assert errors(cells) == ["NotImplementedError"]
    assert not_run(before_first_error(cells)) == []


@pytest.mark.slow
def test_the_solution_runs_to_its_end(visit: Visit):
    visit.open(f"solutions/{UNIT}")
    cells = visit.run(seconds=300)
    assert errors(cells) == []
    assert not_run(cells) == []
