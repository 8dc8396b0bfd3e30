"""The order of six hypotheses is that of the rules, with wide margins, in every instance."""

import functools
import itertools

import pytest

from interp_course.checks.causal_scrubbing import candidates, ranking
from interp_course.checks.causal_scrubbing.ranking import KEEPING, LETTERS, LOSING, kinds, truth

INSTANCES = pytest.mark.parametrize("instance", [0, 1, 2, 3, 17])


@functools.cache
def reports(instance, seed=0):
    """The test of each kind of hypothesis."""
    scrubber, nodes = candidates(instance)
    letters = zip(kinds, truth(instance), strict=True)
    return {kind: scrubber.test(nodes[letter], 1_000, seed=seed) for kind, letter in letters}


@INSTANCES
def test_three_hypotheses_keep_the_behaviour_and_three_lose_it(instance):
    found = reports(instance)
    for kind in KEEPING:
        assert found[kind].accuracy.mean == found[kind].model_accuracy.mean == 1
        assert found[kind].kl.mean < 1e-3
    for kind in LOSING:
        assert found[kind].accuracy.mean < 0.65
        assert found[kind].kl.mean > 1


@INSTANCES
def test_of_those_that_keep_it_two_exchange_nearly_everything_and_one_hardly_anything(instance):
    fine, coarse, empty = (reports(instance)[kind] for kind in KEEPING)
    assert abs(fine.resampled - coarse.resampled) < 0.05
    assert min(fine.resampled, coarse.resampled) > empty.resampled + 0.4


@INSTANCES
def test_the_finer_of_two_has_more_nodes_and_so_has_the_empty_one(instance):
    fine, coarse, empty = (len(reports(instance)[kind].plan.draws) for kind in KEEPING)
    assert fine == empty > coarse


@INSTANCES
@pytest.mark.parametrize("seed", [0, 1])
def test_accuracies_of_those_that_lose_it_are_far_apart(instance, seed):
    half, lumped, unsure = (reports(instance, seed)[kind].accuracy for kind in LOSING)
    assert half.mean - lumped.mean > 6 * (half.error + lumped.error)
    assert lumped.mean - unsure.mean > 3 * (lumped.error + unsure.error)


@INSTANCES
def test_the_loss_recovered_and_the_kl_put_the_last_two_the_other_way_round(instance):
    _, lumped, unsure = (reports(instance)[kind] for kind in LOSING)
    recovered = [r.recovered["shuffled inputs"].mean for r in (lumped, unsure)]
    assert recovered[1] - recovered[0] > 0.2
    assert lumped.kl.mean - unsure.kl.mean > 3


@pytest.mark.parametrize("instance", range(31))
def test_neither_the_order_of_the_letters_nor_its_reverse_solves_the_ties(instance):
    keeping = list(truth(instance)[:3])
    assert sorted(truth(instance)) == list(LETTERS)
    assert keeping not in (sorted(keeping), sorted(keeping, reverse=True))


def test_every_wrong_order_is_named_and_none_is_told_the_right_one():
    right = truth(0)
    for order in itertools.permutations(right):
        found = ranking.verdict("".join(order), 0)
        assert found.passed == ("".join(order) == right)
        assert found.passed or found.mistake
        assert found.passed or right not in found.message


@pytest.mark.parametrize("write", [list, tuple, str.lower, " > ".join, ", ".join])
def test_an_order_may_be_written_in_several_ways(write):
    assert ranking.verdict(write(truth(4)), 4).passed


@pytest.mark.parametrize("answer", [3, "", "ABCDEFG", ["A", 2], None, {"A": 1}])
def test_what_is_no_order_is_refused(answer):
    assert not ranking.verdict(answer, 0).passed


def test_instances_have_other_orders_and_other_heads():
    assert len({truth(i) for i in range(12)}) > 9
    sites = {str(n) for i in range(4) for n in candidates(i)[1].values()}
    assert len(sites) > 12
