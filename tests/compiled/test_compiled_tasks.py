"""The compiled networks solve their tasks, in every instance and every basis."""

import pytest
import torch
from compiled_cases import DEEPER, MAKERS, accuracy_of, make

from interp_course import compiled
from interp_course.compiled import inhibition_prompts, two_hop_prompts
from interp_course.compiled.words import tokenizer

ROTATED = pytest.mark.parametrize("rotate", [False, True])
NETWORK = pytest.mark.parametrize("name", MAKERS)


@NETWORK
@ROTATED
@pytest.mark.parametrize("instance", range(20))
def test_every_instance_solves_its_task(name, instance, rotate):
    assert accuracy_of(MAKERS[name](instance=instance, rotate=rotate)) == 1.0


@pytest.mark.parametrize("instance", range(20))
def test_every_instance_with_a_backup_solves_its_task(instance):
    assert accuracy_of(compiled.inhibition(backup=True, instance=instance, rotate=True)) == 1.0


@NETWORK
@pytest.mark.parametrize("instance", range(5))
def test_deeper_networks_solve_their_tasks(name, instance):
    assert accuracy_of(make(name, instance, n_layers=DEEPER[name], n_heads=5)) == 1.0


@NETWORK
def test_one_head_more_than_needed_is_not_needed(name):
    assert accuracy_of(make(name, n_heads=2, mimics=False)) == 1.0


@NETWORK
@pytest.mark.parametrize("instance", range(3))
def test_a_rotation_changes_no_logit(name, instance):
    plain, rotated = make(name, instance), make(name, instance, rotate=True)
    prompts = plain.task.sample(32)
    with torch.no_grad():
        difference = plain.model(prompts.tokens) - rotated.model(prompts.tokens)
    assert difference[:, -1].abs().max() < 1e-4
    assert not torch.allclose(plain.model.W_E, rotated.model.W_E, atol=0.1)


@NETWORK
@pytest.mark.parametrize("kind", [0, 1, 2])
def test_the_counterparts_have_the_answers_they_say(name, kind):
    built = make(name)
    prompts = built.task.sample(64, corrupt=built.task.corruptions[kind])
    asked = prompts.corrupted_answers >= 0
    with torch.no_grad():
        guesses = built.model(prompts.corrupted)[:, -1].argmax(dim=-1)
    assert torch.equal(guesses[asked], prompts.corrupted_answers[asked])
    assert asked.all() or built.task.corruptions[kind] == "third"


@NETWORK
def test_the_same_seed_draws_the_same_prompts_and_another_one_others(name):
    first, again, other = (make(name).task.sample(16, seed) for seed in (1, 1, 2))
    assert torch.equal(first.tokens, again.tokens)
    assert torch.equal(first.corrupted, again.corrupted)
    assert not torch.equal(first.tokens, other.tokens)


@NETWORK
def test_the_same_instance_is_the_same_network(name):
    one, two = (MAKERS[name](instance=3, rotate=True) for _ in range(2))
    assert one.roles == two.roles
    assert one.circuit == two.circuit
    weights = [built.model.state_dict().values() for built in (one, two)]
    assert all(torch.equal(a, b) for a, b in zip(*weights, strict=True))


@NETWORK
def test_the_instances_differ_in_which_heads_do_the_work(name):
    found = {make(name, instance).circuit for instance in range(12)}
    assert len(found) >= 6


@NETWORK
def test_with_more_layers_the_circuit_moves_through_the_layers(name):
    circuits = [make(name, i, n_layers=DEEPER[name]).circuit for i in range(12)]
    assert len({tuple(sorted({p.layer for p in c.parts})) for c in circuits}) >= 3


def test_the_answer_of_induction_is_what_followed_the_last_word():
    prompts = make("induction").task.sample(50)
    for row, answer in zip(prompts.tokens.tolist(), prompts.answers.tolist(), strict=True):
        assert row.index(row[-1]) < len(row) - 1
        assert answer == row[row.index(row[-1]) + 1]


def test_the_answer_of_inhibition_is_the_name_that_came_once():
    model, prompts = make("inhibition").model, make("inhibition").task.sample(50)
    for row, answer in zip(prompts.tokens, prompts.answers, strict=True):
        words = model.to_string(row).split()
        once = [n for n in inhibition_prompts.NAMES if words.count(n) == 1]
        assert [model.to_string(answer[None])] == once


def test_the_answer_of_two_hops_is_that_of_the_country_of_the_city():
    model, prompts = make("two_hop").model, make("two_hop").task.sample(50)
    for row, answer in zip(prompts.tokens, prompts.answers, strict=True):
        words = set(model.to_string(row).split())
        (city,) = words & set(two_hop_prompts.CITIES)
        (relation,) = words & set(two_hop_prompts.RELATIONS)
        country = two_hop_prompts.COUNTRY_OF[city]
        assert model.to_string(answer[None]) == two_hop_prompts.ANSWERS[relation][country]


@NETWORK
@pytest.mark.parametrize("kind", [0, 1, 2])
def test_the_positions_are_those_of_the_words_they_name(name, kind):
    built = make(name)
    prompts = built.task.sample(40, corrupt=built.task.corruptions[kind])
    at = {k: prompts.tokens.gather(1, v[:, None])[:, 0] for k, v in prompts.positions.items()}
    words = {k: [built.model.to_string(t[None]) for t in v] for k, v in at.items()}
    if name == "induction":
        assert (words["match"], at["next"].tolist()) == (words["end"], prompts.answers.tolist())
    elif name == "inhibition":
        assert torch.equal(at["IO"], prompts.answers)
        assert torch.equal(at["S1"], prompts.distractors)
        assert torch.equal(at["S2"], prompts.distractors)
    else:
        assert set(words["city"]) <= set(two_hop_prompts.CITIES)
        assert set(words["relation"]) <= set(two_hop_prompts.RELATIONS)


@NETWORK
def test_a_network_reads_its_words_and_only_those(name):
    model, prompts = make(name).model, make(name).task.sample(4)
    text = model.to_string(prompts.tokens[0, 1:])
    assert torch.equal(model.to_tokens(text)[0], prompts.tokens[0])
    with pytest.raises(ValueError, match="'zebra' is not one of the"):
        model.to_tokens("zebra")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["the", "<bos>"], "must start with <bos> and <pad>"),
        (["<bos>", "<pad>", "b"], "must contain 'a'"),
        (["<bos>", "<pad>", "a", "b", "b"], "given twice: b"),
    ],
)
def test_words_that_are_no_vocabulary_are_refused(words, message):
    with pytest.raises(ValueError, match=message):
        tokenizer(words)
