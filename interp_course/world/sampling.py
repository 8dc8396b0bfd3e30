"""Sequences with their ground truth: what is true of each, and from which word on."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from interp_course.world import geography as g
from interp_course.world import sentences, statements
from interp_course.world import words as w
from interp_course.world.grammar import TEMPLATES, program_of
from interp_course.world.program import Teller, Writer, count
from interp_course.world.vocabulary import padded
from interp_course.world.words import Split, WorldError

VARIABLES: dict[str, tuple[str, ...]] = {
    "template": tuple(TEMPLATES),
    "domain": ("prose", "repeat", "dna", "base64", "code"),
    "language": ("english", "french"),
    "number": sentences.NUMBERS,
    "attractor": sentences.NUMBERS,
    "negation": ("affirmed", "negated"),
    "sentiment": sentences.SENTIMENTS,
    "city": (*g.CITIES, *g.NOWHERE),
    "country": g.COUNTRIES,
    "relation": g.RELATIONS,
    "known": ("unknown", "known"),
    "giver": w.NAMES,
    "receiver": w.NAMES,
    "harmful": ("harmless", "harmful"),
    "sense": tuple(f"{word}: {sense}" for word, senses in w.SENSES.items() for sense in senses),
    "rhyme": tuple(group[0] for group in w.RHYMES),
    "period": tuple(str(period) for period in statements.PERIODS),
}
"""Every variable with its values; a label is the place of a value in this list."""


@dataclass(frozen=True)
class Truth:
    """What is true of one sequence; None where a variable does not apply.

    In a sequence of two sentences the values are those of the first; `Batch.by_position`
    follows both.
    """

    template: str
    domain: str
    language: str | None = None
    number: str | None = None
    attractor: str | None = None
    negation: str | None = None
    sentiment: str | None = None
    city: str | None = None
    country: str | None = None
    relation: str | None = None
    known: str | None = None
    giver: str | None = None
    receiver: str | None = None
    harmful: str | None = None
    sense: str | None = None
    rhyme: str | None = None
    period: str | None = None


@dataclass(frozen=True)
class Sequence:
    """A sequence of words with its ground truth."""

    words: tuple[str, ...]
    truth: Truth
    spans: tuple[tuple[str, str, int, int], ...]
    """Variable, value, first position where it is known, position after the last one."""
    places: dict[str, int]
    """Positions with a name, such as ``verb`` or ``answer``."""


@dataclass(frozen=True)
class Batch:
    """Several sequences, and their ground truth as tensors."""

    sequences: tuple[Sequence, ...]

    def __len__(self) -> int:
        return len(self.sequences)

    @cached_property
    def tokens(self) -> Int[Tensor, "batch pos"]:
        """From ``<bos>`` to ``<eos>``, then padding."""
        return padded([s.words for s in self.sequences])

    @cached_property
    def mask(self) -> Bool[Tensor, "batch pos"]:
        """False where there is padding."""
        lengths = torch.tensor([len(s.words) for s in self.sequences])
        return torch.arange(self.tokens.shape[1]) < lengths[:, None]

    def labels(self, variable: str) -> Int[Tensor, " batch"]:
        """The value of a variable in each sequence, as its place in `VARIABLES`; -1: none."""
        values = _values(variable)
        found = [getattr(s.truth, variable) for s in self.sequences]
        return torch.tensor([-1 if value is None else values[value] for value in found])

    def by_position(self, variable: str) -> Int[Tensor, "batch pos"]:
        """As `labels`, at each position from which the value can be known; -1 elsewhere."""
        values, found = _values(variable), torch.full_like(self.tokens, -1)
        for row, sequence in enumerate(self.sequences):
            for name, value, start, stop in sequence.spans:
                if name == variable:
                    found[row, start:stop] = values[value]
        return found

    def place(self, name: str) -> Int[Tensor, " batch"]:
        """The position called ``name`` in each sequence; -1 where there is none.

        Raises:
            WorldError: If no sequence has such a place; the message lists those there are.
        """
        known = sorted({place for s in self.sequences for place in s.places})
        if name not in known:
            raise WorldError(f"no sequence here has a place {name!r}; {w.near(name, known)}")
        return torch.tensor([s.places.get(name, -1) for s in self.sequences])


def sample(n: int, seed: int, *, template: str | None = None, split: Split = "train") -> Batch:
    """Draw sequences; the same arguments give the same ones on any computer.

    Args:
        n: How many.
        seed: Which ones.
        template: One of `TEMPLATES`; None draws from all, in their shares.
        split: ``"train"`` draws independently, as training does. ``"held_out"`` draws
            *different* sequences, each with a pair of words (or a city) that training never
            combines in this way.

    Raises:
        WorldError: If there is no such template or split, the numbers are no whole numbers,
            or fewer than ``n`` different sequences are held out.
    """
    check_numbers(n, seed)
    tell, _ = program_of(template, split)
    rng = random.Random(f"{template} {split} {seed}")
    if split == "train":
        return Batch(tuple(_write(rng, tell, split) for _ in range(n)))
    size = count(tell, split, most=n)
    if size < n:
        raise WorldError(
            f"the split {split!r} of {template!r} has {size} different sequences, "
            f"but n = {n} were asked for"
        )
    found: dict[tuple[str, ...], Sequence] = {}
    while len(found) < n:
        sequence = _write(rng, tell, split)
        found.setdefault(sequence.words, sequence)
    return Batch(tuple(found.values()))


def _write(rng: random.Random, tell: Callable[[Teller], None], split: Split) -> Sequence:
    writer = Writer(rng, split)
    tell(writer)
    writer.end()
    spans = tuple(sorted((s for s in writer.spans if s[2] < s[3]), key=lambda span: span[2]))
    first: dict[str, str] = {}
    for variable, value, _, _ in spans:
        first.setdefault(variable, value)
    return Sequence(tuple(writer.sequence), Truth(**first), spans, writer.places)


def check_numbers(n: int, seed: int) -> None:
    """Refuse a number of sequences or a seed that is no whole number.

    Raises:
        WorldError: If one of them is not, or ``n`` is less than 1.
    """
    for name, value in (("n", n), ("seed", seed)):
        if not isinstance(value, int) or isinstance(value, bool):
            raise WorldError(f"{name} must be a whole number, got {value!r}")
    if n < 1:
        raise WorldError(f"n must be at least 1, got {n}")


def _values(variable: str) -> dict[str, int]:
    if variable not in VARIABLES:
        raise WorldError(f"there is no variable {variable!r}; {w.near(variable, list(VARIABLES))}")
    return {value: label for label, value in enumerate(VARIABLES[variable])}
