"""The templates of the world, how frequent each is, and the exact distribution of the next word."""

import functools
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from interp_course.world import program, sentences, statements
from interp_course.world import words as w
from interp_course.world.program import Distribution, Teller
from interp_course.world.vocabulary import decode
from interp_course.world.words import PAD, SPLITS, Split, WorldError


class Template(NamedTuple):
    """One kind of sequence."""

    program: Callable[[Teller], None]
    share: float
    """Its part of the sequences in training."""
    held_out: bool
    """Whether some pairs of its words are held out of training."""


TEMPLATES = {
    "agreement_english": Template(sentences.agreement_english, 0.08, True),
    "agreement_french": Template(sentences.agreement_french, 0.08, True),
    "review_english": Template(sentences.review_english, 0.04, True),
    "review_french": Template(sentences.review_french, 0.04, True),
    "indirect_object": Template(sentences.indirect_object, 0.07, True),
    "ambiguous": Template(sentences.ambiguous, 0.025, True),
    "couplet": Template(sentences.couplet, 0.025, True),
    "one_hop": Template(statements.one_hop, 0.17, False),
    "attribute": Template(statements.attribute, 0.09, False),
    "two_hop": Template(statements.two_hop, 0.19, True),
    "unknown": Template(statements.unknown, 0.03, True),
    "instruction": Template(statements.instruction, 0.05, True),
    "repeat": Template(statements.repeat, 0.07, True),
    "dna": Template(statements.dna, 0.01, False),
    "base64": Template(statements.base64, 0.01, False),
    "code": Template(statements.code, 0.02, True),
}


def program_of(template: str | None, split: Split) -> tuple[Callable[[Teller], None], list[str]]:
    """The program of one template, or of the mixture of all that have this split; their names.

    Raises:
        WorldError: If the template or the split is unknown, or it has nothing held out.
    """
    if split not in SPLITS:
        raise WorldError(f"split must be one of {', '.join(SPLITS)}, got {split!r}")
    names = [name for name, t in TEMPLATES.items() if split == "train" or t.held_out]
    if template is not None:
        if template not in TEMPLATES:
            near = w.near(template, list(TEMPLATES))
            raise WorldError(f"there is no template {template!r}; {near}")
        if template not in names:
            raise WorldError(
                f"nothing of the template {template!r} is held out; "
                f"templates with held-out sequences: {', '.join(names)}"
            )
        names = [template]
    return functools.partial(_tell, names=names), names


def _tell(teller: Teller, names: list[str]) -> None:
    if len(names) == 1:
        name = names[0]
    else:
        name = teller.hidden(names, [TEMPLATES[name].share for name in names])
    teller.note(template=name, domain="prose")
    TEMPLATES[name].program(teller)


def predictive(
    sequence: Sequence[str], template: str | None = None, split: Split = "train"
) -> list[Distribution]:
    """The exact chances of each next word of a sequence of words that starts with ``<bos>``.

    Entry ``i`` is about position ``i + 1``, given the words up to position ``i`` and nothing
    else: neither the template nor anything that comes later.

    Raises:
        WorldError: If the world cannot say the sequence; the message tells where it ends.
    """
    tell, _ = program_of(template, split)
    words = tuple(sequence)
    if not words or words[0] != w.BOS:
        raise WorldError(f"a sequence starts with {w.BOS}, got {' '.join(words[:3])!r}")
    found = program.read(words, tell, split)
    for position, word in enumerate(words[1:], start=1):
        if word not in found[position - 1]:
            before = " ".join(words[1:position])
            raise WorldError(f"the {split} split never says {word!r} after {before!r}")
    return found


def entropy(
    tokens: Int[Tensor, "batch pos"], template: str | None = None, split: Split = "train"
) -> Float[Tensor, "batch predicted"]:
    """Exact entropy in nats of each next word; nan where padding follows.

    No model can have a lower expected loss: what is above it is excess.
    """
    return _per_word(
        tokens, template, split, lambda d, word: -sum(p * math.log(p) for p in d.values())
    )


def surprisal(
    tokens: Int[Tensor, "batch pos"], template: str | None = None, split: Split = "train"
) -> Float[Tensor, "batch predicted"]:
    """Exact ``-log p`` in nats of the words that did come; nan where padding follows.

    Its mean is that of the entropy, but it goes up and down with the drawn words as a model's
    loss does: the difference of the two is the steadier measure of excess loss.
    """
    return _per_word(tokens, template, split, lambda d, word: -math.log(d[word]))


def _per_word(
    tokens: Tensor,
    template: str | None,
    split: Split,
    value: Callable[[Distribution, str], float],
) -> Tensor:
    result = torch.full((tokens.shape[0], tokens.shape[1] - 1), float("nan"))
    for row, numbers in enumerate(tokens):
        words = [word for word in decode(numbers) if word != PAD]
        found = predictive(words, template, split)
        for position, word in enumerate(words[1:]):
            result[row, position] = value(found[position], word)
    return result
