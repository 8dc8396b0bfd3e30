"""The steering slider as a student meets it: with mouse, keyboard, and in both themes."""

import pytest
from labserver import Visit
from widgetpage import in_kernel, shown

pytestmark = pytest.mark.browser

MINUS = "\N{MINUS SIGN}"

SETUP = """
from interp_course.widgets import SteeringSlider
strengths = [float(s) for s in range(-10, 11)]
words = ["bad"] * 10 + ["good"] * 5 + ["</script>"] * 6
texts = [f" a {word} film" for word in words]
rising = [0.02 * i for i in range(21)]
shares = {" good": rising, "<b>bad</b>": rising[::-1]}
slider = SteeringSlider("<bos> It was", strengths, texts, shares)
"""
SHOW = "slider"


@pytest.fixture(scope="module")
def page(shared_visit: Visit):
    """The page of a notebook with a slider, after all cells have run."""
    return shown(shared_visit, "steering.ipynb", "# Steering", SETUP, SHOW)


@pytest.fixture
def view(page):
    """The widget at strength 0, with the keyboard on its slider."""
    found = page.locator(".steering-slider")
    found.get_by_role("slider").focus()
    found.get_by_role("slider").fill("10")
    return found


def press(view, *keys: str) -> None:
    for key in keys:
        view.page.keyboard.press(key)


def strength(view) -> str:
    return view.get_by_role("slider").get_attribute("aria-valuetext").split(":")[0]


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("ArrowRight", "+1"),
        ("ArrowUp", "+1"),
        ("ArrowLeft", f"{MINUS}1"),
        ("ArrowDown", f"{MINUS}1"),
        ("PageUp", "+2"),
        ("PageDown", f"{MINUS}2"),
        ("Home", f"{MINUS}10"),
        ("End", "+10"),
    ],
)
def test_every_key_of_a_slider_works(view, key, expected):
    press(view, key)
    assert strength(view) == expected


def test_the_continuation_follows_the_slider(view):
    press(view, "Home")
    assert view.locator(".said").inner_text() == " a bad film"


def test_texts_are_shown_as_they_are_written(view):
    press(view, "End")
    assert view.locator(".text p:not(.ghost)").inner_text() == "<bos> It was a </script> film"


def test_words_that_are_new_are_marked(view):
    press(view, "Home")
    assert view.locator(".said mark").all_inner_texts() == ["bad"]


def test_the_mark_does_not_rest_on_colour_alone(view):
    press(view, "Home")
    look = view.locator(".said mark").evaluate("""(mark) => {
      const {fontWeight, textDecorationLine} = getComputedStyle(mark);
      return [fontWeight, textDecorationLine];
    }""")
    assert look == ["700", "underline"]


def test_nothing_is_marked_at_the_strength_nearest_to_zero(view):
    assert view.locator(".said mark").count() == 0


def test_each_token_has_its_probability_as_text(view):
    press(view, "Home")
    rows = [text.split() for text in view.get_by_role("row").all_inner_texts()]
    assert rows == [["·good", "0.000"], ["<b>bad</b>", "0.400"]]


def test_bars_are_as_long_as_their_probabilities(view):
    press(view, "Home")
    (track,) = {box["width"] for box in map(_box, view.locator(".track").all())}
    bars = [_box(bar)["width"] / track for bar in view.locator(".fill").all()]
    assert bars == pytest.approx([0.0, 0.4 / 0.5], abs=0.01)


def _box(locator) -> dict[str, float]:
    return locator.bounding_box() or {"width": 0.0}


def test_a_screen_reader_hears_strength_and_continuation(view):
    press(view, "ArrowLeft")
    slider = view.get_by_role("slider", name="steering strength")
    assert slider.get_attribute("aria-valuetext") == f"{MINUS}1:  a bad film"


def test_the_sentence_is_announced_politely(view):
    assert view.get_by_role("status").get_attribute("aria-live") == "polite"


def test_the_kernel_follows_the_page(view, page):
    press(view, "ArrowRight", "ArrowRight", "ArrowRight")
    assert in_kernel(page, "print(slider.strength)") == "3.0"


def test_the_page_and_the_kernel_say_the_same(view, page):
    press(view, "End")
    said = view.get_by_role("status").inner_text()
    assert in_kernel(page, "print(slider.sentence(20))") == said


def test_a_choice_in_python_moves_the_slider(view, page):
    view.get_by_role("slider").fill("17")
    assert in_kernel(page, "print(slider.strength)") == "7.0"
    in_kernel(page, "slider.index = 3")
    page.wait_for_function("() => document.querySelector('.steering-slider input').value === '3'")
    assert strength(view) == f"{MINUS}7"


def test_the_mouse_moves_the_slider(view):
    box = view.get_by_role("slider").bounding_box()
    view.get_by_role("slider").click(position={"x": box["width"] - 8, "y": box["height"] / 2})
    assert strength(view) == "+10"


def test_the_keys_of_the_slider_do_not_move_through_the_notebook(view, page):
    active = "() => window.jupyterapp.shell.currentWidget.content.activeCellIndex"
    before = page.evaluate(active)
    press(view, "ArrowUp", "ArrowUp", "ArrowUp")
    assert page.evaluate(active) == before


def test_the_focus_is_visible(view):
    press(view, "ArrowRight")
    look = "(slider) => getComputedStyle(slider).outlineWidth"
    assert view.get_by_role("slider").evaluate(look) == "2px"


def test_nothing_jumps_when_the_slider_moves(view):
    tops = []
    for key in ("Home", "End"):
        press(view, key)
        tops.append(view.get_by_role("table").bounding_box()["y"])
    assert tops[0] == tops[1]


@pytest.mark.parametrize("width", [1280, 800])
def test_the_slider_fits_into_its_cell(view, page, width):
    page.set_viewport_size({"width": width, "height": 1000})
    wide = "(view) => view.scrollWidth - view.clientWidth"
    assert view.evaluate(wide) <= 0
    page.set_viewport_size({"width": 1280, "height": 1000})
