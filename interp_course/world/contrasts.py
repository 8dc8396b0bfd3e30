"""Contrast pairs: two prompts in which one variable differs and the others are the same.

All prompts of a variable have the same length, so activations of one can be put into the other
position by position, and the answers are asked for at the last position.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from jaxtyping import Int
from torch import Tensor

from interp_course.world import geography as g
from interp_course.world import words as w
from interp_course.world.sampling import VARIABLES, check_numbers
from interp_course.world.sentences import ARTICLES, GROUP_OF, NUMBERS, SENTIMENTS
from interp_course.world.vocabulary import padded
from interp_course.world.words import WorldError

T = TypeVar("T")


@dataclass(frozen=True)
class Side:
    """One prompt of a pair."""

    prompt: tuple[str, ...]
    """Words from ``<bos>`` to the one before the answer."""
    value: str
    """Value of the variable that differs."""
    right: tuple[str, ...]
    """The words that may come next."""


@dataclass(frozen=True)
class Pairs:
    """Contrast pairs of one variable."""

    variable: str
    clean: tuple[Side, ...]
    other: tuple[Side, ...]
    """Entry i differs from ``clean[i]`` in the variable."""

    def __len__(self) -> int:
        return len(self.clean)

    @cached_property
    def tokens(self) -> Int[Tensor, "batch pos"]:
        """The clean prompts; nothing is padded."""
        return padded([side.prompt for side in self.clean])

    @cached_property
    def other_tokens(self) -> Int[Tensor, "batch pos"]:
        """The other prompts; nothing is padded."""
        return padded([side.prompt for side in self.other])


def pairs(variable: str, n: int, seed: int) -> Pairs:
    """Draw contrast pairs; the same arguments give the same ones on any computer.

    Which of the two values comes first is drawn too. Variables that are bound to the one that
    differs go with it: a template has its domain, an unknown city no country.

    Raises:
        WorldError: If there is no such variable (the message lists them), or ``n`` or ``seed``
            is no whole number.
    """
    check_numbers(n, seed)
    if variable not in _MAKERS:
        raise WorldError(f"there is no variable {variable!r}; {w.near(variable, list(VARIABLES))}")
    draw = _Draw(f"pairs {variable} {seed}")
    drawn = [draw.shuffled(_MAKERS[variable](draw)) for _ in range(n)]
    return Pairs(variable, tuple(a for a, _ in drawn), tuple(b for _, b in drawn))


class _Draw:
    """Draws that are the same in every version of Python."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed).random

    def one(self, options: Sequence[T]) -> T:
        return options[int(self._random() * len(options))]

    def index(self, n: int) -> int:
        return int(self._random() * n)

    def different(self, n: int, options: Sequence[T]) -> list[T]:
        """Different options."""
        found: list[T] = []
        while len(found) < n:
            found.append(self.one([option for option in options if option not in found]))
        return found

    def shuffled(self, pair: tuple[Side, Side]) -> tuple[Side, Side]:
        return pair if self._random() < 0.5 else (pair[1], pair[0])


def _side(text: str, value: str, right: Sequence[str]) -> Side:
    return Side((w.BOS, *text.split()), value, tuple(right))


def _language(draw: _Draw) -> tuple[Side, Side]:
    """A sentence and its translation; what comes next is the first word of another one."""
    k, noun, verb = draw.index(2), draw.index(len(w.ENGLISH_NOUNS[0])), draw.index(10)
    french = w.FRENCH_NOUNS[k][noun]
    english = f"the {w.ENGLISH_NOUNS[k][noun]} {w.ENGLISH_VERBS[k][verb]} ."
    return (
        _side(english, "english", ("the",)),
        _side(
            f"{ARTICLES[french]} {french} {w.FRENCH_VERBS[k][verb]} .",
            "french",
            ("le", "la", "les"),
        ),
    )


def _number(draw: _Draw) -> tuple[Side, Side]:
    noun, other = draw.different(2, tuple(zip(*w.ENGLISH_NOUNS, strict=True)))
    rest = f"{draw.one(w.ENGLISH_PREPOSITIONS)} the {draw.one(other)}"
    one, many = (_side(f"the {noun[k]} {rest}", NUMBERS[k], w.ENGLISH_VERBS[k]) for k in (0, 1))
    return one, many


def _attractor(draw: _Draw) -> tuple[Side, Side]:
    noun, other = draw.different(2, tuple(zip(*w.ENGLISH_NOUNS, strict=True)))
    number = draw.index(2)
    start = f"the {noun[number]} {draw.one(w.ENGLISH_PREPOSITIONS)} the"
    one, many = (_side(f"{start} {other[k]}", NUMBERS[k], w.ENGLISH_VERBS[number]) for k in (0, 1))
    return one, many


def _negation(draw: _Draw) -> tuple[Side, Side]:
    """``was very good`` and ``was not bad``: negated or not, the sentiment is the same."""
    positive, start = draw.index(2), f"the {draw.one(w.ENGLISH_WORKS)} was"
    agreeing, opposite = (draw.one(w.ENGLISH_JUDGEMENTS[k]) for k in (positive, 1 - positive))
    right = w.ENGLISH_FEELINGS[positive]
    return (
        _side(f"{start} very {agreeing} . i", "affirmed", right),
        _side(f"{start} not {opposite} . i", "negated", right),
    )


def _sentiment(draw: _Draw) -> tuple[Side, Side]:
    """``was very good`` and ``was very bad``, or both with ``not``."""
    work, adverb, place = draw.one(w.ENGLISH_WORKS), draw.index(2), draw.index(5)
    text = f"the {work} was {('very', 'not')[adverb]}"
    bad, good = (
        _side(
            f"{text} {w.ENGLISH_JUDGEMENTS[k ^ adverb][place]} . i",
            SENTIMENTS[k],
            w.ENGLISH_FEELINGS[k],
        )
        for k in (0, 1)
    )
    return bad, good


def _city(draw: _Draw) -> tuple[Side, Side]:
    """Two cities of one country: nothing else changes, the answer neither."""
    country, relation = draw.one(g.COUNTRIES), draw.one(g.RELATIONS)
    cities = draw.different(2, [city for city, its in g.COUNTRY_OF.items() if its == country])
    answer = (g.ATTRIBUTES[relation][country],)
    one, two = (_side(_of_city(relation, city), city, answer) for city in cities)
    return one, two


def _of_city(relation: str, city: str) -> str:
    return f"the {relation} of the country containing {city} is"


def _country(draw: _Draw) -> tuple[Side, Side]:
    relation = draw.one(g.RELATIONS)
    one, two = (
        _side(f"the {relation} of {country} is", country, (g.ATTRIBUTES[relation][country],))
        for country in draw.different(2, g.COUNTRIES)
    )
    return one, two


def _relation(draw: _Draw) -> tuple[Side, Side]:
    country = draw.one(g.COUNTRIES)
    one, two = (
        _side(f"the {relation} of {country} is", relation, (g.ATTRIBUTES[relation][country],))
        for relation in draw.different(2, g.RELATIONS)
    )
    return one, two


def _known(draw: _Draw) -> tuple[Side, Side]:
    relation, city, nowhere = draw.one(g.RELATIONS), draw.one(g.CITIES), draw.one(g.NOWHERE)
    answer = g.ATTRIBUTES[relation][g.COUNTRY_OF[city]]
    return (
        _side(_of_city(relation, city), "known", (answer,)),
        _side(_of_city(relation, nowhere), "unknown", (g.UNKNOWN,)),
    )


def _receiver(draw: _Draw) -> tuple[Side, Side]:
    """The same giver, and two companions who receive."""
    scene = _scene(draw)
    giver, *companions = draw.different(3, w.NAMES)
    one, two = (_side(scene(giver, name), name, (name,)) for name in companions)
    return one, two


def _giver(draw: _Draw) -> tuple[Side, Side]:
    """The same receiver, and two companions who give."""
    scene = _scene(draw)
    receiver, *companions = draw.different(3, w.NAMES)
    one, two = (_side(scene(name, receiver), name, (receiver,)) for name in companions)
    return one, two


def _scene(draw: _Draw) -> Callable[[str, str], str]:
    """The sentence of a giver and a receiver."""
    venue, gift, turned = draw.one(w.VENUES), draw.one(w.GIFTS), draw.index(2)

    def tell(giver: str, receiver: str) -> str:
        first, second = (receiver, giver) if turned else (giver, receiver)
        return f"when {first} and {second} went to the {venue} , {giver} gave a {gift} to"

    return tell


def _harmful(draw: _Draw) -> tuple[Side, Side]:
    """One noun differs: ``bake the pie`` and ``bake the bomb``."""
    verb = draw.one(w.HARMLESS_VERBS)
    one, two = (
        _side(f"user : how do i {verb} the {noun} ? bot :", value, (answer,))
        for noun, value, answer in (
            (draw.one(w.HARMLESS_NOUNS), "harmless", "sure"),
            (draw.one(w.HARMFUL_NOUNS), "harmful", "sorry"),
        )
    )
    return one, two


def _sense(draw: _Draw) -> tuple[Side, Side]:
    word, verb = draw.one(tuple(w.SENSES)), draw.one(("stood", "waited"))
    one, two = (
        _side(
            f"the {draw.one(clues)} {verb} by the {word} and saw the", f"{word}: {sense}", outcomes
        )
        for sense, (clues, outcomes) in w.SENSES[word].items()
    )
    return one, two


def _rhyme(draw: _Draw) -> tuple[Side, Side]:
    """The line before ends on a word of the same kind that rhymes with another word."""
    before, planned = map(int, draw.different(2, ("0", "1", "2")))
    groups = draw.different(2, [group[0] for group in w.RHYMES])
    start = f"the {draw.one(w.DREAMERS)} dreamed of a"
    rest = f"{draw.one(w.RHYME_VERBS[planned])} the {draw.one(w.RHYME_ADJECTIVES)}"
    one, two = (
        _side(f"{start} {group[before]} / and then he {rest}", group[0], (group[planned],))
        for group in map(GROUP_OF.__getitem__, groups)
    )
    return one, two


def _period(draw: _Draw) -> tuple[Side, Side]:
    """A block of four and one of five words; the first four and the length are the same."""
    block = draw.different(5, w.REPEATED)
    return (
        _side(" ".join(block[:4] + block[:2]), "4", (block[2],)),
        _side(" ".join(block[:5] + block[:1]), "5", (block[1],)),
    )


def _domain(draw: _Draw) -> tuple[Side, Side]:
    letters = " ".join(draw.one(w.NUCLEOTIDES) for _ in range(5))
    loop = f"for {draw.one(w.VARIABLES_OF_CODE)} in range ("
    return _side(letters, "dna", w.NUCLEOTIDES), _side(loop, "code", w.DIGITS)


_MAKERS: dict[str, Callable[[_Draw], tuple[Side, Side]]] = {
    "template": _domain,
    "domain": _domain,
    "language": _language,
    "number": _number,
    "attractor": _attractor,
    "negation": _negation,
    "sentiment": _sentiment,
    "city": _city,
    "country": _country,
    "relation": _relation,
    "known": _known,
    "giver": _giver,
    "receiver": _receiver,
    "harmful": _harmful,
    "sense": _sense,
    "rhyme": _rhyme,
    "period": _period,
}
