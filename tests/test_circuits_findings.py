"""The findings on circuits: interventions say what their truth says, whatever the roles are."""

import functools
import itertools

import pytest
import torch

from interp_course import circuits, models
from interp_course.checks.circuits import (
    carrying,
    country_questions,
    edges,
    mechanisms,
    network,
    puzzle,
    sites,
    suspects,
    verdicts,
)
from interp_course.checks.circuits.edges import circuit
from interp_course.checks.circuits.sites import places
from interp_course.checks.circuits.verdicts import against, truth

INSTANCES = range(4)
N = 16


@torch.no_grad()
def accuracy(given, prompts, silenced=()):
    """Share of right answers when these heads, by layer and number, write nothing."""

    def silence(z, hook, layer):
        numbers = range(z.shape[2])
        return z * torch.tensor([(layer, n) not in silenced for n in numbers])[:, None]

    hooks = [
        (f"blocks.{layer}.attn.hook_z", functools.partial(silence, layer=layer))
        for layer in range(given.model.cfg.n_layers)
    ]
    logits = given.model.run_with_hooks(prompts.tokens, fwd_hooks=hooks)
    return (logits[:, -1].argmax(dim=-1) == prompts.answers).float().mean().item()


def every_head(model):
    return list(itertools.product(range(model.cfg.n_layers), range(model.cfg.n_heads)))


@pytest.mark.parametrize("given", [network(0), puzzle(0), *suspects(0).values()])
def test_networks_are_handed_out_without_the_truth(given):
    assert set(vars(given)) == {"model", "task"}


@pytest.mark.parametrize("instance", INSTANCES)
def test_without_any_of_the_three_heads_names_are_lost(instance):
    given = network(instance)
    prompts = given.task.sample(N, instance)
    assert accuracy(given, prompts) == 1
    for place in places(instance).values():
        assert accuracy(given, prompts, [place]) < 0.8


@pytest.mark.parametrize("instance", INSTANCES)
def test_the_three_heads_answer_without_all_others(instance):
    given = network(instance)
    others = set(every_head(given.model)) - set(places(instance).values())
    assert accuracy(given, given.task.sample(N, instance), others) == 1


@pytest.mark.parametrize("instance", INSTANCES)
def test_the_three_heads_attend_as_their_roles_say(instance):
    given, at = network(instance), places(instance)
    prompts = given.task.sample(N, instance)
    _, cache = given.model.run_with_cache(prompts.tokens)
    rows, where = torch.arange(N), prompts.positions
    for role, query, key in [
        ("duplicate-token head", "S2", "S1"),
        ("inhibition head", "end", "S2"),
        ("name mover", "end", "IO"),
    ]:
        pattern = cache[f"blocks.{at[role][0]}.attn.hook_pattern"][:, at[role][1]]
        assert pattern[rows, where[query], where[key]].min() > 0.99


def change_of(model, tokens, edge):
    """What the edge's target reads more, if the edge carries its mean over the prompts."""
    _, cache = model.run_with_cache(tokens)
    source = edge.source
    if source.kind == "head":
        z = cache[f"blocks.{source.layer}.attn.hook_z"][:, :, source.head]
        written = z @ model.W_O[source.layer, source.head]
    else:
        names = {"embed": "hook_embed", "positions": "hook_pos_embed"}
        written = cache[names.get(source.kind, f"blocks.{source.layer}.hook_mlp_out")]
    return written.mean(dim=0, keepdim=True) - written


@torch.no_grad()
def answered(given, tokens, cut):
    """Probabilities of the next word when an edge carries its mean."""
    model, target = given.model, cut.target
    change = change_of(model, tokens, cut)
    if target.kind == "logits":
        return (model(tokens) + change @ model.W_U)[:, -1].softmax(dim=-1)
    if target.kind == "mlp":
        name, more = f"blocks.{target.layer}.mlp.hook_pre", change @ model.W_in[target.layer]
    else:
        weight = getattr(model, f"W_{cut.slot.upper()}")[target.layer, target.head]
        name = f"blocks.{target.layer}.attn.hook_{cut.slot}"
        alone = torch.arange(model.cfg.n_heads)[:, None] == target.head
        more = (change @ weight)[:, :, None] * alone
    logits = model.run_with_hooks(tokens, fwd_hooks=[(name, lambda x, hook: x + more)])
    return logits[:, -1].softmax(dim=-1)


@pytest.mark.parametrize("instance", INSTANCES)
def test_cutting_an_edge_changes_answers_if_and_only_if_it_is_in_the_circuit(instance):
    given = puzzle(instance)
    tokens = given.task.sample(N, instance).tokens
    before = given.model(tokens)[:, -1].softmax(dim=-1)
    for edge in circuits.edges(given.model):
        apart = (answered(given, tokens, edge) - before).abs().max().item()
        assert apart > 0.5 if edge in circuit(instance).edges else apart < 1e-4, str(edge)


def test_a_circuit_has_eight_edges_and_bears_one_slip():
    real = sorted(map(str, circuit(0).edges))
    assert len(real) == 8
    assert edges.verdict(real[1:], 0).passed
    assert edges.verdict([*real, "positions -> logits"], 0).passed
    assert not edges.verdict(real[2:], 0).passed


@pytest.mark.parametrize("instance", INSTANCES)
def test_no_head_is_nearly_as_good_as_the_one_that_carries_the_country(instance):
    shares = sorted(carrying.shares(instance))
    assert shares[-1] > 0.9
    assert shares[-2] < 0.05


@pytest.mark.parametrize("instance", INSTANCES)
def test_all_country_questions_are_answered_right(instance):
    asked, model = country_questions(instance), models.load("world", seed=instance)
    for tokens, answers in [
        (asked.tokens, asked.answers),
        (asked.other_tokens, asked.other_answers),
    ]:
        assert (model(tokens)[:, -1].argmax(dim=-1) == answers).all()
        assert len(tokens) == carrying.N


def test_pairs_of_country_questions_differ_in_the_city_and_in_the_answer():
    asked = country_questions(1)
    differ = asked.tokens != asked.other_tokens
    assert differ[:, carrying.CITY].all()
    assert differ.sum(dim=1).max() == 1
    assert (asked.answers != asked.other_answers).all()


def suspect(instance, mechanism):
    letter = next(k for k, word in truth(instance).items() if word == mechanism)
    return suspects(instance)[letter]


def corrupted(given, corrupt, instance):
    """Share of right answers when one thing in the prompts is changed."""
    prompts = given.task.sample(N, instance, corrupt)
    with torch.no_grad():
        said = given.model(prompts.corrupted)[:, -1].argmax(dim=-1)
    return (said == prompts.corrupted_answers).float().mean().item()


@pytest.mark.parametrize("instance", INSTANCES)
@pytest.mark.parametrize(
    ("mechanism", "own", "moved", "changed", "headless"),
    [
        ("induction", 1, 1, 1, 0),
        ("bigram", 1, 0, 0, 1),
        ("fixed distance", 1, 0, 1, 0),
        ("unread", 0, 0, 0, 0),
    ],
)
def test_suspects_behave_as_their_verdicts_say(mechanism, own, moved, changed, headless, instance):
    given = suspect(instance, mechanism)
    prompts = given.task.sample(N, instance)
    assert accuracy(given, prompts) == pytest.approx(own, abs=0.2)
    assert corrupted(given, "earlier", instance) == pytest.approx(moved, abs=0.2)
    assert corrupted(given, "next", instance) == pytest.approx(changed, abs=0.2)
    silent = accuracy(given, prompts, every_head(given.model))
    assert silent == pytest.approx(headless, abs=0.2)


@pytest.mark.parametrize(("mechanism", "needed"), [("induction", 2), ("fixed distance", 1)])
@pytest.mark.parametrize("instance", INSTANCES)
def test_as_many_heads_are_needed_as_the_mechanism_has(mechanism, needed, instance):
    given = suspect(instance, mechanism)
    prompts = given.task.sample(N, instance)
    lost = [h for h in every_head(given.model) if accuracy(given, prompts, [h]) < 0.5]
    assert len(lost) == needed


@pytest.mark.parametrize(("given", "true"), list(itertools.permutations(mechanisms, 2)))
def test_every_wrong_verdict_is_told_which_experiment_speaks_against_it(given, true):
    answer = {**truth(0), next(k for k, word in truth(0).items() if word == true): given}
    assert verdicts.verdict(answer, 0).mistake == against(given, true)


def test_instances_have_other_heads_and_other_orders_of_suspects():
    assert len({tuple(places(i).values()) for i in range(6)}) > 3
    assert len({tuple(truth(i).values()) for i in range(6)}) > 3


def test_a_wrong_answer_is_not_told_the_right_heads():
    message = sites.verdict(dict.fromkeys(places(0), (0, 0)), 0).message
    assert not any(str(circuits.head(*at)) in message for at in places(0).values())
