"""Six tests of hypotheses have the faults that their verdicts name, in every instance."""

import itertools

import pytest
import torch

from interp_course.checks.causal_scrubbing import pitfall_names, pitfalls, trials
from interp_course.checks.causal_scrubbing.pitfalls import against, truth
from interp_course.circuits import LOGITS
from interp_course.compiled import Total
from interp_course.scrubbing import SAME, Edge, Node

INSTANCES = pytest.mark.parametrize("instance", range(12))
FAILING = ("left out", "swapped", "separate samples")
NARROW = "correlated data"


def trial(instance, verdict):
    letter = next(letter for letter, word in truth(instance).items() if word == verdict)
    return trials(instance)[letter]


def accuracy(scrubber, node, n=500):
    return scrubber.test(node, n).accuracy.mean


def shares(found):
    """How much is resampled at each of the two heads."""
    plan = found.scrubber.plan(found.hypothesis, 500)
    return [plan.share_resampled(draw) for draw in plan.draws[1:]]


def changed(found, feature, share=None):
    """The hypothesis with other features, made from its own."""
    edges = [
        Edge("in", Node(edge.node.site, feature(edge.node.feature), share=share), -1)
        for edge in found.hypothesis.children
    ]
    return Node(LOGITS, SAME, edges)


def exchanged(total):
    return Total(a=total.b, b=total.a, c=total.c)


@INSTANCES
@pytest.mark.parametrize("seed", range(3))
def test_three_hypotheses_pass_and_three_lose_more_than_half_of_the_answers(instance, seed):
    for verdict in pitfall_names:
        found = trial(instance, verdict)
        report = found.scrubber.test(found.hypothesis, 500, seed=seed)
        assert report.accuracy.mean < 0.5 if verdict in FAILING else report.accuracy.mean == 1


@INSTANCES
def test_what_is_resampled_tells_the_vacuous_hypothesis_from_the_others(instance):
    assert max(shares(trial(instance, "vacuous"))) == 0
    assert min(shares(trial(instance, NARROW))) > 1 / 3
    assert min(shares(trial(instance, "sound"))) > 2 / 3


@INSTANCES
def test_two_variables_are_equal_in_the_correlated_data_and_in_no_others(instance):
    for verdict in pitfall_names:
        tokens = trial(instance, verdict).scrubber.tokens
        distinct, counts = tokens.unique(dim=0, return_counts=True)
        assert len(distinct) == (9 if verdict == NARROW else 27)
        assert bool((Total(a=1, b=-1)(distinct) == 0).all()) == (verdict == NARROW)
        assert len(counts.unique()) == 1


@INSTANCES
def test_on_all_prompts_the_claim_that_correlated_data_let_pass_fails(instance):
    varied, narrow = trial(instance, "sound"), trial(instance, NARROW)
    assert accuracy(varied.scrubber, narrow.hypothesis) < 0.5
    assert accuracy(narrow.scrubber, varied.hypothesis) == 1


@INSTANCES
def test_exchanging_a_and_b_mends_the_swapped_claim_and_no_other(instance):
    for verdict in (*FAILING, "sound"):
        found = trial(instance, verdict)
        right = accuracy(found.scrubber, changed(found, exchanged))
        assert right == 1 if verdict == "swapped" else right < 0.5


@INSTANCES
def test_one_sample_for_both_heads_mends_the_claim_about_their_sum(instance):
    found = trial(instance, "separate samples")
    assert accuracy(found.scrubber, changed(found, lambda f: f, share="both")) == 1
    found = trial(instance, "left out")
    for edge in found.hypothesis.children:
        node = changed(found, lambda _, edge=edge: edge.node.feature, share="both")
        assert accuracy(found.scrubber, node) < 0.7


def test_a_claim_that_leaves_out_what_cancels_is_about_the_right_variables():
    """Head by head the claim is true once c is the same everywhere."""
    found = trial(0, "left out")
    fixed = changed(found, lambda f: lambda tokens: 10 * f(tokens) + Total(c=1)(tokens))
    assert accuracy(found.scrubber, fixed) == 1


@pytest.mark.parametrize(("given", "true"), list(itertools.permutations(pitfall_names, 2)))
def test_every_wrong_verdict_is_told_what_speaks_against_it(given, true):
    letter = next(letter for letter, word in truth(0).items() if word == true)
    assert pitfalls.verdict({**truth(0), letter: given}, 0).mistake == against(given, true)


def test_a_belief_in_a_false_hypothesis_is_answered_first():
    order = {word: letter for letter, word in truth(0).items()}
    answer = {**truth(0), order["swapped"]: "left out", order["vacuous"]: "sound"}
    assert "print the plan" in pitfalls.verdict(answer, 0).message


def test_instances_have_other_heads_and_other_orders():
    heads = {tuple(e.node.site for e in trials(i)["A"].hypothesis.children) for i in range(12)}
    assert len(heads) > 3
    assert len({tuple(truth(i).values()) for i in range(12)}) > 9
    tokens = [trial(i, "sound").scrubber.tokens for i in range(2)]
    assert not torch.equal(*tokens)
