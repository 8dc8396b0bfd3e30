"""Which three heads of a network say who a thing was given to, and what does each of them do?

The network is `compiled.inhibition`, turned at random. Its roles are those of Wang et al.
(2023), "Interpretability in the Wild", section 3.
"""

import functools
import itertools
from collections.abc import Mapping
from typing import Any

from interp_course import circuits, compiled
from interp_course.checking import Finding
from interp_course.checks.circuits.handed import Handed, handed, mimics, number
from interp_course.checks.circuits.naming import Place, no_name, place
from interp_course.compiled import Compiled

ROLES = ("duplicate-token head", "inhibition head", "name mover")
DUPLICATE, INHIBITION, MOVER = ROLES
SAME_TOKEN = "decoy: attends to the same token"
Problem = tuple[str, str | None]


def network(instance: int) -> Handed:
    """A network that answers "When mary and john went to the shop , john gave a book to"."""
    return handed(_compiled(instance))


def places(instance: int) -> dict[str, Place]:
    """The truth: layer and head of each role."""
    return _places(_compiled(instance))


@functools.lru_cache(maxsize=64)
def _compiled(instance: int) -> Compiled:
    """The first draw with a decoy that looks like the duplicate-token head, beside the mimic.

    Draws in which a layer and a head can change places unseen are left out.
    """
    for attempt in itertools.count():
        drawn = number(f"sites {attempt}", instance)
        found = compiled.inhibition(instance=drawn, rotate=True)
        truth = set(_places(found).values())
        exchanged = {(index, layer) for layer, index in truth}
        first_layer = [found.roles[circuits.head(0, index)] for index in range(4)]
        if SAME_TOKEN in first_layer and not exchanged & truth:
            return found
    raise AssertionError("unreachable")


def _places(found: Compiled) -> dict[str, Place]:
    parts = {role: found.part(role) for role in ROLES}
    return {role: (part.layer, part.head) for role, part in parts.items()}


def _judge(answer: Any, instance: int) -> Problem | None:
    if not isinstance(answer, Mapping) or set(answer) != set(ROLES):
        turned = isinstance(answer, Mapping) and set(ROLES) <= set(map(str, answer.values()))
        text = f"expected a dict with the keys {', '.join(map(repr, ROLES))}, got {answer!r}"
        return text, "the dict is turned round: its keys are the roles" if turned else None
    for role in ROLES:
        if place(answer[role]) is None:
            return f"{role}: {answer[role]!r} is no head", no_name(answer[role])
    given = {role: place(answer[role]) or (0, 0) for role in ROLES}
    truth = places(instance)
    wrong = [role for role in ROLES if given[role] != truth[role]]
    if not wrong:
        return None
    missing = [at for at in given.values() if not (at[0] < 3 and at[1] < 4)]
    text = f"not right yet: {', '.join(wrong)}"
    if missing:
        text = f"there is no head {circuits.head(*missing[0])}: 3 layers of 4 heads, from 0"
    mistake = _counted(given, truth)
    return text, mistake if mistake or missing else _mistake(given, wrong, _compiled(instance))


def _counted(given: Mapping[str, Place], truth: Mapping[str, Place]) -> str | None:
    """Whether the heads are the right ones, wrongly numbered."""
    ways = {
        "layer and head are exchanged: the layer comes first": lambda layer, index: (index, layer),
        "heads are counted from 1: the first one of a layer is H0": lambda layer, index: (
            layer,
            index + 1,
        ),
        "layers are counted from 1: the first one is L0": lambda layer, index: (layer + 1, index),
        "layers and heads are counted from 1: both begin at 0": lambda layer, index: (
            layer + 1,
            index + 1,
        ),
    }
    for sentence, way in ways.items():
        if all(given[role] == way(*truth[role]) for role in ROLES):
            return sentence
    return None


def _mistake(given: Mapping[str, Place], wrong: list[str], found: Compiled) -> str | None:
    truth = _places(found)
    idle = [role for role in ROLES if given[role] not in truth.values()]
    if len(set(given.values())) == 1:
        return "one head is named for all three roles: each of them is played by another head"
    if not idle:
        return (
            "the heads are told apart wrongly: each role needs what the one before it wrote, so "
            "the order of their layers says which is which"
        )
    if len(idle) == len(ROLES):
        return (
            "noising is read as if it were denoising: an effect of 1 means that the clean answer "
            "is still there, so these are the heads that the task can do without"
        )
    if idle == [DUPLICATE, INHIBITION]:
        return (
            "only the head that writes the answer is found: for the others, the repeated name "
            "must differ between the prompts, and the names in it must be the same"
        )
    if given[MOVER] in [(part.layer, part.head) for part in mimics(found)]:
        return (
            "an attention pattern is believed: this head attends where a name mover would, but "
            "exchanging what it writes changes no answer"
        )
    if found.roles[circuits.head(*given[DUPLICATE])] == SAME_TOKEN:
        return (
            "a pattern is believed: this head does attend to the same token, wherever it is, but "
            "exchanging what it writes changes no answer"
        )
    if wrong == [DUPLICATE]:
        return (
            "only the last position is exchanged: this head does its work where the name comes "
            "again, and others carry it on"
        )
    return "a head is named that can be exchanged between the prompts without changing an answer"


sites = Finding(
    name="sites",
    judge=_judge,
    reread="for each head: put its output on the corrupted prompts (only the subject differs) into "
    "the clean ones, and the other way round; what is lost, and what is brought back?",
)
