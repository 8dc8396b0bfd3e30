"""Which latent of the dictionary ``world`` is that of a country, and how well does it tell?"""

import contextlib
import functools
import itertools
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

import torch

from interp_course import runtime, world
from interp_course.checking import Finding
from interp_course.checks.sparse_autoencoders.country_mistakes import (
    always_wrong,
    on,
    sometimes_wrong,
    wrong_f1,
)
from interp_course.checks.sparse_autoencoders.detecting import D_SAE, order
from interp_course.checks.sparse_autoencoders.scoring import (
    COUNTRIES,
    FIRST,
    RULES,
    SLACK,
    right_latents,
    table,
)

RELATION = 0.9
"""From this F1 on a latent is called that of a relation."""
Problem = tuple[str, str | None]


def country(instance: int) -> str:
    """The country whose latent is looked for."""
    return COUNTRIES[_country(instance)]


@functools.lru_cache(maxsize=256)
def _country(instance: int) -> int:
    """The first draw for which no mistake in `always_wrong` gives a right latent."""
    for attempt in itertools.count():
        rng = runtime.generator(f"country of the latent {attempt}", instance)
        k = int(torch.randint(len(COUNTRIES), (), generator=rng))
        chosen = {int(values.argmax()) for _, values in always_wrong(instance, k)}
        best = int(table(instance, "first").f1[:, k].argmax())
        slips = {best + 1, int(order(instance)[best])}
        if not chosen & right_latents(instance, k) and not slips & _of_any_value(instance):
            return k
    raise AssertionError("unreachable")


@functools.lru_cache(maxsize=256)
def _of_any_value(instance: int) -> set[int]:
    """The latents of any country or relation."""
    found = set().union(*(right_latents(instance, k) for k in range(len(COUNTRIES))))
    of_relations = table(instance, "first", variable="relation").f1.amax(dim=1)
    return found | set((of_relations >= RELATION).nonzero().flatten().tolist())


def _judge(answer: Any, instance: int) -> Problem | None:
    problem = _malformed(answer)
    if problem is not None:
        return problem
    latent, f1, k = operator.index(answer["latent"]), float(answer["f1"]), _country(instance)
    if latent not in right_latents(instance, k):
        return _evidence(latent, instance, k), _wrong_latent(latent, instance, k)
    tables = [table(instance, "second", rule=rule) for rule in RULES]
    if any(abs(f1 - one.f1[latent, k].item()) <= SLACK for one in tables):
        return None
    text = f"the latent is right, but {f1:.4g} is not its F1 on the second 1,000 questions"
    return text, wrong_f1(latent, f1, instance, k)


def _malformed(answer: Any) -> Problem | None:
    if not isinstance(answer, Mapping) or set(answer) != {"latent", "f1"}:
        alone = "one of the two is missing: the latent and its F1 are asked for"
        known = _is_a(operator.index, answer) or isinstance(answer, Mapping)
        text = f"expected a dict with the keys latent and f1, got {answer!r}"
        return text, alone if known else None
    latent, f1 = answer["latent"], answer["f1"]
    if not _is_a(operator.index, latent):
        named = isinstance(latent, str) and latent in COUNTRIES
        text = f"latent must be a whole number, got {latent!r}"
        return text, "the country is handed in and not the number of its latent" if named else None
    if not 0 <= operator.index(latent) < D_SAE:
        text = f"latents are numbered from 0 to {D_SAE - 1}, got {latent}"
        return text, "latents are counted from 1" if latent == D_SAE else None
    if not _is_a(float, f1) or not math.isfinite(float(f1)):
        several = getattr(f1, "shape", ()) != () or isinstance(f1, (list, tuple))
        text = f"f1 must be a number, got {type(f1).__name__}"
        return text, "the F1 of all latents is handed in: choose that of yours" if several else None
    return None


def _is_a(kind: Callable[[Any], Any], value: Any) -> bool:
    if isinstance(value, (bool, str)):
        return False
    with contextlib.suppress(TypeError, ValueError, RuntimeError):
        kind(value)
        return True
    return False


def _evidence(latent: int, instance: int, k: int) -> str:
    one = table(instance, "first")
    n_on = int(on(instance)[FIRST, latent].sum())
    if n_on == 0:
        return f"latent {latent} is not it: it is on in none of the first 1,000 questions"
    return (
        f"latent {latent} is not it: it is on in {n_on} of the first 1,000 questions. Of these, "
        f"{one.precision[latent, k].item():.0%} are about {COUNTRIES[k]}; of those about "
        f"{COUNTRIES[k]}, it is on in {one.recall[latent, k].item():.0%}"
    )


def _wrong_latent(latent: int, instance: int, k: int) -> str | None:
    """All mistakes that give this latent."""
    found = [
        f"the labels are read wrongly: this is a latent of {name}"
        for other, name in enumerate(COUNTRIES)
        if latent in right_latents(instance, other)
    ]
    of_relations = table(instance, "first", variable="relation").f1[latent]
    if of_relations.max() >= RELATION:
        name = world.VARIABLES["relation"][int(of_relations.argmax())]
        found.append(f"the relation is looked at and not the country: this is a latent of {name!r}")
    if latent - 1 in right_latents(instance, k):
        found.append("latents are counted from 1")
    ways = always_wrong(instance, k) + sometimes_wrong(instance, k)
    found += [way for way, values in ways if values[latent] >= values.max() - 1e-6]
    one = table(instance, "first", rule="above 0")
    if one.recall[latent, k] > 0.5 and one.precision[latent, k] < 0.5:
        found.append("recall is looked at alone: the latent is on in other questions too")
    if _in_another_order(latent, instance, k):
        found.append("the dictionary is not shuffled as yours is: load it with instance=INSTANCE")
    return ", or when ".join(dict.fromkeys(found)) or None


def _in_another_order(latent: int, instance: int, k: int) -> bool:
    """Is it right in a dictionary that is not shuffled, or is it what another instance gives?"""
    places = {int(order(instance)[right]) for right in right_latents(instance, k)}
    if latent in places or any(int(order(other)[latent]) in places for other in range(10)):
        return True
    return instance != 0 and latent in right_latents(0, _country(0))


country_latent = Finding(
    name="country_latent",
    judge=_judge,
    reread="latents at the word is; on means above a quarter of the largest value over the 2,000 "
    "questions; the best F1 on the first 1,000 chooses, the other 1,000 judge",
)
