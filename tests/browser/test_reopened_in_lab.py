"""A notebook that is opened again with a new kernel shows as text what its widgets showed."""

import pytest
from labserver import Visit
from widgetcases import SAID, SETUP, SHOWN, cell
from widgetpage import shown

pytestmark = pytest.mark.browser

NAME = "reopened.ipynb"
SAVE = "() => window.jupyterapp.commands.execute('docmanager:save')"
SHUT_DOWN = "() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()"
GIVEN_UP = f"""() => [...document.querySelectorAll('.jp-OutputArea-output')]
  .filter((output) => output.textContent.includes('model not found')).length === {len(SHOWN)}"""
every_kind = pytest.mark.parametrize("kind", SHOWN)


@pytest.fixture(scope="module")
def page(shared_visit: Visit):
    """The notebook after it was run and saved, opened with a new kernel and saved again, twice."""
    page = shown(shared_visit, NAME, "# Widgets", SETUP, *SHOWN.values())
    for _ in range(2):
        page.evaluate(SAVE)
        page.evaluate(SHUT_DOWN)
        shared_visit.open(NAME)
    page.wait_for_function(GIVEN_UP)
    for words in ("widget model not found", "Canceled future for"):  # as it must be, with no kernel
        shared_visit.forgive(words)
    return page


@every_kind
def test_no_error_is_shown(page, kind):
    said = cell(page, kind).inner_text()
    assert "Error displaying widget" not in said
    assert "Loading widget" not in said


@every_kind
def test_the_content_is_there_as_text(page, kind):
    static = cell(page, kind).locator(".course-static")
    assert static.is_visible()
    assert SAID[kind] in " ".join(static.inner_text().split())


@pytest.mark.parametrize("width", [1280, 700])
def test_the_text_fits_into_its_cell(page, width):
    page.set_viewport_size({"width": width, "height": 1000})
    wide = "(nodes) => Math.max(...nodes.map((node) => node.scrollWidth - node.clientWidth))"
    assert page.locator(".course-static").evaluate_all(wide) <= 0
    page.set_viewport_size({"width": 1280, "height": 1000})


def test_running_the_cells_brings_the_widgets_back(shared_visit, page):
    shared_visit.run()
    page.locator(".course-widget").nth(len(SHOWN) - 1).wait_for()
    assert not any(text.is_visible() for text in page.locator(".course-static").all())
