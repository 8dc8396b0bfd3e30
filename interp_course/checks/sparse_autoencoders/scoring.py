"""How well each latent of the dictionary ``world`` tells what a two-hop question is about."""

import functools
from dataclasses import dataclass

import torch
from torch import Tensor

from interp_course import world
from interp_course.checks.sparse_autoencoders.detecting import N, drawn, latents

FIRST, SECOND = slice(N // 2), slice(N // 2, N)
COUNTRIES = world.VARIABLES["country"]
RULES = ("quarter", "quarter of first")
"""Ways of telling whether a latent is on that count as right; see `table`."""
SLACK = 0.02
"""Latents whose F1 is this close to the best one are right too, and so is a F1 this close to
that of the latent: a dictionary can have two latents for one country."""


@dataclass(frozen=True)
class Scores:
    """How well a latent being on says that a value is present, each ``[latent value]``."""

    precision: Tensor
    recall: Tensor
    f1: Tensor
    accuracy: Tensor


def present(instance: int, variable: str = "country") -> Tensor:
    """Which value each question has, ``[question value]``."""
    labels = drawn(instance).labels(variable)
    return labels[:, None] == torch.arange(len(world.VARIABLES[variable]))


def scores(on: Tensor, present: Tensor) -> Scores:
    """Of latents that are on or not at each question, for values that each question has or not."""
    hits = on.double().T @ present.double()
    n_on, n_present = on.double().sum(dim=0)[:, None], present.double().sum(dim=0)
    return Scores(
        precision=hits / n_on.clamp(min=1),
        recall=hits / n_present.clamp(min=1),
        f1=2 * hits / (n_on + n_present).clamp(min=1),
        accuracy=(len(on) - n_on - n_present + 2 * hits) / len(on),
    )


@functools.lru_cache(maxsize=128)
def table(
    instance: int,
    half: str,
    *,
    where: str = "is",
    rule: str = "quarter",
    variable: str = "country",
) -> Scores:
    """The scores of all latents on the first or second half of the questions, or on all.

    A latent is on above a quarter of its largest value over all questions (``"quarter"``), over
    the first half of them (``"quarter of first"``), or above 0 (``"above 0"``).
    """
    z = latents(instance, where)
    largest = {"quarter": z, "quarter of first": z[FIRST], "above 0": 0 * z}[rule].amax(dim=0)
    rows = {"first": FIRST, "second": SECOND, "all": slice(None)}[half]
    return scores(z[rows] > 0.25 * largest, present(instance, variable)[rows])


def right_latents(instance: int, k: int) -> set[int]:
    """The latents whose F1 for country k on the first half is nearly the best one."""
    found = set()
    for rule in RULES:
        f1 = table(instance, "first", rule=rule).f1[:, k]
        found |= set((f1 >= f1.max() - SLACK).nonzero().flatten().tolist())
    return found
