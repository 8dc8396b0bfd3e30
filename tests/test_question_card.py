"""The card asks on the page, explains one option at a time, and never tells the key."""

import html
import json
import re

import ipywidgets
import pytest

from interp_course.checks.induction_heads.questions import predictions, questions
from interp_course.quizzes import Option, Prediction, Question, Quiz
from interp_course.widgets import Asked, QuestionCard, Reply, described

SKY = Question(
    "What colour is *the sky*, `sky`?",
    {
        "a": Option("Green.", "That is *grass*."),
        "b": Option("**Blue**.", "It scatters.", right=True),
        "c": Option("Red.", "Wait for the evening."),
    },
)
SUM = Question(
    "What is 1 + 1?",
    {"a": Option("2.", "Count.", right=True), "b": Option("11.", "That joins digits.")},
)
QUIZ = Quiz([SKY, SUM])
ASKED = [Asked("Which?", {"a": "This.", "b": "That."})]


def stored(card: QuestionCard) -> str:
    """All that a notebook can keep of a card: its outputs, and the state of the widget."""
    state = ipywidgets.Widget.get_manager_state(widgets=[card])
    text = json.dumps([card._repr_mimebundle_(), state, card.get_state()])
    return text.replace(card.model_id, "id").replace(card.layout.model_id, "layout")


def published(shown: Quiz | Prediction) -> list[dict]:
    """The outputs that displaying a quiz or a prediction makes."""
    found: list[dict] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(described, "display", lambda data, raw: found.append(data))
        shown._ipython_display_()
    return found


def test_the_pieces_of_a_text_keep_their_marks():
    text = QUIZ.card().questions[0]["text"]
    assert text == [
        ["", "What colour is "],
        ["em", "the sky"],
        ["", ", "],
        ["code", "sky"],
        ["", "?"],
    ]
    assert QUIZ.card().questions[0]["options"][1] == ["b", [["strong", "Blue"], ["", "."]]]


def test_a_star_alone_is_a_star():
    card = QuestionCard([Asked("2 * 3?", {"a": "6", "b": "*"})], "", "answers")
    assert card.questions[0] == {
        "text": [["", "2 * 3?"]],
        "options": [["a", [["", "6"]]], ["b", [["", "*"]]]],
    }


def test_the_line_follows_what_is_chosen():
    card = QUIZ.card()
    assert card.line == "answers = {1: None, 2: None}"
    card.chosen = {"2": "a"}
    assert card.line == 'answers = {1: None, 2: "a"}'


def test_the_line_of_a_prediction_is_a_letter():
    card = Prediction(SKY).card()
    assert card.line == "my_prediction = None"
    card.chosen = {"1": "c"}
    assert card.line == 'my_prediction = "c"'


def test_the_line_is_what_the_quiz_accepts():
    card, found = QUIZ.card(), {}
    card.chosen = {"1": "b", "2": "a"}
    exec(card.line, found)
    assert QUIZ.finding().verdict(found["answers"]).passed


@pytest.mark.parametrize(
    ("letter", "right", "text"), [("a", False, "That is grass."), ("b", True, "It scatters.")]
)
def test_an_option_that_is_checked_is_explained(letter, right, text):
    card = QUIZ.card()
    card.checked = {"1": letter}
    assert card.replies == {"1": {"letter": letter, "right": right, "text": text}}


def test_choosing_explains_nothing():
    card = QUIZ.card()
    card.chosen = {"1": "b", "2": "b"}
    assert card.replies == {}


def test_a_prediction_is_never_explained_before_the_experiment():
    card = Prediction(SKY).card()
    card.checked = {"1": "b"}
    assert (card.replies, card.explains) == ({}, False)


def test_what_is_stored_of_a_card_holds_no_explanation():
    text = stored(QUIZ.card())
    assert "What colour is" in text
    for question in (SKY, SUM):
        assert [o.explanation for o in question.options.values() if o.explanation in text] == []


def test_what_is_stored_after_a_wrong_answer_holds_the_explanation_of_that_option_only():
    card = QUIZ.card()
    card.chosen = card.checked = {"1": "a"}
    text = stored(card)
    assert "That is grass." in text
    assert [t for t in ("It scatters.", "Wait for", "Count.", "That joins") if t in text] == []


def test_what_is_stored_is_the_same_whatever_is_right():
    options = {"a": "x", "b": "y"}
    quizzes = [
        Quiz([Question("?", {a: Option(t, "!", right=a == key) for a, t in options.items()})])
        for key in options
    ]
    first, second = (quiz.card() for quiz in quizzes)
    assert first.model_id.split("-")[0] == second.model_id.split("-")[0]
    assert stored(first) == stored(second)


@pytest.mark.parametrize("shown", [questions, *predictions.values()], ids=repr)
def test_nothing_that_a_notebook_shows_of_the_course_tells_the_key(shown):
    asked = shown.questions if isinstance(shown, Quiz) else [shown.question]
    text = f"{published(shown)}{shown}{asked}{stored(shown.card())}"
    said = [o.explanation for q in asked for o in q.options.values() if o.explanation]
    assert [explanation for explanation in said if explanation in text] == []
    assert "right=" not in text


@pytest.mark.parametrize("shown", [QUIZ, Prediction(SKY)], ids=["quiz", "prediction"])
def test_viewers_without_widgets_get_the_markdown(shown):
    text, widget = published(shown)
    assert text["text/markdown"] == text["text/plain"] == shown._repr_markdown_()
    assert widget.keys() == {"application/vnd.jupyter.widget-view+json"}


def test_the_html_says_the_same_as_the_markdown():
    shown = re.sub(r"<li>", "- ", QUIZ.card()._static()["text/html"])
    said = re.sub(r"[*`]", "", repr(QUIZ))
    assert html.unescape(re.sub(r"\s|<[^>]+>", "", shown)) == re.sub(r"\s", "", said)


def test_the_description_has_the_questions_the_line_and_what_was_said():
    card = QUIZ.card()
    card.chosen = card.checked = {"1": "a"}
    lines = card.describe().splitlines()
    assert lines[0].startswith("**1.** What colour")
    assert lines[-2:] == ['answers = {1: "a", 2: None}', "1a: That is grass."]


def test_a_saved_card_is_small():
    assert len(stored(questions.card())) < 40_000


@pytest.mark.parametrize("choice", [{"3": "a"}, {"1": "z"}, {1: "a"}])
@pytest.mark.parametrize("name", ["chosen", "checked"])
def test_what_is_no_option_is_refused(name, choice):
    with pytest.raises(ValueError, match="there is no option"):
        setattr(QUIZ.card(), name, choice)


@pytest.mark.parametrize(
    ("asked", "numbered", "message"),
    [
        ([], True, "questions are needed, got 0"),
        (ASKED * 2, False, "one question is needed, got 2; answers to several"),
        ([Asked("Which?", {"a": "This."})], True, r"'Which\?' needs two options, got \['a'\]"),
    ],
)
def test_questions_that_cannot_be_asked_are_refused(asked, numbered, message):
    with pytest.raises(ValueError, match=message):
        QuestionCard(asked, "", "answers", lambda *_: Reply(True, ""), numbered=numbered)
