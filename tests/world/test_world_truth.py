"""What the world says about a sequence is what one reads in it."""

import re

import pytest
import torch

from interp_course import world
from interp_course.world.sampling import VARIABLES, Truth

N = 300
FORMS = {
    "good": "good great lovely superb brilliant bon super charmant superbe génial",
    "bad": "bad awful boring terrible dull mauvais affreux ennuyeux horrible nul",
    "likes": "loved enjoyed liked adore aime apprécie",
    "danger": "bomb gun virus weapon grenade missile malware",
    "crime": "steal hack poison burn destroy kidnap kill",
    "fine": "process weeds fever",
    "french": "le la les est je car capitale",
}
GOOD, BAD, LIKES, DANGER, CRIME, FINE, FRENCH = (set(text.split()) for text in FORMS.values())
SENSE_OF = {
    "bank: river": "fisherman sailor swimmer boat fish reeds mud",
    "bank: money": "banker lawyer clerk loan cash cheque vault",
    "bat: animal": "biologist explorer owl cave wings moth fur",
    "bat: sport": "pitcher coach umpire homer helmet glove inning",
    "spring: season": "gardener florist poet blossom rain tulip nest",
    "spring: metal": "mechanic engineer plumber coil lever gear valve",
}


def drawn(template):
    """Pairs of text and sequence."""
    return [(" ".join(s.words[1:-1]), s) for s in world.sample(N, 3, template=template).sequences]


def test_english_number_is_that_of_noun_and_verb():
    """Plural nouns end in s and their verbs do not; adjectives are left out."""
    form = r"the (\w+)(?: (?:near|behind|beside|with) the (\w+))? (\w+)"
    for text, s in drawn("agreement_english"):
        bare = re.sub("(small|big|young|happy|sad|quiet) ", "", text.split(" .")[0])
        noun, other, verb = re.match(form, bare).groups()
        assert s.truth.number == ("plural" if noun.endswith("s") else "singular")
        assert verb.endswith("s") != noun.endswith("s")
        if other:
            assert s.truth.attractor == ("plural" if other.endswith("s") else "singular")


def test_french_number_is_that_of_article_and_verb():
    for text, s in drawn("agreement_french"):
        plural = text.startswith("les ")
        assert s.truth.number == ("plural" if plural else "singular")
        assert s.words[s.places["verb"]].endswith("ent") == plural or "dort" in text


@pytest.mark.parametrize("template", ["review_english", "review_french"])
def test_sentiment_is_praise_unless_it_is_denied(template):
    for text, s in drawn(template):
        words = set(text.split())
        denied, praise = bool(words & {"not", "pas"}), bool(words & GOOD)
        assert praise != bool(words & BAD)
        assert s.truth.negation == ("negated" if denied else "affirmed")
        assert s.truth.sentiment == ("positive" if praise != denied else "negative")
        assert bool(words & LIKES) == (praise != denied)


@pytest.mark.parametrize("template", VARIABLES["template"])
def test_the_language_is_that_of_the_words(template):
    for text, s in drawn(template):
        if s.truth.domain == "prose":
            french = bool(set(text.split()) & FRENCH)
            assert s.truth.language == ("french" if french else "english")
        else:
            assert s.truth.language is None


FACTS = r"(?:the (\w+) of )?(?:the country containing )?(\w+) is(?: in| a city in)? (\w+) \."


def test_facts_are_those_of_the_atlas():
    from_text = {}
    for text, s in drawn("one_hop"):
        city, country = re.match(r".*?(\w+) (?:is|est)\b.*?(\w+) \.", text).groups()
        assert (s.truth.city, s.truth.country, s.truth.known) == (city, country, "known")
        assert from_text.setdefault(city, country) == country
    assert from_text["marseille"] == "france"


def test_a_two_hop_answer_is_the_attribute_of_the_country_of_the_city():
    atlas = {s.truth.city: s.truth.country for _, s in drawn("one_hop")}
    rows = [(s.truth.relation, s.truth.country, s.words[-3]) for _, s in drawn("attribute")]
    known = {(r, c): a for r, c, a in rows if a != c}
    for text, s in drawn("two_hop"):
        relation, city, answer = re.match(FACTS, text).groups()
        assert (s.truth.relation, s.truth.city) == (relation, city)
        assert s.truth.country == atlas.get(city, s.truth.country)
        assert known.get((relation, s.truth.country), answer) == answer


def test_of_an_unknown_name_the_answer_is_unknown():
    for text, s in drawn("unknown"):
        assert text.endswith("unknown .")
        assert (s.truth.known, s.truth.country) == ("unknown", None)
        assert s.truth.city in text


def test_the_receiver_is_the_named_one_who_does_not_give():
    for text, s in drawn("indirect_object"):
        first, second = re.match(r"\w+ (\w+) and (\w+)", text).groups()
        giver, receiver = re.search(r"(\w+) (?:gave|handed|said) .* to (\w+)", text).groups()
        assert (s.truth.giver, s.truth.receiver) == (giver, receiver)
        assert receiver in {first, second} - {giver}


def test_harm_decides_about_the_reply():
    for text, s in drawn("instruction"):
        verb, noun = re.search(r"(?:do i|how to) (\w+) the (\w+) \?", text).groups()
        harmful = noun in DANGER or (verb in CRIME and noun not in FINE)
        assert s.truth.harmful == ("harmful" if harmful else "harmless")
        assert s.words[s.places["reply"]] == ("sorry" if harmful else "sure")


def test_both_words_around_an_ambiguous_one_agree_in_its_sense():
    for text, s in drawn("ambiguous"):
        telling = set(SENSE_OF[s.truth.sense].split()) & set(text.split())
        assert len(telling) == (1 if text.startswith("by") else 2)
        assert s.truth.sense.split(":")[0] in text.split()


def test_the_two_lines_of_a_couplet_rhyme_on_different_words():
    endings = ("at", "eer ier ear", "ear air are", "ouse", "ee ey ea", "ake", "oat", "ail")
    for text, s in drawn("couplet"):
        first, last = re.match(r".* of a (\w+) / .* (\w+) \.", text).groups()
        assert first != last
        assert any(
            all(w.endswith(tuple(group.split())) for w in (first, last)) for group in endings
        )
        assert s.truth.rhyme in VARIABLES["rhyme"]


def test_a_block_is_repeated_with_its_period():
    for _, s in drawn("repeat"):
        period, words = int(s.truth.period), s.words[1:-1]
        assert words == words[:period] * 3
        assert s.places["second_copy"] == 1 + period


@pytest.mark.parametrize(
    ("template", "form"),
    [
        ("dna", r"([ACGT] ?)+"),
        ("base64", r"(\S{4} )+= ="),
        ("code", r"def .*|if .*|for .*"),
    ],
)
def test_domains_look_like_themselves(template, form):
    for text, s in drawn(template):
        assert re.fullmatch(form, text)
        assert s.truth.domain == template


def test_labels_are_places_in_the_list_of_values():
    batch = world.sample(N, 0)
    for variable, values in VARIABLES.items():
        for label, s in zip(batch.labels(variable).tolist(), batch.sequences, strict=True):
            assert (None if label < 0 else values[label]) == getattr(s.truth, variable)


def test_every_variable_is_a_field_of_the_truth_and_takes_every_value():
    assert set(VARIABLES) == set(Truth.__dataclass_fields__)
    batch = world.sample(20_000, 1)
    for variable, values in VARIABLES.items():
        assert set(batch.labels(variable).tolist()) - {-1} == set(range(len(values))), variable


def test_by_position_a_number_is_known_from_the_noun_to_the_end_of_its_sentence():
    for words, row in _positions("agreement_english", "number"):
        stop = words.index(".")
        start = next(i for i, value in enumerate(row) if value >= 0)
        assert words[start] in world.words.ENGLISH_NOUNS[row[start]]
        assert set(row[:start]) <= {-1}
        assert set(row[start : stop + 1]) == {row[start]}


def test_by_position_both_sentences_have_their_own_number():
    seen = set()
    for words, row in _positions("agreement_english", "number"):
        stop = words.index(".")
        if "." in words[stop + 1 :]:
            seen.add((row[stop], row[stop + 1 + words[stop + 1 :].index(".")]))
    assert seen == {(0, 0), (0, 1), (1, 0), (1, 1)}


def test_by_position_nothing_is_known_at_bos_and_after_the_end():
    batch = world.sample(N, 0)
    for variable in VARIABLES:
        found = batch.by_position(variable)
        assert (found[:, 0] == -1).all()
        assert (found[~batch.mask] == -1).all()


def test_the_first_label_by_position_is_the_label_of_the_sequence():
    batch = world.sample(N, 5)
    for variable in VARIABLES:
        found = batch.by_position(variable)
        first = (found >= 0).int().argmax(dim=1)
        assert torch.equal(found[torch.arange(N), first], batch.labels(variable)), variable


def _positions(template, variable):
    batch = world.sample(N, 7, template=template)
    return zip(
        [s.words for s in batch.sequences], batch.by_position(variable).tolist(), strict=True
    )
