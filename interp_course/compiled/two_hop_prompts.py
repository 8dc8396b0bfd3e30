"""Prompts for the two-hop network: "the capital of the country containing Lyon is" -> Paris."""

import torch
from torch import Tensor

from interp_course.compiled.prompts import Prompts, Task
from interp_course.compiled.words import SPECIAL, TRIED, encode_all

COUNTRY_OF = {
    **dict.fromkeys(("Lyon", "Nice"), "France"),
    **dict.fromkeys(("Osaka", "Kyoto"), "Japan"),
    **dict.fromkeys(("Milan", "Turin"), "Italy"),
    **dict.fromkeys(("Munich", "Bremen"), "Germany"),
    **dict.fromkeys(("Porto", "Braga"), "Portugal"),
    **dict.fromkeys(("Seville", "Malaga"), "Spain"),
    **dict.fromkeys(("Giza", "Luxor"), "Egypt"),
    **dict.fromkeys(("Busan", "Daegu"), "Korea"),
}
COUNTRIES = tuple(dict.fromkeys(COUNTRY_OF.values()))
CITIES = tuple(COUNTRY_OF)
_FACTS = {
    "capital": ("Paris", "Tokyo", "Rome", "Berlin", "Lisbon", "Madrid", "Cairo", "Seoul"),
    "language": (
        *("French", "Japanese", "Italian", "German"),
        *("Portuguese", "Spanish", "Arabic", "Korean"),
    ),
    "continent": ("Europe", "Asia", "Europe", "Europe", "Europe", "Europe", "Africa", "Asia"),
}
RELATIONS = tuple(_FACTS)
ANSWERS = {
    relation: dict(zip(COUNTRIES, answers, strict=True)) for relation, answers in _FACTS.items()
}
"""The answer for each relation and country."""
TEMPLATES = (
    "the {relation} of the country containing {city} is",
    "in the country of {city} the {relation} is",
)
_PLAIN = [word for text in TEMPLATES for word in text.split() if "{" not in word]
WORDS = (
    *(*SPECIAL, TRIED, *CITIES, *RELATIONS, *dict.fromkeys(_PLAIN), *COUNTRIES),
    *dict.fromkeys(answer for answers in _FACTS.values() for answer in answers),
)
ANSWER_TOKENS = torch.tensor(
    [[WORDS.index(a) for a in ANSWERS[relation].values()] for relation in RELATIONS]
)
"""The token of every answer, ``[relation country]``, in the order of the names above."""
CORRUPTIONS = ("city", "relation", "same country")
LENGTH = 9
"""Tokens of a prompt, with ``<bos>``."""


def task() -> Task:
    """The task of the two-hop network.

    The counterparts differ in one word:

    * ``city``: another city, with another answer;
    * ``relation``: another relation;
    * ``same country``: the other city of the country, so that nothing else changes. The step
      in between, the country, is the same, and so is the answer.
    """
    return Task(CORRUPTIONS, _draw)


def _draw(n: int, rng: torch.Generator, corrupt: str) -> Prompts:
    table, country = ANSWER_TOKENS, torch.tensor([COUNTRIES.index(c) for c in COUNTRY_OF.values()])
    city = torch.randint(len(CITIES), (n,), generator=rng)
    relation = torch.randint(len(RELATIONS), (n,), generator=rng)
    template = torch.randint(len(TEMPLATES), (n,), generator=rng)
    right = table[relation, country[city]]
    allowed = table[relation][:, country] != right[:, None]
    elsewhere = (torch.rand(allowed.shape, generator=rng) * allowed).argmax(dim=1)
    new_city, new_relation = city, relation
    if corrupt == "relation":
        new_relation = (relation + torch.randint(1, len(RELATIONS), (n,), generator=rng)) % 3
    else:
        new_city = elsewhere if corrupt == "city" else city ^ 1  # cities come in pairs
    return Prompts(
        tokens=_filled(template, city, relation),
        answers=right,
        distractors=table[relation, country[elsewhere]],
        corrupted=_filled(template, new_city, new_relation),
        corrupted_answers=table[new_relation, country[new_city]],
        positions={
            "city": _places(template, "{city}"),
            "relation": _places(template, "{relation}"),
            "end": torch.full((n,), LENGTH - 1),
        },
    )


def _filled(template: Tensor, city: Tensor, relation: Tensor) -> Tensor:
    numbers = zip(template.tolist(), city.tolist(), relation.tolist(), strict=True)
    texts = [TEMPLATES[t].format(city=CITIES[c], relation=RELATIONS[r]) for t, c, r in numbers]
    return encode_all(texts, WORDS)


def _places(template: Tensor, word: str) -> Tensor:
    """Where a word of the templates stands, ``<bos>`` counted."""
    frames: list[list[str]] = [str(text).split() for text in TEMPLATES]
    return torch.tensor([1 + frame.index(word) for frame in frames])[template]
