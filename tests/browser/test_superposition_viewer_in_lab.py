"""The superposition viewer as a student meets it: with the keyboard, and from Python."""

import math

import pytest
from labserver import Visit
from widgetpage import KERNEL, in_kernel, shown

pytestmark = pytest.mark.browser

SETUP = """
import torch
from interp_course.widgets import SuperpositionViewer
angles = torch.arange(5) * 2 * torch.pi / 5
pentagon = torch.stack([angles.cos(), angles.sin()])
two = torch.tensor([[2.0, 0.0, 0.0, 0.0, 0.0], [0.0, 1.0, -0.4, 0.0, 0.0]])
names = ["a", "b", "<i>c</i>", "d", "e"]
W = torch.stack([pentagon, 0.75 * pentagon, two])
viewer = SuperpositionViewer(W, [0.05, 0.2, 1.0], [1, 0.8, 0.6, 0.4, 0.2], names)
"""
SHOW = "viewer"


@pytest.fixture(scope="module")
def page(shared_visit: Visit):
    """The page of a notebook with a viewer, after all cells have run."""
    return shown(shared_visit, "superposition.ipynb", "# Planes", SETUP, SHOW)


@pytest.fixture
def view(page):
    """The widget at its first step, with the keyboard on its slider."""
    found = page.locator(".superposition-viewer")
    found.get_by_role("slider").focus()
    found.get_by_role("slider").fill("0")
    return found


def tips(view) -> list[float]:
    """The lengths of the arrows in units of the circle."""
    radius = float(view.locator(".unit").get_attribute("r"))
    ends = [[float(line.get_attribute(c)) for c in ("x2", "y2")] for line in shafts(view)]
    return [math.hypot(*end) / radius for end in ends]


def shafts(view):
    return view.locator(".arrow line").all()


@pytest.mark.parametrize(
    ("key", "value"), [("ArrowRight", "0.2"), ("ArrowUp", "0.2"), ("PageUp", "0.2"), ("End", "1")]
)
def test_the_keys_move_the_sentence(view, key, value):
    view.page.keyboard.press(key)
    start = f"probability of being active {value}: "
    assert view.get_by_role("status").inner_text().startswith(start)
    assert view.get_by_role("slider").get_attribute("aria-valuetext") == value


def test_the_keys_move_the_picture(view):
    lengths = [tips(view)]
    for _ in range(2):
        view.page.keyboard.press("ArrowRight")
        lengths.append(tips(view))
    assert lengths[0] == pytest.approx([1.0] * 5, abs=1e-3)
    assert lengths[1] == pytest.approx([0.75] * 5, abs=1e-3)
    assert lengths[2] == pytest.approx([2.0, 1.0, 0.4, 0.0, 0.0], abs=1e-3)


def test_what_is_not_represented_is_dashed_and_said(view):
    view.page.keyboard.press("End")
    dashes = [s.evaluate("(s) => getComputedStyle(s).strokeDasharray") for s in shafts(view)]
    rows = view.locator("tbody tr").all_inner_texts()
    assert [dash != "none" for dash in dashes] == [False, False, True, True, True]
    assert ["not represented" in row for row in rows] == [False, False, True, True, True]


def test_bars_are_as_long_as_the_dimensionalities_beside_them(view):
    tracks = [bar.bounding_box()["width"] for bar in view.locator(".track").all()]
    bars = [bar.bounding_box()["width"] for bar in view.locator(".fill").all()]
    texts = view.locator(".pair .number").all_inner_texts()
    assert texts == ["0.40"] * 5
    assert [a / b for a, b in zip(bars, tracks, strict=True)] == pytest.approx([0.4] * 5, abs=0.02)


@pytest.mark.parametrize("key", ["Home", "End"])
def test_names_are_beside_their_own_arrows_as_they_are_written(view, key):
    view.page.keyboard.press(key)
    assert view.locator("svg text").all_text_contents() == ["a", "b", "<i>c</i>", "d", "e"]
    boxes = [text.bounding_box() for text in view.locator("svg text").all()]
    frame = view.locator("svg").bounding_box()
    assert all(frame["x"] <= b["x"] <= frame["x"] + frame["width"] - b["width"] for b in boxes)
    assert all(frame["y"] <= b["y"] <= frame["y"] + frame["height"] - b["height"] for b in boxes)


def test_the_kernel_follows_the_page(view, page):
    view.page.keyboard.press("End")
    assert in_kernel(page, "print(viewer.value)") == "1.0"
    said = view.get_by_role("status").inner_text()
    assert in_kernel(page, "print(viewer.sentence(viewer.index))") == said


def test_the_page_follows_the_kernel(view, page):
    view.get_by_role("slider").fill("2")
    assert in_kernel(page, "print(viewer.index)") == "2"
    in_kernel(page, "viewer.index = 1")
    moved = "() => document.querySelector('.superposition-viewer input').value === '1'"
    page.wait_for_function(moved)
    assert tips(view) == pytest.approx([0.75] * 5, abs=1e-3)


def test_nothing_jumps_when_the_slider_moves(view):
    parts = (".status", "svg", "thead .angle")
    boxes = []
    for key in ("Home", "End"):
        view.page.keyboard.press(key)
        boxes.append([view.locator(part).bounding_box() for part in parts])
    assert boxes[0] == boxes[1]


@pytest.mark.parametrize("width", [1280, 800])
def test_the_viewer_fits_into_its_cell(view, page, width):
    page.set_viewport_size({"width": width, "height": 1000})
    wide = "(view) => view.scrollWidth - view.clientWidth"
    assert view.evaluate(wide) <= 0
    page.set_viewport_size({"width": 1280, "height": 1000})


def test_the_picture_works_without_the_kernel(view, page):
    """The last test, because the kernel does not come back."""
    page.evaluate(f"() => {KERNEL}.shutdown()")
    view.page.keyboard.press("End")
    assert tips(view) == pytest.approx([2.0, 1.0, 0.4, 0.0, 0.0], abs=1e-3)
