"""Six tests of hypotheses, one sound: what is wrong with the others?

All are about `compiled.adder`, in which one head writes a + c and another one b - c. The
pitfalls are those of Chan et al. (2022) and of the tests of their implementation: parts that
cancel, parts that are swapped, data that are correlated, features that say everything, and one
variable that two nodes get from two samples. For each wrong verdict there is a sentence on the
experiment that would have told; the numbers in these sentences hold for every instance.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from interp_course import compiled, runtime
from interp_course.checking import Finding
from interp_course.circuits import LOGITS
from interp_course.compiled import Total
from interp_course.scrubbing import SAME, Edge, Node, Scrubber

pitfall_names = (
    "left out",
    "swapped",
    "correlated data",
    "vacuous",
    "separate samples",
    "sound",
)
"""The six verdicts:

* left out: something that both parts carry, and that cancels, is in neither claim;
* swapped: each part is said to carry a variable that the other one carries;
* correlated data: false, and these data cannot show it;
* vacuous: the features say so much that hardly anything is exchanged;
* separate samples: the claim is about both parts together, but each gets a sample of its own;
* sound: true, and tested.
"""
LEFT_OUT, SWAPPED, CORRELATED, VACUOUS, SEPARATE, SOUND = pitfall_names
LETTERS = ("A", "B", "C", "D", "E", "F")
N_PROMPTS = 108
"""Each of the 27 prompts four times, so that none is alone."""
Problem = tuple[str, str | None]

_CLAIMS: dict[str, tuple[Total, Total]] = {
    LEFT_OUT: (Total(a=1), Total(b=1)),
    SWAPPED: (Total(b=1, c=1), Total(a=1, c=-1)),
    CORRELATED: (Total(b=1, c=1), Total(a=1, c=-1)),
    VACUOUS: (Total(a=9, b=3, c=1), Total(a=9, b=3, c=1)),
    SEPARATE: (Total(a=1, b=1), Total(a=1, b=1)),
    SOUND: (Total(a=1, c=1), Total(b=1, c=-1)),
}
"""What is said of the head that writes a + c, and of the one that writes b - c."""

_PASSING = (CORRELATED, VACUOUS, SOUND)
_PASSES = {
    LEFT_OUT: "a test that is passed is taken for one that fails: what cancels and is left out "
    "comes from two prompts and no longer cancels, and here no answer is lost",
    SWAPPED: "a test that is passed is taken for one that fails: here no answer is lost",
    SEPARATE: "two samples are taken for a fault as such: here no answer is lost by them",
}
"""What speaks against a verdict on a hypothesis that passes; `_AGAINST` goes before."""
_FAILS = {
    CORRELATED: "a test that fails is put down to the data: correlated data let a false "
    "hypothesis pass, and here more than half of the answers are lost",
    VACUOUS: "a test that fails is taken for one that cannot fail: more than half of the answers "
    "are lost here, and the plan shows how much was exchanged",
    SOUND: "a hypothesis is read and not tested: more than half of the answers are lost here",
}
"""What speaks against a verdict on a hypothesis that fails."""

_AGAINST = {
    (SWAPPED, CORRELATED): "a false claim is recognised, but the test is not looked at: no answer "
    "is lost here, so ask what is special about the prompts",
    (
        SWAPPED,
        SOUND,
    ): "variables are thought to be exchanged that are not: no answer is lost, on data in "
    "which all prompts occur; exchange a and b in the claims, and most are",
    (SOUND, VACUOUS): "an accuracy of 100 % is believed: print the plan, and look at the share "
    "that is resampled at each head",
    (SOUND, CORRELATED): "an accuracy of 100 % is believed: look at the prompts that are there, "
    "and test the same claims on more of them",
    (VACUOUS, SOUND): "an accuracy of 100 % is taken for a sign of an empty test: in the plan, "
    "more than two thirds are resampled at each head",
    (VACUOUS, CORRELATED): "an accuracy of 100 % is taken for a sign of an empty test: in the plan "
    "at least a third is resampled at each head. Look at which prompts there are",
    (CORRELATED, SOUND): "the data are suspected and not looked at: all 27 prompts occur equally "
    "often, so that no variable says anything about another one",
    (CORRELATED, VACUOUS): "the data are suspected and not looked at: all 27 prompts occur equally "
    "often. Look at what the claims leave to be exchanged",
    (LEFT_OUT, SWAPPED): "the lost answers are put down to a variable that is left out: all three "
    "are in the claims. Exchange a and b in them and test again",
    (LEFT_OUT, SEPARATE): "the lost answers are put down to a variable that is left out: with one "
    "sample for both heads (share) it is still left out, and no answer is lost",
    (
        SWAPPED,
        LEFT_OUT,
    ): "the lost answers are put down to variables that are exchanged: with a and "
    "b exchanged in the claims, most are lost as well",
    (SWAPPED, SEPARATE): "the lost answers are put down to variables that are exchanged: here both "
    "heads have one and the same claim, in which a and b count alike",
    (SEPARATE, LEFT_OUT): "the lost answers are put down to the two samples: each head has a "
    "feature of its own here, so they have nothing to share. Look at what neither claim names",
    (SEPARATE, SWAPPED): "the lost answers are put down to the two samples: each head has a "
    "feature of its own here, so they have nothing to share. Test which head carries what",
}
"""What speaks against a verdict, by what was given and what is true."""


@dataclass(frozen=True)
class Trial:
    """A test as somebody set it up: the data are in the scrubber."""

    scrubber: Scrubber
    hypothesis: Node


def trials(instance: int) -> dict[str, Trial]:
    """The six tests by letter, all of them of one network."""
    return dict(_trials(instance))


def truth(instance: int) -> dict[str, str]:
    """The verdict on each letter."""
    order = torch.randperm(len(LETTERS), generator=runtime.generator("pitfalls", instance))
    return {letter: pitfall_names[i] for letter, i in zip(LETTERS, order.tolist(), strict=True)}


@functools.lru_cache(maxsize=32)
def _trials(instance: int) -> dict[str, Trial]:
    rng = runtime.generator("network with pitfalls", instance)
    number = int(torch.randint(1_000, 1_000_000, (), generator=rng))
    network = compiled.adder(instance=number, rotate=True)
    prompts = network.task.sample(N_PROMPTS, seed=instance)
    tokens, answers = prompts.tokens, prompts.answers
    equal = Total(a=1, b=-1)(tokens) == 0
    varied = Scrubber(network.model, tokens, answers)
    correlated = Scrubber(network.model, tokens[equal].repeat(3, 1), answers[equal].repeat(3))
    heads = [network.part("a + c head"), network.part("b - c head")]
    found = {}
    for letter, verdict in truth(instance).items():
        claims = zip(heads, _CLAIMS[verdict], strict=True)
        edges = [Edge("in", Node(head, feature), -1) for head, feature in claims]
        edges.sort(key=lambda edge: str(edge.node.site))
        scrubber = correlated if verdict == CORRELATED else varied
        found[letter] = Trial(scrubber, Node(LOGITS, SAME, edges))
    return found


def against(given: str, true: str) -> str:
    """The experiment that would have told that a verdict is wrong."""
    usual = _PASSES if true in _PASSING else _FAILS
    return _AGAINST.get((given, true)) or usual[given]


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
        return text, "one verdict is given on all six: each occurs once"
    if len(set(given.values())) < len(LETTERS):
        text += " (each verdict occurs once)"
    believed = [letter for letter in wrong if given[letter] == SOUND]
    first = (believed or wrong)[0]
    text += f"; first of all {first}" if len(wrong) > 1 else ""
    return text, against(given[first], right[first])


def _plain(word: Any) -> str:
    return " ".join(word.lower().replace("-", " ").split()) if isinstance(word, str) else ""


def _malformed(answer: Any) -> Problem | None:
    expected = "expected a dict from the letters A to F to verdicts"
    if not isinstance(answer, Mapping):
        alone = isinstance(answer, str)
        return f"{expected}, got {answer!r}", "all tests but one are left out" if alone else None
    if answer and all(_plain(key) in pitfall_names for key in answer):
        return f"{expected}, got {answer!r}", "the dict is turned round: the letters are its keys"
    letters = {str(key).strip().upper() for key in answer}
    if letters != set(LETTERS) or len(answer) != len(LETTERS):
        text = f"expected the keys {', '.join(LETTERS)}, got {list(answer)}"
        return text, "a test is left out" if letters < set(LETTERS) else None
    for letter, word in answer.items():
        if word is None:
            return f"{letter} has no verdict yet: it is still None", "a test is left out"
        if _plain(word) not in pitfall_names:
            text = f"{letter}: there is no verdict {word!r}; verdicts: {', '.join(pitfall_names)}"
            return text, "a verdict is not given in one of the six words"
    return None


pitfalls = Finding(
    name="pitfalls",
    judge=_judge,
    reread="five experiments: the test itself; how much is exchanged at each head (the plan); "
    "which prompts there are; a and b exchanged in the claims; one sample for both heads (share)",
)
