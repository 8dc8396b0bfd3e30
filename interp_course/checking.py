"""Run a student's answer and, if it is wrong, say which misconception it looks like.

A check has four parts: an *oracle* (the slow, obvious definition), seeded *cases*, *known
mistakes* (what a student who holds a certain misconception would return, with a sentence
that names it) and one line on what to read again. It works in two steps that can run in
different processes:

* `ask` calls the answer on the inputs of the cases and collects the replies;
* `judge` compares the replies with the oracle and returns a `Verdict`.

Nothing that decides a score happens in `ask`, so an untrusted answer can be asked in a
sandbox and judged outside it. Messages never show the oracle.
"""

import contextlib
import io
import textwrap
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from interp_course import progress
from interp_course.comparing import clone, difference, edited

SHOWN_CHARACTERS = 300
LINE = 72
"""Characters of a line that a page of 800 pixels shows; JupyterLab breaks longer ones in a word."""
Wrap = Callable[[Callable[..., Any]], Callable[..., Any]]
"""Makes of an answer one that gives more than its value."""


class CheckFailed(AssertionError):
    """An answer is not right yet; ``str(error)`` is written for the student."""

    def _render_traceback_(self) -> list[str]:
        """Let IPython show the message alone: a traceback into the library helps nobody."""
        return [
            line
            for text in str(self).splitlines()
            for line in textwrap.wrap(text, LINE, subsequent_indent="    ", break_on_hyphens=False)
        ]


@dataclass(frozen=True)
class Case:
    """One call of the student's function, with a name the message can use."""

    name: str
    args: tuple[Any, ...]
    check_edits: bool = True
    """Whether the arguments are compared with a copy after the call."""


@dataclass(frozen=True)
class Reply:
    """What an answer gave for one case."""

    value: Any = None
    error: str | None = None
    """What the answer raised, with the line of the student's code; None if it returned."""
    not_written: bool = False
    edited: str | None = None
    """Which argument the answer changed in place, if any."""
    printed: str = ""


@dataclass(frozen=True)
class Verdict:
    """The result of one check."""

    passed: bool
    message: str
    mistake: str | None = None
    """The sentence of the known mistake that the answer equals, if one was recognised."""
    blank: bool = False
    """Whether there was no answer yet."""

    def raise_if_failed(self) -> None:
        """Raise `CheckFailed` with the message, unless the answer passed."""
        if not self.passed:
            raise CheckFailed(self.message)


@dataclass(frozen=True)
class Check:
    """What a right answer to a programming exercise is, and what the usual wrong ones mean.

    The field ``judge_value``, where given, replaces the comparison with the oracle by a look
    at what the returned value *does* (for answers of which there are many right ones). It
    returns None or a pair (what is wrong, the named mistake or None).
    """

    name: str
    cases: Callable[[int], Sequence[Case]]
    """Draws the cases from a seed."""
    reread: str
    oracle: Callable[..., Any] | None = None
    mistakes: Mapping[str, Callable[..., Any] | tuple[Callable[..., Any], ...]] = field(
        default_factory=dict
    )
    """The sentence that names a mistake, and one or several ways of making it."""
    judge_value: Callable[[Case, Any], tuple[str, str | None] | None] | None = None
    rtol: float = 1e-4
    atol: float = 1e-5

    def __call__(self, answer: Any, seed: int = 0) -> None:
        """Print that the answer is right, or raise `CheckFailed` with the diagnosis."""
        verdict = self.verdict(answer, seed)
        if not verdict.blank:
            progress.note(self, verdict.passed)
        verdict.raise_if_failed()
        print(f"✓ {self.name}: correct")  # noqa: T201

    def verdict(self, answer: Any, seed: int = 0) -> Verdict:
        """Ask and judge in this process."""
        cases = self.cases(seed)
        return self.judge(cases, ask(answer, cases, self.asking(cases)))

    def asking(self, cases: Sequence[Case]) -> "Wrap | None":
        """What an answer is wrapped in if more than its value counts; it knows no right answer.

        Args:
            cases: The cases for which it will be called.
        """
        return None

    def judge(self, cases: Sequence[Case], replies: Sequence[Reply]) -> Verdict:
        """Compare the replies with what a right answer gives for the same cases."""
        for case, reply in zip(cases, replies, strict=True):
            problem = self._problem(case, reply)
            if problem is not None:
                text, mistake = problem
                mistake = mistake or self._known_mistake(case, cases, replies)
                message = self._message(case, text, mistake, reply.printed)
                return Verdict(False, message, mistake, blank=reply.not_written)
        return Verdict(True, f"{self.name}: correct")

    def _problem(self, case: Case, reply: Reply) -> tuple[str, str | None] | None:
        if reply.not_written:
            return "not written yet: replace `raise NotImplementedError()` by your answer", None
        if reply.error is not None:
            return reply.error, None
        if reply.value is None:
            return "returned None: is there a `return` at the end?", "the result is not returned"
        problem = self._wrong_value(case, reply.value)
        if problem is None and reply.edited is not None:
            return (
                f"the value is right, but {reply.edited} was changed in place: work on a copy "
                "(`x.clone()`), because the caller still needs the original",
                "the input is edited in place",
            )
        return problem

    def _wrong_value(self, case: Case, value: Any) -> tuple[str, str | None] | None:
        if self.judge_value is not None:
            return self.judge_value(case, value)
        assert self.oracle is not None, f"{self.name} has neither an oracle nor judge_value"
        problem = difference(value, self.oracle(*clone(case.args)), self.rtol, self.atol)
        return None if problem is None else (problem, None)

    def _known_mistake(
        self, failed: Case, cases: Sequence[Case], replies: Sequence[Reply]
    ) -> str | None:
        """The mistake that gives this answer in every case, or else in the failed one."""
        values = [(case, reply.value) for case, reply in zip(cases, replies, strict=True)]
        for considered in (values, [item for item in values if item[0] is failed]):
            for sentence, ways in self.mistakes.items():
                for wrong in ways if isinstance(ways, tuple) else (ways,):
                    if all(self._gives(wrong, case, value) for case, value in considered):
                        return sentence
        return None

    def _gives(self, wrong: Callable[..., Any], case: Case, value: Any) -> bool:
        with contextlib.suppress(Exception):
            expected = wrong(*clone(case.args))
            return difference(value, expected, self.rtol, self.atol) is None
        return False

    def _message(self, case: Case, text: str, mistake: str | None, printed: str) -> str:
        lines = [f"✗ {self.name}, {case.name}:", *(f"  {line}" for line in text.splitlines())]
        if mistake is not None:
            lines.append(f"  This is what comes out when {mistake}.")
        if printed:
            lines.append(f"  (It printed: {_shortened(printed)})")
        return "\n".join([*lines, f"  → {self.reread}"])


@dataclass(frozen=True)
class Finding:
    """A conclusion about a model, compared with planted or computed truth.

    ``judge`` gets the answer and the instance and returns None for a right answer, or a pair
    (what is wrong, the named mistake or None). The instance is a seed: another student, or
    another grading run, can be given another one.
    """

    name: str
    judge: Callable[[Any, int], tuple[str, str | None] | None]
    reread: str
    keeps_answer: bool = False
    """Whether what was answered is part of a student's progress, as the letters of a quiz are."""

    def __call__(self, answer: Any, instance: int = 0) -> None:
        """Print that the finding is right, or raise `CheckFailed` with the diagnosis."""
        verdict = self.verdict(answer, instance)
        if not verdict.blank:
            progress.note(self, verdict.passed, answer if self.keeps_answer else None)
        verdict.raise_if_failed()
        print(f"✓ {self.name}: correct")  # noqa: T201

    def verdict(self, answer: Any, instance: int = 0) -> Verdict:
        """Judge the answer for this instance."""
        if answer is None:
            problem: tuple[str, str | None] | None = ("not answered yet: it is still None", None)
        else:
            problem = self.judge(answer, instance)
        if problem is None:
            return Verdict(True, f"{self.name}: correct")
        text, mistake = problem
        tail = "" if mistake is None else f"\n  This is what comes out when {mistake}."
        message = f"✗ {self.name}:\n  {text}{tail}\n  → {self.reread}"
        return Verdict(False, message, mistake, blank=_is_blank(answer))


def _is_blank(answer: Any) -> bool:
    """Whether everything that was to be filled in is still None, as in a quiz that nobody began."""
    entries = list(answer.values()) if isinstance(answer, Mapping) else [answer]
    return bool(entries) and all(entry is None for entry in entries)


def ask(answer: Any, cases: Sequence[Case], wrap: Wrap | None = None) -> list[Reply]:
    """Call ``answer`` on a copy of the inputs of each case and collect what it does.

    With ``wrap``, which `Check.asking` gives, the wrapped answer is called.

    Nothing is compared with a right answer here. What the function prints is kept (shortened)
    in the reply and not shown, so that a forgotten ``print`` cannot flood the notebook. So are
    warnings, which nbgrader's Validate button would take for a failure.
    """
    if not callable(answer):
        text = (
            f"expected your function itself, got {type(answer).__name__}: "
            "write the name of the function without calling it"
        )
        return [Reply(error=text)] * len(cases)
    answer = answer if wrap is None else wrap(answer)
    return [_ask_one(answer, case) for case in cases]


def _ask_one(answer: Callable[..., Any], case: Case) -> Reply:
    args = clone(case.args)
    printed = _BoundedText(limit=10 * SHOWN_CHARACTERS)
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            value = answer(*args)
    except NotImplementedError:
        return Reply(not_written=True)
    except (Exception, SystemExit) as error:  # `exit()` in an answer must not end the notebook
        return Reply(error=_raised(error), printed=printed.getvalue())
    changed = edited(case.args, args) if case.check_edits else None
    return Reply(value=value, edited=changed, printed=printed.getvalue())


def _raised(error: BaseException) -> str:
    """What was raised, and the last line of the student's own code on the way there."""
    text = f"raised {type(error).__name__}: {error}"
    frames = traceback.extract_tb(error.__traceback__)
    foreign = ("site-packages", str(Path(__file__).parent))
    student = [f for f in frames if not any(folder in f.filename for folder in foreign)]
    if not student:
        return f"{text}\n(it could not be called with these arguments: is the signature unchanged?)"
    where = student[-1]
    return f"{text}\nin line {where.lineno} of {where.name}: {where.line or '(source not kept)'}"


class _BoundedText(io.StringIO):
    """A text buffer that silently drops what goes beyond its limit."""

    def __init__(self, limit: int):
        super().__init__()
        self.limit = limit

    def write(self, text: str) -> int:
        super().write(text[: max(0, self.limit - self.tell())])
        return len(text)


def _shortened(text: str) -> str:
    text = text.strip().replace("\n", " ⏎ ")
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]} …"
