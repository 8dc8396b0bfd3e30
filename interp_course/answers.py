"""Files of wrong answers that must fail and right ones that must pass.

A file of answers is a module with ``EXERCISE``, the name of a `Check` or `Finding` in
``interp_course.checks.<slug>``; ``RIGHT``, a list of functions; and ``WRONG``, a dictionary
from a function to words that the named mistake must contain (empty if rejecting it is
enough). For a check a function is a student's answer; for a finding it returns the answer
and takes the number of the instance, or nothing if the answer is the same for all.
"""

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from interp_course.course import CourseError


@dataclass(frozen=True)
class Answers:
    """What one file of answers says."""

    exercise: str
    right: Sequence[Callable[..., Any]]
    wrong: dict[Callable[..., Any], str]


def load_answers(path: Path) -> Answers:
    """Import one file of answers.

    Raises:
        CourseError: If it cannot be imported or lacks one of the three names.
    """
    spec = importlib.util.spec_from_file_location(f"answers_{path.stem}", path)
    assert spec is not None, f"{path} ends in .py"
    assert spec.loader is not None, f"{path} is a file"
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        return Answers(module.EXERCISE, list(module.RIGHT), dict(module.WRONG))
    except Exception as error:  # the file may do anything
        raise CourseError(f"{path}: {type(error).__name__}: {error}") from error


def merged(answers: Sequence[Answers], exercise: str) -> Answers:
    """What several files say about one exercise; none if there are no files."""
    right = [answer for entry in answers for answer in entry.right]
    wrong = {answer: words for entry in answers for answer, words in entry.wrong.items()}
    return Answers(exercise, right, wrong)
