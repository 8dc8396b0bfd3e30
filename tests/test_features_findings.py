"""The findings on features: what is planted is there, and what is measured is no near-tie."""

import dataclasses
import re

import pytest
import torch

from interp_course import world
from interp_course.checks import features
from interp_course.checks.features import circle, neurons, steering, used
from interp_course.checks.features.circle import DAYS, around, normal
from interp_course.checks.features.language import ENOUGH, PRICE, flips, price
from interp_course.checks.features.neurons import NAMES, ROLES, roles
from interp_course.checks.features.streams import LAYERS, logits_after, model, streams
from interp_course.checks.features.used import IDLE, PLACES, TASKS, USED, control, effect

RUNS = range(4)
LINEUP = features.lineup(0)


def changed(answer, **wrong):
    return {**answer, **{key.replace("_", " "): value for key, value in wrong.items()}}


def truth(run):
    return {key: "used" if effect(run, *at) > USED else "idle" for key, at in PLACES.items()}


def test_neurons_are_silent_at_padding_and_at_the_start():
    assert not LINEUP.activations[:, ~LINEUP.batch.mask].any()
    assert not LINEUP.activations[:, :, 0].any()


def test_a_lineup_holds_nothing_but_what_a_student_may_see():
    assert {f.name for f in dataclasses.fields(LINEUP)} == {"batch", "activations", "names"}
    assert LINEUP.names == NAMES


def test_the_strongest_examples_differ_and_the_strongest_comes_first():
    texts = LINEUP.top("neuron B", 30)
    values = [float(text.split()[0]) for text in texts]
    assert values == sorted(values, reverse=True)
    assert len({text.split(maxsplit=1)[1] for text in texts}) == 30


def test_the_word_in_brackets_is_where_the_neuron_fires():
    row, pos = divmod(int(LINEUP.activations[0].argmax()), LINEUP.activations.shape[2])
    word = LINEUP.batch.sequences[row].words[pos]
    assert LINEUP.top("neuron A", 1)[0].endswith(f"«{word}»")


@pytest.mark.parametrize(("name", "k"), [("A", 8), ("neuron A", 0)])
def test_top_refuses_a_neuron_or_a_number_that_does_not_exist(name, k):
    with pytest.raises(ValueError, match=r"neuron A, neuron B|at least 1"):
        LINEUP.top(name, k)


def test_sixty_lineups_in_a_row_have_different_verdicts():
    found = {tuple(ROLES[role] for role in roles(i).values()) for i in range(60)}
    assert len(found) == 60


@pytest.mark.parametrize("instance", range(8))
def test_the_stronger_of_two_unequal_features_fills_the_first_eight_examples(instance):
    lineup = features.lineup(instance)
    name = next(name for name, role in roles(instance).items() if role == "two unequal")
    assert all(float(text.split()[0]) > 0.75 for text in lineup.top(name))


def test_the_same_instance_gives_the_same_week_and_no_one_can_edit_it():
    one = features.week(3)
    before = one.activations.clone()
    one.activations.zero_()
    assert torch.equal(features.week(3).activations, before)


def test_weeks_have_orders_of_their_own_and_none_is_the_calendar():
    orders = {around(instance) for instance in range(20)}
    assert len(orders) > 15
    assert normal(DAYS) not in orders


@pytest.mark.parametrize("turn", range(7))
def test_an_order_may_start_anywhere_and_go_either_way(turn):
    days = around(1)
    turned = [*days[turn:], *days[:turn]]
    circle(turned, 1)
    circle(turned[::-1], 1)


@pytest.mark.parametrize("layer", range(LAYERS))
def test_going_on_after_a_layer_gives_the_logits_of_the_network(layer):
    tokens = world.pairs("number", 5, seed=0).tokens
    with torch.no_grad():
        expected = model(0)(tokens)
    resid = streams(0, tokens)[layer]
    torch.testing.assert_close(logits_after(0, resid, layer), expected)


@pytest.mark.parametrize("run", RUNS)
def test_no_effect_is_near_a_bar(run):
    effects = [effect(run, *at) for at in PLACES.values()]
    assert all(value < IDLE - 0.02 or value > USED + 0.05 for value in effects)


@pytest.mark.parametrize("run", RUNS)
def test_random_directions_stay_below_the_bar_of_use(run):
    places = {(TASKS.get(variable, variable), layer) for variable, layer in PLACES.values()}
    assert max(control(run, *place) for place in places) < USED - 0.05


@pytest.mark.parametrize("run", [0, 1])
def test_ablation_at_all_positions_is_named(run):
    answer = changed(truth(run), attractor_after_layer_1="used")
    assert "all positions" in (used.verdict(answer, run).mistake or "")


@pytest.mark.parametrize("run", [0, 1])
def test_swapped_layers_are_named(run):
    answer = changed(truth(run), number_after_layer_1="used", number_after_layer_2="idle")
    assert "swapped" in (used.verdict(answer, run).mistake or "")


@pytest.mark.parametrize(
    ("run", "key"),
    [
        (0, "sentiment after layer 1"),
        (1, "negation after layer 2"),
        (2, "number after layer 1"),
    ],
)
def test_a_partial_loss_that_is_overlooked_is_named(run, key):
    mistake = used.verdict({**truth(run), key: "idle"}, run).mistake or ""
    assert re.search("partial loss|another training run", mistake)


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("strength", [1.0, 1.4, 1.9])
def test_a_range_of_strengths_steers_every_run(run, strength):
    assert flips(run, LAYERS - 1, strength) > ENOUGH + 0.05
    assert price(run, LAYERS - 1, strength) < PRICE - 0.01


@pytest.mark.parametrize("run", RUNS)
def test_no_push_after_the_first_layer_is_enough(run):
    assert max(flips(run, 0, strength) for strength in (1.0, 2.0, 4.0, 8.0)) < ENOUGH


def test_a_wrong_strength_is_told_with_what_was_measured():
    message = steering.verdict({"layer": 2, "strength": 0.3}, 1).message
    assert "0% of the sentences change their language" in message
    assert "other texts lose 0.00 nats per word" in message


def test_too_few_keys_are_no_verdict_on_neurons():
    assert "keys" in neurons.verdict({"neuron A": "none"}).message
