"""Answers get the same verdict whether they are judged in one process or sent from another."""

import contextlib
import inspect
import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from interp_course import checking
from interp_course.answers import load_answers
from interp_course.checking import Check, Finding, Verdict
from interp_course.grading import handing, values
from interp_course.grading.asking import Asked, Exercise

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("unhooked")]
FILES = sorted(Path(__file__).parents[1].glob("answers/*/[!_]*.py"))
SOME = 5
"""Wrong answers of each exercise that are tried."""
SEED = 654_321


def directly(exercise: Check | Finding, answer: Callable[..., Any]) -> Verdict:
    if isinstance(exercise, Check):
        return exercise.verdict(answer, SEED)
    return exercise.verdict(found(answer), 3)


def sent(unit: str, name: str, answer: Callable[..., Any]) -> Verdict:
    exercise = getattr(handing.checks(unit), name)
    if isinstance(exercise, Finding):
        asked = Exercise(unit, Asked(name, name), (), 3)
        return asked.judge(values.dumps({"value": found(answer)})).verdict
    asked = Exercise(unit, Asked(name, name, 1), (SEED,), 0)
    [(cases, wrap)] = pickle.loads(asked.inputs())
    replies = [vars(reply) for reply in checking.ask(answer, cases, wrap)]
    return asked.judge(values.dumps({"replies": replies})).verdict


def found(answer: Callable[..., Any]) -> Any:
    with contextlib.redirect_stdout(io.StringIO()):
        return answer(3) if inspect.signature(answer).parameters else answer()


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_verdict_is_the_same_on_both_sides(path):
    answers = load_answers(path)
    exercise = getattr(handing.checks(path.parent.name), answers.exercise)
    for answer in [*answers.right, *list(answers.wrong)[:SOME]]:
        own = directly(exercise, answer)
        other = sent(path.parent.name, answers.exercise, answer)
        assert (other.passed, other.mistake) == (own.passed, own.mistake), answer.__name__
