"""Checks on causal scrubbing: chance decides nothing, and neither does the order of the draws."""

import pytest
import torch
from torch.nn.functional import cross_entropy, kl_div

from interp_course.checks import causal_scrubbing
from interp_course.checks.causal_scrubbing import Node, computations, recursion

SEEDS = range(20)


def by_weights(labels, references, generator):
    same = labels[references][:, None] == labels
    return torch.multinomial(same.double(), 1, generator=generator)[:, 0]


@pytest.mark.parametrize("seed", SEEDS)
def test_fair_draws_pass(seed):
    assert causal_scrubbing.same_class.verdict(by_weights, seed).passed


@pytest.mark.parametrize("seed", SEEDS)
def test_draws_that_favour_a_row_fail(seed):
    def favoured(labels, references, generator):
        drawn = by_weights(labels, references, generator)
        again = torch.rand(len(drawn), generator=generator) < 0.3
        return torch.where(again, drawn.minimum(by_weights(labels, references, generator)), drawn)

    mistake = causal_scrubbing.same_class.verdict(favoured, seed).mistake
    assert mistake is not None
    assert "more often than others" in mistake


def test_a_data_point_that_is_drawn_has_the_feature_of_its_reference():
    draw = computations.Draws(0, {})
    reference = draw(None, (0, 0, 0, 0))
    for feature in computations.FEATURES:
        assert feature(draw(feature, reference)) == feature(reference)


def test_the_same_call_draws_another_data_point_each_time():
    draw = computations.Draws(0, {})
    assert len({draw(None, (1, 2, 3, 4)) for _ in range(50)}) == 50


@pytest.mark.parametrize(
    ("args", "message"), [(("a feature", (1, 2, 3, 4)), "comes first"), ((None, 7), "data point")]
)
def test_a_draw_says_what_is_wrong_with_its_arguments(args, message):
    with pytest.raises(Exception, match=f"{message}|Type-check error"):
        computations.Draws(0, {})(*args)


def test_each_input_needs_a_flag():
    leaf = Node(sum)
    with pytest.raises(ValueError, match="got 1 for 2 inputs"):
        Node(sum, (leaf, leaf), (True,))


def test_a_tree_runs_from_its_leaves():
    tree = Node(max, (Node(sum), Node(min)), (True, False))
    assert causal_scrubbing.run(tree, (4, 5, 6)) == 15


@pytest.mark.parametrize("seed", SEEDS)
def test_right_values_differ_only_where_inputs_share_a_feature(seed):
    for case in causal_scrubbing.scrub.cases(seed):
        features = [feature_list(node) for node in nodes(case.args[0])]
        shared = sum(len(found) - len(set(found)) for found in features)
        assert len(list(recursion._right_values(*case.args))) == 2**shared


def nodes(node):
    """The nodes that the recursion comes to."""
    below = zip(node.inputs, node.important, strict=True)
    return [node, *(n for child, named in below if named for n in nodes(child))]


def feature_list(node):
    pairs = zip(node.inputs, node.important, strict=True)
    return [child.feature for child, named in pairs if named]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_card_is_that_of_torch(seed):
    for case in causal_scrubbing.scorecard.cases(seed):
        scrubbed, model, labels = (a.double() if a.is_floating_point() else a for a in case.args)
        log_q, log_p = scrubbed.log_softmax(1), model.log_softmax(1)
        card = {
            "loss": cross_entropy(scrubbed, labels).item(),
            "accuracy": (scrubbed.argmax(1) == labels).double().mean().item(),
            "kl": kl_div(log_q, log_p, reduction="batchmean", log_target=True).item(),
        }
        assert causal_scrubbing.scorecard.oracle(*case.args) == pytest.approx(card, rel=1e-5)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_other_constant_costs_less_than_the_baseline(seed):
    rng = torch.Generator().manual_seed(seed)
    for case in causal_scrubbing.constant_baseline.cases(seed):
        labels, d_vocab = case.args
        best = causal_scrubbing.constant_baseline.oracle(labels, d_vocab)
        counts = torch.bincount(labels, minlength=d_vocab) + 1e-3
        logits = counts.log() + 0.1 * torch.randn(d_vocab, generator=rng)
        assert cross_entropy(logits.expand(len(labels), -1), labels) > best


@pytest.mark.parametrize("seed", SEEDS)
def test_one_of_the_shares_is_negative_and_one_above_1(seed):
    check = causal_scrubbing.recovered
    shares = [check.oracle(*case.args) for case in check.cases(seed)]
    assert min(shares) < -0.1
    assert max(shares) > 1.05
