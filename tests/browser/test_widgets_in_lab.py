"""The widgets as a student meets them: with mouse, keyboard, and tokens of every kind."""

import pytest
from labserver import Lab, Visit, errors, not_run
from widgetpage import in_kernel

pytestmark = pytest.mark.browser

TOKENS = ["<bos>", "</script>", "&amp;", " the", "cat", "<b>the</b>"]

SETUP = f"""
import torch
from IPython.display import display
from interp_course.widgets import AttentionExplorer, attention_heads, colored_tokens
tokens = {TOKENS}
scores = torch.randn(2, 3, 6, 6, generator=torch.Generator().manual_seed(0))
patterns = (3 * scores + torch.full((6, 6), float("-inf")).triu(1)).softmax(-1)
"""
EXPLORER = "explorer = AttentionExplorer(tokens, patterns)\nexplorer"
VIEWS = [
    "colored_tokens(tokens, torch.tensor([0.1, -0.5, 0.2, 0.9, 0.0, 1.0]))",
    "attention_heads(tokens, patterns[1])",
]


CELLS = ("# Widgets", SETUP, EXPLORER, *VIEWS)


@pytest.fixture(scope="module")
def notebook(lab: Lab) -> str:
    return lab.add_notebook("widgets.ipynb", *CELLS)


@pytest.fixture(scope="module")
def page(shared_visit: Visit, notebook: str):
    """The page of the notebook, after all cells have run."""
    run_all(shared_visit, notebook)
    return shared_visit.page


@pytest.fixture
def explorer(page):
    """The attention explorer, with the first head chosen."""
    found = page.locator(".attention-explorer")
    found.get_by_role("radio", name="Layer 0").click()
    found.get_by_role("radio", name="Head L0.H0").click()
    return found


def run_all(visit: Visit, notebook: str) -> None:
    visit.open(notebook)
    cells = visit.run()
    assert errors(cells) == []
    assert not_run(cells) == []


def status(explorer) -> str:
    return explorer.get_by_role("status").inner_text()


def chosen(explorer, kind: str) -> str:
    return explorer.get_by_role("radiogroup", name=kind).locator("[aria-checked=true]").inner_text()


def test_hovering_over_a_token_says_where_it_looks(explorer):
    explorer.get_by_role("option").nth(3).hover()
    assert status(explorer).startswith("L0.H0: token 3 “·the” attends most to token")


def test_the_arrow_keys_choose_token_and_head(explorer):
    explorer.get_by_role("option").nth(2).click()
    for key in ("ArrowRight", "ArrowDown"):
        explorer.page.keyboard.press(key)
    assert status(explorer).startswith("L0.H1: token 3 ")


def test_home_end_and_page_keys_reach_every_corner(explorer):
    explorer.get_by_role("option").nth(2).click()
    explorer.page.keyboard.press("PageDown")
    explorer.page.keyboard.press("Home")
    assert status(explorer).startswith("L1.H0: token 0 ")
    explorer.page.keyboard.press("End")
    assert status(explorer).startswith("L1.H0: token 5 ")


def test_the_keys_of_the_explorer_do_not_move_through_the_notebook(explorer):
    active = "() => window.jupyterapp.shell.currentWidget.content.activeCellIndex"
    explorer.get_by_role("option").nth(2).click()
    before = explorer.page.evaluate(active)
    explorer.page.keyboard.press("ArrowDown")
    assert explorer.page.evaluate(active) == before


def test_a_head_is_chosen_with_its_button(explorer):
    explorer.get_by_role("radio", name="Head L0.H2").click()
    assert status(explorer).startswith("L0.H2: ")


def test_arrows_on_a_head_button_move_to_the_next_head(explorer):
    explorer.get_by_role("radio", name="Head L0.H0").focus()
    explorer.page.keyboard.press("ArrowRight")
    assert chosen(explorer, "Head") == "L0.H1"


def test_tokens_are_shown_as_they_are_written(explorer):
    shown = explorer.get_by_role("option").all_inner_texts()
    assert shown == ["<bos>", "</script>", "&amp;", "·the", "cat", "<b>the</b>"]


def test_the_page_and_the_kernel_say_the_same(explorer, page):
    explorer.get_by_role("option").nth(4).hover()
    said = status(explorer)
    ask = "print(explorer.sentence(explorer.layer, explorer.head, explorer.position))"
    assert in_kernel(page, ask) == said


def test_circuitsvis_shows_tokens_as_they_are_written(page):
    view = page.locator(".circuitsvis-view").first
    view.get_by_text("cat").wait_for()
    assert view.inner_text().replace("\u2060", "").startswith("<bos></script>&amp;")


def test_circuitsvis_draws_every_head(page):
    view = page.locator(".circuitsvis-view").nth(1)
    view.locator("canvas").nth(3).wait_for()  # three small maps and the enlarged one
    assert "3 heads over 6 tokens" in (view.get_attribute("aria-label") or "")


def test_everything_works_again_after_the_page_is_reloaded(visit: Visit, notebook: str):
    run_all(visit, notebook)
    run_all(visit, notebook)  # the kernel stays, the page and its scripts are new
    visit.page.locator(".circuitsvis-view canvas").nth(3).wait_for()
    explorer = visit.page.locator(".attention-explorer")
    explorer.get_by_role("option").nth(1).hover()
    assert status(explorer).startswith("L0.H0: token 1 ")


def test_everything_works_again_after_the_kernel_restarts(visit: Visit, lab: Lab):
    run_all(visit, lab.add_notebook("restarted.ipynb", *CELLS))  # with a kernel of its own
    restart = "() => window.jupyterapp.shell.currentWidget.sessionContext.restartKernel()"
    visit.page.evaluate(restart)
    assert errors(visit.run()) == []
    for words in ("Canceled future for", "Comm not found for comm id"):
        visit.forgive(words)  # JupyterLab drops what a restart interrupts, and says so
    visit.page.locator(".circuitsvis-view canvas").nth(3).wait_for()
    explorer = visit.page.locator(".attention-explorer")
    explorer.get_by_role("option").nth(1).hover()
    assert status(explorer).startswith("L0.H0: token 1 ")
