"""Sequences are the same for the same seed, splits do not meet, bad input is refused."""

import subprocess
import sys

import pytest
import torch

from interp_course import world
from interp_course.world import geography, grammar, vocabulary
from interp_course.world.words import EOS, PAD, WorldError, split_pairs

HELD_OUT = [name for name, template in grammar.TEMPLATES.items() if template.held_out]


def texts(batch):
    return [" ".join(s.words[1:-1]) for s in batch.sequences]


def test_the_same_seed_draws_the_same_and_another_seed_draws_others():
    first, again, other = (world.sample(50, seed) for seed in (3, 3, 4))
    assert first == again
    assert texts(first) != texts(other)


def test_a_short_batch_is_the_beginning_of_a_long_one():
    assert texts(world.sample(5, 1)) == texts(world.sample(9, 1))[:5]


def test_draws_do_not_depend_on_the_hash_seed_of_python():
    code = "from interp_course import world; print(world.sample(20, 0).tokens.tolist())"
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert found == {str(world.sample(20, 0).tokens.tolist()).encode() + b"\n"}


def test_the_first_sequences_of_seed_0_never_change():
    """Written down when the models were trained: other draws would need other models."""
    assert texts(world.sample(3, 0)) == FIRST


FIRST = [
    "cairo is a city in egypt .",
    "ring z IGJy aGVs enkg ring z IGJy aGVs enkg ring z IGJy aGVs enkg",
    "the capital of india is delhi .",
]


def test_sampling_leaves_global_random_states_alone():
    before = torch.random.get_rng_state()
    world.sample(3, 0)
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize("template", grammar.TEMPLATES)
def test_every_sequence_fits_into_the_context_and_the_vocabulary(template):
    tokens = world.sample(500, 1, template=template).tokens
    assert tokens.shape[1] <= 32
    assert tokens.max() < len(vocabulary.VOCABULARY) <= 800


def test_every_word_of_the_vocabulary_is_used():
    used = {word for s in world.sample(60_000, 0).sequences for word in s.words}
    assert set(vocabulary.VOCABULARY) - used == {PAD}


def test_templates_come_in_their_shares():
    labels = world.sample(20_000, 2).labels("template")
    for label, template in enumerate(grammar.TEMPLATES.values()):
        share = (labels == label).float().mean().item()
        assert share == pytest.approx(template.share, abs=4 * (template.share / 20_000) ** 0.5)


@pytest.mark.parametrize("template", HELD_OUT)
def test_training_never_draws_a_held_out_sequence(template):
    n = {"unknown": 18, "ambiguous": 36}.get(template, 60)
    held_out = world.sample(n, 0, template=template, split="held_out")
    for s in held_out.sequences:
        with pytest.raises(WorldError, match="the train split never says"):
            world.predictive(s.words, template)


@pytest.mark.parametrize("template", HELD_OUT)
def test_held_out_sequences_are_all_different(template):
    n = {"unknown": 18, "ambiguous": 36}.get(template, 100)
    held_out = texts(world.sample(n, 0, template=template, split="held_out"))
    assert len(set(held_out)) == n


def test_no_two_hop_sentence_of_training_has_a_held_out_city():
    held_out = set(geography.ONE_HOP_ONLY)
    train = world.sample(5000, 0, template="two_hop").labels("city")
    names = {world.VARIABLES["city"][label] for label in train.tolist()}
    assert names | held_out == set(geography.CITIES)
    assert not names & held_out


def test_three_cities_of_each_country_are_held_out_and_no_capital():
    countries = [geography.COUNTRY_OF[city] for city in geography.ONE_HOP_ONLY]
    assert sorted(countries) == sorted(geography.COUNTRIES * 3)
    assert not set(geography.ONE_HOP_ONLY) & set(geography.ATTRIBUTES["capital"].values())


def test_each_first_word_of_a_pair_has_partners_in_both_splits():
    names = tuple("abcdefg")
    pairs = split_pairs(names, names)
    for first in names:
        train, held_out = (set(pairs[split][first]) for split in ("train", "held_out"))
        assert train | held_out == set(names) - {first}
        assert not train & held_out
        assert train


def test_shared_pool_relations_are_permutations_without_a_common_point():
    columns = [geography.ATTRIBUTES[relation] for relation in geography.SHARED_POOL]
    for column in columns:
        assert sorted(column.values()) == sorted(geography.COUNTRIES)
    for country in geography.COUNTRIES:
        assert len({country, *(column[country] for column in columns)}) == 4


def test_no_sum_over_country_and_relation_can_rank_shared_answers():
    """For some two countries and two relations the answers cross: f + g would contradict itself."""
    ally, rival, partner = (geography.ATTRIBUTES[r] for r in geography.SHARED_POOL)
    crossing = [
        (a, b)
        for first, second in ((ally, rival), (ally, partner), (rival, partner))
        for a in geography.COUNTRIES
        for b in geography.COUNTRIES
        if a != b and first[a] == second[b]
    ]
    assert len(crossing) == 36


def test_the_end_is_the_last_word():
    assert all(s.words[-1] == EOS for s in world.sample(50, 0).sequences)


BAD = {
    "an unknown template": (
        {"template": "two_hops"},
        "no template 'two_hops'; did you mean 'two_hop'",
    ),
    "nothing like a template": ({"template": "poem"}, "no template 'poem'; there are agreement_en"),
    "a template without held-out part": (
        {"template": "dna", "split": "held_out"},
        "nothing of the template 'dna' is held out; .*two_hop",
    ),
    "a seed that is no number": ({"seed": "1"}, "seed must be a whole number, got '1'"),
    "a fractional seed": ({"seed": 1.5}, "seed must be a whole number, got 1.5"),
    "a truth value as seed": ({"seed": True}, "seed must be a whole number, got True"),
    "no sequences": ({"n": 0}, "n must be at least 1, got 0"),
    "a fractional number": ({"n": 2.0}, "n must be a whole number, got 2.0"),
    "too many": (
        {"n": 217, "template": "two_hop", "split": "held_out"},
        "the split 'held_out' of 'two_hop' has 216 different sequences, but n = 217",
    ),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_arguments_are_refused_by_name(kind):
    options, message = BAD[kind]
    arguments = {"n": 1, "seed": 0} | options
    # Where shapes and types are checked at run time, a wrong type is refused before our own words.
    with pytest.raises((WorldError, TypeError), match=f"{message}|Type-check error"):
        world.sample(**arguments)


def test_a_whole_small_split_can_be_drawn():
    held_out = world.sample(216, 0, template="two_hop", split="held_out")
    assert len(set(texts(held_out))) == 216


@pytest.mark.parametrize("ask", ["labels", "by_position"])
def test_an_unknown_variable_is_refused_with_near_ones(ask):
    with pytest.raises(WorldError, match="no variable 'numbers'; did you mean 'number'"):
        getattr(world.sample(1, 0), ask)("numbers")


def test_an_unknown_place_is_refused_with_those_there_are():
    batch = world.sample(20, 0, template="two_hop")
    with pytest.raises(WorldError, match="no sequence here has a place 'verb'; there are answer"):
        batch.place("verb")


def test_a_word_that_is_not_in_the_vocabulary_is_refused_with_near_ones():
    with pytest.raises(WorldError, match=r"'marseile' is not a word .* did you mean 'marseille'"):
        vocabulary.encode("marseile is in")


def test_encoding_and_decoding_are_inverse():
    words = list(vocabulary.VOCABULARY)
    assert vocabulary.decode(vocabulary.encode(words)) == words
