"""What a failed test cell may tell the student, taken from the text of its error.

A message of `interp_course.checking` names the check and the case, says what is wrong, names
the mistake and ends with a hint. In a hidden test its numbers belong to hidden inputs, and
what the student's own code raised or printed there may hold them too. So the text is not
passed on: its parts are recognised, and only what carries no value is kept.
"""

import builtins
import re
from dataclasses import dataclass

SEPARATOR = "\f\n"
"""Between the messages of a cell that asks for several exercises; no message contains it."""
_MISTAKE = "  This is what comes out when "
_PRINTED = "  (It printed: "
_HINT = "  → "
_CHECK = "CheckFailed: ✗ "
_RAISED = re.compile(r"  raised (\w+): ")
_LINE = re.compile(r"  in line (\d+) of ")
_WITHOUT_VALUES = re.compile(
    r"not (written|answered) yet: .*|returned None: .*|returned nan or inf .*"
    r"|(value \d+: )?returned shape \([\d, ]*\)( \(one number\))?, expected shape .*"
    r"|(value \d+: )?returned shape \([\d, ]*\), expected \([\d, ]*\)( \(one number\))?"
    r"|the value is right, but argument \d+ was changed in place: .*"
    r"|expected your function itself, got \w+: .*"
)
_IN_WORDS = {
    "NotImplementedError": "not written yet: replace `raise NotImplementedError()` by your answer",
    "AssertionError": "a test of this exercise did not pass",
    "NameError": "something that the test uses is not defined: is its name unchanged, and does "
    "the cell that defines it run?",
    "CellTimeoutError": "the time limit was reached",
    "KeyboardInterrupt": "the time limit was reached",
    "DeadKernelError": "the kernel died",
}


@dataclass(frozen=True)
class VerdictText:
    """The parts of a verdict that a student may see."""

    problem: str
    """What is wrong, without a number of a hidden test."""
    mistake: str | None = None
    """The sentence that names the misconception: "This is what comes out when ..."."""
    hint: str | None = None
    """What to read again."""


def mistake(error: str | None) -> str | None:
    """The misconception that a test cell's error names, or None.

    Args:
        error: ``ename: evalue`` of the cell, as in ``CellScore.error``.
    """
    parts = [_Parts.of(message) for message in _messages(error or "")]
    return next((part.mistake for part in parts if part is not None and part.mistake), None)


def shown(error: str | None) -> tuple[VerdictText, ...]:
    """What to tell the student about a test cell that did not earn its points.

    Args:
        error: ``ename: evalue`` of the cell; None if it raised nothing that is known.
    """
    if error is None:
        return (VerdictText("no points were given, and no reason is recorded"),)
    return tuple(map(_shown, _messages(error)))


def _messages(error: str) -> list[str]:
    """One for each exercise that the cell asks for."""
    first, *others = error.split(SEPARATOR)
    return [first, *(f"{_CHECK.removesuffix('✗ ')}{message}" for message in others)]


def _shown(error: str) -> VerdictText:
    parts = _Parts.of(error)
    if parts is not None:
        problem = _problem(parts)
        between = "\n" if "\n" in problem else " "
        return VerdictText(f"{parts.name}:{between}{problem}", parts.mistake, parts.hint)
    kind = error.split(":", 1)[0].strip()
    return VerdictText(_IN_WORDS.get(kind) or f"the test could not be run: it {_raised(kind)}")


@dataclass(frozen=True)
class _Parts:
    """A message of a check or a finding, taken apart from its end."""

    name: str
    of_check: bool
    """A check has cases, and its text may hold their values; a finding has none."""
    diagnosis: list[str]
    mistake: str | None
    hint: str | None

    @classmethod
    def of(cls, error: str) -> "_Parts | None":
        if not error.startswith(_CHECK):
            return None
        heading, *lines = error.removeprefix(_CHECK).split("\n")
        name, comma, _ = heading.removesuffix(":").partition(", ")
        hint = lines.pop().removeprefix(_HINT) if lines and lines[-1].startswith(_HINT) else None
        if lines and lines[-1].startswith(_PRINTED):
            lines.pop()
        named = None
        # What the student's code raised could imitate the line; then no mistake is named.
        if lines and lines[-1].startswith(_MISTAKE) and not _RAISED.match(lines[0]):
            named = lines.pop().removeprefix(_MISTAKE).removesuffix(".")
        return cls(name, bool(comma), lines, named, hint)


def _problem(parts: _Parts) -> str:
    if not parts.of_check:
        return "\n".join(line.strip() for line in parts.diagnosis)
    first = parts.diagnosis[0] if parts.diagnosis else ""
    raised = _RAISED.match(first)
    if raised:
        place = _LINE.match(parts.diagnosis[-1])
        where = f", in line {place[1]} of its cell" if place else ""
        return f"your function {_raised(raised[1])}{where}"
    if _WITHOUT_VALUES.fullmatch(first.strip()):
        return " ".join(line.strip() for line in parts.diagnosis)
    return "the values that it returns are not right"


def _raised(kind: str) -> str:
    """The kind of an error, if it is one of Python's own: other names are free text."""
    known = isinstance(getattr(builtins, kind, None), type)
    return f"raised {kind}" if known else "raised an error"
