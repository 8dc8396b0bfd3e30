"""What a compiled network is handed out as: the model, its circuit, its task, the truth."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor

from interp_course import runtime
from interp_course.circuits import Circuit, Part
from interp_course.compiled.language import Network

Labels = Callable[[Int[Tensor, "batch pos"]], Int[Tensor, "batch pos"]]
"""A function of the tokens: one label for every position."""
NOTHING = -1
"""Label where a part writes nothing, and answer of a prompt that has none."""


@dataclass(frozen=True)
class Prompts:
    """Prompts of one length, all answered at their last position, each with a counterpart."""

    tokens: Int[Tensor, "batch pos"]
    answers: Int[Tensor, " batch"]
    distractors: Int[Tensor, " batch"]
    """A wrong answer that the prompt suggests."""
    corrupted: Int[Tensor, "batch pos"]
    """The counterparts: same length, one thing changed."""
    corrupted_answers: Int[Tensor, " batch"]
    """The right answers of the counterparts; `NOTHING` where there is none."""
    positions: dict[str, Int[Tensor, " batch"]]
    """Where the words that matter stand, by name."""


@dataclass(frozen=True)
class Task:
    """What a network is for."""

    corruptions: tuple[str, ...]
    """What can be changed in a counterpart."""
    draw: Callable[[int, torch.Generator, str], Prompts]
    """The prompts: how many, from which random generator, with which corruption."""

    def sample(self, n: int, seed: int = 0, corrupt: str | None = None) -> Prompts:
        """Draw prompts.

        Args:
            n: How many.
            seed: Which ones.
            corrupt: What is changed in the counterparts; None is the first of `corruptions`.

        Raises:
            ValueError: If there is nothing to draw, or no such corruption.
        """
        kind = self.corruptions[0] if corrupt is None else corrupt
        if kind not in self.corruptions:
            raise ValueError(f"corrupt must be one of {', '.join(self.corruptions)}; got {kind!r}")
        if n < 1:
            raise ValueError(f"n must be at least 1, got {n}")
        return self.draw(n, runtime.generator("compiled prompts", seed), kind)


@dataclass(frozen=True)
class Compiled:
    """A network whose circuit is known, because it was written and not trained."""

    model: Any
    """A bridge with a tokenizer of words."""
    circuit: Circuit
    """The edges that do the task: without any single one of them the answer is lost."""
    dormant: Circuit
    """Edges that are wired, but that no answer of the task needs: where heads rest that find
    nothing, backups. All edges of neither set change no logit at all."""
    roles: Mapping[Part, str]
    """What each part does, in words."""
    task: Task
    features: Mapping[str, Labels]
    """What a part's output (``L1.H3``), its attention (``L1.H3.pattern``: the position attended
    to) or what it reads (``L1.H3.q``, ``.k``, ``.v``) depends on: equal labels, equal values.
    They hold for prompts of the task."""
    network: Network | None
    """What the weights were made from; None for random weights."""

    def part(self, role: str) -> Part:
        """The part that has a role.

        Raises:
            ValueError: If there is none, or more than one.
        """
        found = [part for part, name in self.roles.items() if name == role]
        if len(found) != 1:
            names = ", ".join(sorted(set(self.roles.values())))
            raise ValueError(f"{len(found)} parts have the role {role!r}; the roles are: {names}")
        return found[0]


def accuracy(model: Any, tokens: Int[Tensor, "batch pos"], answers: Int[Tensor, " batch"]) -> float:
    """Share of prompts whose largest logit at the last position is the answer."""
    with torch.no_grad():
        return (model(tokens)[:, -1].argmax(dim=-1) == answers).float().mean().item()
