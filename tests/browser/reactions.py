"""How long widgets take from a key to what it changes: ``python tests/browser/reactions.py``.

The widgets are the largest of their kinds (``tests/test_stored_widgets.py``). The clock starts with
the event of the key and stops when the page was drawn after the sentence of the widget changed.
The dashboard asks the kernel in between; all others answer on the page. Times are printed and
asserted nowhere: they depend on the machine.
"""

import statistics
import tempfile
from pathlib import Path

from conftest import chromium_path
from labserver import CHROMIUM_OPTIONS, Visit, errors, running_lab, visiting

TESTS = Path(__file__).parents[1]
SETUP = f"import sys; sys.path.insert(0, {str(TESTS)!r})\nfrom test_stored_widgets import LARGEST"
PRESSES = 10  # there are 12 heads and 12 layers to walk through
KEYS = {
    "explorer": ("[role=option][tabindex='0']", ("ArrowLeft", "ArrowDown", "PageDown")),
    "slider": ("[type=range]", ("ArrowRight",)),
    "viewer": ("[type=range]", ("ArrowRight",)),
    "dashboard": ("[type=range]", ("ArrowRight",)),
    "tree": ("[role=treeitem][tabindex='0']", ("ArrowDown",)),
    "map": ("[role=gridcell][tabindex='0']", ("ArrowRight", "ArrowDown")),
}
"""What has the focus, and what is pressed."""
STARTS = {"explorer": ("End",), "map": ("Home", "PageUp")}
"""What is pressed before, so that there is somewhere to go."""

WATCH = """(root) => {
  window.reactions = [];
  let pressed = null;
  root.addEventListener('keydown', () => { pressed = performance.now(); }, true);
  new MutationObserver(() => {
    if (pressed === null) return;
    const start = pressed;
    pressed = null;
    requestAnimationFrame(() => setTimeout(() => {
      window.reactions.push(performance.now() - start);
    }));
  }).observe(root.querySelector('.status'), {childList: true, characterData: true, subtree: true});
}"""


def reactions(visit: Visit, kind: str, key: str) -> list[float]:
    """Milliseconds of each press of a key in a fresh widget of a kind."""
    selector, _ = KEYS[kind]
    visit.open(visit.lab.add_notebook("large.ipynb", SETUP, f"LARGEST[{kind!r}]()"))
    assert errors(visit.run(seconds=120)) == []
    view = visit.page.locator(".course-widget")
    view.locator(selector).first.focus()
    for start in STARTS.get(kind, ("Home",)):
        visit.page.keyboard.press(start)
    visit.page.wait_for_timeout(1000)
    view.evaluate(WATCH)
    for number in range(1, PRESSES + 1):
        visit.page.keyboard.press(key)
        visit.page.wait_for_function("(n) => window.reactions.length >= n", arg=number)
    return visit.page.evaluate("window.reactions")


def main() -> None:
    """Print the median and the longest reaction for each widget and key."""
    from playwright.sync_api import sync_playwright

    print(f"{'widget':10} {'key':10} {'median':>8} {'longest':>8}  milliseconds")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        home, root = Path(folder, "home"), Path(folder, "course")
        chromium = driver.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_OPTIONS)
        with running_lab(home, root) as lab:
            for kind, (_, keys) in KEYS.items():
                for key in keys:
                    with visiting(chromium, lab) as visit:
                        took = reactions(visit, kind, key)
                    median, longest = statistics.median(took), max(took)
                    print(f"{kind:10} {key:10} {median:8.0f} {longest:8.0f}", flush=True)
        chromium.close()


if __name__ == "__main__":
    main()
