"""A network that answers in two steps: "the capital of the country containing Lyon is" -> Paris.

* a lookup in the MLP of one layer writes the country of a city into ``country``;
* the *country mover* brings it to the last position, into ``country here``;
* the *relation mover* brings the relation there, into ``relation here``;
* AND-gates in the MLP of a later layer write the answer: one gate for each relation and country.

The question whether language models do the same was asked by Yang et al. (2024), "Do Large
Language Models Latently Perform Multi-Hop Reasoning?".

Accuracy when the 146 dimensions of all spaces are compressed into fewer, mean of 10 instances
of 400 prompts (1 in 21 for any answer), and the worst instance:

| dimensions | 146 | 138 | 130 | 116 | 102 | 86 | 72 | 50 |
|:--|:--|:--|:--|:--|:--|:--|:--|:--|
| mean | 1.00 | 0.99 | 0.97 | 0.70 | 0.59 | 0.38 | 0.28 | 0.18 |
| worst | 1.00 | 0.95 | 0.92 | 0.22 | 0.22 | 0.11 | 0.12 | 0.03 |

Accuracy up to a beta of 3 is 0.00, because no gate opens, and from 4 on 1.00.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from interp_course import circuits
from interp_course.compiled import two_hop_features as features
from interp_course.compiled import two_hop_prompts as prompts
from interp_course.compiled.finishing import finish
from interp_course.compiled.language import POSITION, TOKEN, Gates, Head, Match, Network, Read
from interp_course.compiled.places import JUNK, JUNK_SIZE, Places, Settings, junk
from interp_course.compiled.prompts import Compiled

COUNTRY, COUNTRY_HERE, RELATION_HERE = "country", "country here", "relation here"
OUTPUT = "output"
LOGIT = 20.0
"""Logit of an answer that is written with length 1."""
N_WORDS, N_CITIES = len(prompts.WORDS), len(prompts.CITIES)
N_COUNTRIES, N_RELATIONS = len(prompts.COUNTRIES), len(prompts.RELATIONS)


def two_hop(**options: Any) -> Compiled:
    """The network, 2 layers of 4 heads unless asked otherwise.

    Args:
        options: Fields of `Settings`.

    Raises:
        ValueError: If an option is wrong.
    """
    settings = Settings.of(options)
    places = Places(settings, "two hop", at_least=2)
    low, high = places.layers(2)
    late, anywhere = places.between(low + 1, high), places.between(0, high)
    country = places.put(late, country_mover(settings.beta))
    relation = places.put(anywhere, relation_mover(settings.beta))
    places.mimic(late, country_mover(settings.beta))
    return finish(
        written(places, {low: lookup(), high: answer_gates()}),
        settings,
        prompts.WORDS,
        task=prompts.task(),
        features=features.lookup_features(circuits.mlp(low))
        | features.country_features(country)
        | features.relation_features(relation)
        | features.answer_features(circuits.mlp(high)),
    )


def written(places: Places, mlps: dict[int, Gates], **more: int) -> Network:
    """The network with these heads and MLPs; the rest are decoys. ``more`` are more spaces."""
    free = [layer for layer in range(places.n_layers) if layer not in mlps]
    spaces = {TOKEN: N_WORDS, POSITION: prompts.LENGTH, COUNTRY: N_COUNTRIES, JUNK: JUNK_SIZE}
    here = {COUNTRY_HERE: N_COUNTRIES, RELATION_HERE: N_RELATIONS, OUTPUT: N_WORDS}
    return Network(
        spaces=spaces | here | more,
        n_layers=places.n_layers,
        n_heads=places.settings.n_heads,
        heads=places.fill(N_WORDS, prompts.LENGTH),
        mlps={layer: (g,) for layer, g in mlps.items()} | {i: (decoy_gates(i),) for i in free},
        logits=(Read(OUTPUT, LOGIT * torch.eye(N_WORDS)),),
    )


def lookup() -> Gates:
    """Writes, where a city stands, its country: one neuron for each city."""
    rows = [prompts.COUNTRIES.index(c) for c in prompts.COUNTRY_OF.values()]
    table = torch.eye(N_COUNTRIES)[rows]
    reads = {TOKEN: words_of(prompts.CITIES)}
    return Gates("country of a city", reads, COUNTRY, table, torch.zeros(N_CITIES))


def country_mover(beta: float) -> Head:
    """Brings a country that was looked up to all later positions."""
    match = Match(None, Read(COUNTRY, torch.ones(N_COUNTRIES, 1)))
    value = Read(COUNTRY, torch.eye(N_COUNTRIES))
    return Head("country mover", (match,), value, COUNTRY_HERE, beta)


def relation_mover(beta: float) -> Head:
    """Brings the relation to all later positions."""
    which = words_of(prompts.RELATIONS)
    match = Match(None, Read(TOKEN, which.sum(dim=1, keepdim=True)))
    return Head("relation mover", (match,), Read(TOKEN, which), RELATION_HERE, beta)


def answer_gates() -> Gates:
    """One gate for each relation and country: on, at 1, only if both are here."""
    n = N_RELATIONS * N_COUNTRIES
    reads = {
        RELATION_HERE: torch.eye(N_RELATIONS).repeat_interleave(N_COUNTRIES, dim=1),
        COUNTRY_HERE: torch.eye(N_COUNTRIES).repeat(1, N_RELATIONS),
    }
    write = 2 * torch.eye(N_WORDS)[prompts.ANSWER_TOKENS.flatten()]
    return Gates("answer", reads, OUTPUT, write, torch.full((n,), 1.5))


def decoy_gates(layer: int) -> Gates:
    """Neurons that fire on a city and write junk."""
    write, reads = junk(N_CITIES, "gates", layer), {TOKEN: words_of(prompts.CITIES)}
    return Gates("decoy: knows cities", reads, JUNK, write, torch.zeros(N_CITIES))


def words_of(words: tuple[str, ...]) -> Float[Tensor, "d_vocab k"]:
    """One column for each word, with a 1 at its token."""
    return torch.eye(N_WORDS)[[prompts.WORDS.index(word) for word in words]].T
