"""What is solved in a notebook is shown in it, in words as well."""

import pytest
from labserver import Visit, errors

pytestmark = pytest.mark.browser


def test_a_solved_exercise_fills_a_bar_that_says_so(visit: Visit):
    file = visit.lab.root / "progress.sqlite"
    name = visit.lab.add_notebook(
        "progress.ipynb",
        f"import os\nos.environ['INTERP_COURSE_PROGRESS'] = {str(file)!r}",
        "from interp_course.checks import start_here as check\ncheck.looks_back('C')",
        "from interp_course import progress\nprogress.show()",
    )
    visit.open(name)
    assert errors(visit.run()) == []
    bar = visit.page.get_by_role("img", name="1 of 1 exercise solved")
    box, filled = bar.bounding_box(), bar.locator("div").bounding_box()
    assert filled["width"] > 0.9 * box["width"] > 50
