"""Hypotheses about networks set by hand are accepted and rejected as they must be.

The cases are those of the tests of Redwood Research's own implementation: intermediates that
cancel, intermediates that are swapped, correlated data, a variable spread over two nodes.
"""

import itertools

import pytest
import torch
from scrub_networks import ADDER, EVERY, A, B, a, answer, b, c, induction, repeats

from interp_course.circuits import EMBED, LOGITS, head
from interp_course.scrubbing import (
    ANY,
    SAME,
    Edge,
    Moved,
    Node,
    Scrubber,
    Stream,
    TokenAt,
    TokensBack,
    equivalent,
    induced,
    match_position,
)

TOKENS, LABELS = EVERY.tokens, EVERY.answers


@pytest.fixture(scope="module")
def adder():
    return Scrubber(ADDER.model, TOKENS, LABELS)


@pytest.fixture(scope="module")
def copier():
    return Scrubber(induction(), *repeats())


def claims(*nodes) -> Node:
    return Node(LOGITS, SAME, [Edge("in", node, -1) for node in nodes])


def expected_accuracy(feature_of_a, feature_of_b) -> float:
    """By enumeration: A sees any input that agrees on its feature, B any other that does."""

    def options(feature, reference):
        return [r for r in TOKENS if feature(r[None]) == feature(reference[None])]

    shares = []  # one for each reference, however large its classes are
    for reference in TOKENS:
        for_a, for_b = (options(f, reference) for f in (feature_of_a, feature_of_b))
        pairs = [(x[None], y[None]) for x, y in itertools.product(for_a, for_b)]
        found = torch.cat([a(x) + c(x) + b(y) - c(y) for x, y in pairs])
        shares.append((found.clamp(0, 4) == answer(reference[None])).double().mean().item())
    return sum(shares) / len(shares)


def agrees(scrubber, hypothesis, expected) -> bool:
    accuracy = scrubber.test(hypothesis, 3000).accuracy
    return abs(accuracy.mean - expected) < 4 * accuracy.error + 1e-9


def test_the_network_is_right_on_every_input(adder):
    assert adder.test(Node(LOGITS, SAME), 500).accuracy.mean == 1


@pytest.mark.parametrize(("of_a", "of_b"), [(a, b), (b, a), (answer, answer), (a, c)])
def test_the_accuracy_after_scrubbing_is_the_enumerated_one(adder, of_a, of_b):
    hypothesis = claims(Node(A, of_a), Node(B, of_b))
    assert agrees(adder, hypothesis, expected_accuracy(of_a, of_b))


def test_intermediates_that_cancel_are_not_mistaken_for_their_sum(adder):
    """A and B carry c and -c, which the claim "A is a and B is b" leaves out."""
    assert expected_accuracy(a, b) < 0.6
    assert agrees(adder, claims(Node(A, a), Node(B, b)), expected_accuracy(a, b))


def test_swapped_intermediates_are_rejected_although_the_sum_is_right(adder):
    swapped = adder.test(claims(Node(A, b), Node(B, a)), 2000)
    assert swapped.accuracy.mean < 0.5
    assert swapped.recovered["best constant"].mean < 0


def test_a_variable_spread_over_two_nodes_is_found_in_both_together(adder):
    joint = [Node(part, answer, share="both") for part in (A, B)]
    assert adder.test(claims(*joint), 1000).accuracy.mean == 1
    assert adder.test(claims(Node(A, answer), Node(B, answer)), 1000).accuracy.mean < 0.6
    assert adder.test(claims(Node(A, answer)), 1000).accuracy.mean < 0.6


def test_data_that_are_correlated_cannot_tell_two_hypotheses_apart():
    rows = (a(TOKENS) == b(TOKENS)) & (c(TOKENS) == 0)
    few = Scrubber(ADDER.model, TOKENS[rows].repeat(4, 1), LABELS[rows].repeat(4))
    right, swapped = (claims(Node(A, f), Node(B, g)) for f, g in ((a, b), (b, a)))
    assert few.test(swapped, 300).accuracy.mean == 1
    assert equivalent(right, swapped, few.tokens)
    assert not equivalent(right, swapped, TOKENS)


def test_what_is_below_a_leaf_stays_together_and_below_an_empty_node_falls_apart(adder):
    leaf = claims(Node(A, SAME), Node(B, SAME))
    empty = claims(Node(A, SAME, []), Node(B, SAME, []))
    assert adder.test(leaf, 500).accuracy.mean == 1
    assert adder.test(empty, 3000).accuracy.mean < 0.6


def test_positions_of_an_edge_say_which_values_a_head_reads(adder):
    """A reads a and c where they stand; B needs b and the same c."""

    def reads(part, *edges):
        return Node(part, SAME, [Edge("v", Node(EMBED, f), p) for f, p in edges])

    at = {name: int(places[0]) for name, places in EVERY.positions.items()}
    right = claims(reads(A, (a, at["a"]), (c, at["c"])), reads(B, (b, at["b"]), (c, at["c"])))
    wrong = claims(reads(A, (a, at["a"]), (c, at["b"])), reads(B, (b, at["b"]), (c, at["c"])))
    assert adder.test(right, 500).accuracy.mean == 1
    assert adder.test(wrong, 500).accuracy.mean < 0.6


def textbook(**replaced) -> Node:
    edges = {
        "q": Node(EMBED, TokenAt(-1)),
        "k": Node(Moved(head(0, 0), 1), TokensBack(1), per_position=True),
        "v": Node(EMBED, TokensBack(0), per_position=True),
    }
    return claims(Node(head(1, 0), SAME, [Edge(s, n) for s, n in (edges | replaced).items()]))


def test_the_textbook_account_of_induction_is_accepted(copier):
    report = copier.test(textbook(), 500)
    assert report.accuracy.mean == 1
    assert report.kl.mean < 1e-3
    assert report.resampled > 0.5


@pytest.mark.parametrize("slot", ["q", "k", "v"])
def test_the_textbook_account_fails_with_any_one_input_exchanged_at_will(copier, slot):
    assert copier.test(textbook(**{slot: Node(EMBED, ANY)}), 500).accuracy.mean < 0.5


def test_a_head_is_what_it_says_to_copy_and_not_where_it_looks(copier):
    assert copier.test(claims(Node(head(1, 0), induced)), 500).accuracy.mean == 1
    assert copier.test(claims(Node(head(1, 0), match_position)), 500).accuracy.mean < 0.3


def test_query_and_key_may_be_exchanged_together_but_not_separately(copier):
    """Another input with the match at the same place attends there, if both come from it."""
    keeps = Edge("v", Node(Stream(1), SAME))
    where = Node(Stream(1), match_position)
    joint = claims(Node(head(1, 0), SAME, [Edge("qk", where), keeps]))
    apart = claims(Node(head(1, 0), SAME, [Edge("q", where), Edge("k", where), keeps]))
    assert copier.test(joint, 500).accuracy.mean == 1
    assert copier.test(apart, 500).accuracy.mean < 0.7


def test_siblings_that_share_a_sample_are_as_good_as_one_edge(copier):
    where = Node(Stream(1), match_position, share="match")
    edges = [Edge("q", where), Edge("k", where), Edge("v", Node(Stream(1), SAME))]
    assert copier.test(claims(Node(head(1, 0), SAME, edges)), 500).accuracy.mean == 1


def test_an_empty_hypothesis_leaves_what_shuffled_inputs_leave(copier):
    report = copier.test(Node(LOGITS, SAME, []), 3000)
    ratio = report.recovered["shuffled inputs"]
    assert abs(ratio.mean) < 4 * ratio.error
