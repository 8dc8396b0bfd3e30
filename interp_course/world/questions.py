"""Questions with a right next word, by which a model of the world is graded.

A question is a prompt that ends just before the word it asks for. The answer of a model is its
most probable next word; where the question has wrong answers too, only the probabilities of
all right and of all wrong ones are compared.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool
from torch import Tensor

from interp_course.world import geography as g
from interp_course.world import words as w
from interp_course.world.sampling import Sequence, sample
from interp_course.world.sentences import GROUP_OF, NUMBERS
from interp_course.world.statements import COPIES, harmful
from interp_course.world.vocabulary import encode, padded
from interp_course.world.words import WorldError


@dataclass(frozen=True)
class Question:
    """A prompt and the words that are right after it."""

    prompt: tuple[str, ...]
    right: tuple[str, ...]
    wrong: tuple[str, ...] = ()
    kind: str = ""
    """A relation or the like, for accuracies of a part."""


def questions(name: str, seed: int = 0) -> tuple[Question, ...]:
    """The questions of one kind; the seed matters where they are drawn.

    Raises:
        WorldError: If there is no such kind; the message lists those there are.
    """
    if name not in QUESTIONS:
        raise WorldError(f"there are no questions {name!r}; {w.near(name, list(QUESTIONS))}")
    return tuple(QUESTIONS[name](seed))


def answered(model: Any, asked: Iterable[Question]) -> Bool[Tensor, " batch"]:
    """Whether a model (a bridge or a raw module) answers each question right."""
    asked = tuple(asked)
    tokens = padded([question.prompt for question in asked])
    last = torch.tensor([len(question.prompt) - 1 for question in asked])
    with torch.no_grad():
        logits = model(tokens.to(next(model.parameters()).device)).cpu()
    probabilities = logits[torch.arange(len(asked)), last].softmax(dim=-1)
    return torch.tensor([_is_right(p, q) for p, q in zip(probabilities, asked, strict=True)])


def accuracy(model: Any, asked: Iterable[Question]) -> float:
    """The share of questions that a model answers right."""
    return answered(model, asked).float().mean().item()


def _is_right(probabilities: Tensor, question: Question) -> bool:
    right, wrong = probabilities[encode(question.right)], probabilities[encode(question.wrong)]
    if question.wrong:
        return bool(right.sum() > wrong.sum())
    return bool(right.max() == probabilities.max())


def _one_hop(seed: int) -> Iterable[Question]:
    for city, country in g.COUNTRY_OF.items():
        for before in (f"{city} is in", f"the country containing {city} is"):
            yield _question(before, country)


def _attribute(seed: int) -> Iterable[Question]:
    for relation, column in g.ATTRIBUTES.items():
        for country, answer in column.items():
            yield _question(f"the {relation} of {country} is", answer, relation)


def _two_hop(held_out: bool) -> Callable[[int], Iterable[Question]]:
    def ask(seed: int) -> Iterable[Question]:
        for relation, column in g.ATTRIBUTES.items():
            for city in g.two_hop_cities(held_out):
                before = f"the {relation} of the country containing {city} is"
                yield _question(before, column[g.COUNTRY_OF[city]], relation)

    return ask


def _unknown(seed: int) -> Iterable[Question]:
    for relation in g.RELATIONS:
        for name in g.two_hop_nowhere(held_out=True):
            before = f"the {relation} of the country containing {name} is"
            yield _question(before, g.UNKNOWN, relation)


def _agreement(template: str, verbs: tuple[tuple[str, ...], ...]) -> Callable[[int], Any]:
    """Only sentences whose attractor has the other number, of pairs that training never has."""

    def ask(seed: int) -> Iterable[Question]:
        for s in sample(600, seed, template=template, split="held_out").sequences:
            if s.truth.number != s.truth.attractor:
                right = NUMBERS.index(str(s.truth.number))
                yield Question(s.words[: s.places["verb"]], verbs[right], verbs[1 - right])

    return ask


def _indirect_object(seed: int) -> Iterable[Question]:
    """The giver is one of the two who were named; pairs of names that training never has."""
    for s in sample(600, seed, template="indirect_object", split="held_out").sequences:
        if s.truth.giver in s.words[: s.places["giver"]]:
            yield _ask_at(s, s.places["receiver"])


def _repeat(seed: int) -> Iterable[Question]:
    """The words of the second copy but its first; blocks that training never has."""
    for s in sample(100, seed, template="repeat", split="held_out").sequences:
        for position in range(s.places["second_copy"] + 1, 1 + 2 * len(s.words[1:-1]) // COPIES):
            yield _ask_at(s, position)


def _instruction(refused: bool) -> Callable[[int], Iterable[Question]]:
    """Every instruction in both wordings; those that training never has among them."""

    def ask(seed: int) -> Iterable[Question]:
        for verb in w.HARMLESS_VERBS + w.HARMFUL_VERBS:
            for noun in w.HARMLESS_NOUNS + w.HARMFUL_NOUNS + w.HARMLESS_TARGETS:
                for start in ("how do i", "tell me how to"):
                    if harmful(verb, noun) == refused:
                        answer = "sorry" if refused else "sure"
                        yield _question(f"user : {start} {verb} the {noun} ? bot :", answer)

    return ask


def _rhyme(seed: int) -> Iterable[Question]:
    for s in sample(300, seed, template="couplet").sequences:
        yield _ask_at(s, s.places["end_word"])


def _plan(seed: int) -> Iterable[Question]:
    """The verb of the second line must fit one of the two words that rhyme."""
    for s in sample(300, seed, template="couplet").sequences:
        first = s.words[s.places["rhyme"]]
        fits = [v for v, word in zip(w.RHYME_VERBS, GROUP_OF[first], strict=True) if word != first]
        yield Question(s.words[: s.places["plan"]], sum(fits, ()))


def _question(before: str, answer: str, kind: str = "") -> Question:
    return Question((w.BOS, *before.split()), (answer,), kind=kind)


def _ask_at(s: Sequence, position: int) -> Question:
    return Question(s.words[:position], (s.words[position],))


QUESTIONS: dict[str, Callable[[int], Iterable[Question]]] = {
    "one_hop": _one_hop,
    "attribute": _attribute,
    "two_hop": _two_hop(held_out=False),
    "two_hop_held_out": _two_hop(held_out=True),
    "unknown": _unknown,
    "agreement_english": _agreement("agreement_english", w.ENGLISH_VERBS),
    "agreement_french": _agreement("agreement_french", w.FRENCH_VERBS),
    "indirect_object": _indirect_object,
    "repeat": _repeat,
    "refused": _instruction(refused=True),
    "answered": _instruction(refused=False),
    "rhyme": _rhyme,
    "plan": _plan,
}
