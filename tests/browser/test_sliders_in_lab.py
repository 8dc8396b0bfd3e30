"""What all sliders of the course have in common: name, value in words, keys that stay, focus."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from labserver import Visit
from widgetpage import shown

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser

CASES = (Path(__file__).parents[1] / "reading_cases.py").read_text()
SETUP = f"""{CASES}
from interp_course.widgets import FeatureDashboard, SteeringSlider, SuperpositionViewer
strengths = [-1.0, 0.0, 1.0]
texts = [" bad", " fair", " good"]
planes = torch.tensor([[[1.0, 0.0], [0.0, 1.0]]]) * torch.tensor([1.0, 0.8, 0.6]).view(3, 1, 1)
"""
SHOWN = {
    ".feature-dashboard": "FeatureDashboard(small_reading())",
    ".steering-slider": 'SteeringSlider("It was", strengths, texts, {" a": [0.1, 0.2, 0.3]})',
    ".superposition-viewer": "SuperpositionViewer(planes, [0.1, 0.5, 0.9])",
}
WORDS = {
    ".feature-dashboard": ("latent", "latent 1"),
    ".steering-slider": ("steering strength", "0:  fair"),
    ".superposition-viewer": ("probability of being active", "0.5"),
}
every_slider = pytest.mark.parametrize("where", SHOWN)


@pytest.fixture(scope="module")
def page(shared_visit: Visit) -> "Page":
    """The page of a notebook with all three, after its cells have run."""
    return shown(shared_visit, "sliders.ipynb", "# Sliders", SETUP, *SHOWN.values())


def at_one(page: "Page", where: str) -> "Locator":
    """A slider at 1, with the keyboard on it."""
    slider = page.locator(where).get_by_role("slider")
    slider.focus()
    slider.fill("1")
    return slider


@every_slider
def test_a_slider_has_a_name_and_says_its_value_in_words(page, where: str):
    name, value = WORDS[where]
    assert at_one(page, where).get_attribute("aria-valuetext") == value
    assert page.locator(where).get_by_role("slider", name=name, exact=True).count() == 1


@every_slider
@pytest.mark.parametrize("key", ["ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End"])
def test_the_keys_of_a_slider_do_not_move_through_the_notebook(page, where: str, key: str):
    slider = at_one(page, where)
    active = "() => window.jupyterapp.shell.currentWidget.content.activeCellIndex"
    before = page.evaluate(active)
    page.keyboard.press(key)
    assert page.evaluate(active) == before
    assert slider.input_value() != "1"


@every_slider
def test_the_focus_of_a_slider_is_visible(page, where: str):
    slider = at_one(page, where)
    page.keyboard.press("ArrowRight")
    look = "(node) => getComputedStyle(node).outlineStyle + getComputedStyle(node).outlineWidth"
    assert slider.evaluate(look) == "solid2px"
