"""Quizzes are graded as a whole and explain each wrong option; predictions never fail."""

import pytest

from interp_course.quizzes import Option, Prediction, Question, Quiz

SKY = Question(
    "What colour is the sky?",
    {"a": Option("Green.", "That is grass."), "b": Option("Blue.", "It scatters.", right=True)},
)
SUM = Question(
    "What is 1 + 1?",
    {"a": Option("2.", "Count.", right=True), "b": Option("11.", "That joins digits.")},
)
QUIZ = Quiz([SKY, SUM])


@pytest.mark.parametrize("answers", [{1: "b", 2: "a"}, {2: " A ", 1: "B"}])
def test_the_right_letters_pass_in_any_case_and_order(answers):
    assert QUIZ.finding().verdict(answers).passed


def test_each_wrong_option_is_explained_and_the_first_is_the_mistake():
    verdict = QUIZ.finding().verdict({1: "a", 2: "b"})
    assert "1a: That is grass." in verdict.message
    assert "2b: That joins digits." in verdict.message
    assert verdict.mistake == "That is grass."


def test_the_message_does_not_give_the_key_away():
    message = QUIZ.finding().verdict({1: "a", 2: "a"}).message
    assert "It scatters." not in message
    assert "1b" not in message


def test_a_letter_that_is_no_option_is_refused_with_those_there_are():
    assert "2: 'c' is not one of a, b" in QUIZ.finding().verdict({1: "b", 2: "c"}).message


@pytest.mark.parametrize("answers", ["ba", {1: "b"}, {1: "b", 2: "a", 3: "a"}, ["b", "a"]])
def test_answers_of_another_form_are_refused_with_the_form(answers):
    verdict = QUIZ.finding().verdict(answers)
    assert not verdict.passed
    assert "a dict with the keys 1 to 2" in verdict.message


def test_a_quiz_that_nobody_began_is_blank_and_says_so():
    verdict = QUIZ.finding().verdict({1: None, 2: None})
    assert not verdict.passed
    assert verdict.blank
    assert verdict.message.splitlines()[1:] == [
        "  questions 1 and 2 are not answered yet: put a letter in place of each None",
        "  → answer every question; where a letter is wrong, the line above says why",
    ]


def test_a_question_that_is_left_open_is_told_apart_from_a_wrong_letter():
    verdict = QUIZ.finding().verdict({1: "a", 2: None})
    assert "\n  question 2 is not answered yet: put a letter" in verdict.message
    assert "\n  1a: That is grass." in verdict.message
    assert not verdict.blank


def test_a_quiz_shows_numbered_questions_and_all_options_but_no_key():
    text = QUIZ._repr_markdown_()
    assert "**1.** What colour is the sky?" in text
    assert "**2.** What is 1 + 1?" in text
    assert "- **b** Blue." in text
    assert "It scatters." not in text


def test_the_explanations_are_those_of_the_right_options():
    assert QUIZ.explanations() == "1b: It scatters.\n2a: Count."


@pytest.mark.parametrize("right", [(False, False), (True, True)])
def test_a_question_needs_exactly_one_right_option(right):
    options = {a: Option("x", "y", right=r) for a, r in zip("ab", right, strict=True)}
    with pytest.raises(ValueError, match=r"exactly one option must be right.*'Which\?'"):
        Question("Which?", options)


@pytest.mark.parametrize(
    ("letter", "words"),
    [
        ("b", "You predicted b, and so it is. It scatters."),
        ("A", "You predicted a; the answer is b. It scatters."),
        (None, "You made no prediction. The answer is b. It scatters."),
    ],
)
def test_a_prediction_is_compared_with_what_happens(letter, words, capsys):
    Prediction(SKY)(letter)
    assert capsys.readouterr().out == f"{words}\n"


def test_a_prediction_that_is_no_option_is_refused():
    with pytest.raises(ValueError, match="choose one of a, b or None, got 'z'"):
        Prediction(SKY)("z")


def test_a_prediction_shows_its_question_without_the_answer():
    text = Prediction(SKY)._repr_markdown_()
    assert text.startswith("**Predict first.** What colour is the sky?")
    assert "It scatters." not in text
