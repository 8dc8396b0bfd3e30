"""The feature dashboard as a student meets it: slider, number, search, keyboard."""

import re
from pathlib import Path

import pytest
from labserver import Visit
from widgetpage import KERNEL, in_kernel, shown

pytestmark = pytest.mark.browser

CASES = (Path(__file__).parents[1] / "reading_cases.py").read_text()
SETUP = f"""{CASES}
from interp_course.widgets import FeatureDashboard
dashboard = FeatureDashboard(small_reading())
"""
SHOW = "dashboard"
REACTIONS = """async (view) => {
  const slider = view.querySelector('[type=range]');
  const status = view.querySelector('.status');
  const times = [];
  for (let latent = 10; latent < 20; latent += 1) {
    const start = performance.now();
    const turned = new Promise((resolve) => {
      new MutationObserver((_, observer) => { observer.disconnect(); resolve(); })
        .observe(status, {childList: true});
    });
    slider.value = latent;
    slider.dispatchEvent(new Event('input'));
    await turned;
    times.push(Math.round(performance.now() - start));
  }
  return times;
}"""


@pytest.fixture(scope="module")
def page(shared_visit: Visit):
    """The page of a notebook with a dashboard, after all cells have run."""
    return shown(shared_visit, "dashboard.ipynb", "# Latents", SETUP, SHOW)


@pytest.fixture
def view(page):
    """The widget at latent 15, with the keyboard on its slider."""
    found = page.locator(".feature-dashboard")
    found.get_by_role("slider").focus()
    found.get_by_role("slider").fill("15")
    shows(found, 15)
    return found


def shows(view, latent: int) -> bool:
    """Wait until the dashboard speaks of this latent."""
    view.locator(".status", has_text=re.compile(rf"Latent {latent}\b")).wait_for()
    return view.get_by_role("slider").input_value() == str(latent)


def search(view, query: str) -> None:
    view.get_by_role("searchbox").fill(query)
    view.get_by_role("searchbox").press("Enter")
    view.locator(".reply", has_text=query).wait_for()


@pytest.mark.parametrize(
    ("key", "latent"),
    [
        ("ArrowRight", 16),
        ("ArrowLeft", 14),
        ("PageUp", 25),
        ("PageDown", 5),
        ("Home", 0),
        ("End", 29),
    ],
)
def test_every_key_of_the_slider_works(view, page, key, latent):
    page.keyboard.press(key)
    assert shows(view, latent)


def test_pages_end_at_the_ends(view, page):
    for key, latent in (("PageUp", 25), ("PageUp", 29), ("Home", 0), ("PageDown", 0)):
        page.keyboard.press(key)
        assert shows(view, latent)


def test_a_number_is_typed(view, page):
    view.get_by_role("spinbutton").fill("3")
    page.keyboard.press("Enter")
    assert shows(view, 3)


def test_a_number_out_of_range_becomes_the_last_one(view, page):
    view.get_by_role("spinbutton").fill("99")
    page.keyboard.press("Enter")
    assert shows(view, 29)


def test_a_search_shows_the_best_latent_and_lists_the_others(view):
    search(view, "france")
    assert shows(view, 0)
    options = view.get_by_role("option").all_inner_texts()
    assert options[:2] == ["0: F1 0.67 · word “france”", "3: F1 0.44 · country = france"]


def test_the_list_is_walked_with_the_keyboard(view, page):
    search(view, "france")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert shows(view, 3)


def test_the_list_is_clicked_with_the_mouse(view):
    search(view, "river")
    view.get_by_role("listbox").select_option("4")
    assert shows(view, 4)


def test_the_same_search_again_returns_to_the_best_latent(view, page):
    search(view, "france")
    view.get_by_role("slider").fill("20")
    assert shows(view, 20)
    search(view, "france")
    assert shows(view, 0)


def test_a_search_without_an_answer_says_so(view):
    search(view, "colour")
    assert view.locator(".reply").inner_text().startswith("nothing for “colour”")
    assert shows(view, 15)


def test_texts_are_shown_as_they_are_written(view):
    view.get_by_role("slider").fill("1")
    assert shows(view, 1)
    assert "</script> is in <b>spain</b> . <eos>" in view.get_by_role("listitem").inner_text()


def test_the_strongest_word_does_not_rest_on_colour_alone(view):
    look = view.locator("li b").first.evaluate("""(word) => {
      const {fontWeight, textDecorationLine} = getComputedStyle(word);
      return [fontWeight >= 600, textDecorationLine];
    }""")
    assert look == [True, "underline"]


def test_active_words_have_a_background_in_proportion_and_a_value(view):
    view.get_by_role("slider").fill("0")
    assert shows(view, 0)
    words = view.locator("li .on").evaluate_all(
        "(words) => words.map((word) => [word.innerText, word.title, word.style.cssText])"
    )
    assert words == [["nantes", "2.00", "--share: 1;"], ["france", "1.00", "--share: 0.5;"]]


def test_the_histogram_has_words(view):
    picture = view.get_by_role("img", name="Histogram of the activations from 0 to 1.00, in 4 bins")
    assert "0, 0, 1, 2 tokens" in picture.get_attribute("aria-label")
    assert picture.locator("rect").count() == 4


def test_a_dead_latent_has_no_empty_picture(view):
    view.get_by_role("slider").fill("2")
    assert shows(view, 2)
    assert view.get_by_role("img").count() == view.get_by_role("table").count() == 0


def test_the_sentence_is_announced_politely(view):
    assert view.locator(".status").get_attribute("aria-live") == "polite"


def test_the_page_and_the_kernel_say_the_same(view, page):
    said = view.locator(".status").text_content()
    assert in_kernel(page, "print(dashboard.sentence(15))") == said


def test_a_choice_in_python_turns_the_page(view, page):
    in_kernel(page, "dashboard.index = 7")
    assert shows(view, 7)


def test_the_keys_do_not_move_through_the_notebook(view, page):
    active = "() => window.jupyterapp.shell.currentWidget.content.activeCellIndex"
    before = page.evaluate(active)
    for key in ("ArrowUp", "ArrowDown", "ArrowUp", "PageDown"):
        page.keyboard.press(key)
    search(view, "france")
    page.keyboard.press("ArrowDown")
    assert page.evaluate(active) == before


@pytest.mark.parametrize("role", ["slider", "spinbutton", "searchbox", "listbox"])
def test_the_focus_is_visible(view, page, role):
    search(view, "france")
    view.get_by_role(role).focus()
    page.keyboard.press("Shift")
    look = "(node) => getComputedStyle(node).outlineStyle + getComputedStyle(node).outlineWidth"
    assert view.get_by_role(role).evaluate(look) == "solid2px"


@pytest.mark.parametrize("width", [1280, 700])
def test_the_dashboard_fits_into_its_cell(view, page, width):
    page.set_viewport_size({"width": width, "height": 1000})
    wide = "(view) => view.scrollWidth - view.clientWidth"
    assert view.evaluate(wide) <= 0
    page.set_viewport_size({"width": 1280, "height": 1000})


def test_every_move_of_the_slider_turns_the_page(view):
    times = view.evaluate(REACTIONS)
    print("reactions in ms, of page and kernel together:", times)
    assert len(times) == 10
    assert shows(view, 19)


def test_without_the_kernel_the_dashboard_says_that_it_must_run(view, page):
    """The last test, because the kernel does not come back."""
    page.evaluate(f"() => {KERNEL}.shutdown()")
    view.get_by_role("slider").fill("16")
    view.locator(".reply", has_text="The kernel has not answered").wait_for()
