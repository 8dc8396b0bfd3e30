"""The tree of a hypothesis as a student meets it: with the mouse, the keyboard, and in the dark."""

import pytest
from labserver import Visit
from widgetpage import KERNEL, in_kernel, shown

pytestmark = pytest.mark.browser

SETUP = """
from interp_course import compiled
from interp_course.circuits import EMBED, LOGITS
from interp_course.scrubbing import SAME, Edge, Node, Scrubber, TokenAt, TokensBack
from interp_course.widgets import HypothesisTree
example = compiled.induction()
prompts = example.task.sample(1000, seed=1)
below = [
    Edge("q", Node(EMBED, TokenAt(-1))),
    Edge("k", Node(example.part("previous-token head"), TokensBack(1), per_position=True)),
    Edge("v", Node(EMBED, TokensBack(0), per_position=True, name="<b>words</b>")),
]
inductor = Node(example.part("induction head"), SAME, below)
claim = Node(LOGITS, SAME, [Edge("in", inductor, -1)])
report = Scrubber(example.model, prompts.tokens, prompts.answers).test(claim, 30)
tree = HypothesisTree(claim, report)
"""


@pytest.fixture(scope="module")
def page(shared_visit: Visit):
    """The page of a notebook with a tree, after all cells have run."""
    return shown(shared_visit, "tree.ipynb", "# A claim", SETUP, "tree")


@pytest.fixture
def view(page):
    """The widget with its root chosen and focused."""
    found = page.locator(".hypothesis-tree")
    found.locator(".box").first.click()
    return found


def chosen(view) -> str:
    return view.locator("[aria-selected=true] > .box b").inner_text()


def facts(view) -> dict[str, str]:
    names, values = (view.locator(tag).all_inner_texts() for tag in ("dt", "dd"))
    return dict(zip(names, values, strict=True))


def test_a_click_shows_what_a_node_claims(view):
    view.locator(".box", has_text="<b>words</b>").click()
    assert facts(view)["read by"] == "L1.H3 through v"
    assert facts(view)["site"] == "embed"
    said = view.get_by_role("status").inner_text()
    assert said.startswith("<b>words</b>, read by L1.H3 through v, matters through token here")


def test_a_node_shows_its_samples_and_what_was_exchanged(view):
    view.locator(".box", has_text="q").nth(0).click()
    assert facts(view)["samples"] == "30 references"
    assert facts(view)["rows exchanged"].endswith("%")


@pytest.mark.parametrize(
    ("keys", "label"),
    [
        (["ArrowDown"], "L1.H3"),
        (["ArrowRight", "ArrowRight"], "embed"),
        (["End"], "<b>words</b>"),
        (["End", "ArrowLeft"], "L1.H3"),
        (["End", "ArrowUp"], "L0.H1"),
        (["End", "ArrowDown"], "<b>words</b>"),
        (["End", "ArrowRight"], "<b>words</b>"),
        (["End", "Home", "ArrowUp"], "logits"),
    ],
)
def test_the_keys_walk_through_the_tree(view, keys, label):
    for key in keys:
        view.page.keyboard.press(key)
    assert chosen(view) == label
    assert view.locator(":focus").get_attribute("aria-selected") == "true"


def test_one_node_can_be_reached_with_the_tab_key(view):
    assert view.locator("[role=treeitem][tabindex='0']").count() == 1


def test_a_screen_reader_hears_level_place_and_claim(view):
    item = view.get_by_role("treeitem", name="k: L0.H1, token 1 back, per position")
    levels = [item.get_attribute(f"aria-{name}") for name in ("level", "posinset", "setsize")]
    assert levels == ["3", "2", "3"]
    assert "% exchanged" in item.get_attribute("aria-label")


def test_bars_are_as_long_as_the_shares(view, page):
    bars = [bar.bounding_box()["width"] for bar in view.locator(".bar i").all()]
    room = view.locator(".bar").first.evaluate("(bar) => bar.clientWidth")
    shares = in_kernel(page, "print(*[node['share'] for node in tree.nodes])").split()
    assert [bar / room for bar in bars] == pytest.approx(list(map(float, shares)), abs=0.02)


def test_the_page_and_the_kernel_say_the_same(view, page):
    view.page.keyboard.press("End")
    assert in_kernel(page, "print(tree.index)") == "4"
    assert in_kernel(page, "print(tree.sentence(4))") == view.get_by_role("status").inner_text()


def test_a_choice_in_python_moves_the_mark(view, page):
    in_kernel(page, "tree.index = 3")
    view.locator("[aria-selected=true] > .box b", has_text="L0.H1").wait_for()
    assert chosen(view) == "L0.H1"


def test_the_keys_do_not_move_through_the_notebook(view, page):
    active = "() => window.jupyterapp.shell.currentWidget.content.activeCellIndex"
    before = page.evaluate(active)
    for key in ("ArrowDown", "ArrowDown", "ArrowUp", "PageDown"):
        page.keyboard.press(key)
    assert page.evaluate(active) == before


def test_the_focus_is_visible(view, page):
    page.keyboard.press("ArrowDown")
    look = "(node) => getComputedStyle(node).outlineStyle + getComputedStyle(node).outlineWidth"
    assert view.locator(":focus > .box").evaluate(look) == "solid2px"


@pytest.mark.parametrize("width", [1280, 700])
def test_the_tree_fits_into_its_cell(view, page, width):
    page.set_viewport_size({"width": width, "height": 1000})
    assert view.evaluate("(view) => view.scrollWidth - view.clientWidth") <= 0
    page.set_viewport_size({"width": 1280, "height": 1000})


def test_the_tree_works_without_the_kernel(view, page):
    """The last test, because the kernel does not come back."""
    page.evaluate(f"() => {KERNEL}.shutdown()")
    view.page.keyboard.press("End")
    assert chosen(view) == "<b>words</b>"
