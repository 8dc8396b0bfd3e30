"""Graded cells that are judged in the grader's process: what they ask, and the verdicts.

A graded cell of the course consists of calls ``check.NAME(ANSWER)``, with ``seed=`` for fresh
inputs or with ``INSTANCE`` for a finding, also in a loop over seeds. Such a cell is not run as
it stands: the answers are evaluated in the student's process, on inputs that are drawn for this
run, and what they give is compared here. A cell of any other form is run as it stands.

What a forger can still say falsely, because it is seen only in the student's process: that an
argument was not changed in place.
"""

import ast
import functools
import hashlib
import hmac
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from interp_course.checking import Case, Check, Finding, Reply, Verdict
from interp_course.grading import handing, values

PREFIX, INSTANCE = "check", "INSTANCE"
LONGEST_MESSAGE = 4_000
JUDGE_SECONDS = 120.0
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_EDITED = re.compile(r"argument \d{1,3}")


@dataclass(frozen=True)
class Asked:
    """What a graded cell asks of one exercise."""

    name: str
    """Of the check or the finding."""
    expression: str
    """The source of the answer."""
    seeds: int = 0
    """How many draws of inputs the cell wants; 0 for a finding."""


@dataclass(frozen=True)
class Judged:
    """The verdict on one `Asked`."""

    name: str
    verdict: Verdict
    seeds: tuple[int, ...] = ()
    """From which the inputs were drawn."""
    flags: tuple[str, ...] = ()
    """What an instructor should look at."""


def asked(source: str, slug: str) -> list[Asked] | None:
    """What a cell asks for, each exercise once; None if the cell is not of the known form.

    Args:
        source: The cell as the instructor wrote it, with the hidden tests.
        slug: The unit, whose checks the name ``check`` stands for.
    """
    if not handing.has_checks(slug):
        return None
    module = handing.checks(slug)
    found: dict[tuple[str, str], Asked] = {}
    try:
        calls = list(_calls(ast.parse(source)))
    except (SyntaxError, _OtherForm):
        return None
    for name, expression, seeds, with_instance in calls:
        exercise = getattr(module, name, None)
        fits = isinstance(exercise, Finding if with_instance else Check | Finding)
        if not fits or (seeds > 1 and not isinstance(exercise, Check)):
            return None
        before = found.get((name, expression), Asked(name, expression))
        more = seeds if isinstance(exercise, Check) else 0
        found[name, expression] = replace(before, seeds=before.seeds + more)
    return list(found.values()) or None


def mentions_checks(source: str) -> bool:
    """Whether a cell uses the name ``check``: then the student's process cannot decide it."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return PREFIX in source
    return any(isinstance(node, ast.Name) and node.id == PREFIX for node in ast.walk(tree))


class _OtherForm(Exception):
    pass


def _calls(tree: ast.Module) -> Iterator[tuple[str, str, int, bool]]:
    """Name, source of the answer, number of seeds, and whether an instance is given."""
    for statement in tree.body:
        if isinstance(statement, ast.For):
            yield from _repeated(statement)
        else:
            name, expression, seed, with_instance = _call(statement)
            if not (seed is None or _is_whole(seed)):
                raise _OtherForm
            yield name, expression, 1, with_instance


def _repeated(loop: ast.For) -> Iterator[tuple[str, str, int, bool]]:
    if not isinstance(loop.target, ast.Name) or loop.orelse:
        raise _OtherForm
    if not isinstance(loop.iter, ast.Tuple | ast.List) or not all(map(_is_whole, loop.iter.elts)):
        raise _OtherForm
    for statement in loop.body:
        name, expression, seed, with_instance = _call(statement)
        if not isinstance(seed, ast.Name) or seed.id != loop.target.id:
            raise _OtherForm
        yield name, expression, len(loop.iter.elts), with_instance


def _call(statement: ast.stmt) -> tuple[str, str, ast.expr | None, bool]:
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        raise _OtherForm
    owner = call.func.value
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    if not isinstance(owner, ast.Name) or owner.id != PREFIX or not keywords.keys() <= {"seed"}:
        raise _OtherForm
    answer, *rest = call.args or [None]
    if answer is None or isinstance(answer, ast.Starred) or len(rest) > 1:
        raise _OtherForm
    if rest and not (isinstance(rest[0], ast.Name) and rest[0].id == INSTANCE):
        raise _OtherForm
    return call.func.attr, ast.unparse(answer), keywords.get("seed"), bool(rest)


def _is_whole(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) is int


def draw_seeds(secret: bytes, n: int, *where: str) -> tuple[int, ...]:
    """Seeds that nobody can foresee without the secret, the same for the same place.

    Args:
        secret: Of the grading run.
        n: How many.
        where: The unit, the cell and the exercise: a class gets the same inputs in one run.
    """
    texts = ["\0".join((*where, str(number))).encode() for number in range(n)]
    digests = [hmac.digest(secret, text, hashlib.sha256) for text in texts]
    return tuple(10_000 + int.from_bytes(digest[:4], "little") % 1_000_000 for digest in digests)


def code(question: Asked, kind: Literal["check", "finding"], nonce: str) -> str:
    """The Python code that evaluates an answer in the student's process and sends a reply."""
    module = "interp_course.grading.replying"
    call = f"__import__({module!r}, fromlist=['reply']).reply"
    return f"{call}({nonce!r}, {kind!r}, lambda: ({question.expression}))"


@functools.lru_cache(maxsize=128)
def exercise(slug: str, question: Asked, seeds: tuple[int, ...], instance: int) -> "Exercise":
    """The exercise, whose inputs are drawn once for a class."""
    return Exercise(slug, question, seeds, instance)


class Exercise:
    """One question: its inputs, and the judgement of the replies.

    Args:
        slug: The unit.
        question: What is asked.
        seeds: One for each draw of inputs.
        instance: Of the student, for a finding.
    """

    def __init__(self, slug: str, question: Asked, seeds: Sequence[int], instance: int):
        self.question, self.seeds, self.instance = question, tuple(seeds), instance
        self._exercise = getattr(handing.checks(slug), question.name)
        self._draws: list[Sequence[Case]] = []
        self._inputs: bytes | None = None
        if isinstance(self._exercise, Check):
            with handing.WORK:
                self._draws = [self._exercise.cases(seed) for seed in self.seeds]

    @property
    def kind(self) -> Literal["check", "finding"]:
        """Whether a function is called on inputs, or a value is the answer."""
        return "check" if isinstance(self._exercise, Check) else "finding"

    def inputs(self) -> bytes:
        """What `checking.ask` needs besides the answer, without what is right; empty for a finding.

        For each draw these are its cases, and what the answer is wrapped in.
        """
        if isinstance(self._exercise, Finding):
            return b""
        if self._inputs is None:
            self._inputs = self._pickled()
        return self._inputs

    def _pickled(self) -> bytes:
        draws = [(list(cases), self._exercise.asking(cases)) for cases in self._draws]
        return handing.pickled(draws)

    def judge(self, reply: str) -> Judged:
        """The verdict on what came from the student's process, which may be anything."""
        try:
            payload = values.loads(reply)
            if isinstance(payload, dict) and isinstance(payload.get("error"), str):
                return self.failed(payload["error"])
            verdict = self._verdict(payload)
        except values.Unreadable as error:
            return self.failed(f"the answer cannot be read: {error}", "unreadable reply")
        except TimeoutError:
            return self.failed("the answer took too long to judge", "judge timed out")
        except Exception as error:  # a judge was written for honest values
            text = f"the answer has a form that cannot be judged ({type(error).__name__})"
            return self.failed(text, "judge crashed")
        return Judged(self.question.name, _cleaned(verdict), self.seeds)

    def failed(self, reason: str, *flags: str) -> Judged:
        """The verdict if there is nothing to judge."""
        text = f"✗ {self.question.name}:\n  {reason}"
        return Judged(self.question.name, _cleaned(Verdict(False, text)), self.seeds, flags)

    def _verdict(self, payload: Any) -> Verdict:
        if isinstance(self._exercise, Finding):
            return _in_time(lambda: self._exercise.verdict(payload["value"], self.instance))
        replies = [_reply(entry) for entry in payload["replies"]]
        if len(replies) != sum(map(len, self._draws)):
            raise values.Unreadable("it has a wrong number of replies")
        verdict, start = Verdict(True, ""), 0
        for cases in self._draws:
            part = replies[start : start + len(cases)]
            verdict = _in_time(lambda cases=cases, part=part: self._exercise.judge(cases, part))
            start += len(cases)
            if not verdict.passed:
                break
        return verdict


def _reply(entry: dict[str, Any]) -> Reply:
    error, printed, changed = (entry[key] for key in ("error", "printed", "edited"))
    if changed is not None and not (isinstance(changed, str) and _EDITED.fullmatch(changed)):
        raise values.Unreadable("it does not say which argument was changed")
    return Reply(
        value=entry["value"],
        error=None if error is None else str(error)[:LONGEST_MESSAGE],
        not_written=entry["not_written"] is not False,
        edited=changed,
        printed=str(printed)[:LONGEST_MESSAGE],
    )


def _in_time(judge: Callable[[], Verdict]) -> Verdict:
    """The verdict; raises what the judge raises, and TimeoutError if it takes too long."""
    found: list[Verdict] = []
    failure: list[BaseException] = []

    def work() -> None:
        try:
            with handing.WORK:
                found.append(judge())
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=work, name="judge", daemon=True)
    thread.start()
    thread.join(JUDGE_SECONDS)
    if failure:
        raise RuntimeError(type(failure[0]).__name__) from failure[0]
    if not found:
        raise TimeoutError
    return found[0]


def _cleaned(verdict: Verdict) -> Verdict:
    """Short, and without characters that steer a terminal: the answer is quoted in it."""
    return replace(verdict, message=_CONTROL.sub("�", verdict.message)[:LONGEST_MESSAGE])
