"""Pairs of sentences that agree in some of what induction heads read and write, and not in others.

A sentence is ``<bos>`` and words. The last word stands once before, and is followed there by one
that comes only there. Words are those of `compiled.induction`.
"""

import itertools
import random
from collections.abc import Callable

import torch
from jaxtyping import Int
from torch import Tensor

BOS, FIRST, LAST = 0, 2, 33
"""The tokens of ``<bos>``, and of the first and last word."""
SHORTEST, LONGEST = 10, 14
Sentence = list[int]


def pair(kind: str, key: str) -> tuple[Int[Tensor, " pos"], Int[Tensor, " pos"]]:
    """Two sentences of one length.

    Args:
        kind: A key of `PAIRS`.
        key: Which pair of this kind.
    """
    rng = random.Random(f"sentences {kind} {key}")
    ours, theirs = PAIRS[kind](rng)
    return torch.tensor(ours), torch.tensor(theirs)


def _sentence(rng: random.Random, n: int, match: int, last: int, following: int) -> Sentence:
    """Other words are distinct."""
    words = [word for word in range(FIRST, LAST + 1) if word not in (last, following)]
    tokens = [BOS, *rng.sample(words, n - 2), last]
    tokens[match : match + 2] = [last, following]
    return tokens


def _drawn(rng: random.Random) -> tuple[Sentence, int]:
    """A sentence and the place of its match, with words before, between and after."""
    n = rng.randint(SHORTEST, LONGEST)
    match = rng.randint(3, n - 5)
    last, following = rng.sample(range(FIRST, LAST + 1), 2)
    return _sentence(rng, n, match, last, following), match


def _alike(last: bool, place: bool, following: bool) -> Callable[..., tuple[Sentence, Sentence]]:
    """Sentences that agree in these three, and else in nothing but by chance."""

    def drawn(rng: random.Random) -> tuple[Sentence, Sentence]:
        n = rng.randint(SHORTEST, LONGEST)
        places = rng.sample(range(3, n - 4), 2)
        a, b, c, d = rng.sample(range(FIRST, LAST + 1), 4)
        ours = _sentence(rng, n, places[0], a, b)
        theirs = _sentence(rng, n, places[not place], a if last else c, b if following else d)
        for tokens, match in ((ours, places[0]), (theirs, places[not place])):
            if rng.random() < 0.5:  # another word is repeated, too
                tokens[match + 2] = tokens[1]
        return ours, theirs

    return drawn


def _equal(rng: random.Random) -> tuple[Sentence, Sentence]:
    ours, _ = _drawn(rng)
    return ours, list(ours)


def _one_word(where: str) -> Callable[..., tuple[Sentence, Sentence]]:
    """Sentences that differ in one word, at the end of which nothing else changes."""

    def drawn(rng: random.Random) -> tuple[Sentence, Sentence]:
        ours, match = _drawn(rng)
        theirs, n = list(ours), len(ours)
        place = {
            "first": 1,
            "next": match + 1,
            "after": rng.randint(match + 2, n - 3),
            "before the last": n - 2,
        }[where]
        theirs[place] = rng.choice([w for w in range(FIRST, LAST + 1) if w not in ours])
        return ours, theirs

    return drawn


def _another_last(rng: random.Random) -> tuple[Sentence, Sentence]:
    """Only the last word is another one, which makes another place the match."""
    ours, match = _drawn(rng)
    place = rng.choice([p for p in range(2, len(ours) - 3) if p not in (match, match + 1)])
    return ours, [*ours[:-1], ours[place]]


def _other_order(rng: random.Random) -> tuple[Sentence, Sentence]:
    ours, _ = _drawn(rng)
    theirs = list(ours)
    theirs[1], theirs[-2] = theirs[-2], theirs[1]
    return ours, theirs


def _named(last: bool, place: bool, following: bool) -> str:
    words = [
        f"{'the same' if same else 'another'} {what}"
        for same, what in ((last, "last token"), (place, "match"), (following, "next token"))
    ]
    return ", ".join(words)


PAIRS: dict[str, Callable[[random.Random], tuple[Sentence, Sentence]]] = {
    **{_named(*same): _alike(*same) for same in itertools.product((False, True), repeat=3)},
    "the same sentence": _equal,
    "only the first word differs": _one_word("first"),
    "only the next token differs": _one_word("next"),
    "only a word after the next token differs": _one_word("after"),
    "only the word before the last differs": _one_word("before the last"),
    "only the last token differs": _another_last,
    "two words have changed places": _other_order,
}
"""Draw two sentences, by what they have in common."""
