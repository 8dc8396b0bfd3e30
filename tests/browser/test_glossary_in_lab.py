"""A term of a unit opens the glossary in JupyterLab, at its entry."""

import pytest
from labserver import Visit

pytestmark = pytest.mark.browser


def test_a_term_opens_its_entry(visit: Visit):
    visit.open("course/00_residual_stream/residual_stream.ipynb")
    visit.page.get_by_role("link", name="stream", exact=True).first.click()
    entry = visit.page.locator(".jp-MarkdownViewer h3", has_text="residual stream")
    entry.wait_for(state="visible")
    visit.page.wait_for_timeout(1000)
    box, window = entry.bounding_box(), visit.page.locator(".jp-MarkdownViewer").bounding_box()
    assert window["y"] <= box["y"] <= window["y"] + 100  # scrolled to, not only opened
