"""The built site in a browser, from the disk: nothing is asked for elsewhere."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser
pytest.importorskip("myst_nb", reason="the site needs pip install 'interp-course[site]'")
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    out = tmp_path_factory.mktemp("built") / "site"
    subprocess.run([sys.executable, "-m", "website", str(out)], cwd=ROOT, check=True)
    return out


@pytest.fixture
def visited(browser):
    page, asked, failed = browser.new_page(), [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("requestfailed", lambda request: failed.append(request.url))
    page.on("pageerror", lambda error: failed.append(str(error)))
    yield page
    page.close()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert failed == []


def test_every_page_opens_and_asks_nobody(visited, site):
    places = sorted(site.rglob("*.html"))
    assert len(places) > 15
    for place in places:
        visited.goto(place.as_uri())
        visited.locator("a.sidebar-brand").first.wait_for()


def test_a_formula_has_a_size_and_its_parts_stand_above_each_other(visited, site):
    visited.goto((site / "course/02_superposition/superposition.html").as_uri())
    visited.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    boxes = [box.bounding_box() for box in visited.locator("math").all()]
    assert min(box["height"] for box in boxes) > 4
    fraction = visited.locator("mfrac").first
    above, below = (fraction.locator("> *").nth(i).bounding_box() for i in (0, 1))
    assert above["y"] + above["height"] <= below["y"] + 2


def test_a_term_leads_to_its_entry(visited, site):
    visited.goto((site / "course/00_residual_stream/residual_stream.html").as_uri())
    visited.get_by_role("link", name="logit lens").first.click()
    visited.wait_for_url("**/docs/glossary.html#logit-lens")
    visited.locator("#logit-lens").first.wait_for()


def test_the_search_works_without_a_server(visited, site):
    visited.goto(f"{(site / 'search.html').as_uri()}?q=pentagon")
    visited.locator("ul.search a", has_text="Superposition").first.wait_for()
