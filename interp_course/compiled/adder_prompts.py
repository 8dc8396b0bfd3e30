"""Prompts for the adding network: "a2 c0 b1 =" is answered with a + b, which is 3."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor

from interp_course.compiled.prompts import Prompts, Task
from interp_course.compiled.words import SPECIAL, TRIED

VARIABLES = ("a", "b", "c")
N_VALUES = 3
"""Each variable is 0, 1 or 2."""
N_SUMS = 2 * N_VALUES - 1
INPUTS = tuple(f"{name}{value}" for name in VARIABLES for value in range(N_VALUES))
END = "="
WORDS = (*SPECIAL, TRIED, *INPUTS, END, *map(str, range(N_SUMS)))
FIRST_INPUT, FIRST_SUM = WORDS.index(INPUTS[0]), WORDS.index("0")
LENGTH = len(VARIABLES) + 2
"""Tokens of a prompt, with ``<bos>`` and the last one."""


@dataclass(frozen=True)
class Sums:
    """The three variables in a fixed order. 27 prompts are all that there are, each once.

    The counterparts differ in the value of one variable. If that is ``c``, which does not
    count, the answer stays the same. The distractor is the answer with another ``a``.
    """

    order: Sequence[int]
    """Which variable stands first, second and third."""

    def draw(self, n: int, rng: torch.Generator, corrupt: str) -> Prompts:
        """The prompts; see `Task`."""
        every = torch.tensor(list(itertools.product(range(N_VALUES), repeat=len(VARIABLES))))
        rounds = [torch.randperm(len(every), generator=rng) for _ in range(-(-n // len(every)))]
        values = every[torch.cat(rounds)[:n]]
        other_a = self._changed(values, 0, rng)
        other = self._changed(values, VARIABLES.index(corrupt), rng)
        places = {name: 1 + self.order.index(i) for i, name in enumerate(VARIABLES)}
        places["end"] = LENGTH - 1
        return Prompts(
            tokens=self._written(values),
            answers=_sums(values),
            distractors=_sums(other_a),
            corrupted=self._written(other),
            corrupted_answers=_sums(other),
            positions={name: torch.full((n,), place) for name, place in places.items()},
        )

    def _changed(self, values: Tensor, which: int, rng: torch.Generator) -> Tensor:
        other = values.clone()
        step = torch.randint(1, N_VALUES, (len(values),), generator=rng)
        other[:, which] = (other[:, which] + step) % N_VALUES
        return other

    def _written(self, values: Tensor) -> Tensor:
        words = FIRST_INPUT + N_VALUES * torch.arange(len(VARIABLES)) + values
        ends = torch.full_like(words[:, :1], WORDS.index(END))
        return torch.cat([torch.zeros_like(ends), words[:, list(self.order)], ends], dim=1)


def task(order: Sequence[int]) -> Task:
    """The task of the adding network, with the variables in this order."""
    return Task(VARIABLES, Sums(tuple(order)).draw)


def _sums(values: Tensor) -> Int[Tensor, " batch"]:
    return FIRST_SUM + values[:, 0] + values[:, 1]
