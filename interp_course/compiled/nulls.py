"""Look-alikes: networks in which the circuit that one would look for is absent.

Each has a task and heads that look right, and is a test for a method: one that finds the
circuit here finds it everywhere. `NULLS` says for each kind what a naive method would report.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from interp_course import circuits, models, runtime
from interp_course.circuits import Circuit
from interp_course.compiled import (
    induction_network,
    induction_prompts,
    inhibition_network,
    inhibition_prompts,
    two_hop_features,
    two_hop_network,
    two_hop_prompts,
)
from interp_course.compiled.building import architecture
from interp_course.compiled.finishing import finish
from interp_course.compiled.language import POSITION, TOKEN, Gates, Head, Match, Read
from interp_course.compiled.places import Places, Settings, back, unread
from interp_course.compiled.prompts import Compiled
from interp_course.compiled.words import SPECIAL, tokenizer

WORDS, N_CTX = induction_network.WORDS, 16
COUNT, CITY_HERE = "count", "city here"
NULLS = {
    "unread": "The textbook induction heads, by attention scores: both patterns are perfect. "
    "Nothing reads what the second one writes, and the network predicts nothing.",
    "bigram": "An induction circuit: the patterns are perfect and the task is solved. But each "
    "word has one successor in these prompts, and the answer is read off the current word.",
    "shortcut": "An induction head, by attention scores at one period, that writes the answer: "
    "it attends a fixed distance back, which is right on the prompts it is for.",
    "random": "Something, by shares: effects divided by a total effect near zero are large, and "
    "probes read tokens off random weights.",
    "counting": "Duplicate-token head, inhibition head and name mover, by their patterns, and the "
    "task is solved. But an MLP counts names, and answers with the one that came once.",
    "memorised": "A step in between: the country can be read off at the city and is moved to the "
    "end, and the task is solved. But each answer is looked up from the city and the relation.",
}
"""Kinds of null, and what a naive method would report about them."""


def null(kind: str, **options: Any) -> Compiled:
    """A look-alike of `induction`, or (counting) of `inhibition`, or (memorised) of `two_hop`.

    Args:
        kind: One of `NULLS`.
        options: Fields of `Settings`.

    Raises:
        ValueError: If there is no such kind, or an option is wrong.
    """
    if kind not in _MAKERS:
        raise ValueError(f"there is no null {kind!r}: use {', '.join(NULLS)}")
    return _MAKERS[kind](Settings.of(options))


def _unread(settings: Settings) -> Compiled:
    network = induction_network.written(WORDS, N_CTX, _induction_patterns(settings)[0])
    task = induction_prompts.task(WORDS, N_CTX)
    return finish(network, settings, WORDS, task=task, features={})


def _bigram(settings: Settings) -> Compiled:
    successor = _cycle(settings.instance)
    table = Read(TOKEN, induction_network.LOGIT * torch.eye(len(WORDS))[successor])
    places = _induction_patterns(settings)[0]
    network = induction_network.written(WORDS, N_CTX, places, table)
    task = induction_prompts.task(WORDS, N_CTX, body=induction_prompts.walk(successor))
    return finish(network, settings, WORDS, task=task, features={})


def _shortcut(settings: Settings) -> Compiled:
    match = N_CTX // 2 - 1
    distance = Match(Read(POSITION, back(N_CTX, N_CTX - 2 - match)), Read(POSITION))
    value = Read(TOKEN, torch.eye(len(WORDS)))
    fixed = Head("fixed-distance head", (distance,), value, induction_network.OUTPUT, settings.beta)
    places, high = _induction_patterns(settings)
    places.put(high, fixed)
    network = induction_network.written(WORDS, N_CTX, places)
    task = induction_prompts.task(WORDS, N_CTX, match=match)
    return finish(network, settings, WORDS, task=task, features={})


def _random(settings: Settings) -> Compiled:
    places = Places(settings, "random", at_least=2)
    shape = induction_network.written(WORDS, N_CTX, places)
    d_model = settings.compress or sum(shape.spaces.values())
    module = models.build(architecture(shape, d_model), seed=settings.instance)
    model = models.wrap(module, tokenizer(WORDS))
    roles = dict.fromkeys(circuits.parts(model), "random weights")
    nothing, task = Circuit(frozenset()), induction_prompts.task(WORDS, N_CTX)
    return Compiled(model, nothing, nothing, roles, task, {}, network=None)


def _counting(settings: Settings) -> Compiled:
    places, beta, n = Places(settings, "counting", at_least=3), settings.beta, inhibition_network
    low, middle, high = places.layers(3)
    places.put(low, n.duplicate_token_head(beta))
    places.put(middle, n.inhibition_head(beta))
    places.put(high, unread(n.name_mover(beta), settings.instance))
    early = places.between(0, high)
    names = (Match(None, n.ANY_NAME), n.REST)
    places.put(early, Head("counting head", names, n.NAME, COUNT, beta))
    network = n.written(places, COUNT, mlps={places.between(early, high): (_once(n.N_NAMES),)})
    task = inhibition_prompts.task()
    return finish(network, settings, inhibition_prompts.WORDS, task=task, features={})


def _memorised(settings: Settings) -> Compiled:
    places, n = Places(settings, "memorised", at_least=2), two_hop_network
    low, high = places.layers(2)
    late, anywhere = places.between(low + 1, high), places.between(0, high)
    places.put(late, unread(n.country_mover(settings.beta), settings.instance))
    which = n.words_of(two_hop_prompts.CITIES)
    match = Match(None, Read(TOKEN, which.sum(dim=1, keepdim=True)))
    mover = Head("city mover", (match,), Read(TOKEN, which), CITY_HERE, settings.beta)
    city = places.put(late, mover)
    relation = places.put(anywhere, n.relation_mover(settings.beta))
    mlps = {low: n.lookup(), high: _memory()}
    features = two_hop_features.city_features(city)
    features |= two_hop_features.relation_features(relation)
    return finish(
        n.written(places, mlps, **{CITY_HERE: n.N_CITIES}),
        settings,
        two_hop_prompts.WORDS,
        task=two_hop_prompts.task(),
        features=features | two_hop_features.answer_features(circuits.mlp(high)),
    )


_MAKERS: dict[str, Callable[[Settings], Compiled]] = {
    "unread": _unread,
    "bigram": _bigram,
    "shortcut": _shortcut,
    "random": _random,
    "counting": _counting,
    "memorised": _memorised,
}


def _induction_patterns(settings: Settings) -> tuple[Places, int]:
    """Both heads of induction, the second one unread; and the layer of the second one."""
    places = Places(settings, "induction null", at_least=2)
    low, high = places.layers(2)
    n, beta = len(WORDS), settings.beta
    places.put(low, induction_network.previous_token_head(n, N_CTX, beta))
    places.put(high, unread(induction_network.induction_head(n, beta), settings.instance))
    return places, high


def _cycle(instance: int) -> Tensor:
    """A successor for each word, such that a walk meets all ordinary words before one twice."""
    ordinary = torch.randperm(
        len(WORDS) - len(SPECIAL), generator=runtime.generator("bigram", instance)
    )
    ordinary = ordinary + len(SPECIAL)
    return torch.arange(len(WORDS)).scatter(0, ordinary, ordinary.roll(-1))


def _once(n_names: int) -> Gates:
    """1 for a share of one third, 0 for none and for two thirds: 3 relu(x) - 6 relu(x - 1/3)."""
    both = torch.eye(n_names)
    threshold = torch.cat([torch.zeros(n_names), torch.full((n_names,), 1 / 3)])
    write, reads = torch.cat([3 * both, -6 * both]), {COUNT: torch.cat([both, both], dim=1)}
    return Gates("which name came once", reads, inhibition_network.OUTPUT, write, threshold)


def _memory() -> Gates:
    """One gate for each relation and city, with its answer."""
    n, countries = two_hop_network, two_hop_prompts.COUNTRIES
    country = [countries.index(c) for c in two_hop_prompts.COUNTRY_OF.values()]
    reads = {
        n.RELATION_HERE: torch.eye(n.N_RELATIONS).repeat_interleave(n.N_CITIES, dim=1),
        CITY_HERE: torch.eye(n.N_CITIES).repeat(1, n.N_RELATIONS),
    }
    write = 2 * torch.eye(n.N_WORDS)[two_hop_prompts.ANSWER_TOKENS[:, country].flatten()]
    return Gates("memorised answer", reads, n.OUTPUT, write, torch.full((len(write),), 1.5))
