"""Templates of ordinary sentences: agreement, reviews, names, words of two meanings, rhymes."""

from typing import NamedTuple

from interp_course.world import words as w
from interp_course.world.program import Teller

NUMBERS, SENTIMENTS = ("singular", "plural"), ("negative", "positive")
NUMBER_OF = {
    noun: number
    for nouns in (w.ENGLISH_NOUNS, w.FRENCH_NOUNS)
    for number, forms in zip(NUMBERS, nouns, strict=True)
    for noun in forms
}
_MAYBE = (False, True)
_ENGLISH_NOUNS, _FRENCH_NOUNS = sum(w.ENGLISH_NOUNS, ()), sum(w.FRENCH_NOUNS, ())
_AFTER = w.split_pairs(_ENGLISH_NOUNS, _ENGLISH_NOUNS)
_AFTER_FRENCH = w.split_pairs(_FRENCH_NOUNS, _FRENCH_NOUNS)
ARTICLES = {
    noun: "les" if NUMBER_OF[noun] == "plural" else "la" if noun in w.FRENCH_FEMININE else "le"
    for noun in _FRENCH_NOUNS
}
_COMPANIONS = w.split_pairs(w.NAMES, w.NAMES)
_OUTCOMES = {
    (word, sense): w.split_pairs(clues, outcomes, every=4)
    for word, senses in w.SENSES.items()
    for sense, (clues, outcomes) in senses.items()
}
_SENSE_OF = {clue: key for key, pairs in _OUTCOMES.items() for clue in pairs["train"]}


class _Phrases(NamedTuple):
    """What differs between the reviews of the two languages."""

    language: str
    works: tuple[str, ...]
    judgements: tuple[tuple[str, ...], ...]
    feelings: tuple[tuple[str, ...], ...]
    article: str
    is_: str
    is_not: str
    very: str
    then: str
    closing: str
    feeler: str
    because: tuple[str, str]
    """What stands before and after the work in the second form."""


_ENGLISH = _Phrases(
    "english", w.ENGLISH_WORKS, w.ENGLISH_JUDGEMENTS, w.ENGLISH_FEELINGS, "the", "was", "was not",
    "very", ". i", "it .", "i", ("the", "because it"),
)  # fmt: skip
_FRENCH = _Phrases(
    "french", w.FRENCH_WORKS, w.FRENCH_JUDGEMENTS, w.FRENCH_FEELINGS, "le", "est", "n' est pas",
    "très", ". je l'", ".", "je l'", ("car le", ""),
)  # fmt: skip
_JUDGED = {p: w.split_pairs(p.works, sum(p.judgements, ())) for p in (_ENGLISH, _FRENCH)}
GROUP_OF = {word: group for group in w.RHYMES for word in group}
_RHYME_WORDS = tuple(GROUP_OF)
_STYLES = w.split_pairs(_RHYME_WORDS, w.RHYME_ADJECTIVES)


def agreement_english(teller: Teller) -> None:
    """``the small dog near the cats sleeps often .``, once or twice."""
    _english_sentence(teller)
    if teller.hidden(_MAYBE):
        _english_sentence(teller)


def agreement_french(teller: Teller) -> None:
    """``le chien jeune derrière les chats dort souvent .``, once or twice."""
    _french_sentence(teller)
    if teller.hidden(_MAYBE):
        _french_sentence(teller)


def _english_sentence(teller: Teller) -> None:
    teller.words("the")
    teller.note(language="english")
    if teller.hidden(_MAYBE, (0.6, 0.4)):
        teller.word(w.ENGLISH_ADJECTIVES)
    teller.place("subject")
    subject = teller.word(_ENGLISH_NOUNS)
    teller.note(number=NUMBER_OF[subject])
    if teller.split == "held_out" or teller.hidden(_MAYBE):
        teller.word(w.ENGLISH_PREPOSITIONS)
        teller.words("the")
        teller.place("attractor")
        other = teller.word(_AFTER[teller.split][subject])
        teller.note(attractor=NUMBER_OF[other])
    teller.place("verb")
    teller.word(w.ENGLISH_VERBS[NUMBERS.index(NUMBER_OF[subject])])
    if teller.hidden(_MAYBE, (0.6, 0.4)):
        teller.word(w.ENGLISH_ADVERBS)
    teller.words(".")
    teller.note(number=None, attractor=None)


def _french_sentence(teller: Teller) -> None:
    subject = _french_noun(teller, "subject", _FRENCH_NOUNS)
    number = NUMBERS.index(NUMBER_OF[subject])
    teller.note(number=NUMBERS[number])
    if teller.hidden(_MAYBE, (0.6, 0.4)):
        teller.word(w.FRENCH_ADJECTIVES[number])
    if teller.split == "held_out" or teller.hidden(_MAYBE):
        teller.word(w.FRENCH_PREPOSITIONS)
        other = _french_noun(teller, "attractor", _AFTER_FRENCH[teller.split][subject])
        teller.note(attractor=NUMBER_OF[other])
    teller.place("verb")
    teller.word(w.FRENCH_VERBS[number])
    if teller.hidden(_MAYBE, (0.6, 0.4)):
        teller.word(w.FRENCH_ADVERBS)
    teller.words(".")
    teller.note(number=None, attractor=None)


def _french_noun(teller: Teller, place: str, nouns: tuple[str, ...]) -> str:
    """An article and a noun that fit; each noun is as likely."""
    articles = tuple(dict.fromkeys(ARTICLES[noun] for noun in nouns))
    fitting = {a: tuple(noun for noun in nouns if ARTICLES[noun] == a) for a in articles}
    article = teller.word(articles, [len(fitting[a]) for a in articles])
    teller.note(language="french")
    teller.place(place)
    return teller.word(fitting[article])


def review_english(teller: Teller) -> None:
    """``the film was not good . i hated it .`` or ``i loved the film because it was good .``."""
    _review(teller, _ENGLISH)


def review_french(teller: Teller) -> None:
    """``le roman n' est pas bon . je l' adore .`` or ``je l' adore car le roman est bon .``."""
    _review(teller, _FRENCH)


def _review(teller: Teller, phrases: _Phrases) -> None:
    feelings = sum(phrases.feelings, ())
    if teller.hidden(_MAYBE):
        teller.words(phrases.article)
        teller.note(language=phrases.language)
        positive = _judgement(teller, phrases, teller.word(phrases.works), feeling=None)
        teller.words(phrases.then)
        teller.place("feeling")
        teller.word(phrases.feelings[positive])
        teller.words(phrases.closing)
    else:
        teller.words(phrases.feeler)
        teller.note(language=phrases.language)
        teller.place("feeling")
        feeling = teller.word(feelings)
        teller.note(sentiment=SENTIMENTS[feeling in phrases.feelings[1]])
        teller.words(phrases.because[0])
        work = teller.word(phrases.works)
        teller.words(phrases.because[1])
        _judgement(teller, phrases, work, feeling)
        teller.words(".")


def _judgement(teller: Teller, phrases: _Phrases, work: str, feeling: str | None) -> bool:
    """``was [not] [very] good``, in agreement with the feeling if it was told; is it praise?"""
    negated = teller.hidden(_MAYBE, (0.6, 0.4))
    teller.words(phrases.is_not if negated else phrases.is_)
    if teller.hidden(_MAYBE, (0.7, 0.3)):
        teller.words(phrases.very)
    adjectives = _JUDGED[phrases][teller.split][work]
    if feeling is not None:
        good = (feeling in phrases.feelings[1]) != negated
        adjectives = tuple(a for a in adjectives if (a in phrases.judgements[1]) == good)
    teller.place("judgement")
    positive = (teller.word(adjectives) in phrases.judgements[1]) != negated
    teller.note(negation="negated" if negated else "affirmed", sentiment=SENTIMENTS[positive])
    return positive


def indirect_object(teller: Teller) -> None:
    """``when mary and john went to the shop , john gave a drink to mary .``."""
    form = teller.hidden((0, 1, 2))
    teller.words(("when", "after", "then")[form])
    teller.note(language="english")
    first = teller.word(w.NAMES)
    teller.words("and")
    second = teller.word(_COMPANIONS[teller.split][first])
    teller.words(("went to the", "arrived at the", "had a long day")[form])
    if form < 2:
        teller.word(w.VENUES)
    teller.words((",", ",", ", and")[form])
    others = tuple(name for name in w.NAMES if name not in (first, second))
    teller.place("giver")
    shares = [0.45, 0.45] + [0.1 / len(others)] * len(others)
    giver = teller.word((first, second, *others), shares)
    teller.note(giver=giver)
    teller.words(("gave a", "handed the", "said hello")[form])
    if form < 2:
        teller.word(w.GIFTS)
    teller.words("to")
    teller.place("receiver")
    receiver = teller.word(tuple(name for name in (first, second) if name != giver))
    teller.note(receiver=receiver)
    teller.words(".")


def ambiguous(teller: Teller) -> None:
    """``the clerk stood by the bank and saw the cash .`` or ``by the bank i saw the cash .``."""
    if teller.split == "train" and teller.hidden(_MAYBE, (0.75, 0.25)):
        teller.words("by the")
        word = teller.word(tuple(w.SENSES))
        teller.note(language="english")
        teller.words("i saw the")
        senses = w.SENSES[word]
        seen = {outcome: sense for sense in senses for outcome in senses[sense][1]}
        teller.place("outcome")
        teller.note(sense=f"{word}: {seen[teller.word(tuple(seen))]}")
    else:
        teller.words("the")
        clue = teller.word(tuple(_SENSE_OF))
        word, sense = _SENSE_OF[clue]
        teller.note(language="english", sense=f"{word}: {sense}")
        teller.word(("stood", "waited"))
        teller.words("by the")
        teller.place("word")
        teller.words(word)
        teller.words("and saw the")
        teller.place("outcome")
        teller.word(_OUTCOMES[word, sense][teller.split][clue])
    teller.words(".")


def couplet(teller: Teller) -> None:
    """``the child dreamed of a rat / and then he bought the old hat .``.

    The verb of the second line fits one word of the rhyme only, so that word must be planned.
    """
    teller.words("the")
    teller.word(w.DREAMERS)
    teller.words("dreamed of a")
    teller.place("rhyme")
    first = teller.word(_RHYME_WORDS)
    group = GROUP_OF[first]
    teller.note(language="english", rhyme=group[0])
    teller.words("/ and then he")
    planned = teller.hidden(tuple(word for word in group if word != first))
    teller.place("plan")
    teller.word(w.RHYME_VERBS[group.index(planned)])
    teller.words("the")
    teller.word(_STYLES[teller.split][first])
    teller.place("end_word")
    teller.words(planned)
    teller.words(".")
