"""The exact distribution of the next word is that of the sequences that the world writes."""

import math
import random
from collections import Counter

import pytest
import torch

from interp_course import world
from interp_course.world.grammar import TEMPLATES, program_of
from interp_course.world.program import Writer, count
from interp_course.world.words import BOS, EOS, SPLITS, WorldError

SMALL = ("ambiguous", "couplet", "two_hop", "unknown", "one_hop", "attribute", "code")


class Enumeration(Writer):
    """Takes given choices, then the first of each; knows how probable they are."""

    def __init__(self, choices, split="train"):
        super().__init__(random.Random(0), split)
        self.choices, self.sizes, self.probability = choices, [], 1.0

    def hidden(self, options, weights=None):
        place = len(self.sizes)
        chosen = self.choices[place] if place < len(self.choices) else 0
        self.sizes.append(len(options))
        self.probability *= (weights[chosen] / sum(weights)) if weights else 1 / len(options)
        return options[chosen]


def all_sequences(tell, split="train") -> Counter:
    """Every sequence with its probability, found by trying every choice."""
    found, waiting = Counter(), [()]
    while waiting:
        choices = waiting.pop()
        writer = Enumeration(choices, split)
        tell(writer)
        found[tuple(writer.end().sequence)] += writer.probability
        for place in range(len(choices), len(writer.sizes)):
            before = choices + (0,) * (place - len(choices))
            waiting += [(*before, option) for option in range(1, writer.sizes[place])]
    return found


def by_counting(sequences: Counter, words: tuple[str, ...]) -> list[dict[str, float]]:
    """Chances of each next word: the probability of the sequences that begin like this."""
    result = []
    for length in range(1, len(words)):
        begun = {s: p for s, p in sequences.items() if s[:length] == words[:length]}
        total, chances = sum(begun.values()), Counter()
        for sequence, probability in begun.items():
            chances[sequence[length]] += probability / total
        result.append(dict(chances))
    return result


@pytest.mark.parametrize("template", SMALL)
def test_chances_equal_those_of_all_sequences_written_out(template):
    tell, _ = program_of(template, "train")
    sequences = all_sequences(tell)
    assert sum(sequences.values()) == pytest.approx(1)
    for s in world.sample(3, seed=1, template=template).sequences:
        expected = by_counting(sequences, s.words)
        for found, wanted in zip(world.predictive(s.words, template), expected, strict=True):
            assert found == pytest.approx(wanted)


def test_the_mixture_weighs_templates_by_share_and_by_what_they_said():
    """``the capital of`` begins a fact, a two-hop fact or one about an unknown city."""
    chances = world.predictive((BOS, "the", "capital", "of"))[-1]
    fact, two_hop, unknown = 0.09 * 0.7, 0.19, 0.03 * 0.5
    assert chances["the"] == pytest.approx((two_hop + unknown) / (fact + two_hop + unknown))
    assert chances["france"] == pytest.approx(fact / 12 / (fact + two_hop + unknown))


def test_the_first_word_is_as_probable_as_its_templates():
    first = world.predictive((BOS,))[0]
    assert first["user"] == pytest.approx(0.05)
    assert sum(first.values()) == pytest.approx(1)


@pytest.mark.parametrize("template", TEMPLATES)
def test_mean_surprisal_is_the_entropy(template):
    """A Monte Carlo estimate, within four standard errors."""
    tokens = world.sample(300, seed=2, template=template).tokens
    entropy = world.entropy(tokens, template).nansum(dim=1)
    surprisal = world.surprisal(tokens, template).nansum(dim=1)
    error = (surprisal - entropy).std() / math.sqrt(300)
    assert abs((surprisal - entropy).mean()) <= 4 * error + 1e-6


def test_entropy_by_hand():
    """A nucleotide after A: chances 0.1, 0.6, 0.2, 0.1."""
    tokens = world.sample(1, seed=0, template="dna").tokens
    expected = -sum(p * math.log(p) for p in (0.1, 0.6, 0.2, 0.1))
    assert world.entropy(tokens, "dna")[0, 3].item() == pytest.approx(expected)


def test_the_answer_of_a_fact_is_certain():
    batch = world.sample(50, seed=0, template="two_hop")
    rows, place = torch.arange(50), batch.place("answer")
    assert world.entropy(batch.tokens)[rows, place - 1].abs().max() == 0


def test_entropy_is_nan_exactly_where_padding_follows():
    batch = world.sample(40, seed=0)
    assert torch.equal(world.entropy(batch.tokens).isnan(), ~batch.mask[:, 1:])


def test_a_prompt_without_its_end_also_predicts_the_word_after_it():
    assert world.predictive((BOS, "marseille", "is", "in"))[-1] == {"france": 1.0}


@pytest.mark.parametrize("words", [(), ("the",), ("the", BOS)])
def test_a_sequence_that_does_not_begin_is_refused(words):
    with pytest.raises(WorldError, match="a sequence starts with <bos>"):
        world.predictive(words)


def test_a_word_that_cannot_follow_is_named_with_what_stands_before_it():
    with pytest.raises(WorldError, match="the train split never says 'paris' after 'marseille is"):
        world.predictive((BOS, "marseille", "is", "in", "paris", ".", EOS))


def test_shares_add_up_to_one():
    assert sum(template.share for template in TEMPLATES.values()) == pytest.approx(1)


@pytest.mark.parametrize(("template", "n"), [("two_hop", 216), ("unknown", 18), ("couplet", 192)])
def test_counting_held_out_sequences_by_hand(template, n):
    """36 cities x 6 relations; 3 names x 6; 4 dreamers x 24 words x 1 adjective x 2 verbs..."""
    n = 4 * 24 * 1 * 2 * 2 if template == "couplet" else n
    tell, _ = program_of(template, "held_out")
    assert count(tell, "held_out", most=10_000) == n


@pytest.mark.parametrize("template", SMALL)
def test_counting_equals_writing_all_out(template):
    tell, _ = program_of(template, "train")
    assert count(tell, "train", most=10**6) == len(all_sequences(tell))


def test_counting_stops():
    tell, _ = program_of("repeat", "train")
    assert count(tell, "train", most=50) == 50


def test_splits_are_named_in_the_error():
    assert SPLITS == ("train", "held_out")
    message = "split must be one of train, held_out, got 'test'|Type-check error"
    with pytest.raises((WorldError, TypeError), match=message):
        world.sample(1, 0, split="test")
