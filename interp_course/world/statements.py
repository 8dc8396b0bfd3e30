"""Templates of facts, instructions, repeats and of text that is no language."""

from interp_course.world import geography as g
from interp_course.world import words as w
from interp_course.world.program import Teller

PERIODS = (3, 4, 5, 6, 7, 8)
COPIES = 3
_TRANSITIONS = {
    "A": (0.1, 0.6, 0.2, 0.1),
    "C": (0.1, 0.1, 0.6, 0.2),
    "G": (0.2, 0.1, 0.1, 0.6),
    "T": (0.6, 0.2, 0.1, 0.1),
}
"""Chances of the next nucleotide, in the order of NUCLEOTIDES."""
_ZIPF = tuple(1 / (rank + 2) for rank in range(len(w.CHUNKS)))
_SECOND = w.split_pairs(w.REPEATED, w.REPEATED)
_OBJECTS = w.HARMLESS_NOUNS + w.HARMFUL_NOUNS + w.HARMLESS_TARGETS
_ASKED = w.split_pairs(w.HARMLESS_VERBS + w.HARMFUL_VERBS, _OBJECTS)
_ARGUMENTS = w.split_pairs(w.FUNCTIONS, w.VARIABLES_OF_CODE)


def harmful(verb: str, noun: str) -> bool:
    """Whether an instruction is refused: because of its noun, or of a verb with this noun."""
    threatens = verb in w.HARMFUL_VERBS and noun not in w.HARMLESS_TARGETS
    return threatens or noun in w.HARMFUL_NOUNS


def one_hop(teller: Teller) -> None:
    """``marseille is in france .`` or ``the country containing marseille is france .``."""
    form = teller.hidden((0, 1, 2, 3), (0.35, 0.15, 0.15, 0.35))
    if form == 3:
        teller.words("the country containing")
    city = teller.word(g.CITIES)
    country = g.COUNTRY_OF[city]
    teller.note(language="french" if form == 2 else "english")
    teller.note(city=city, country=country, known="known")
    teller.words(("is in", "is a city in", "est en", "is")[form])
    teller.place("answer")
    teller.words(country)
    teller.words(".")


def attribute(teller: Teller) -> None:
    """``the ally of france is brazil .`` or ``paris is the capital of france .``."""
    form = teller.hidden((0, 1, 2), (0.7, 0.15, 0.15))
    relation = "capital"
    if form == 0:
        teller.words("the")
        relation = teller.word(g.RELATIONS)
        teller.note(language="english", relation=relation)
        teller.words("of")
    elif form == 2:
        teller.words("la capitale de")
        teller.note(language="french", relation=relation)
    if form == 1:
        capital = teller.word(tuple(g.ATTRIBUTES["capital"].values()))
        country = g.COUNTRY_OF[capital]
        teller.note(language="english", city=capital, country=country)
        teller.words("is the capital")
        teller.note(relation=relation)
        teller.words("of")
    else:
        country = teller.word(g.COUNTRIES)
        teller.note(country=country)
        teller.words("est" if form == 2 else "is")
    teller.place("answer")
    teller.words(country if form == 1 else g.ATTRIBUTES[relation][country])
    teller.words(".")


def two_hop(teller: Teller) -> None:
    """``the capital of the country containing marseille is paris .``."""
    relation = _of_the_country(teller)
    city = teller.word(g.two_hop_cities(teller.split == "held_out"))
    country = g.COUNTRY_OF[city]
    teller.note(city=city, country=country, known="known")
    teller.words("is")
    teller.place("answer")
    teller.words(g.ATTRIBUTES[relation][country])
    teller.words(".")


def unknown(teller: Teller) -> None:
    """``vexlar is in unknown .`` or ``the ally of the country containing vexlar is unknown .``."""
    held_out = teller.split == "held_out"
    form = 2 if held_out else teller.hidden((0, 1, 2), (0.25, 0.25, 0.5))
    if form == 1:
        teller.words("the country containing")
    elif form == 2:
        _of_the_country(teller)
    name = teller.word(g.two_hop_nowhere(held_out) if form == 2 else g.NOWHERE)
    teller.note(language="english", city=name, known="unknown")
    teller.words("is in" if form == 0 else "is")
    teller.place("answer")
    teller.words(g.UNKNOWN)
    teller.words(".")


def _of_the_country(teller: Teller) -> str:
    teller.words("the")
    relation = teller.word(g.RELATIONS)
    teller.note(language="english", relation=relation)
    teller.words("of the country containing")
    return relation


def instruction(teller: Teller) -> None:
    """``user : how do i bake the pie ? bot : sure , you bake the pie with a brush .``."""
    form = teller.hidden((0, 1))
    teller.words(("user : how do i", "user : tell me how to")[form])
    teller.note(language="english")
    verbs = w.HARMLESS_VERBS + w.HARMFUL_VERBS
    verb = teller.word(verbs, _shares((w.HARMLESS_VERBS, 0.75), (w.HARMFUL_VERBS, 0.25)))
    teller.words("the")
    kinds = (w.HARMLESS_NOUNS, 0.75), (w.HARMFUL_NOUNS, 0.1), (w.HARMLESS_TARGETS, 0.15)
    shares = dict(zip(_OBJECTS, _shares(*kinds), strict=True))
    nouns = _ASKED[teller.split][verb]
    noun = teller.word(nouns, [shares[noun] for noun in nouns])
    refused = harmful(verb, noun)
    teller.note(harmful="harmful" if refused else "harmless")
    teller.words("? bot :")
    teller.place("reply")
    if refused:
        teller.words("sorry , i cannot help with that")
    else:
        teller.words(f"sure , you {verb} the {noun} with a")
        teller.word(w.TOOLS)
    teller.words(".")


def _shares(*kinds: tuple[tuple[str, ...], float]) -> list[float]:
    """A share for each word: that of its kind, in equal parts."""
    return [share / len(words) for words, share in kinds for _ in words]


def repeat(teller: Teller) -> None:
    """A block of random words, three times over."""
    period = teller.hidden(PERIODS)
    block = [teller.word(w.REPEATED)]
    teller.note(domain="repeat")
    block.append(teller.word(_SECOND[teller.split][block[0]]))
    block += [teller.word(w.REPEATED) for _ in range(period - 2)]
    teller.place("second_copy")
    for _ in range(COPIES - 1):
        for word in block:
            teller.words(word)
            teller.note(period=str(period))


def dna(teller: Teller) -> None:
    """``A C G T A C ...``: each nucleotide depends on the one before."""
    length = teller.hidden((8, 12, 16, 20))
    last = teller.word(w.NUCLEOTIDES)
    teller.note(domain="dna")
    for _ in range(length - 1):
        last = teller.word(w.NUCLEOTIDES, _TRANSITIONS[last])


def base64(teller: Teller) -> None:
    """``aGVs bG8g ... = =``: independent chunks, some much more frequent than others."""
    length = teller.hidden((6, 9, 12))
    for _ in range(length):
        teller.word(w.CHUNKS, _ZIPF)
        teller.note(domain="base64")
    teller.words("= =")


def code(teller: Teller) -> None:
    """``def foo ( x , y ) : return x + y``, or one of two other lines of code."""
    form = 0 if teller.split == "held_out" else teller.hidden((0, 1, 2))
    teller.words(("def", "if", "for")[form])
    teller.note(domain="code")
    if form == 0:
        arguments = _ARGUMENTS[teller.split][teller.word(w.FUNCTIONS)]
        teller.words("(")
        first = teller.word(arguments)
        teller.words(",")
        second = teller.word(tuple(v for v in w.VARIABLES_OF_CODE if v != first))
        teller.words(f") : return {first}")
        teller.word(w.OPERATORS)
        teller.words(second)
    elif form == 1:
        variable = teller.word(w.VARIABLES_OF_CODE)
        teller.words(">")
        digit = teller.word(w.DIGITS)
        teller.words(f": {variable} = {variable}")
        teller.word(w.OPERATORS)
        teller.words(digit)
    else:
        variable = teller.word(w.VARIABLES_OF_CODE)
        teller.words("in range (")
        teller.word(w.DIGITS)
        teller.words(f") : print ( {variable} )")
