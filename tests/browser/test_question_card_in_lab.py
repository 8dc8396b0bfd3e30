"""Quizzes and predictions as a student meets them: mouse, keyboard, and no key in the file."""

import json
import re
from collections.abc import Iterator

import pytest
from labserver import Lab, Visit
from widgetpage import KERNEL, in_kernel, shown

pytestmark = pytest.mark.browser

SETUP = """
from interp_course.quizzes import Option, Prediction, Question, Quiz
sky = Question(
    "What colour is *the sky*, in `</b>`?",
    {
        "a": Option("Green.", "That is grass."),
        "b": Option("Blue.", "It scatters.", right=True),
        "c": Option("Red.", "Wait for the evening."),
    },
)
total = Question(
    "What is 1 + 1?",
    {"a": Option("2.", "Count.", right=True), "b": Option("11.", "That joins digits.")},
)
questions = Quiz([sky, total])
"""
NAME = "card.ipynb"
TOGGLE = """() => window.jupyterapp.commands.execute(
  '@jupyter-widgets/jupyterlab-manager:saveWidgetState')"""
SECRETS = ["It scatters", "Wait for", "Count.", "That joins", "right=True"]


@pytest.fixture(scope="module")
def opened(shared_visit: Visit):
    return shown(shared_visit, NAME, "# Questions", SETUP, "questions", "Prediction(sky)")


@pytest.fixture
def page(opened):
    """The page with fresh cards: both cells have run again."""
    opened.evaluate("() => window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    in_kernel(opened, "import ipywidgets; ipywidgets.Widget.close_all()")
    opened.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
    opened.locator(".question-card").nth(1).wait_for()
    return opened


@pytest.fixture
def quiz(page):
    return page.get_by_role("group", name="Quiz", exact=True)


@pytest.fixture
def prediction(page):
    return page.get_by_role("group", name="Prediction", exact=True)


def option(card, question: str, name: str):
    return card.get_by_role("group", name=re.compile(question)).get_by_role("radio", name=name)


def says(card, words: str) -> None:
    card.get_by_role("status").filter(has_text=words).wait_for()


@pytest.fixture
def keeping_widgets(page) -> Iterator[None]:
    """JupyterLab saves the state of widgets, as it does if somebody asks it to."""
    page.evaluate(TOGGLE)
    yield
    page.evaluate(TOGGLE)


def stored(page, lab: Lab) -> str:
    """The notebook as it is saved, with outputs and widgets, without the source of the key."""
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    content = json.loads((lab.root / NAME).read_text())
    assert "QuestionCard" in str(content["metadata"]["widgets"])
    content["cells"] = [cell for cell in content["cells"] if cell["id"] != "cell-1"]
    return json.dumps(content)


def test_the_mouse_chooses_and_the_kernel_explains(quiz):
    quiz.get_by_text("Green.").click()
    quiz.get_by_role("button", name="Check answer 1").click()
    says(quiz, "That is grass.")


def test_the_keyboard_does_the_same(quiz, page):
    option(quiz, "the sky", "Green").focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    says(quiz, "It scatters.")
    assert option(quiz, "the sky", "Blue").is_checked()


def test_an_explanation_goes_when_another_option_is_chosen_and_comes_back(quiz):
    for name in ("Green", "Blue", "Green"):
        option(quiz, "the sky", name).check()
        assert quiz.locator(".reply").first.inner_text() == ""
        quiz.get_by_role("button", name="Check answer 1").click()
        says(quiz, {"Green": "That is grass.", "Blue": "It scatters."}[name])


def test_nothing_is_explained_before_an_option_is_chosen(quiz):
    quiz.get_by_role("button", name="Check answer 2").click()
    says(quiz, "Choose an option first.")


def test_right_and_wrong_have_a_mark_besides_any_colour(quiz):
    marks = []
    for name in ("11", "2"):
        option(quiz, "1 . 1", name).check()
        quiz.get_by_role("button", name="Check answer 2").click()
        says(quiz, {"2": "Count.", "11": "That joins"}[name])
        look = "(p) => getComputedStyle(p, '::before').content"
        marks.append(quiz.locator(".reply").nth(1).evaluate(look)[1])
    assert marks == ["✗", "✓"]


def test_the_line_to_paste_holds_what_is_chosen(quiz, page):
    option(quiz, "the sky", "Blue").check()
    assert quiz.locator(".code").inner_text() == 'answers = {1: "b", 2: None}'
    option(quiz, "1 . 1", "2").check()
    assert quiz.locator(".code").inner_text() == 'answers = {1: "b", 2: "a"}'
    assert in_kernel(page, "print('answers' in globals())") == "False"


def test_the_line_is_copied_by_a_button(quiz, page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    option(quiz, "the sky", "Red").check()
    quiz.get_by_role("button", name="Copy").click()
    says(quiz, "Copied.")
    read = page.evaluate("() => navigator.clipboard.readText()")
    assert read == 'answers = {1: "c", 2: None}'


def test_a_prediction_gives_a_line_and_no_answer(prediction):
    option(prediction, "the sky", "Red").check()
    assert prediction.locator(".code").inner_text() == 'my_prediction = "c"'
    assert prediction.get_by_role("button").all_inner_texts() == ["Copy"]


def test_texts_are_shown_as_they_are_written(quiz):
    legend = quiz.locator("legend").first
    assert legend.inner_text() == "1. What colour is the sky, in </b>?"
    assert legend.locator("em").inner_text() == "the sky"


def test_the_keys_do_not_move_through_the_notebook(quiz, page):
    active = "() => window.jupyterapp.shell.currentWidget.content.activeCellIndex"
    option(quiz, "the sky", "Green").click()
    before = page.evaluate(active)
    for key in ("ArrowDown", "ArrowDown", "ArrowUp", "Enter"):
        page.keyboard.press(key)
    assert page.evaluate(active) == before


def test_the_text_above_the_card_is_not_shown_twice(quiz, page):
    texts = page.locator(".jp-OutputArea .course-static")
    assert texts.count() == 2
    assert not any(text.is_visible() for text in texts.all())


def test_the_focus_is_visible(quiz, page):
    option(quiz, "the sky", "Green").click()
    page.keyboard.press("ArrowDown")
    look = "(node) => getComputedStyle(node).outlineStyle + getComputedStyle(node).outlineWidth"
    assert option(quiz, "the sky", "Blue").evaluate(look) == "solid2px"


@pytest.mark.usefixtures("keeping_widgets")
def test_a_saved_notebook_holds_no_key_after_it_is_shown(quiz, page, lab):
    text = stored(page, lab)
    assert "What colour is" in text
    assert [secret for secret in [*SECRETS, "That is grass"] if secret in text] == []
    assert len(text) < 100_000


@pytest.mark.usefixtures("keeping_widgets")
def test_a_saved_notebook_holds_no_key_after_a_wrong_answer(quiz, page, lab):
    option(quiz, "the sky", "Green").check()
    quiz.get_by_role("button", name="Check answer 1").click()
    says(quiz, "That is grass.")
    text = stored(page, lab)
    assert [secret for secret in SECRETS if secret in text] == []


@pytest.mark.parametrize("width", [1280, 700])
def test_the_questions_fit_into_their_cell(quiz, page, width):
    page.set_viewport_size({"width": width, "height": 1000})
    assert quiz.evaluate("(view) => view.scrollWidth - view.clientWidth") <= 0
    page.set_viewport_size({"width": 1280, "height": 1000})


def test_without_the_kernel_the_card_says_that_it_must_run(quiz, page):
    """The last test, because the kernel does not come back."""
    page.evaluate(f"() => {KERNEL}.shutdown()")
    option(quiz, "the sky", "Green").check()
    quiz.get_by_role("button", name="Check answer 1").click()
    says(quiz, "The kernel has not answered")
    assert quiz.locator(".code").inner_text() == 'answers = {1: "a", 2: None}'
