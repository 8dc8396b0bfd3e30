"""Keys that a widget has no use for, or a use of its own, do nothing else in the notebook."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from labserver import Visit
from widgetpage import shown

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

SETUP = """
import torch
from interp_course import compiled
from interp_course.circuits import EMBED, LOGITS
from interp_course.quizzes import Option, Question, Quiz
from interp_course.scrubbing import SAME, Edge, Node
from interp_course.widgets import AttentionExplorer, HypothesisTree, PatchingMap, SteeringSlider
below = [Edge("in", Node(EMBED, SAME))]
claim = HypothesisTree(Node(LOGITS, SAME, below))
heads = AttentionExplorer(["a", "b"], torch.tensor([[1.0, 0.0], [0.5, 0.5]]).expand(1, 2, 2, 2))
cells = PatchingMap(torch.tensor([[0.1, 0.2], [0.3, 0.4]]), ["a", "b"])
options = {"a": Option("One.", "No."), "b": Option("Two.", "Yes.", right=True)}
answers = Quiz([Question("What is 1 + 1?", options)])
strength = SteeringSlider("It was", [-1.0, 0.0], [" bad", " good"], {"a": [0.5, 0.25]})
"""
PLACES = {
    "claim": ".hypothesis-tree [role=treeitem][tabindex='0']",
    "cells": ".patching-map [role=gridcell][tabindex='0']",
    "heads": ".attention-explorer [role=option][tabindex='0']",
    "answers": ".question-card input",
    "strength": ".steering-slider input",
}
STATE = """() => {
  const {content} = window.jupyterapp.shell.currentWidget;
  return [content.mode, content.activeCellIndex];
}"""
CENTRE = "(widget) => widget.scrollIntoView({block: 'center'})"
# What is focused comes into view, but not at once: how far all is scrolled when it is still again.
SCROLLED = """() => new Promise((resolve) => {
  let [last, frames] = [NaN, 0];
  const look = () => {
    const now = [...document.querySelectorAll('.jp-Notebook, .jp-Notebook *')]
      .reduce((sum, node) => sum + node.scrollTop, 0);
    frames = now === last ? frames + 1 : 0;
    last = now;
    if (frames === 20) resolve(now);
    else requestAnimationFrame(look);
  };
  look();
})"""


@pytest.fixture(scope="module")
def page(shared_visit: Visit) -> "Page":
    """The page of a notebook with all of them, after its cells have run."""
    return shown(shared_visit, "keys.ipynb", "# Keys", SETUP, *PLACES)


@pytest.fixture
def low_page(page) -> Iterator["Page"]:
    """The same in a window that shows only a part of the notebook."""
    page.set_viewport_size({"width": 1280, "height": 500})
    yield page
    page.set_viewport_size({"width": 1280, "height": 1000})


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("key", ["ArrowUp", "ArrowDown", "Enter", "Space"])
def test_a_key_stays_in_its_widget(page, name: str, key: str):
    widget = page.locator(PLACES[name].split()[0])
    page.locator(PLACES[name]).first.focus()
    before = page.evaluate(STATE)
    page.keyboard.press(key)
    page.wait_for_timeout(100)
    assert page.evaluate(STATE) == before
    assert widget.locator(":focus").count() == 1


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("key", ["ArrowUp", "ArrowDown", "Space"])
def test_a_key_does_not_scroll(low_page, name: str, key: str):
    low_page.locator(PLACES[name]).first.focus()
    low_page.evaluate(SCROLLED)
    low_page.locator(PLACES[name].split()[0]).evaluate(CENTRE)  # and what is focused next is there
    before = low_page.evaluate(SCROLLED)
    low_page.keyboard.press(key)
    assert low_page.evaluate(SCROLLED) == before


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_a_key_chooses_a_head(page, key: str):
    explorer = page.locator(".attention-explorer")
    explorer.get_by_role("radio", name="Head L0.H0").click()
    explorer.get_by_role("radio", name="Head L0.H1").focus()
    page.keyboard.press(key)
    assert explorer.get_by_role("radio", name="Head L0.H1").get_attribute("aria-checked") == "true"


def test_space_chooses_an_option(page):
    option = page.locator(PLACES["answers"]).nth(1)
    option.focus()
    page.keyboard.press("Space")
    assert option.is_checked()
