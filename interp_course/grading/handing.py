"""What a student's process may have of ``interp_course.checks``: never what is right.

Checks and findings stay with the grader. Their names are told, so that calls of them can stand
in a notebook. Functions that draw what an exercise is about, such as ``lineup(INSTANCE)``, are
called by the grader, and their results are handed out; classes and constants are handed out as
they are. What is handed out is pickled, with everything that is defined in ``checks`` inside
the pickle, because the student's process cannot import it.
"""

import contextlib
import functools
import importlib
import importlib.util
import re
import sys
import threading
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any, Literal

import cloudpickle

from interp_course.checking import Check, Finding
from interp_course.grading import values
from interp_course.quizzes import Prediction, Quiz

Kind = Literal["exercise", "quiz", "predictions", "called", "given"]
CHECKS = "interp_course.checks"
WORK = threading.RLock()
"""Held while checks compute: at the desk for a student's process, and when answers are judged."""
LARGEST_ARGUMENTS, MOST_KEPT = 10_000, 256
_GIVEN_FUNCTIONS = {("causal_scrubbing", "run")}
"""Functions that take functions, and that know nothing of what is right."""
_SLUG = re.compile(r"[a-z][a-z0-9_]*")


class NotGiven(ValueError):
    """There is nothing to hand out; the message says why."""


def has_checks(slug: str) -> bool:
    """Whether there are checks for a unit."""
    if not _SLUG.fullmatch(slug):
        return False
    name = f"{CHECKS}.{slug}"
    return name in sys.modules or importlib.util.find_spec(name) is not None


def checks(slug: str) -> ModuleType:
    """The module of a unit's checks.

    Raises:
        NotGiven: If there is no such unit.
    """
    if not has_checks(slug):
        raise NotGiven(f"there are no checks of a unit {slug!r}")
    return importlib.import_module(f"{CHECKS}.{slug}")


def contents(slug: str) -> dict[str, Kind]:
    """The public names of a unit's checks, and what each one is.

    Raises:
        NotGiven: If there is no such unit.
    """
    module = checks(slug)
    return {name: _kind(slug, name, getattr(module, name)) for name in module.__all__}


def _kind(slug: str, name: str, value: Any) -> Kind:
    if isinstance(value, Check | Finding):
        return "exercise"
    if isinstance(value, Quiz):
        return "quiz"
    if isinstance(value, Prediction) or (isinstance(value, Mapping) and _predictions(value)):
        return "predictions"
    plain = isinstance(value, type) or not callable(value) or (slug, name) in _GIVEN_FUNCTIONS
    return "given" if plain else "called"


def _predictions(value: Mapping) -> bool:
    return any(isinstance(entry, Prediction) for entry in value.values())


def given(slug: str, name: str) -> bytes:
    """A class or a constant, pickled.

    Raises:
        NotGiven: If there is none of this name.
    """
    if contents(slug).get(name) != "given":
        raise NotGiven(f"{CHECKS}.{slug} hands out nothing of the name {name!r}")
    return pickled(getattr(checks(slug), name))


def called(slug: str, name: str, arguments: str) -> bytes:
    """What a helper function returns, pickled.

    Args:
        slug: The unit.
        name: The function's public name.
        arguments: Encoded by ``values``: a list of positional ones and a dict of named ones.

    Raises:
        NotGiven: If there is no such function, or it cannot be called with these arguments.
    """
    if contents(slug).get(name) != "called":
        raise NotGiven(f"{CHECKS}.{slug} has no function {name!r} that can be called")
    if len(arguments) > LARGEST_ARGUMENTS:
        raise NotGiven(f"{name}: the arguments are too large")
    return _called(slug, name, arguments)


@functools.lru_cache(maxsize=MOST_KEPT)
def _called(slug: str, name: str, arguments: str) -> bytes:
    function = getattr(checks(slug), name)
    try:
        positional, named = values.loads(arguments)
        with WORK:
            return pickled(function(*positional, **named))
    except Exception as error:  # the arguments may be anything
        raise NotGiven(f"{name}: {type(error).__name__}: {error}") from error


def pickled(value: Any) -> bytes:
    """A pickle that can be read without importing ``interp_course.checks``."""
    with WORK, _by_value():
        return cloudpickle.dumps(value)


@contextlib.contextmanager
def _by_value() -> Iterator[None]:
    package = importlib.import_module(CHECKS)
    cloudpickle.register_pickle_by_value(package)
    try:
        yield
    finally:
        cloudpickle.unregister_pickle_by_value(package)
