"""Plans are drawn as the paper says, can be repeated, and refuse what cannot be meant."""

import re

import pytest
import torch
from scipy import stats
from scrub_cases import LENGTH, last, parity_here, tokens, total, where_even

from interp_course import circuits
from interp_course.circuits import EMBED, LOGITS, POSITIONS, head, mlp
from interp_course.scrubbing import (
    ANY,
    SAME,
    Edge,
    Moved,
    Node,
    Stream,
    Subspace,
    TokensBack,
    cost,
    plan,
)

TOKENS = tokens(60)
HEAD = head(1, 0)
WRITERS = (EMBED, head(0, 0), head(0, 1))


def over(*edges) -> Node:
    return Node(LOGITS, SAME, edges)


def one(node, slots="in", **options):
    """The draw of a node right below the logits."""
    return plan(over(Edge(slots, node)), TOKENS, **options).draws[1]


def refuses(message):
    return pytest.raises((ValueError, TypeError), match=f"{message}|Type-check error")


def is_uniform(counts) -> bool:
    """Chi-square at the level 0.001."""
    return stats.chisquare(counts).pvalue > 0.001


@pytest.mark.parametrize("feature", [last, total])
def test_a_row_agrees_with_its_reference_on_the_feature(feature):
    draw = one(Node(HEAD, feature), n_samples=500)
    assert torch.equal(feature(TOKENS[draw.rows]), feature(TOKENS[draw.references]))


def test_rows_are_uniform_in_the_class_and_the_reference_is_a_member():
    members = (last(TOKENS) == last(TOKENS[:1])).nonzero().flatten()
    rows = one(Node(HEAD, last), references=torch.zeros(6000, dtype=torch.long)).rows
    assert set(rows.tolist()) == set(members.tolist()) >= {0}
    assert is_uniform(torch.bincount(rows)[members])


def test_references_and_unimportant_rows_are_uniform_over_the_data():
    root = plan(Node(LOGITS, SAME, []), TOKENS, 12_000).draws[0]
    assert is_uniform(torch.bincount(root.references, minlength=60))
    assert is_uniform(torch.bincount(root.others, minlength=60))


def test_unimportant_rows_do_not_depend_on_the_references():
    root = plan(Node(LOGITS, SAME, []), TOKENS[:6], 12_000).draws[0]
    table = torch.zeros(6, 6)
    table.index_put_((root.references, root.others), torch.ones(12_000), accumulate=True)
    assert stats.chi2_contingency(table.numpy()).pvalue > 0.001


def test_two_children_with_one_feature_are_drawn_independently():
    node = Node(head(0, 0), last)
    drawn = plan(over(Edge("in", Node(HEAD, SAME, [Edge("q", node), Edge("k", node)]))), TOKENS)
    assert not torch.equal(drawn.draws[2].rows, drawn.draws[3].rows)


def test_children_that_share_a_word_have_one_sample():
    nodes = [Node(head(0, i), last, share="x") for i in range(2)]
    drawn = plan(over(*(Edge("in", node) for node in nodes)), TOKENS)
    assert torch.equal(drawn.draws[1].rows, drawn.draws[2].rows)


def test_the_row_of_a_node_is_the_reference_of_its_children():
    child = Node(HEAD, last, [Edge("q", Node(EMBED, total))])
    _, above, below = plan(over(Edge("in", child)), TOKENS).draws
    assert torch.equal(below.references, above.rows)


def test_positions_of_a_node_are_drawn_one_by_one():
    draw = one(Node(HEAD, TokensBack(0), per_position=True), n_samples=300)
    places = torch.arange(LENGTH)
    assert torch.equal(TOKENS[draw.rows, places], TOKENS[draw.references])
    assert not torch.equal(draw.rows[:, 0], draw.rows[:, 1])


def test_a_node_inside_of_positions_has_a_row_for_each():
    child = Node(HEAD, parity_here, [Edge("q", Node(EMBED, last))], per_position=True)
    _, above, below = plan(over(Edge("in", child)), TOKENS, 5).draws
    assert above.rows.shape == (5, LENGTH)
    assert torch.equal(below.references, above.rows.flatten())


def test_same_keeps_the_reference():
    draw = one(Node(HEAD, SAME), n_samples=50)
    assert torch.equal(draw.rows, draw.references)


def test_exact_keeps_the_rows_of_the_node_for_what_does_not_matter():
    draw = one(Node(HEAD, last, []), unimportant="exact")
    assert torch.equal(draw.others, draw.rows)


def test_each_draws_a_row_for_each_writer():
    draw = one(Node(HEAD, last, []), unimportant="each", writers=(*WRITERS, LOGITS))
    assert draw.others.shape == (1000, 3)
    assert not torch.equal(draw.others[:, 0], draw.others[:, 1])


def test_a_seed_repeats_a_plan_and_another_changes_it():
    a, b, c = (one(Node(HEAD, last), seed=seed).rows for seed in (3, 3, 4))
    assert torch.equal(a, b)
    assert not torch.equal(a, c)


def test_another_node_leaves_the_draws_of_the_rest_as_they_were():
    short = plan(over(Edge("in", Node(HEAD, last))), TOKENS)
    long = plan(over(Edge("in", Node(mlp(0), total)), Edge("in", Node(HEAD, last))), TOKENS)
    assert torch.equal(short.draws[1].rows, long.draws[2].rows)
    assert torch.equal(short.references, long.references)


def test_a_new_name_changes_no_draw():
    a, b = (one(node) for node in (Node(HEAD, last), Node(HEAD, last).renamed("mover")))
    assert torch.equal(a.rows, b.rows)


def test_the_cost_counts_sequences_and_multiplies_inside_of_positions():
    inner = Node(HEAD, parity_here, [Edge("q", Node(head(0, 0), ANY, []))], per_position=True)
    found = cost(over(Edge("in", inner)), 10, LENGTH)
    assert (found.nodes, found.rows) == (3, 10 + 10 * LENGTH + 10 * LENGTH)


def test_an_explosion_is_refused_with_its_size_and_where_it_is():
    inner = Node(HEAD, SAME, [Edge("k", Node(head(0, 0), ANY, [], True))], per_position=True)
    hypothesis = over(Edge("in", inner))
    message = r"3 nodes, 43,000 sequences.* for logits/L1.H0/k:L0.H0; the bound is max_rows = 9,999"
    with refuses(message):
        plan(hypothesis, TOKENS, 1000, max_rows=9_999)


def test_a_plan_shows_features_classes_and_an_example():
    shown = str(plan(over(Edge("in", Node(HEAD, last))), TOKENS, 10))
    assert "10 samples from 60 sequences" in shown
    assert re.search(r"  L1\.H0 +last +3 +\d+\.\.\d+ +\d+%  \d+ <- \d+", shown)


def test_the_share_resampled_counts_other_tokens_and_not_other_rows():
    twice = torch.cat([TOKENS[:1], TOKENS[:1]])
    drawn = plan(over(Edge("in", Node(HEAD, ANY))), twice, 100)
    assert drawn.share_resampled(drawn.draws[1]) == 0


@pytest.mark.parametrize(
    ("feature", "per_position", "message"),
    [
        (lambda t: t[:5, 0], False, r"\(60,\), got the shape \(5,\)"),
        (lambda t: t, True, None),
        (lambda t: t[:, :, None, None], False, r"logits/L1.H0: the feature \(<lambda>\) must"),
        (lambda t: t[:, 0], True, r"\[n pos\].*got the shape \(60,\)"),
        (lambda t: 3, False, "must return a tensor, got int"),
        (lambda t: t[:, 0] / torch.zeros(60), False, "returned NaN"),
    ],
)
def test_features_must_fit_the_data(feature, per_position, message):
    node = Node(HEAD, feature, per_position=per_position)
    if message is None:
        assert one(node).rows.shape == (1000, LENGTH)
    else:
        with refuses(message):
            one(node)


@pytest.mark.parametrize(
    ("edges", "message"),
    [
        ([Edge("in", Node(HEAD))] * 2, "logits has the same path twice: L1.H0"),
        ([Edge("in", Node(HEAD)), Edge("in", Node(Moved(HEAD, 1)))], "L1.H0 and L1.H0 from 1"),
        ([Edge("in", Node(EMBED)), Edge("in", Node(Stream(1)))], "embed and stream into L1"),
        ([Edge("in", Node(HEAD), -1), Edge("in", Node(HEAD), LENGTH - 1)], "the same path twice"),
        ([Edge("in", Node(HEAD), 0), Edge("in", Node(HEAD), where_even)], "the same path twice"),
        ([Edge("in", Node(HEAD), 99)], "position 99 is outside of the 6 positions"),
        ([Edge("in", Node(HEAD), last)], "must return booleans"),
        (
            [Edge("in", Node(HEAD, last, share="x")), Edge("in", Node(EMBED, total, share="x"))],
            r"logits: L1.H0 \(last\) and embed \(total\) cannot share the sample 'x'",
        ),
    ],
)
def test_siblings_that_cannot_be_meant_are_refused(edges, message):
    with refuses(message):
        plan(over(*edges), TOKENS)


@pytest.mark.parametrize(
    "edges",
    [
        [Edge("in", Node(HEAD), 0), Edge("in", Node(HEAD), [1, -1])],
        [Edge("in", Node(Moved(HEAD, 1))), Edge("in", Node(Moved(HEAD, 2)))],
        [Edge("in", Node(mlp(0))), Edge("in", Node(Stream(0)))],
        [Edge("in", Node(EMBED)), Edge("in", Node(POSITIONS))],
        [Edge("in", Node(HEAD), where_even), Edge("in", Node(HEAD), lambda t: t % 2 == 1)],
        [Edge("in", Node(HEAD), None, Subspace(torch.eye(4)[i : i + 1])) for i in range(2)],
    ],
)
def test_siblings_that_touch_different_things_are_accepted(edges):
    assert len(plan(over(*edges), TOKENS).draws) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_samples": 0}, "n_samples must be at least 1"),
        ({"references": torch.tensor([60])}, r"rows of the data set, 0 \.\. 59, got 60"),
        ({"references": torch.tensor([], dtype=torch.long)}, "references must be a list of rows"),
        ({"unimportant": "each"}, "needs the writers"),
    ],
)
def test_arguments_that_cannot_be_meant_are_refused(arguments, message):
    with refuses(message):
        plan(Node(LOGITS, SAME), TOKENS, **arguments)


def test_the_root_must_be_the_logits():
    with refuses("the root of a hypothesis stands for the logits, not L1.H0"):
        plan(Node(HEAD, SAME), TOKENS)
    with refuses("the logits are read at one position"):
        plan(Node(LOGITS, SAME, per_position=True), TOKENS)


def test_tokens_must_be_sequences_of_integers():
    for bad in (TOKENS.float(), TOKENS[0], TOKENS[:0]):
        with refuses("tokens must be integers"):
            plan(Node(LOGITS, SAME), bad)


def test_the_writers_of_each_leave_out_the_logits():
    assert (
        circuits.LOGITS
        not in plan(
            Node(LOGITS, SAME, []), TOKENS, unimportant="each", writers=(*WRITERS, LOGITS)
        ).writers
    )
