"""The browser tests can fail: what they promise to notice, they notice."""

import pytest
from labserver import Lab, Visit, before_first_error, errors, not_run

pytestmark = pytest.mark.browser

IMAGE = "from IPython.display import HTML\nHTML('<img src=\"https://example.org/picture.png\">')"
SCRIPT = (
    "from IPython.display import HTML\nHTML('<script>throw new Error(\"on the page\")</script>')"
)

CONSOLE = (
    "from IPython.display import HTML\nHTML('<script>console.error(\"in the console\")</script>')"
)
MISSING = """from IPython.display import HTML
HTML('<script>fetch("/nowhere").then(() => { window.asked = true; })</script>')"""


def test_a_request_to_the_outside_is_noticed(unchecked_visit: Visit, lab: Lab):
    unchecked_visit.open(lab.add_notebook("outside.ipynb", IMAGE))
    with unchecked_visit.page.expect_event("requestfailed"):
        unchecked_visit.run()
    assert set(unchecked_visit.external) == {"https://example.org/picture.png"}


def test_an_error_on_the_page_is_noticed(unchecked_visit: Visit, lab: Lab):
    unchecked_visit.open(lab.add_notebook("script.ipynb", SCRIPT))
    unchecked_visit.run()
    assert any("on the page" in error for error in unchecked_visit.page_errors)


def test_an_error_in_the_console_is_noticed(unchecked_visit: Visit, lab: Lab):
    unchecked_visit.open(lab.add_notebook("console.ipynb", CONSOLE))
    unchecked_visit.run()
    with pytest.raises(AssertionError, match="in the console"):
        unchecked_visit.must_be_clean()


def test_a_page_that_does_not_answer_is_noticed(unchecked_visit: Visit, lab: Lab):
    unchecked_visit.open(lab.add_notebook("missing.ipynb", MISSING))
    unchecked_visit.run()
    unchecked_visit.page.wait_for_function("() => window.asked")
    with pytest.raises(AssertionError, match=r"404.*/nowhere"):
        unchecked_visit.must_be_clean()


def test_a_cell_that_raises_is_reported(unchecked_visit: Visit, lab: Lab):
    unchecked_visit.open(lab.add_notebook("raises.ipynb", "1 + 1", "1 / 0", "2 + 2"))
    assert errors(unchecked_visit.run()) == ["ZeroDivisionError: division by zero"]


def test_cells_behind_an_error_count_as_not_run(unchecked_visit: Visit, lab: Lab):
    unchecked_visit.open(lab.add_notebook("behind.ipynb", "1 / 0", "2 + 2"))
    assert not_run(unchecked_visit.run()) == ["cell-1"]


def test_cells_above_an_error_have_run(unchecked_visit: Visit, lab: Lab):
    unchecked_visit.open(lab.add_notebook("above.ipynb", "1 + 1", "1 / 0"))
    above = before_first_error(unchecked_visit.run())
    assert [cell.count for cell in above] == [1]
