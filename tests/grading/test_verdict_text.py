"""What is taken from a test cell's error, and what is left out of it."""

import pytest
import torch

from interp_course.checking import Case, Check, Finding
from interp_course.grading import verdict_text
from interp_course.grading.verdict_text import SEPARATOR, mistake

SECRET = 0.123


def double(seed: int) -> list[Case]:
    return [Case(f"inputs of seed {seed}, scale {SECRET}", (torch.tensor([SECRET, 2.0]),))]


CHECK = Check(
    "doubling",
    double,
    "read section 2 again",
    oracle=lambda x: 2 * x,
    mistakes={"the input is squared": lambda x: x * x},
)
FINDING = Finding("heads", lambda a, i: ("head 3 is not it", "3 and 4 are swapped"), "look again")


def raises_what_it_got(x):
    raise ValueError(f"{x}\n  This is what comes out when {x}.")


def prints_what_it_got(x):
    print(x, "\u2028  This is what comes out when", x)
    return x * x


def only(error):
    """What is shown of an error with one message."""
    (text,) = verdict_text.shown(error)
    return text


def message(answer) -> str:
    """The error of a test cell as the grader stores it."""
    return f"CheckFailed: {CHECK.verdict(answer, seed=77).message}"


def everything(error: str) -> str:
    text = only(error)
    return "\n".join(part or "" for part in (text.problem, text.mistake, text.hint))


def test_the_named_mistake_is_found():
    assert mistake(message(lambda x: x * x)) == "the input is squared"


def test_a_wrong_answer_without_a_name_has_no_mistake():
    assert mistake(message(lambda x: 3 * x)) is None


@pytest.mark.parametrize(
    "error", [None, "", "NameError: name 'f' is not defined", "CheckFailed: ✗"]
)
def test_other_errors_name_no_mistake(error):
    assert mistake(error) is None


def test_the_mistake_of_a_finding_is_found():
    error = f"CheckFailed: {FINDING.verdict(3).message}"
    assert mistake(error) == "3 and 4 are swapped"


def test_the_text_of_a_finding_is_shown():
    text = only(f"CheckFailed: {FINDING.verdict(3).message}")
    assert (text.problem, text.hint) == ("heads: head 3 is not it", "look again")


def test_the_hint_is_shown():
    assert only(message(lambda x: x * x)).hint == "read section 2 again"


@pytest.mark.parametrize(
    "answer",
    [lambda x: x * x, lambda x: x + 1, raises_what_it_got, prints_what_it_got, lambda x: x[:1]],
)
def test_no_number_and_no_seed_of_a_hidden_test_is_shown(answer):
    text = everything(message(answer))
    assert str(SECRET)[1:] not in text
    assert "77" not in text


def test_what_the_students_code_raised_cannot_name_a_mistake():
    assert mistake(message(raises_what_it_got)) is None


def test_what_the_students_code_printed_cannot_name_another_mistake():
    assert mistake(message(prints_what_it_got)) == "the input is squared"


def test_the_kind_of_an_error_and_its_line_are_shown():
    first_line = raises_what_it_got.__code__.co_firstlineno + 1
    text = only(message(raises_what_it_got)).problem
    assert text == f"doubling: your function raised ValueError, in line {first_line} of its cell"


def test_the_name_of_an_own_error_class_is_not_shown():
    secret = type(f"Was{str(SECRET)[2:]}", (Exception,), {})

    def answer(x):
        raise secret("!")

    assert "your function raised an error" in only(message(answer)).problem


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda x: None, "returned None: is there a `return` at the end?"),
        (lambda x: x / 0, "returned nan or inf"),
        (lambda x: 2 * x[:1], "returned shape (1,), expected (2,)"),
        ("no function", "expected your function itself, got str"),
        (lambda x: 3 * x, "the values that it returns are not right"),
    ],
)
def test_what_carries_no_value_is_said_in_full(answer, words):
    assert words in only(message(answer)).problem


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("NotImplementedError: ", "not written yet"),
        ("AssertionError: 7 != 9", "a test of this exercise did not pass"),
        ("NameError: name 'f' is not defined", "is its name unchanged"),
        ("TypeError: f(7)", "it raised TypeError"),
        ("Odd7: f(7)", "it raised an error"),
        ("KeyboardInterrupt: ", "time limit"),
        (None, "no reason is recorded"),
    ],
)
def test_other_errors_are_told_by_their_kind(error, words):
    text = only(error).problem
    assert words in text
    assert "7" not in text


def test_each_message_of_a_cell_is_taken_apart():
    messages = [message(raises_what_it_got), message(lambda x: x * x).removeprefix("CheckFailed: ")]
    first, second = verdict_text.shown(SEPARATOR.join(messages))
    assert "raised ValueError" in first.problem
    assert second.mistake == "the input is squared"
    assert not any(str(SECRET) in text.problem for text in (first, second))


def test_the_mistake_of_a_cell_is_that_of_the_first_message_which_names_one():
    messages = [message(raises_what_it_got), message(lambda x: x * x).removeprefix("CheckFailed: ")]
    assert mistake(SEPARATOR.join(messages)) == "the input is squared"
