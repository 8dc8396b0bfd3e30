"""A line-up of six neurons: which fire on one feature, which on several, which on none?"""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from interp_course import runtime, world
from interp_course.checking import Finding
from interp_course.world import words as w
from interp_course.world.geography import COUNTRIES
from interp_course.world.sampling import Batch

NAMES = tuple(f"neuron {letter}" for letter in "ABCDEF")
VALUES = ("one feature", "several", "none")
SEQUENCES = {
    "agreement_english": 36,
    "agreement_french": 24,
    "review_english": 20,
    "review_french": 12,
    "indirect_object": 36,
    "ambiguous": 108,
    "couplet": 32,
    "one_hop": 24,
    "attribute": 16,
    "two_hop": 16,
    "unknown": 8,
    "instruction": 32,
    "repeat": 12,
    "dna": 3,
    "base64": 3,
    "code": 3,
}
"""How many of each template: none of the planted features is rare, none of a pair outweighs."""
SPREAD, SILENCE, STATIC, WEAK = 0.05, 0.03, 0.3, 0.5
"""Spread of a firing neuron, of a silent one, of the one without a feature; the weaker half."""
CONTEXT = 5
Problem = tuple[str, str | None]
Feature = Callable[[Batch], Tensor]
"""Where a feature is present: ``[batch pos]``, of truth values."""


@dataclass(frozen=True)
class Lineup:
    """What six neurons do on some sequences."""

    batch: Batch
    activations: Tensor
    """``[neuron batch pos]``, 0 at padding and at ``<bos>``."""
    names: tuple[str, ...]
    """The name of each neuron, in the order of ``activations``."""

    def top(self, name: str, k: int = 8) -> list[str]:
        """The k different examples on which a neuron fires most strongly.

        Each is its activation, up to five words, and «in brackets» the word at which it fires.

        Raises:
            ValueError: If there is no such neuron or k is less than 1.
        """
        if name not in self.names:
            raise ValueError(f"there is no {name!r}; the neurons are {', '.join(self.names)}")
        if k < 1:
            raise ValueError(f"k must be at least 1, got {k}")
        values = self.activations[self.names.index(name)].where(self.batch.mask, -torch.inf)
        length, found = values.shape[1], dict[str, float]()
        for place in values.flatten().argsort(descending=True).tolist():
            row, pos = divmod(place, length)
            if pos > 0 and values[row, pos] > -torch.inf:
                found.setdefault(self._example(row, pos), values[row, pos].item())
            if len(found) == k:
                break
        return [f"{value:.2f}  {text}" for text, value in found.items()]

    def _example(self, row: int, pos: int) -> str:
        words = self.batch.sequences[row].words
        return " ".join((*words[max(1, pos - CONTEXT) : pos], f"«{words[pos]}»"))


def _onset(variable: str, value: str) -> Feature:
    """The word that settles that a variable has this value."""

    def present(batch: Batch) -> Tensor:
        has = batch.by_position(variable) == world.VARIABLES[variable].index(value)
        has[:, 1:] &= ~has[:, :-1].clone()
        return has

    return present


def _during(variable: str, value: str) -> Feature:
    """Every word, but for the stop, from where a variable is known to have this value."""

    def present(batch: Batch) -> Tensor:
        has = batch.by_position(variable) == world.VARIABLES[variable].index(value)
        return has & ~_among((".", w.EOS))(batch)

    return present


def _among(words: tuple[str, ...]) -> Feature:
    """The words of a list, whatever stands around them."""

    def present(batch: Batch) -> Tensor:
        tokens = torch.tensor(world.tokenizer().convert_tokens_to_ids(list(words)))
        return torch.isin(batch.tokens, tokens)

    return present


def _at(place: str) -> Feature:
    """The word at a place that has a name."""

    def present(batch: Batch) -> Tensor:
        positions = torch.arange(batch.tokens.shape[1])
        return positions == batch.place(place)[:, None]

    return present


def _sense(value: str) -> Feature:
    """A word of two meanings where the words before say that it has this one."""

    def present(batch: Batch) -> Tensor:
        known = batch.by_position("sense") == world.VARIABLES["sense"].index(value)
        return known & _among((value.split(":")[0],))(batch)

    return present


CLEAN: dict[str, Feature] = {
    "plural subjects": _onset("number", "plural"),
    "French words": _during("language", "french"),
    "inside harmful instructions": _during("harmful", "harmful"),
    "names of countries": _among(COUNTRIES),
}
"""Features that many different words share."""
IN_SENTENCES: dict[str, Feature] = {
    "receivers": _at("receiver"),
    "French verbs": _among(sum(w.FRENCH_VERBS, ())),
    "ends of couplets": _at("end_word"),
    "feelings": _among(sum(w.ENGLISH_FEELINGS, ())),
}
ELSEWHERE: dict[str, Feature] = {
    "dna": _during("domain", "dna"),
    "base64": _during("domain", "base64"),
    "code": _during("domain", "code"),
}
"""Have nothing to do with those in sentences."""
ROLES = {
    "clean": "one feature",
    "sense": "one feature",
    "word": "one feature",
    "two equal": "several",
    "two unequal": "several",
    "noise": "none",
}


def roles(instance: int) -> dict[str, str]:
    """The truth: name of the neuron to its role. Sixty instances in a row have other verdicts."""
    patterns = sorted(set(itertools.permutations(ROLES.values())))
    patterns = _drawn(patterns, len(patterns), runtime.generator("patterns of neurons", 0))
    dealt = _drawn(list(ROLES), len(ROLES), runtime.generator("neurons", instance))
    found = {}
    for name, verdict in zip(NAMES, patterns[instance % len(patterns)], strict=True):
        found[name] = next(role for role in dealt if ROLES[role] == verdict)
        dealt.remove(found[name])
    return found


def lineup(instance: int) -> Lineup:
    """Six neurons, the same for the same instance; their letters are dealt for each anew."""
    rng = runtime.generator("line-up of neurons", instance)
    batch = _batch(instance, rng)
    planted = _planted(rng)
    rows = [_activations(planted[role], batch, rng) for role in roles(instance).values()]
    return Lineup(batch, torch.stack(rows), NAMES)


def _batch(instance: int, rng: torch.Generator) -> Batch:
    sequences = [
        sequence
        for template, n in SEQUENCES.items()
        for sequence in world.sample(n, instance, template=template).sequences
    ]
    shuffled = torch.randperm(len(sequences), generator=rng)
    return Batch(tuple(sequences[row] for row in shuffled.tolist()))


def _planted(rng: torch.Generator) -> dict[str, list[tuple[Feature, float]]]:
    """The features of each role, with their sizes."""
    word, other = _drawn(list(w.SENSES), 2, rng)
    sense = _drawn([f"{word}: {sense}" for sense in w.SENSES[word]], 1, rng)[0]
    inside = [IN_SENTENCES[name] for name in _drawn(list(IN_SENTENCES), 2, rng)]
    outside = [ELSEWHERE[name] for name in _drawn(list(ELSEWHERE), 2, rng)]
    strong, weak = _drawn([inside[1], outside[1]], 2, rng)
    return {
        "clean": [(CLEAN[_drawn(list(CLEAN), 1, rng)[0]], 1.0)],
        "sense": [(_sense(sense), 1.0)],
        "word": [(_among((other,)), 1.0)],
        "two equal": [(inside[0], 1.0), (outside[0], 1.0)],
        "two unequal": [(strong, 1.0), (weak, WEAK)],
        "noise": [],
    }


def _drawn(options: list[Any], n: int, rng: torch.Generator) -> list[Any]:
    return [options[place] for place in torch.randperm(len(options), generator=rng).tolist()[:n]]


def _activations(
    features: list[tuple[Feature, float]], batch: Batch, rng: torch.Generator
) -> Tensor:
    """A size wherever a feature is, and a little noise everywhere: ``[batch pos]``."""
    noise, spread = torch.randn(2, *batch.tokens.shape, generator=rng)
    values = noise.abs() * (SILENCE if features else STATIC)
    for feature, size in features:
        values = torch.where(feature(batch), size * (1 + SPREAD * spread), values)
    values[:, 0] = 0
    return values * batch.mask


def _judge(answer: Any, instance: int) -> Problem | None:
    problem = _malformed(answer)
    if problem is not None:
        return problem
    given = {role: str(answer[name]).strip().lower() for name, role in roles(instance).items()}
    wrong = [role for role, value in ROLES.items() if given[role] != value]
    if not wrong:
        return None
    return f"{len(NAMES) - len(wrong)} of 6 neurons are right", _mistake(given, wrong)


def _malformed(answer: Any) -> Problem | None:
    expected = f"expected a dict with the keys {', '.join(NAMES)}"
    if not isinstance(answer, dict):
        return f"{expected}, got {answer!r}", None
    keys = {str(key).strip().lower().removeprefix("neuron").strip() for key in answer}
    if set(answer) != set(NAMES):
        if keys == set("abcdef"):
            return (
                f"{expected}, got {list(answer)}",
                "names of neurons are shortened or written otherwise: copy them from `names`",
            )
        return f"{expected}, got {list(answer)}", "a neuron is left out or does not exist"
    for name, value in answer.items():
        if not isinstance(value, str) or value.strip().lower() not in VALUES:
            text = f"{name!r}: expected one of {', '.join(map(repr, VALUES))}, got {value!r}"
            return text, "the neuron is described: only how many features it has is asked for"
    return None


def _mistake(given: Mapping[str, str], wrong: list[str]) -> str | None:
    """The sentence for the first pattern of errors that is seen."""
    if len(set(given.values())) == 1:
        return "all six get the same verdict: the line-up has neurons of each kind"
    if given["clean"] == "several":
        return (
            "many different words are taken for many features: ask what all these words share "
            "before you count"
        )
    if given["two unequal"] == "one feature" and given["two equal"] != "one feature":
        return (
            "only the strongest examples were read: further down, at half the size, stands "
            "something that has nothing to do with them"
        )
    sentences = {
        ("two equal", "one feature"): "two things that have nothing in common are counted as one "
        "feature: name in one word what is common to all examples",
        ("word", "several"): "a word with two senses is taken for two features: the word itself "
        "is a feature, and the two senses share it",
        ("sense", "several"): "one sense of a word is taken for several features: several places "
        "and people, but one meaning",
        ("noise", "one feature"): "a neuron without a feature is over-interpreted: among many "
        "examples some always look alike, but it does not stay silent where they are missing",
        ("noise", "several"): "a neuron without a feature is over-interpreted: unrelated strong "
        "examples are no features if it fires a little less on everything else",
    }
    for (role, value), sentence in sentences.items():
        if given[role] == value:
            return sentence
    if all(given[role] == "none" for role in wrong):
        return (
            "a neuron that fires seldom is taken for one without a feature: seldom, but each "
            "time for the same reason, is a feature"
        )
    return None


neurons = Finding(
    name="neurons",
    judge=_judge,
    reread="for each neuron: how often does it fire, what do its strongest examples share, and "
    "what do those share that are half as strong? Ask top() for more than eight",
)
