"""What a reader sees in a notebook that is not trusted and has not been run."""

from typing import Any

import nbformat
import pytest
import torch
from labserver import Lab, Visit

from interp_course import figures
from interp_course.widgets import AttentionExplorer, SteeringSlider, described
from interp_course.widgets.described import DescribedWidget

pytestmark = pytest.mark.browser

ALT = 'The token "<bos>" gets everything.'


def displayed(widget: DescribedWidget) -> list[dict[str, Any]]:
    """What a notebook stores of a widget: one output with HTML, one with the live view."""
    bundles: list[dict[str, Any]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(described, "display", lambda data, raw: bundles.append(data))
        widget._ipython_display_()
    return bundles


@pytest.fixture(scope="module")
def stored(lab: Lab) -> str:
    """A notebook with the output of a picture and of widgets, from another computer."""
    pattern = torch.tensor([[[[1.0, 0.0], [1.0, 0.0]]]])
    explorer = AttentionExplorer(["<bos>", " a"], pattern)
    picture = figures.patterns(pattern[0], names=["L0.H0"], title="All on one", alt=ALT)
    slider = SteeringSlider("It was", [-1.0, 0.0], [" bad", " good"], {"a": [0.5, 0.25]})
    outputs = [[picture._repr_mimebundle_()], displayed(explorer), displayed(slider)]
    name = lab.add_notebook("stored.ipynb", "picture", "explorer", "slider")
    notebook = nbformat.read(lab.root / name, as_version=4)
    for cell, bundles in zip(notebook.cells, outputs, strict=True):
        cell.outputs = [nbformat.v4.new_output("display_data", data=data) for data in bundles]
    nbformat.write(notebook, lab.root / name)
    return name


def test_a_picture_is_drawn_with_its_alt_text(visit: Visit, stored: str):
    visit.open(stored)
    image = visit.page.get_by_role("img", name=ALT)
    assert image.evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 720


def test_a_widget_shows_its_content_as_a_table(visit: Visit, stored: str):
    visit.open(stored)
    visit.page.get_by_role("cell", name="token 0 “<bos>” (1.00)").wait_for()


def test_a_slider_shows_every_strength_as_a_table(visit: Visit, stored: str):
    visit.open(stored)
    visit.page.get_by_role("row", name="0.500 1 of 1 “ bad”").wait_for()


def test_nothing_is_said_of_widgets_that_are_not_there(visit: Visit, stored: str):
    visit.open(stored)
    visit.page.get_by_role("row", name="0.500 1 of 1 “ bad”").wait_for()
    visit.page.wait_for_timeout(3000)  # JupyterLab looks for a widget for two seconds
    assert "widget" not in visit.page.locator(".jp-Notebook").inner_text().lower()
