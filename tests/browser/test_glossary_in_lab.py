"""A term of a unit opens the glossary in JupyterLab, at its entry."""

import pytest
from labserver import Visit

pytestmark = pytest.mark.browser

SCROLLED_TO = """(entry) => {
  const below = entry.getBoundingClientRect().y
    - entry.closest('.jp-MarkdownViewer').getBoundingClientRect().y;
  return 0 <= below && below <= 100;
}"""


def test_a_term_opens_its_entry(visit: Visit):
    visit.open("course/00_residual_stream/residual_stream.ipynb")
    visit.page.get_by_role("link", name="stream", exact=True).first.click()
    entry = visit.page.locator(".jp-MarkdownViewer h3", has_text="residual stream")
    entry.wait_for(state="visible")
    visit.page.wait_for_function(SCROLLED_TO, arg=entry.element_handle())  # not only opened
