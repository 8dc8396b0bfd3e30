"""Prompts for the induction network: random distinct words, then one of them again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor

from interp_course.compiled.prompts import Prompts, Task
from interp_course.compiled.words import SPECIAL, check_words

CORRUPTIONS = ("current", "earlier", "next")
SHORTEST = 8
Body = Callable[[int, int, torch.Generator], Int[Tensor, "batch pos"]]
"""Draws rows of distinct words: how many rows, how many words in each, from which generator."""


@dataclass(frozen=True)
class RepeatedWord:
    """A prompt is ``<bos>``, distinct words, and one of these again; the next one is the answer.

    The counterparts differ in one of three ways, each of which breaks another step:

    * ``current``: the last word is another one of the prompt, so another word must follow;
    * ``earlier``: the word's earlier occurrence changes places with another word;
    * ``next``: the word after the earlier occurrence is a new one.
    """

    d_vocab: int
    n_ctx: int
    body: Body
    match: int | None = None
    """Where the word stands for the first time; None is anywhere."""

    def draw(self, n: int, rng: torch.Generator, corrupt: str) -> Prompts:
        """The prompts; see `Task`."""
        rows = self.body(n, self.n_ctx - 1, rng)
        words, spare = rows[:, :-1], rows[:, -1]
        match, other = self._places(n, rng)
        tokens = torch.cat([torch.zeros_like(words[:, :1]), words, _at(words, match - 1)], dim=1)
        corrupted, wrong = tokens.clone(), _at(tokens, other + 1)
        if corrupt == "current":
            corrupted[:, -1:] = _at(tokens, other)
        elif corrupt == "earlier":
            corrupted.scatter_(1, match, _at(tokens, other)).scatter_(1, other, tokens[:, -1:])
        else:
            corrupted.scatter_(1, match + 1, spare[:, None])
            wrong = spare[:, None]
        places = {"match": match, "next": match + 1, "other": other}
        positions = {name: place[:, 0] for name, place in places.items()}
        positions["end"] = torch.full((n,), self.n_ctx - 1)
        answers, wrong = _at(tokens, match + 1)[:, 0], wrong[:, 0]
        return Prompts(tokens, answers, wrong, corrupted, wrong, positions)

    def _places(self, n: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """The earlier occurrence and another place, at least two away, of each prompt."""
        inside = torch.arange(2, self.n_ctx - 2)
        match = inside[torch.randint(len(inside), (n, 1), generator=rng)]
        if self.match is not None:
            match = torch.full_like(match, self.match)
        far = (inside - match).abs() >= 2
        other = inside[(torch.rand(far.shape, generator=rng) * far).argmax(dim=1, keepdim=True)]
        return match, other


def task(
    words: Sequence[str], n_ctx: int, *, body: Body | None = None, match: int | None = None
) -> Task:
    """The task of the induction network.

    Args:
        words: The vocabulary.
        n_ctx: Length of the prompts.
        body: Draws the words; None draws any distinct ones.
        match: See `RepeatedWord`.

    Raises:
        ValueError: If prompts of this length are too short, or there are not enough words.
    """
    check_words(words)
    if not SHORTEST <= n_ctx < len(words):
        raise ValueError(
            f"n_ctx must be between {SHORTEST} and {len(words) - 1}, because a prompt is made of "
            f"distinct ones of the {len(words)} words; got {n_ctx}"
        )
    drawer = RepeatedWord(len(words), n_ctx, body or any_words(len(words)), match)
    return Task(CORRUPTIONS, drawer.draw)


def any_words(d_vocab: int) -> Body:
    """Distinct words, drawn at random."""

    def draw(n: int, length: int, rng: torch.Generator) -> Tensor:
        ordinary = d_vocab - len(SPECIAL)
        drawn = torch.rand(n, ordinary, generator=rng).argsort(dim=1)[:, :length]
        return drawn + len(SPECIAL)

    return draw


def walk(successor: Int[Tensor, " d_vocab"]) -> Body:
    """Words of which each one is the successor of the one before."""

    def draw(n: int, length: int, rng: torch.Generator) -> Tensor:
        steps = [torch.randint(len(SPECIAL), len(successor), (n,), generator=rng)]
        for _ in range(length - 1):
            steps.append(successor[steps[-1]])
        return torch.stack(steps, dim=1)

    return draw


def _at(tokens: Tensor, place: Tensor) -> Tensor:
    return tokens.gather(1, place)
