"""Networks as students get them: what they compute and on what, without the truth about them."""

from dataclasses import dataclass
from typing import Any

import torch

from interp_course import runtime
from interp_course.circuits import Part
from interp_course.compiled import Compiled, Task

_FIRST, _LAST = 1_000, 1_000_000
"""Compiled networks are taken from these instances, far from those that examples show."""


@dataclass(frozen=True)
class Handed:
    """A network and its task; which parts do the task is for the student to find."""

    model: Any
    task: Task


def handed(found: Compiled) -> Handed:
    """The network without its circuit, its roles and its features."""
    return Handed(found.model, found.task)


def number(name: str, instance: int) -> int:
    """Which compiled network an exercise uses for an instance of its own."""
    rng = runtime.generator(f"compiled network for {name}", instance)
    return int(torch.randint(_FIRST, _LAST, (), generator=rng))


def mimics(found: Compiled) -> list[Part]:
    """Heads with the attention pattern of a head of the circuit, whose output nothing reads."""
    return [part for part, role in found.roles.items() if role.startswith("decoy: mimics")]
