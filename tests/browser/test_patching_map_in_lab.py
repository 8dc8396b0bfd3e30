"""The patching map as a student meets it: hovering, walking with the keyboard, both signs."""

import pytest
from labserver import Visit
from widgetpage import KERNEL, in_kernel, shown

pytestmark = pytest.mark.browser

MINUS = "\N{MINUS SIGN}"
SETUP = """
import torch
from interp_course.widgets import PatchingMap
tokens = ["<bos>", " Tom", "<b>gave</b>", "Tom"]
effects = torch.tensor([[0.0, 0.5, -0.25, 0.1], [0.0, -1.0, 0.0, 0.2], [0.001, 0.0, 0.0, 0.75]])
view = PatchingMap(effects, tokens)
heads = PatchingMap(effects[:, :3], tokens, "head")
"""


@pytest.fixture(scope="module")
def page(shared_visit: Visit):
    """The page of a notebook with two maps, after all cells have run."""
    return shown(shared_visit, "map.ipynb", "# Effects", SETUP, "view", "heads")


@pytest.fixture
def view(page):
    """The map of positions, with the first cell chosen and focused."""
    found = page.locator(".patching-map").first
    cell(found, 0, 0).click()
    return found


def cell(view, row: int, column: int):
    return view.locator("tbody tr").nth(row).get_by_role("gridcell").nth(column)


def status(view) -> str:
    return view.get_by_role("status").inner_text()


def colour(node) -> str:
    return node.evaluate("(cell) => getComputedStyle(cell).backgroundImage")


def test_hovering_over_a_cell_says_layer_token_and_value(view):
    cell(view, 1, 1).hover()
    assert status(view) == f"L1, token 1 “·Tom”: {MINUS}1"
    assert view.locator(".token.chosen").inner_text() == "·Tom"


@pytest.mark.parametrize(
    ("keys", "start"),
    [
        (["ArrowRight", "ArrowDown"], "L1, token 1 "),
        (["End"], "L0, token 3 "),
        (["PageDown", "ArrowUp"], "L1, token 0 "),
        (["End", "ArrowRight", "PageDown", "ArrowDown"], "L2, token 3 "),
        (["End", "PageDown", "Home", "PageUp", "ArrowLeft"], "L0, token 0 "),
    ],
)
def test_the_keys_walk_over_the_map(view, keys, start):
    for key in keys:
        view.page.keyboard.press(key)
    assert status(view).startswith(start)
    assert view.locator(":focus").get_attribute("aria-label") == status(view)


def test_a_click_on_a_token_chooses_its_column(view):
    view.locator(".token").nth(3).click()
    assert status(view) == "L0, token 3 “Tom”: +0.1"


def test_one_cell_can_be_reached_with_the_tab_key(view):
    view.page.keyboard.press("ArrowDown")
    assert view.locator("[role=gridcell][tabindex='0']").count() == 1
    assert view.locator("[aria-selected=true]").count() == 1


def test_the_sign_rests_on_colour_and_on_a_mark(view):
    texts = view.locator("tbody tr").nth(0).get_by_role("gridcell").all_inner_texts()
    assert texts == ["", "", MINUS, ""]
    assert "213, 94, 0, 0.25" in colour(cell(view, 0, 2))
    assert "0, 114, 178, 0.5" in colour(cell(view, 0, 1))


def test_the_legend_says_what_the_colours_stand_for(view):
    legend = view.get_by_role("img", name=f"Colours from orange, {MINUS}1, over 0 to blue, +1")
    assert legend.inner_text().split("\n")[-1] == "effect (0 as corrupted, 1 as clean)"


def test_tokens_are_shown_as_they_are_written(view):
    expected = ["<bos>", "·Tom", "<b>gave</b>", "Tom"]
    assert view.locator(".token").all_inner_texts() == expected
    assert view.get_by_role("columnheader").all_inner_texts() == expected


def test_columns_may_be_heads_below_the_same_prompt(page):
    heads = page.locator(".patching-map").nth(1)
    cell(heads, 0, 2).hover()
    assert status(heads) == f"L0, H2: {MINUS}0.25"
    assert heads.locator(".token").count() == 4
    assert heads.locator(".token.chosen").count() == 0


def test_the_page_and_the_kernel_say_the_same(view, page):
    view.page.keyboard.press("ArrowRight")
    assert in_kernel(page, "print(view.row, view.column)") == "0 1"
    assert in_kernel(page, "print(view.sentence(view.row, view.column))") == status(view)


def test_a_choice_in_python_moves_the_mark(view, page):
    in_kernel(page, "view.row = 2")
    view.get_by_role("status").filter(has_text="L2, token 0").wait_for()
    assert cell(view, 2, 0).get_attribute("aria-selected") == "true"


def test_the_keys_do_not_move_through_the_notebook(view, page):
    active = "() => window.jupyterapp.shell.currentWidget.content.activeCellIndex"
    before = page.evaluate(active)
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "PageDown", "ArrowUp"):
        page.keyboard.press(key)
    assert page.evaluate(active) == before


def test_the_focus_is_visible(view, page):
    page.keyboard.press("ArrowDown")
    look = "(node) => getComputedStyle(node).outlineStyle + getComputedStyle(node).outlineWidth"
    assert view.locator(":focus").evaluate(look) == "solid3px"


@pytest.mark.parametrize("width", [1280, 700])
def test_the_map_fits_into_its_cell(view, page, width):
    page.set_viewport_size({"width": width, "height": 1000})
    assert view.evaluate("(view) => view.scrollWidth - view.clientWidth") <= 0
    page.set_viewport_size({"width": 1280, "height": 1000})


def test_the_map_works_without_the_kernel(view, page):
    """The last test, because the kernel does not come back."""
    page.evaluate(f"() => {KERNEL}.shutdown()")
    cell(view, 2, 3).hover()
    assert status(view) == "L2, token 3 “Tom”: +0.75"
