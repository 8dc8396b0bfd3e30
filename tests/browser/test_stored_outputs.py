"""What a reader sees in a notebook that is not trusted and has not been run."""

from typing import Any

import nbformat
import pytest
import torch
from labserver import Lab, Visit

from interp_course import figures
from interp_course.widgets import AttentionExplorer

pytestmark = pytest.mark.browser

ALT = 'The token "<bos>" gets everything.'


@pytest.fixture(scope="module")
def stored(lab: Lab) -> str:
    """A notebook with the output of a picture and of a widget, from another computer."""
    pattern = torch.tensor([[[[1.0, 0.0], [1.0, 0.0]]]])
    explorer = AttentionExplorer(["<bos>", " a"], pattern)
    picture = figures.patterns(pattern[0], names=["L0.H0"], title="All on one", alt=ALT)
    bundle: Any = explorer._repr_mimebundle_()
    name = lab.add_notebook("stored.ipynb", "picture", "explorer")
    notebook = nbformat.read(lab.root / name, as_version=4)
    for cell, data in zip(notebook.cells, [picture._repr_mimebundle_(), bundle[0]], strict=True):
        cell.outputs = [nbformat.v4.new_output("display_data", data=data)]
    nbformat.write(notebook, lab.root / name)
    return name


def test_a_picture_is_drawn_with_its_alt_text(visit: Visit, stored: str):
    visit.open(stored)
    image = visit.page.get_by_role("img", name=ALT)
    image.wait_for()
    assert image.evaluate("(image) => image.naturalWidth") == 720


def test_a_widget_shows_its_content_as_a_table(visit: Visit, stored: str):
    visit.open(stored)
    visit.page.get_by_role("cell", name="token 0 “<bos>” (1.00)").wait_for()
