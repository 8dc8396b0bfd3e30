"""Prompts for the inhibition network: "When mary and john went to the shop , john gave ... to".

One of two names comes twice; the answer is the other one. All prompts have the same length,
but the names stand at two different sets of places.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from interp_course.compiled.prompts import NOTHING, Prompts, Task
from interp_course.compiled.words import SPECIAL, encode_all

NAMES = ("Mary", "John", "Anna", "Tom", "Lucy", "Paul", "Emma", "Jack")
PLACES, THINGS = ("shop", "park", "school", "beach"), ("book", "ring", "drink", "ball")
TEMPLATES = (
    "When {x} and {y} went to the {place} , {s} gave a {thing} back to",
    "Then {x} and {y} were at the {place} , and {s} gave a {thing} to",
    "While {x} and {y} sat in the {place} , {s} sent a {thing} over to",
    "At the {place} , {x} and {y} met and then {s} sent a {thing} to",
)
_PLAIN = [word for t in TEMPLATES for word in t.split() if "{" not in word]
WORDS = (*SPECIAL, *NAMES, *PLACES, *THINGS, *dict.fromkeys(_PLAIN))
CORRUPTIONS = ("subject", "names", "third")
LENGTH = 16
"""Tokens of a prompt, with ``<bos>``."""


def task() -> Task:
    """The task of the inhibition network.

    The counterparts differ in one of three ways:

    * ``subject``: the name that comes again is the other one, so the answers are exchanged;
    * ``names``: two other names stand in the places of the two;
    * ``third``: a third name comes instead of the repeated one, so nothing can be answered.
    """
    return Task(CORRUPTIONS, _draw)


def _draw(n: int, rng: torch.Generator, corrupt: str) -> Prompts:
    io, s, other, another = torch.rand(n, len(NAMES), generator=rng).argsort(dim=1).T[:4]
    sizes = {"template": len(TEMPLATES), "place": len(PLACES), "thing": len(THINGS), "io_first": 2}
    frame = {k: torch.randint(size, (n,), generator=rng) for k, size in sizes.items()}
    names, answers = {
        "subject": ((io, s, io), s),
        "names": ((other, another, another), other),
        "third": ((io, s, other), None),
    }[corrupt]
    first, again = (_places(frame["template"], word) for word in ("{x}", "{s}"))
    io_first, second = frame["io_first"] == 1, first + 2
    return Prompts(
        tokens=_filled(frame, (io, s, s)),
        answers=_token(io),
        distractors=_token(s),
        corrupted=_filled(frame, names),
        corrupted_answers=torch.full((n,), NOTHING) if answers is None else _token(answers),
        positions={
            "IO": first.where(io_first, second),
            "S1": second.where(io_first, first),
            "S2": again,
            "end": torch.full((n,), LENGTH - 1),
        },
    )


def _filled(frame: dict[str, Tensor], names: Sequence[Tensor]) -> Tensor:
    """The tokens of the templates, filled with the name asked for, the other one, and again."""
    texts = []
    for i, template in enumerate(frame["template"].tolist()):
        asked, other, again = (NAMES[int(name[i])] for name in names)
        x, y = (asked, other) if frame["io_first"][i] else (other, asked)
        place, thing = PLACES[int(frame["place"][i])], THINGS[int(frame["thing"][i])]
        text = TEMPLATES[template].format(x=x, y=y, s=again, place=place, thing=thing)
        texts.append(text)
    return encode_all(texts, WORDS)


def _places(template: Tensor, word: str) -> Tensor:
    """Where a word of the templates stands, ``<bos>`` counted."""
    frames: list[list[str]] = [str(text).split() for text in TEMPLATES]
    return torch.tensor([1 + frame.index(word) for frame in frames])[template]


def _token(name: Tensor) -> Tensor:
    return name + len(SPECIAL)
