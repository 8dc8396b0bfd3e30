"""The vocabulary: which word is which token."""

from collections.abc import Iterable, Sequence

import torch
from jaxtyping import Int
from torch import Tensor

from interp_course.world import geography as g
from interp_course.world import words as w
from interp_course.world.words import WorldError

_ATTRIBUTES = tuple(tuple(column.values()) for column in g.ATTRIBUTES.values())
_SENSES = tuple(part for senses in w.SENSES.values() for sense in senses.values() for part in sense)
_GROUPS: tuple[Sequence[str], ...] = (
    (w.BOS, w.PAD, w.EOS, *w.FUNCTION_WORDS),
    *w.ENGLISH_NOUNS, *w.FRENCH_NOUNS, *w.ENGLISH_VERBS, *w.FRENCH_VERBS,
    w.ENGLISH_ADJECTIVES, *w.FRENCH_ADJECTIVES, w.ENGLISH_PREPOSITIONS, w.FRENCH_PREPOSITIONS,
    w.ENGLISH_ADVERBS, w.FRENCH_ADVERBS, w.ENGLISH_WORKS, w.FRENCH_WORKS,
    *w.ENGLISH_JUDGEMENTS, *w.FRENCH_JUDGEMENTS, *w.ENGLISH_FEELINGS, *w.FRENCH_FEELINGS,
    g.RELATIONS, g.COUNTRIES, g.CITIES, *_ATTRIBUTES,
    (*g.NOWHERE, g.UNKNOWN),
    w.NAMES, w.VENUES, w.GIFTS,
    w.HARMLESS_VERBS, w.HARMFUL_VERBS,
    w.HARMLESS_NOUNS, w.HARMFUL_NOUNS, w.HARMLESS_TARGETS, w.TOOLS,
    tuple(w.SENSES), *_SENSES,
    w.DREAMERS, *w.RHYMES, *w.RHYME_VERBS, w.RHYME_ADJECTIVES,
    w.NUCLEOTIDES, w.CHUNKS, w.FUNCTIONS, w.VARIABLES_OF_CODE, w.OPERATORS, w.DIGITS,
)  # fmt: skip
VOCABULARY: tuple[str, ...] = tuple(dict.fromkeys(word for group in _GROUPS for word in group))
"""All words; a word's place is its token. The first three are no words of the world."""
_TOKEN_OF = {word: token for token, word in enumerate(VOCABULARY)}


def token_of(word: str) -> int:
    """The token of a word.

    Raises:
        WorldError: If there is no such word; the message names near ones.
    """
    if word not in _TOKEN_OF:
        near = w.near(word, VOCABULARY[3:])
        raise WorldError(f"{word!r} is not a word of the world ({len(VOCABULARY)} words); {near}")
    return _TOKEN_OF[word]


def encode(text: str | Iterable[str]) -> list[int]:
    """The tokens of a text, in which words are separated by spaces, or of a list of words."""
    return [token_of(word) for word in (text.split() if isinstance(text, str) else text)]


def decode(tokens: Iterable[int] | Int[Tensor, " pos"]) -> list[str]:
    """The words of these tokens."""
    return [VOCABULARY[int(token)] for token in tokens]


def padded(sequences: Sequence[Sequence[str]]) -> Int[Tensor, "batch pos"]:
    """The tokens of several sequences, filled up with padding on the right."""
    length = max(map(len, sequences))
    pad = _TOKEN_OF[w.PAD]
    rows = [encode(words) + [pad] * (length - len(words)) for words in sequences]
    return torch.tensor(rows)
