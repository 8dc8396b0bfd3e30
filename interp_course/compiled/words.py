"""The words of the compiled networks, and a tokenizer for any list of words."""

import functools
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor

from interp_course.world.tokenizer import word_tokenizer

BOS, PAD = "<bos>", "<pad>"
SPECIAL = (BOS, PAD)
TRIED = "a"
"""A word that every vocabulary needs: transformer-lens tries a tokenizer with it."""
COMMON = (
    *("The", "A", "the", "a", "cat", "dog", "bird", "sat", "ran", "slept", "on", "in", "by"),
    *("under", "mat", "park", "tree", "door", ".", ",", "and", "then", "old", "red", "small"),
    *("sang", "ate", "fish", "near", "house", "river", "saw"),
)
"""Words of the induction network, beside the special ones."""


def tokenizer(words: Sequence[str]) -> Any:
    """A tokenizer for which each word, set off by spaces, is a token; it puts ``<bos>`` first.

    Args:
        words: A word's place is its token. See `check_words`.

    Raises:
        ValueError: If they cannot be a vocabulary. The tokenizer itself raises one for a
            word that it does not know, with near ones.
    """
    check_words(words)
    check = functools.partial(encode, words=words)
    return word_tokenizer(words, check, bos=BOS, eos=PAD, pad=PAD, name="compiled")


def encode(text: str, words: Sequence[str]) -> list[int]:
    """The tokens of a text whose words are separated by spaces, without ``<bos>``.

    Raises:
        ValueError: If a word is not in the list; the message names near ones.
    """
    known = {word: i for i, word in enumerate(words)}
    for word in text.split():
        if word not in known:
            near = get_close_matches(word, words, n=3) or words[len(SPECIAL) :][:8]
            raise ValueError(
                f"{word!r} is not one of the {len(words)} words of this network; "
                f"did you mean {', '.join(near)}?"
            )
    return [known[word] for word in text.split()]


def encode_all(texts: Sequence[str], words: Sequence[str]) -> Int[Tensor, "batch pos"]:
    """The tokens of texts of the same length, with ``<bos>`` before each."""
    return torch.tensor([[0, *encode(text, words)] for text in texts])


def check_words(words: Sequence[str]) -> None:
    """Refuse a list of words that cannot be a vocabulary.

    Raises:
        ValueError: If it does not start with ``<bos>`` and ``<pad>``, has no ``a``,
            or repeats a word.
    """
    if tuple(words[:2]) != SPECIAL:
        raise ValueError(f"the words must start with {BOS} and {PAD}, got {list(words[:2])}")
    if TRIED not in words:
        raise ValueError(f"the words must contain {TRIED!r}: transformer-lens tries it")
    if len(set(words)) < len(words):
        twice = sorted({word for word in words if list(words).count(word) > 1})
        raise ValueError(f"these words are given twice: {', '.join(twice)}")
