"""Which graded cells are judged outside of the student's process, and the verdicts there."""

import pickle
import time
from pathlib import Path
from typing import Any

import nbformat
import pytest

import interp_course
from interp_course import checking
from interp_course.checking import Finding
from interp_course.grading import asking, handing, values
from interp_course.grading.asking import Asked, Exercise, asked

pytestmark = pytest.mark.usefixtures("unhooked")
ROOT = Path(interp_course.__file__).parents[1]
NOTEBOOKS = sorted(ROOT.glob("solutions/*/*.ipynb"))
UNIT = "superposition"
LOOP = "for seed in (1, 2, 3):\n    check.welch_bound(welch_bound, seed=seed)"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_graded_cell_of_the_course_is_judged_outside(path):
    every = [c for c in nbformat.read(path, 4).cells if c.cell_type == "code"]
    cells = [c for c in every if c.metadata.get("nbgrader", {}).get("grade")]
    assert cells
    assert [c.source for c in cells if asked(c.source, path.stem) is None] == []


def test_the_draws_of_a_cell_are_counted():
    source = f"check.welch_bound(welch_bound)\n{LOOP}\ncheck.pentagon((W, b), INSTANCE)"
    wanted = [Asked("welch_bound", "welch_bound", 4), Asked("pentagon", "(W, b)")]
    assert asked(source, UNIT) == wanted


OTHER = {
    "an assert": "assert welch_bound(2, 3) == 1",
    "a call of something else": "check.welch_bound(welch_bound)\nprint(1)",
    "no such check": "check.nothing(welch_bound)",
    "a helper function": "check.cells(0)",
    "an instance for a check": "check.welch_bound(welch_bound, INSTANCE)",
    "another second argument": "check.pentagon(W, 3)",
    "a star": "check.welch_bound(*welch_bound)",
    "another keyword": "check.welch_bound(answer=welch_bound)",
    "a computed seed": "check.welch_bound(welch_bound, seed=f())",
    "a loop over something else": LOOP.replace("(1, 2, 3)", "range(3)"),
    "a loop with an else": f"{LOOP}\nelse:\n    pass",
    "a loop without the seed": LOOP.replace("seed=seed", "seed=1"),
    "another module": "other.welch_bound(welch_bound)",
    "no code": "",
    "no Python": "check.(",
}


@pytest.mark.parametrize("source", OTHER.values(), ids=OTHER)
def test_a_cell_of_another_form_is_not_taken_for_one(source):
    assert asked(source, UNIT) is None


def test_a_unit_without_checks_is_never_judged_outside():
    assert asked("check.welch_bound(welch_bound)", "tiny") is None


@pytest.mark.parametrize(("source", "uses"), [("check.x(1)", True), ("assert f(1)", False)])
def test_it_is_seen_whether_a_cell_uses_checks(source, uses):
    assert asking.mentions_checks(source) is uses


def test_seeds_are_the_same_for_the_same_place_and_secret_only():
    first = asking.draw_seeds(b"secret", 4, "ann", "unit")
    assert first == asking.draw_seeds(b"secret", 4, "ann", "unit")
    assert not set(first) & set(asking.draw_seeds(b"secret", 4, "bob", "unit"))
    assert not set(first) & set(asking.draw_seeds(b"other", 4, "ann", "unit"))


def right(d: int, n: int) -> float:
    return ((n - d) / (d * (n - 1))) ** 0.5 if n > d else 0.0


def exercise(name: str = "welch_bound", seeds: int = 2) -> Exercise:
    return Exercise(UNIT, Asked(name, name, seeds), range(20_000, 20_000 + seeds), 0)


def replied(of: Exercise, answer: Any) -> list[checking.Reply]:
    draws = pickle.loads(of.inputs())
    return [reply for cases, wrap in draws for reply in checking.ask(answer, cases, wrap)]


def judged(of: Exercise, replies: list[checking.Reply], **changes: Any) -> asking.Judged:
    entries = [{**vars(reply), **changes} for reply in replies]
    return of.judge(values.dumps({"replies": entries}))


def test_a_wrong_answer_fails_with_its_mistake_named():
    of = exercise("worst_interference")
    verdict = judged(of, replied(of, lambda W: None)).verdict
    assert not verdict.passed
    assert verdict.mistake == "the result is not returned"


def test_what_the_check_itself_says_is_what_is_said_here():
    of = exercise()
    wrong = replied(of, lambda *sizes: 0.5)
    direct = handing.checks(UNIT).welch_bound.verdict(lambda *sizes: 0.5, 20_000)
    assert judged(of, wrong).verdict == direct


def test_an_error_that_the_answer_raised_is_told():
    of = exercise()
    assert "ZeroDivisionError" in judged(of, replied(of, lambda *sizes: 1 / 0)).verdict.message


FORGED = {
    "nothing": "null",
    "no JSON": "{",
    "no replies": values.dumps({"replies": []}),
    "a text": values.dumps("passed"),
    "passed": values.dumps({"passed": True, "verdict": "passed"}),
    "replies are numbers": values.dumps({"replies": [1, 2, 3]}),
    "a value instead": values.dumps({"value": 1.0}),
}


@pytest.mark.parametrize("text", FORGED.values(), ids=FORGED)
def test_a_forged_reply_fails_and_is_flagged(text):
    found = exercise().judge(text)
    assert not found.verdict.passed
    assert found.flags


@pytest.mark.parametrize("value", [float("nan"), "x", b"", 10**400, [[1]], {}, set(), object()])
def test_no_strange_value_passes_or_gets_in_the_way(value):
    of = exercise()
    assert not judged(of, replied(of, lambda *sizes: value)).verdict.passed


def test_a_text_that_steers_a_terminal_is_defused():
    of = exercise()
    found = judged(of, replied(of, right), error="\x1b[2J" + "x" * 100_000)
    assert "\x1b" not in found.verdict.message
    assert len(found.verdict.message) <= asking.LONGEST_MESSAGE


def test_which_argument_was_edited_cannot_be_any_text():
    of = exercise()
    found = judged(of, replied(of, right), edited="<script>")
    assert "unreadable reply" in found.flags


def test_a_judge_that_takes_too_long_is_given_up(monkeypatch):
    monkeypatch.setattr(asking, "JUDGE_SECONDS", 0.01)
    slow = exercise("pentagon", 0)
    slow._exercise = Finding("pentagon", lambda answer, instance: time.sleep(1), "x")
    found = slow.judge(values.dumps({"value": 1.0}))
    assert not found.verdict.passed
    assert found.flags == ("judge timed out",)


def test_inputs_are_drawn_from_the_seeds():
    assert (
        pickle.loads(exercise(seeds=1).inputs())[0]
        != pickle.loads(Exercise(UNIT, Asked("welch_bound", "x", 1), [7], 0).inputs())[0]
    )
