"""A template is a program that tells a sequence word by word; two readers run it.

A program calls ``teller.hidden`` for a choice that no word shows at once (how long? which
form?) and ``teller.word`` for a visible one. `Writer` draws both and so writes a sequence.
`read` runs the same program along a given sequence, branches at each hidden choice, and so
finds the exact distribution of each next word: nothing is estimated.
"""

import functools
import random
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar, runtime_checkable

from interp_course.world.words import BOS, EOS, Split

Weights = Sequence[float | int] | None
Distribution = dict[str, float]
T = TypeVar("T")


@runtime_checkable
class Teller(Protocol):
    """What a program may do; it must not depend on anything else."""

    split: Split

    def hidden(self, options: Sequence[T], weights: Weights = None) -> T:
        """Choose without a word."""
        ...

    def word(self, options: Sequence[str], weights: Weights = None) -> str:
        """Say one of the options, all different; without weights each is as likely."""
        ...

    def words(self, text: str) -> None:
        """Say these words, separated by spaces."""
        ...

    def note(self, **values: str | None) -> None:
        """From the last word on these variables have these values; None ends a variable."""
        ...

    def place(self, name: str) -> None:
        """Give the position of the next word a name, unless the name is taken."""
        ...


class Writer:
    """Draws a sequence, and keeps what is true of it."""

    def __init__(self, rng: random.Random, split: Split = "train") -> None:
        self.split: Split = split
        self.sequence = [BOS]
        self.spans: list[tuple[str, str, int, int]] = []
        """Variable, value, first position, position after the last one."""
        self.places: dict[str, int] = {}
        self._draw = rng.random
        self._open: dict[str, tuple[str, int]] = {}

    def hidden(self, options: Sequence[T], weights: Weights = None) -> T:
        """Draw an option; see `Teller`."""
        if weights is None:
            return options[int(self._draw() * len(options))]
        left = self._draw() * sum(weights)
        for option, weight in zip(options, weights, strict=True):
            left -= weight
            if left < 0:
                return option
        return options[-1]

    def word(self, options: Sequence[str], weights: Weights = None) -> str:
        """Draw a word and say it; see `Teller`."""
        chosen = self.hidden(options, weights)
        self.sequence.append(chosen)
        return chosen

    def words(self, text: str) -> None:
        """Say these words; see `Teller`."""
        self.sequence += _split(text)

    def note(self, **values: str | None) -> None:
        """Keep the values from the last word on; see `Teller`."""
        here = max(1, len(self.sequence) - 1)
        for variable, value in values.items():
            if variable in self._open:
                before, start = self._open[variable]
                if value == before:
                    continue
                del self._open[variable]
                self.spans.append((variable, before, start, here if value else here + 1))
            if value:
                self._open[variable] = value, here

    def place(self, name: str) -> None:
        """Name the position of the next word; see `Teller`."""
        self.places.setdefault(name, len(self.sequence))

    def end(self) -> "Writer":
        """Say the end, which closes what is still open."""
        self.sequence.append(EOS)
        self.note(**dict.fromkeys(self._open))
        return self


class _Over(Exception):
    """The program said another word than the sequence has, or the sequence is at its end."""


class _Fork(Exception):
    """The program needs a hidden choice that is not given; the argument: among how many."""


class _Branch:
    """Follows a sequence under given hidden choices, until one is missing."""

    def __init__(self, sequence: Sequence[str], choices: tuple[int, ...], split: Split) -> None:
        self.split: Split = split
        self.probability = 1.0
        self.seen: list[tuple[int, float, Sequence[str], Weights]] = []
        """Position, probability of coming here, and options of each word said since the last
        of the given choices: what came before belongs to another branch."""
        self._sequence, self._at = sequence, 1
        self._choices, self._used = choices, 0

    def hidden(self, options: Sequence[T], weights: Weights = None) -> T:
        if self._used == len(self._choices):
            raise _Fork(len(options))
        chosen = self._choices[self._used]
        self._used += 1
        self.probability *= _share(chosen, len(options), weights)
        return options[chosen]

    def word(self, options: Sequence[str], weights: Weights = None) -> str:
        if self._used == len(self._choices):
            self.seen.append((self._at, self.probability, options, weights))
        if self._at == len(self._sequence) or self._sequence[self._at] not in options:
            raise _Over
        said = self._sequence[self._at]
        self.probability *= _share(options.index(said), len(options), weights)
        self._at += 1
        return said

    def words(self, text: str) -> None:
        for word in _split(text):
            self.word((word,))

    def note(self, **values: str | None) -> None:
        pass

    def place(self, name: str) -> None:
        pass


def read(
    sequence: Sequence[str], program: Callable[[Teller], None], split: Split = "train"
) -> list[Distribution]:
    """The distributions of the words at the positions 1, 2, ... given those before.

    The last one is that of the word after the sequence, unless that has reached its end.
    An empty distribution means that the program cannot say what stands before it.
    """
    mixed: list[Distribution] = [{} for _ in sequence]
    waiting: list[tuple[int, ...]] = [()]
    while waiting:
        choices = waiting.pop()
        branch = _Branch(sequence, choices, split)
        try:
            program(branch)
            branch.word((EOS,))
        except _Over:
            pass
        except _Fork as fork:
            waiting += [(*choices, option) for option in range(fork.args[0])]
        for position, probability, options, weights in branch.seen:
            _add(mixed[position - 1], probability, options, weights)
    if sequence[-1] == EOS:
        mixed.pop()
    return [_normalised(distribution) for distribution in mixed]


def _add(mixed: Distribution, probability: float, options: Sequence[str], weights: Weights) -> None:
    total = float(sum(weights)) if weights else float(len(options))
    for i, option in enumerate(options):
        share = probability * (weights[i] if weights else 1.0) / total
        mixed[option] = mixed.get(option, 0.0) + share


def _normalised(distribution: Distribution) -> Distribution:
    total = sum(distribution.values())
    return {word: weight / total for word, weight in distribution.items() if weight}


def _share(chosen: int, n_options: int, weights: Weights) -> float:
    return weights[chosen] / sum(weights) if weights else 1 / n_options


@functools.cache
def _split(text: str) -> tuple[str, ...]:
    return tuple(text.split())


class _Odometer(Writer):
    """Writes the sequence of given choices, and then always takes the first option."""

    def __init__(self, choices: list[int], split: Split) -> None:
        super().__init__(random.Random(), split)
        self.choices, self.sizes = choices, list[int]()

    def hidden(self, options: Sequence[T], weights: Weights = None) -> T:
        if len(self.sizes) == len(self.choices):
            self.choices.append(0)
        self.sizes.append(len(options))
        return options[self.choices[len(self.sizes) - 1]]


def count(program: Callable[[Teller], None], split: Split, most: int) -> int:
    """How many different sequences a program can write; counting stops at ``most``."""
    found: set[tuple[str, ...]] = set()
    choices: list[int] = []
    while len(found) < most:
        writer = _Odometer(choices, split)
        program(writer)
        found.add(tuple(writer.sequence))
        while choices and choices[-1] + 1 == writer.sizes[len(choices) - 1]:
            choices.pop()
        if not choices:
            break
        choices[-1] += 1
    return len(found)
