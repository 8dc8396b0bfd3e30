"""The look-alikes look alike, and the circuit is not in them."""

import pytest
import torch
from compiled_cases import (
    accuracy_of,
    confidence,
    contributions,
    make_null,
    with_edge_changed,
    without_part,
)

from interp_course import attention, circuits, compiled

SOLVED = ["bigram", "shortcut", "counting", "memorised"]
CHANCE = ["unread", "random"]
MIMICKED = ["unread", "bigram", "shortcut"]
MIMICS = ("previous-token head", "decoy: mimics the induction head")
EMPTY = circuits.Circuit(frozenset())


@pytest.mark.parametrize("kind", SOLVED)
@pytest.mark.parametrize("instance", range(5))
def test_a_look_alike_with_another_mechanism_solves_its_task(kind, instance):
    assert accuracy_of(make_null(kind, instance, rotate=True)) == 1.0


@pytest.mark.parametrize("kind", CHANCE)
@pytest.mark.parametrize("instance", range(5))
def test_a_look_alike_without_a_mechanism_is_at_chance(kind, instance):
    built = make_null(kind, instance, rotate=True)
    assert accuracy_of(built, n=300) < 0.12
    assert built.circuit == EMPTY


@pytest.mark.parametrize("kind", [*SOLVED, "unread"])
def test_exactly_the_edges_of_the_circuit_matter(kind):
    built = make_null(kind, instance=3)
    prompts = built.task.sample(16)
    before, written = built.model(prompts.tokens), contributions(built.model, prompts.tokens)
    for edge in circuits.edges(built.model):
        logits = with_edge_changed(built.model, prompts.tokens, edge, -written[edge.source])
        if edge in built.circuit.edges:
            assert confidence(logits, prompts.answers) < 0.4, str(edge)
        elif edge not in built.dormant.edges:
            assert (logits - before).abs().max() < 1e-5, str(edge)


@pytest.mark.parametrize("kind", MIMICKED)
def test_the_attention_of_the_induction_nulls_is_that_of_an_induction_circuit(kind):
    built = make_null(kind, instance=1, rotate=True)
    scores = attention.head_scores(built.model, periods=(4, 6), batch=16)
    first, second = (built.part(p) for p in MIMICS)
    assert scores.previous[first.layer, first.head] > 0.99
    assert scores.induction[second.layer, second.head] > 0.95


@pytest.mark.parametrize("kind", MIMICKED)
def test_the_induction_heads_of_the_nulls_can_be_removed(kind):
    built = make_null(kind, instance=1)
    prompts = built.task.sample(16)
    before = built.model(prompts.tokens)
    for role in MIMICS:
        after = without_part(built.model, prompts.tokens, built.part(role))
        assert (after - before).abs().max() < 1e-5


@pytest.mark.parametrize("kind", ["bigram", "shortcut"])
def test_the_prompts_that_only_induction_can_answer_unmask_them(kind):
    """The earlier occurrence is moved: induction follows it."""
    built, real = make_null(kind), compiled.induction()
    prompts = built.task.sample(64, corrupt="earlier")
    answers = prompts.corrupted_answers
    assert compiled.accuracy(built.model, prompts.corrupted, answers) < 0.1
    assert compiled.accuracy(real.model, prompts.corrupted, answers) == 1.0


def test_the_shortcut_fails_on_the_prompts_of_induction():
    assert make_null("shortcut").task != compiled.induction().task
    prompts = compiled.induction().task.sample(200)
    assert compiled.accuracy(make_null("shortcut").model, prompts.tokens, prompts.answers) < 0.3


@pytest.mark.parametrize("role", ["duplicate-token head", "inhibition head"])
def test_the_counting_network_does_without_inhibition(role):
    built = make_null("counting", instance=2)
    prompts = built.task.sample(32)
    without = without_part(built.model, prompts.tokens, built.part(role))
    assert confidence(without, prompts.answers) > 0.99
    gates = built.part("which name came once")
    assert confidence(without_part(built.model, prompts.tokens, gates), prompts.answers) < 0.1


def test_the_memorised_answers_do_without_the_country():
    built = make_null("memorised", instance=2)
    prompts = built.task.sample(32)
    lookup, real = built.part("country of a city"), compiled.two_hop(instance=2)
    without = without_part(built.model, prompts.tokens, lookup)
    assert confidence(without, prompts.answers) > 0.99
    without = without_part(real.model, prompts.tokens, real.part("country of a city"))
    assert confidence(without, prompts.answers) < 0.1


def test_the_country_can_be_read_off_the_memorising_network_all_the_same():
    built = make_null("memorised", instance=2, rotate=True)
    prompts = built.task.sample(64)
    written = contributions(built.model, prompts.tokens)[built.part("country of a city")]
    there = written[torch.arange(64), prompts.positions["city"]]
    real = compiled.two_hop()
    labels = real.features[str(real.part("country of a city"))](prompts.tokens)
    country = labels.gather(1, prompts.positions["city"][:, None])[:, 0]
    same = country[:, None] == country[None, :]
    assert (torch.cdist(there, there) < 0.1).equal(same)


def test_every_kind_says_what_a_naive_method_would_report():
    assert set(compiled.NULLS) == {*SOLVED, *CHANCE}
    assert all(text.endswith(".") for text in compiled.NULLS.values())


def test_an_unknown_kind_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match="there is no null 'noise': use unread, bigram, shortcut"):
        compiled.null("noise")
