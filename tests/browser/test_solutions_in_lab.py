"""The reference notebooks run to their end in JupyterLab, without asking anybody outside."""

import pytest
from labserver import REPOSITORY, Visit, errors, not_run

from interp_course import course

pytestmark = pytest.mark.browser

UNITS = course.units(REPOSITORY)


@pytest.mark.slow
@pytest.mark.parametrize("unit", UNITS, ids=[unit.slug for unit in UNITS])
def test_the_solution_runs_to_its_end(visit: Visit, unit: course.Unit):
    visit.open(f"solutions/{unit.folder}/{unit.slug}.ipynb")
    cells = visit.run(seconds=600)
    assert errors(cells) == []
    assert not_run(cells) == []
