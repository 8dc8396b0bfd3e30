"""Four networks with perfect induction patterns: which of them does induction?

One is `compiled.induction`, three are look-alikes (`compiled.null`). For each wrong verdict
there is a sentence on the experiment that would have told.
"""

import functools
from collections.abc import Mapping
from typing import Any

import torch

from interp_course import compiled, runtime
from interp_course.checking import Finding
from interp_course.checks.circuits.handed import Handed, handed, number

LETTERS = ("A", "B", "C", "D")
INDUCTION, BIGRAM, DISTANCE, UNREAD = "induction", "bigram", "fixed distance", "unread"
mechanisms = (INDUCTION, BIGRAM, DISTANCE, UNREAD)
"""The four verdicts:

* induction: attends to the token after an earlier occurrence of the current one, and answers
  with it;
* bigram: answers from the current word alone;
* fixed distance: answers with the word a fixed distance back;
* unread: attends as induction does, but nothing reads what is written there.
"""
_NULLS = {BIGRAM: "bigram", DISTANCE: "shortcut", UNREAD: "unread"}
Problem = tuple[str, str | None]

_AGAINST = {
    (INDUCTION, BIGRAM): "patterns and accuracy are believed: on prompts whose earlier occurrence "
    "is moved elsewhere the answer stays, and no head is needed for it",
    (INDUCTION, DISTANCE): "patterns and accuracy are believed: on its own prompts the earlier "
    "occurrence is always equally far away, so move it, and see which head is needed",
    (INDUCTION, UNREAD): "attention patterns are believed: look at what is answered, and silence "
    "the heads with these patterns",
    (BIGRAM, INDUCTION): "the current word is taken for all that counts: on prompts in which only "
    "the word after its earlier occurrence is changed, the answer changes with it",
    (BIGRAM, DISTANCE): "an answer that ignores the induction patterns is taken for a bigram: "
    "silence each head, and one of them turns out to be needed",
    (BIGRAM, UNREAD): "heads that can be silenced are taken for a sign of bigrams: look at how "
    "many answers are right at all",
    (DISTANCE, INDUCTION): "one period is looked at: move the earlier occurrence, and the answer "
    "moves with it",
    (DISTANCE, BIGRAM): "an answer that does not follow the earlier occurrence is taken for a "
    "distance: silence every head at once, and the answer is still there",
    (DISTANCE, UNREAD): "a wrong answer is taken for the trace of a fixed distance: the answers "
    "are wrong at every distance, even on the prompts that the network is for",
    (UNREAD, INDUCTION): "the wrong head is silenced: two heads have this pattern, and without one "
    "of them the answers are lost",
    (UNREAD, BIGRAM): "heads are silenced and accuracy is not looked at: nothing is read there, "
    "but the prompts are answered all the same",
    (UNREAD, DISTANCE): "only the heads with induction patterns are silenced: look at the accuracy "
    "and silence the others, too",
}
"""What speaks against a verdict, by what was given and what is true."""


def suspects(instance: int) -> dict[str, Handed]:
    """The four networks by letter, each with the prompts that it is for."""
    return dict(_suspects(instance))


def truth(instance: int) -> dict[str, str]:
    """The verdict on each letter."""
    order = torch.randperm(len(mechanisms), generator=runtime.generator("verdicts", instance))
    return {letter: mechanisms[i] for letter, i in zip(LETTERS, order.tolist(), strict=True)}


@functools.lru_cache(maxsize=32)
def _suspects(instance: int) -> dict[str, Handed]:
    found = {}
    for letter, mechanism in truth(instance).items():
        drawn = number(f"suspect {letter}", instance)
        if mechanism == INDUCTION:
            made = compiled.induction(instance=drawn, rotate=True)
        else:
            made = compiled.null(_NULLS[mechanism], instance=drawn, rotate=True)
        found[letter] = handed(made)
    return found


def against(given: str, true: str) -> str:
    """The experiment that would have told that a verdict is wrong."""
    return _AGAINST[given, true]


def _judge(answer: Any, instance: int) -> Problem | None:
    problem = _malformed(answer)
    if problem is not None:
        return problem
    given = {str(letter).strip().upper(): _plain(word) for letter, word in answer.items()}
    right = truth(instance)
    wrong = [letter for letter in LETTERS if given[letter] != right[letter]]
    if not wrong:
        return None
    text = f"not right yet: {', '.join(wrong)}"
    if len(set(given.values())) == 1:
        return text, (
            "one verdict is given on all four: each occurs once, although the attention patterns "
            "are alike"
        )
    if list(given.values()).count(INDUCTION) > 1:
        text += " (one of the four does induction)"
    believed = [letter for letter in wrong if given[letter] == INDUCTION]
    first = (believed or wrong)[0]
    return text, against(given[first], right[first])


def _plain(word: Any) -> str:
    return " ".join(word.lower().replace("-", " ").split()) if isinstance(word, str) else ""


def _malformed(answer: Any) -> Problem | None:
    if not isinstance(answer, Mapping):
        return f"expected a dict from the letters A to D to verdicts, got {answer!r}", None
    if answer and all(_plain(key) in mechanisms for key in answer):
        text = f"expected a dict from the letters A to D to verdicts, got {answer!r}"
        return text, "the dict is turned round: the letters are its keys"
    if {str(key).strip().upper() for key in answer} != set(LETTERS) or len(answer) != 4:
        missing = set(answer) < set(LETTERS)
        text = f"expected the keys A, B, C and D, got {list(answer)}"
        return text, "a suspect is left out" if missing else None
    for letter, word in answer.items():
        if word is None:
            return f"{letter} has no verdict yet: it is still None", "a suspect is left out"
        if _plain(word) not in mechanisms:
            text = f"{letter}: there is no verdict {word!r}; verdicts: {', '.join(mechanisms)}"
            return text, "a verdict is not given in one of the four words"
    return None


verdicts = Finding(
    name="verdicts",
    judge=_judge,
    reread="four experiments: the accuracy on the suspect's own prompts; the answer when the "
    "earlier occurrence moves; when the word after it changes; when a head, or all, are silenced",
)
