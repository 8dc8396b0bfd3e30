"""Every text of every widget can be read, and every mark be seen, in the light and in the dark."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from labserver import Visit
from widgetcases import SETUP, SHOWN, cell
from widgetpage import shown, use_theme

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

MARKS = ("--line", "--bar", "--lost", "--chosen", "--focus")
COLOURS = """
const parts = (text) => {
  const found = text.match(/^rgba?\\(([^)]*)\\)$/);
  if (!found) throw new Error(`not a colour: ${text}`);
  const [r, g, b, a = 1] = found[1].split(',').map(Number);
  return [[r, g, b], a];
};
const over = (below, [colour, alpha]) => below.map((c, i) => alpha * colour[i] + (1 - alpha) * c);
const luminance = (colour) => colour.map((c) => c / 255)
  .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
  .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
const contrast = (a, b) => {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
};
const layers = (node) => {
  const {backgroundColor, backgroundImage} = getComputedStyle(node);
  const gradient = backgroundImage.match(/rgba?\\([^)]*\\)/);
  return [backgroundColor, ...(gradient ? [gradient[0]] : [])].map(parts);
};
const paper = (node) => {
  const above = node.parentElement ? paper(node.parentElement) : [255, 255, 255];
  return layers(node).reduce(over, above);
};
const opacity = (node) => (node ? getComputedStyle(node).opacity * opacity(node.parentElement) : 1);
"""
FAINT_TEXTS = f"""(root) => {{
  {COLOURS}
  const faint = [];
  const check = (words, node, text) => {{
    const [colour, alpha] = parts(text);
    const found = contrast(over(paper(node), [colour, alpha * opacity(node)]), paper(node));
    if (found < 4.5) faint.push(`${{words}}: ${{found.toFixed(2)}}`);
  }};
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  let seen = 0;
  while (walker.nextNode()) {{
    const node = walker.currentNode.parentElement;
    const visible = node.checkVisibility({{visibilityProperty: true}});
    if (!visible || !walker.currentNode.data.trim()) continue;
    seen += 1;
    const {{color, fill}} = getComputedStyle(node);
    check(walker.currentNode.data, node, node instanceof SVGElement ? fill : color);
  }}
  for (const node of root.querySelectorAll('[placeholder]')) {{
    check(node.placeholder, node, getComputedStyle(node, '::placeholder').color);
  }}
  return seen ? faint : ['no text was found'];
}}"""
FAINT_MARKS = f"""(root, names) => {{
  {COLOURS}
  const probe = root.appendChild(document.createElement('i'));
  const seen = names.map((name) => {{
    probe.style.color = `var(${{name}})`;
    const [colour] = parts(getComputedStyle(probe).color);
    return [name, contrast(colour, paper(root))];
  }});
  probe.remove();
  return seen.filter(([, found]) => found < 3).map(([name, found]) => `${{name}}: ${{found}}`);
}}"""


@pytest.fixture(scope="module")
def opened(shared_visit: Visit) -> Visit:
    shown(shared_visit, "colours.ipynb", "# Widgets", SETUP, *SHOWN.values())
    shared_visit.page.locator(".course-widget").nth(len(SHOWN) - 1).wait_for()
    return shared_visit


@pytest.fixture(scope="module", params=["light", "dark"])
def page(opened: Visit, request: pytest.FixtureRequest) -> Iterator["Page"]:
    """The page of a notebook with all widgets, in one theme."""
    use_theme(opened.page, request.param)
    yield opened.page
    use_theme(opened.page, "light")  # the server remembers it, also for the pages of other tests


@pytest.mark.parametrize("kind", SHOWN)
def test_texts_stand_out_from_their_background(page, kind):
    assert cell(page, kind).locator(".course-widget").evaluate(FAINT_TEXTS) == []


def test_marks_stand_out_from_the_paper(page):
    view = page.locator(".course-widget").first
    assert view.evaluate(FAINT_MARKS, MARKS) == []
