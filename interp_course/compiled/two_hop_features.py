"""What the parts of the two-hop network encode, as functions of the tokens."""

import torch
from jaxtyping import Int
from torch import Tensor

from interp_course.circuits import Part
from interp_course.compiled import two_hop_prompts as prompts
from interp_course.compiled.prompts import NOTHING, Labels


def lookup_features(part: Part) -> dict[str, Labels]:
    """What the lookup writes, and what it reads."""
    return {f"{part}": _country, f"{part}.in": lambda tokens: tokens}


def country_features(part: Part) -> dict[str, Labels]:
    """What the country mover reads, attends to and writes."""
    return {
        f"{part}": lambda tokens: _so_far(_country(tokens)),
        f"{part}.pattern": lambda tokens: _place(_country(tokens)),
        f"{part}.k": lambda tokens: (_country(tokens) >= 0).long(),
        f"{part}.v": _country,
    }


def city_features(part: Part) -> dict[str, Labels]:
    """What a head that moves the city itself reads, attends to and writes."""
    return {
        f"{part}": lambda tokens: _so_far(_city(tokens)),
        f"{part}.pattern": lambda tokens: _place(_city(tokens)),
        f"{part}.k": lambda tokens: (_city(tokens) >= 0).long(),
        f"{part}.v": _city,
    }


def relation_features(part: Part) -> dict[str, Labels]:
    """What the relation mover reads, attends to and writes."""
    return {
        f"{part}": lambda tokens: _so_far(_relation(tokens)),
        f"{part}.pattern": lambda tokens: _place(_relation(tokens)),
        f"{part}.k": lambda tokens: (_relation(tokens) >= 0).long(),
        f"{part}.v": _relation,
    }


def answer_features(part: Part) -> dict[str, Labels]:
    """What the answering MLP writes: a token, once city and relation were both read."""
    return {f"{part}": _answer}


def _country(tokens: Int[Tensor, "batch pos"]) -> Int[Tensor, "batch pos"]:
    """The country of each city; `NOTHING` for other words."""
    names = [prompts.COUNTRY_OF.get(word) for word in prompts.WORDS]
    numbers = [NOTHING if name is None else prompts.COUNTRIES.index(name) for name in names]
    return torch.tensor(numbers)[tokens]


def _city(tokens: Int[Tensor, "batch pos"]) -> Int[Tensor, "batch pos"]:
    """The token of each city; `NOTHING` for other words."""
    return tokens.where(_country(tokens) >= 0, NOTHING)


def _relation(tokens: Int[Tensor, "batch pos"]) -> Int[Tensor, "batch pos"]:
    known = {word: number for number, word in enumerate(prompts.RELATIONS)}
    return torch.tensor([known.get(word, NOTHING) for word in prompts.WORDS])[tokens]


def _so_far(labels: Int[Tensor, "batch pos"]) -> Int[Tensor, "batch pos"]:
    """The label of a row, from where it stands on; rows have one label at most."""
    return labels.cummax(dim=1).values


def _place(labels: Int[Tensor, "batch pos"]) -> Int[Tensor, "batch pos"]:
    """Where the label of a row stands, from there on; `NOTHING` before."""
    place = torch.arange(labels.shape[1])
    return _so_far(place.expand_as(labels).where(labels >= 0, NOTHING))


def _answer(tokens: Int[Tensor, "batch pos"]) -> Int[Tensor, "batch pos"]:
    country, relation = _so_far(_country(tokens)), _so_far(_relation(tokens))
    both = (country >= 0) & (relation >= 0)
    return prompts.ANSWER_TOKENS[relation, country].where(both, NOTHING)
