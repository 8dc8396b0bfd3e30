"""What a student's process can have of the checks: data, and nothing that tells a right answer."""

import pickle
import pickletools
import sys
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest
import torch

from interp_course.checking import Check, Finding
from interp_course.grading import asking, handing, values
from interp_course.grading.asking import Asked
from interp_course.grading.handing import NotGiven

pytestmark = pytest.mark.usefixtures("unhooked")
FOLDER = Path(handing.checks("circuits").__file__ or "").parents[1]
UNITS = sorted(p.name for p in FOLDER.iterdir() if (p / "__init__.py").is_file())
CALLS = {
    ("causal_scrubbing", "agreement"): [0, 3],
    ("causal_scrubbing", "candidates"): [0, 3],
    ("causal_scrubbing", "trials"): [0, 3],
    ("circuits", "country_questions"): [0, 5],
    ("circuits", "network"): [0, 3],
    ("circuits", "puzzle"): [0, 3],
    ("circuits", "suspects"): [0, 3],
    ("features", "lineup"): [0, 3],
    ("features", "week"): [0, 3],
    ("features", "words_of"): ["french"],
    ("induction_heads", "lineup"): [0, 3],
    ("sparse_autoencoders", "country"): [0],
    ("sparse_autoencoders", "prompts"): [0, 3],
    ("superposition", "cells"): [0, 3],
    ("superposition", "network"): [0, 3],
}
TRUTHS = {
    *("judge", "_judge", "oracle", "_oracle", "_truth", "habits", "roles", "around"),
    *("phase_of", "_planted", "_compiled", "mistakes", "_mistake", "_WAYS", "ROLES", "HABITS"),
    *("dormant", "_AGAINST"),
}
PLANTED = {"name mover", "inhibition head", "duplicate-token head", "induction, strong"}


def handed_out() -> dict[str, bytes]:
    """Everything that a student's process can get, but for the inputs of checks."""
    found = {}
    for (unit, name), arguments in CALLS.items():
        for argument in arguments:
            text = values.dumps([(argument,), {}])
            found[f"{unit}.{name}({argument!r})"] = handing.called(unit, name, text)
    for unit in UNITS:
        for name, kind in handing.contents(unit).items():
            if kind == "given":
                found[f"{unit}.{name}"] = handing.given(unit, name)
    return found


def inputs() -> dict[str, bytes]:
    """The inputs of every check."""
    found = {}
    for unit in UNITS:
        for name, value in vars(handing.checks(unit)).items():
            if isinstance(value, Check):
                exercise = asking.Exercise(unit, Asked(name, "x", 1), [20_000], 0)
                found[f"{unit}.{name}"] = exercise.inputs()
    return found


def words(pickled: bytes) -> set[str]:
    """Every text in a pickle, names of functions and of what they refer to included."""
    found = {a for _, a, _ in pickletools.genops(pickled) if isinstance(a, str)}
    return found | {word for text in found for word in text.split(" ")}


@pytest.fixture(scope="module")
def everything() -> dict[str, bytes]:
    return {**handed_out(), **inputs()}


@pytest.fixture(scope="module")
def said(everything) -> dict[str, set[str]]:
    return {what: words(pickled) for what, pickled in everything.items()}


def test_every_helper_function_is_called_here():
    called = {
        (unit, name)
        for unit in UNITS
        for name, kind in handing.contents(unit).items()
        if kind == "called"
    }
    assert called == set(CALLS)


def test_everything_can_be_read_without_the_checks(everything, monkeypatch):
    class Refusing:
        def find_spec(self, name: str, path: Any, target: Any = None) -> None:
            assert not name.startswith(handing.CHECKS), f"{name} is imported"

    loaded = [n for n in sys.modules if n.startswith(handing.CHECKS)]
    for name in loaded:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Refusing(), *sys.meta_path])
    for pickled in everything.values():
        pickle.loads(pickled)


@pytest.mark.parametrize("word", sorted(TRUTHS))
def test_no_function_and_no_table_of_right_answers_is_handed_out(said, word):
    assert [what for what, found in said.items() if word in found] == []


@pytest.mark.parametrize("word", sorted(PLANTED))
def test_no_planted_answer_is_handed_out(everything, word):
    assert [what for what, pickled in everything.items() if word.encode() in pickled] == []


def reachable(value: Any, seen: set[int]) -> list[Any]:
    """Functions and checks that can be reached from a value."""
    found, todo = [], [value]
    while todo:
        one = todo.pop()
        if id(one) in seen or isinstance(one, (str, bytes, int, float, torch.Tensor, CodeType)):
            continue
        seen.add(id(one))
        if isinstance(one, (FunctionType, Check, Finding)):
            found.append(one)
        if isinstance(one, FunctionType):
            names = set(one.__code__.co_names)
            todo += [one.__globals__[n] for n in names & set(one.__globals__)]
            todo += [cell.cell_contents for cell in one.__closure__ or ()]
        elif isinstance(one, dict):
            todo += [*one.keys(), *one.values()]
        elif isinstance(one, (list, tuple, set, frozenset)):
            todo += one
        elif type(one).__module__.startswith("interp_course") and hasattr(one, "__dict__"):
            todo += [vars(one), *vars(type(one)).values()]
    return found


def test_no_check_and_no_finding_can_be_reached(everything):
    for what, pickled in everything.items():
        found = reachable(pickle.loads(pickled), set())
        assert not [f for f in found if isinstance(f, (Check, Finding))], what
        names = {getattr(f, "__qualname__", "") for f in found}
        modules = {getattr(f, "__module__", "") for f in found}
        own = {m for m in modules if m.startswith(handing.CHECKS)}
        assert not own or not names & TRUTHS, what


def test_a_model_works_as_before():
    text = values.dumps([(3,), {}])
    found = pickle.loads(handing.called("circuits", "network", text))
    own = handing.checks("circuits").network(3)
    prompts = own.task.sample(4, seed=1)
    assert torch.equal(found.task.sample(4, seed=1).tokens, prompts.tokens)
    assert torch.equal(found.model(prompts.tokens), own.model(prompts.tokens))


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("sites", "[]"),
        ("questions", "[]"),
        ("_places", "[]"),
        ("__builtins__", "[]"),
        ("network", values.dumps([(), {}])),
        ("network", "not encoded"),
        ("network", values.dumps([("x" * 20_000,), {}])),
    ],
)
def test_nothing_else_is_called(name, arguments):
    with pytest.raises(NotGiven):
        handing.called("circuits", name, arguments)


@pytest.mark.parametrize("slug", ["", "numbers.x", "../verify", "nothing", "circuits.sites"])
def test_there_is_nothing_to_have_of_what_is_no_unit(slug):
    with pytest.raises(NotGiven):
        handing.contents(slug)


@pytest.mark.parametrize("name", ["sites", "quiz", "questions", "network"])
def test_checks_and_quizzes_are_not_given(name):
    with pytest.raises(NotGiven, match="hands out nothing"):
        handing.given("circuits", name)
