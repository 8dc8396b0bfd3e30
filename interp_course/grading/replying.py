"""In a student's process: evaluate an answer and hand over what it gives.

Nothing here is believed. Whoever replaces this module can say that an answer gives other
values, but to say the right ones they have to be computed.
"""

import pickle
import traceback
from collections.abc import Callable
from typing import Any

from interp_course import checking
from interp_course.grading import talking, values


def reply(nonce: str, kind: str, evaluate: Callable[[], Any]) -> None:
    """Evaluate an expression and send to the desk what came out.

    Args:
        nonce: The name of the question.
        kind: ``"check"`` if the value is a function that is to be called on the inputs that
            lie ready, ``"finding"`` if the value itself is the answer.
        evaluate: Evaluates the expression where the student's names are known.
    """
    try:
        value = evaluate()
    except (Exception, SystemExit) as error:
        text = traceback.format_exception_only(error)[-1].strip()
        _send(nonce, {"error": text[:2_000]})
        return
    if kind == "finding":
        problem = _too_large(value)
        _send(nonce, {"value": value} if problem is None else {"error": problem})
        return
    draws = pickle.loads(talking.ask({"do": "take", "name": nonce}))
    replies = [entry for cases, wrap in draws for entry in checking.ask(value, cases, wrap)]
    _send(nonce, {"replies": [_plain(entry) for entry in replies]})


def _plain(entry: checking.Reply) -> dict[str, Any]:
    problem = _too_large(entry.value)
    return {
        "value": entry.value if problem is None else None,
        "error": entry.error if problem is None else problem,
        "not_written": entry.not_written,
        "edited": entry.edited,
        "printed": entry.printed,
    }


def _too_large(value: Any) -> str | None:
    try:
        values.dumps(value)
    except values.Unreadable as error:
        return str(error)
    return None


def _send(nonce: str, payload: dict[str, Any]) -> None:
    try:
        text = values.dumps(payload)
    except values.Unreadable as error:
        text = values.dumps({"error": str(error)})
    talking.ask({"do": "reply", "name": nonce}, text.encode())
