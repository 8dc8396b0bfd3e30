"""Six hypotheses about one induction network, to be put into an order.

Three rules define the order:

1. hypotheses that keep the behaviour (the model's accuracy, to 0.02, and a KL divergence under
   0.01) come before those that do not;
2. of those that keep it, first come those under which more is exchanged (`resampled`, where less
   than 0.1 counts as equal), and of equals the one with more nodes, which says more;
3. of those that do not keep it, the one with the higher accuracy comes first.

Which hypothesis is which is known from the weights.
"""

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor

from interp_course import compiled, runtime
from interp_course.checking import Finding
from interp_course.circuits import EMBED, LOGITS
from interp_course.compiled import Compiled
from interp_course.scrubbing import (
    SAME,
    Edge,
    Node,
    Scrubber,
    TokenAt,
    TokensBack,
    induced,
)

LETTERS = ("A", "B", "C", "D", "E", "F")
N_PROMPTS = 600
FINE, COARSE, EMPTY, HALF, LUMPED, UNSURE = kinds = (
    "queries, keys and values",
    "output",
    "nothing exchanged",
    "half of the keys",
    "length of the output",
    "wrong keys",
)
"""From the best to the worst."""
KEEPING, LOSING = kinds[:3], kinds[3:]
EARLY = range(9)
"""Positions at which half of the keys stand that are ever needed, 3 to 14."""
Problem = tuple[str, str | None]

_LOST_FIRST = (
    "a hypothesis under which answers are lost is put before one that keeps them: whether the "
    "behaviour is kept (accuracy and KL) is the first question, and nothing else makes up for it"
)
_EMPTY_LAST = (
    "a test in which hardly anything is exchanged is put behind hypotheses that are refuted: it "
    "says little, but nothing speaks against it"
)
_EMPTY_FIRST = (
    "a test is believed that could not fail: of two hypotheses that keep the behaviour, the one "
    "under which more is exchanged (`resampled`) comes first, however many nodes the other has"
)
_COARSE_FIRST = (
    "two hypotheses are left as they come that keep the behaviour while nearly everything is "
    "exchanged: the one with more nodes says more about how it is done, and comes first"
)
_BY_LOSS = (
    "the loss recovered (or the KL) is compared where answers are lost: a scrub that makes the "
    "network unsure recovers nearly half of the loss at chance accuracy"
)
_BY_OTHER = (
    "those under which answers are lost are not in the order of their accuracy: the highest comes "
    "first"
)


def candidates(instance: int) -> tuple[Scrubber, dict[str, Node]]:
    """The behaviour, and the six hypotheses about it by letter."""
    scrubber, nodes = _candidates(instance)
    return scrubber, dict(nodes)


def truth(instance: int) -> str:
    """The letters from the best to the worst."""
    rng = runtime.generator("ranking", instance)
    while True:
        order = "".join(LETTERS[i] for i in torch.randperm(len(LETTERS), generator=rng).tolist())
        keeping = order[: len(KEEPING)]
        if keeping not in (_alphabetical(keeping), _alphabetical(keeping)[::-1]):
            return order  # so that no order of ties is right by chance


@functools.lru_cache(maxsize=32)
def _candidates(instance: int) -> tuple[Scrubber, dict[str, Node]]:
    rng = runtime.generator("network with hypotheses", instance)
    number = int(torch.randint(1_000, 1_000_000, (), generator=rng))
    network = compiled.induction(instance=number, rotate=True)
    prompts = network.task.sample(N_PROMPTS, seed=instance)
    found = dict(zip(truth(instance), _hypotheses(network), strict=True))
    scrubber = Scrubber(network.model, prompts.tokens, prompts.answers)
    return scrubber, {letter: found[letter] for letter in LETTERS}


def _hypotheses(network: Compiled) -> list[Node]:
    """One of each kind, in the order of `kinds`."""
    head, earlier = network.part("induction head"), network.part("previous-token head")
    words = torch.arange(network.model.cfg.d_vocab)
    lengths = torch.tensor([len(network.model.to_string(word[None])) for word in words])

    def length_of_induced(tokens: Int[Tensor, "batch pos"]) -> Int[Tensor, " batch"]:
        return lengths[induced(tokens)]

    def reading(keys: Edge) -> Node:
        query = Edge("q", Node(EMBED, TokenAt(-1)))
        values = Edge("v", Node(EMBED, TokensBack(0), per_position=True))
        return Node(head, SAME, [query, keys, values])

    previous = Node(earlier, TokensBack(1), per_position=True)
    here = Node(EMBED, TokensBack(0), per_position=True)
    kept = [Edge("q", Node(EMBED, SAME)), Edge("k", Node(earlier, SAME))]
    about_head = [
        reading(Edge("k", previous)),
        Node(head, induced),
        Node(head, SAME, [*kept, Edge("v", Node(EMBED, SAME))]),
        reading(Edge("k", previous, EARLY)),
        Node(head, length_of_induced),
        reading(Edge("k", here)),
    ]
    return [Node(LOGITS, SAME, [Edge("in", node, -1)]) for node in about_head]


def _judge(answer: Any, instance: int) -> Problem | None:
    letters = _letters(answer)
    if sorted(letters) != list(LETTERS):
        text = f"expected the letters A to F from the best to the worst, got {answer!r}"
        return text, _malformed(answer, letters)
    right, given = truth(instance), "".join(letters)
    if given == right:
        return None
    kind = dict(zip(right, kinds, strict=True))
    return f"not the right order yet: {given}", _mistake(given, [kind[x] for x in given])


def _letters(answer: Any) -> list[str]:
    """The letters of a text such as "C > A, D" or of a list; none of anything else."""
    if isinstance(answer, str):
        return [sign for sign in answer.upper() if sign not in " ,;>"]
    if isinstance(answer, Sequence):
        return [str(letter).strip().upper() for letter in answer]
    return []


def _malformed(answer: Any, letters: list[str]) -> str | None:
    if isinstance(answer, Mapping):
        return "each letter is given a number: write the letters in their order"
    if letters and set(letters) <= set(LETTERS):
        return "a letter is missing, or stands there twice"
    return None


def _mistake(given: str, order: list[str]) -> str:
    """What went wrong, by the order in which the kinds were put."""
    if order == list(kinds)[::-1]:
        return "the order is turned round: the best hypothesis comes first"
    place = {kind: order.index(kind) for kind in kinds}
    first_lost = min(place[kind] for kind in LOSING)
    if max(place[FINE], place[COARSE]) > first_lost:
        return _LOST_FIRST
    if place[EMPTY] > first_lost:
        return _EMPTY_LAST
    if order[: len(KEEPING)] != list(KEEPING):
        specific = _COARSE_FIRST if place[EMPTY] > max(place[FINE], place[COARSE]) else _EMPTY_FIRST
        keeping = given[: len(KEEPING)]
        if keeping == _alphabetical(keeping):
            return f"hypotheses of equal accuracy are left in the order of the letters: {specific}"
        return specific
    return _BY_LOSS if order[len(KEEPING) :] == [HALF, UNSURE, LUMPED] else _BY_OTHER


def _alphabetical(letters: str) -> str:
    return "".join(sorted(letters))


ranking = Finding(
    name="ranking",
    judge=_judge,
    reread="first those that keep the behaviour (accuracy within 0.02 of the model's, KL under "
    "0.01), more `resampled` before less (0.1 or more) and then more nodes before fewer; after "
    "them those that lose it, by accuracy",
)
