"""Hypotheses are read easily, compared by what they claim, and refused where they make no sense."""

import pytest
import torch
from scrub_cases import last, pair, parity_here, tokens, total

from interp_course import figures
from interp_course.circuits import EMBED, LOGITS, POSITIONS, head, mlp
from interp_course.scrubbing import (
    ANY,
    SAME,
    Edge,
    Moved,
    Node,
    Stream,
    Subspace,
    TokenAt,
    TokensBack,
    branches,
    differences,
    equivalent,
    from_graph,
    in_words,
    induced,
    match_position,
    mermaid,
    whole_model,
)

TOKENS = tokens(40)
A, B = head(0, 0), head(1, 0)


def over(*edges) -> Node:
    return Node(LOGITS, SAME, edges)


CLAIM = over(
    Edge(
        "in",
        Node(
            B,
            induced,
            [Edge("qk", Node(EMBED, ANY)), Edge("v", Node(A, TokensBack(1), [], True))],
        ),
        -1,
    )
)


def same(a: Node, b: Node, data=TOKENS) -> bool:
    return equivalent(over(Edge("in", a)), over(Edge("in", b)), data)


def refuses(message):
    return pytest.raises((ValueError, TypeError), match=f"{message}|Type-check error")


def test_a_hypothesis_prints_as_a_tree():
    assert str(CLAIM).splitlines() == [
        "logits (same)",
        "└─ L1.H0 (induced) at -1",
        "   ├─ qk: embed (any)",
        "   └─ v: L0.H0 (token 1 back, per position; nothing below it matters)",
    ]


def test_its_short_form_is_close_to_what_was_written():
    assert repr(over(Edge("in", Node(Moved(A, 1), SAME, share="s"), [0, 2]))) == (
        "Node(logits, same, [Edge('in', Node(L0.H0 from 1 back, same, share='s') at 0, 2)])"
    )


def test_equal_claims_are_equal_and_have_one_hash():
    edges = [Edge(s, Node(EMBED, TokenAt(-1))) for s in ("qk", "kq", ["k", "q"])]
    assert len(set(edges)) == 1
    assert Edge("q", Node(EMBED, TokenAt(-1))) != Edge("q", Node(EMBED, TokenAt(0)))


def test_a_new_name_changes_nothing_but_the_print():
    node = Node(B, induced).renamed("copier")
    assert node == Node(B, induced)
    assert str(node) == "copier (induced)"


def test_features_are_the_same_if_they_group_the_data_in_the_same_way():
    assert same(Node(B, lambda t: t[:, 0]), Node(B, lambda t: 10 - t[:, 0]))
    assert same(Node(B, ANY), Node(B, lambda t: 0 * t[:, 0]))
    assert same(Node(B, SAME), Node(B, lambda t: t.flip(1)))
    assert not same(Node(B, last), Node(B, total))


def test_features_may_agree_on_some_data_only():
    first, second = Node(B, lambda t: t[:, 0]), Node(B, lambda t: t[:, 1])
    twins = TOKENS.clone()
    twins[:, 1] = twins[:, 0]
    assert same(first, second, twins)
    assert not same(first, second)


def test_the_order_of_siblings_and_the_words_of_shares_do_not_matter():
    def both(one, two):
        return Node(B, SAME, [Edge(s, Node(A, last, share=word)) for s, word in (one, two)])

    assert same(both(("q", "x"), ("k", "x")), both(("k", "y"), ("q", "y")))
    assert not same(both(("q", "x"), ("k", "x")), both(("q", "x"), ("k", "y")))
    assert same(both(("q", None), ("k", None)), both(("q", "x"), ("k", "y")))


def test_one_sample_for_two_inputs_is_another_claim_than_two():
    joint = Node(B, SAME, [Edge("qk", Node(A, last))])
    apart = Node(B, SAME, [Edge(slot, Node(A, last)) for slot in "qk"])
    assert not same(joint, apart)


@pytest.mark.parametrize(
    "other",
    [Node(A, last), Node(B, last, []), Node(B, parity_here, per_position=True), Node(mlp(1), last)],
)
def test_other_claims_are_not_equivalent(other):
    assert not same(Node(B, last), other)


def test_positions_count_by_what_they_select():
    a, b, c = (over(Edge("in", Node(B, last), p)) for p in (-1, [5], [4]))
    assert equivalent(a, b, TOKENS)
    assert not equivalent(a, c, TOKENS)
    everywhere = [over(Edge("in", Node(B, last), p)) for p in (None, range(6))]
    assert equivalent(*everywhere, TOKENS)


def test_subspaces_count_by_what_they_span():
    x = torch.randn(2, 5, generator=torch.Generator().manual_seed(0))
    a, b, c = (Subspace(directions) for directions in (x, torch.stack([x[1], x[0] + x[1]]), x[:1]))
    assert a == b
    assert hash(a) == hash(b)
    assert a != c
    assert equivalent(*(over(Edge("in", Node(B), None, s)) for s in (a, b)), TOKENS)
    torch.testing.assert_close(a.project(x), x)


def test_differences_are_shown_line_by_line():
    changed = differences(over(Edge("in", Node(A, last))), over(Edge("in", Node(B, last))))
    assert changed == ["  logits (same)", "- └─ L0.H0 (last)", "+ └─ L1.H0 (last)"]


GRAPH = {"out": Node(LOGITS, SAME), "top": Node(B, SAME), "low": Node(A, last)}


def test_a_graph_is_unrolled_into_a_tree():
    edges = [("top", "in", "out"), ("low", "q", "top"), ("low", Edge("k", Node(A), 0), "top")]
    low = Node(A, last)
    expected = over(Edge("in", Node(B, SAME, [Edge("q", low), Edge("k", low, 0)])))
    assert from_graph(GRAPH, edges) == expected


@pytest.mark.parametrize(
    ("edges", "message"),
    [
        ([("top", "in", "out")], "one root, but nothing reads 'out', 'low'"),
        ([("top", "in", "out"), ("low", "q", "top"), ("top", "q", "low")], "cycle among 'top', 'l"),
        ([("other", "in", "out")], "an edge names 'other'; there are out, top, low"),
        ([("low", "in", "out"), ("top", "q", "low")], "L1.H0 is not upstream of L0.H0|top is not"),
    ],
)
def test_a_graph_that_is_no_hypothesis_is_refused(edges, message):
    with refuses(message):
        from_graph(GRAPH, edges)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Node(A, SAME, [Edge("q", Node(B))]), "L1.H0 is not upstream of L0.H0"),
        (lambda: Node(A, SAME, [Edge("q", Node(mlp(0)))]), "L0.MLP is not upstream of L0.H0"),
        (lambda: Node(A, SAME, [Edge("q", Node(Stream(1)))]), "stream into L1 is not upstream"),
        (lambda: Node(LOGITS, SAME, [Edge("q", Node(B))]), "logits has the inputs in, but L1.H0"),
        (lambda: Node(EMBED, SAME, []), "embed has no inputs"),
        (lambda: Node(A, "sam"), "L0.H0: the feature must be SAME, ANY or a function"),
        (lambda: Edge("qq", Node(A)), "slots must name each input once, got 'qq'"),
        (lambda: Edge("", Node(A)), "slots must name each input once, got ''"),
        (lambda: Moved(EMBED, 1), "only heads move information"),
        (lambda: Moved(A, -1), "at least 0, got -1"),
        (lambda: Subspace(torch.ones(2, 3)), "the 2 directions are linearly dependent"),
    ],
)
def test_what_makes_no_sense_is_refused_at_once(make, message):
    with refuses(message):
        make()


def test_the_whole_model_has_a_node_for_every_path():
    hypothesis = whole_model(pair("LayerNorm")[0])
    assert sum(1 for _ in hypothesis.walk()) == 468


def test_a_model_with_too_many_paths_is_refused_with_their_number():
    with refuses("this model has 468 paths, more than max_nodes = 400"):
        whole_model(pair("LayerNorm")[0], max_nodes=400)


def test_a_diagram_has_every_node_and_says_itself_in_words():
    text = mermaid(CLAIM)
    assert text.count('["') == 4
    assert 'n2 -- "qk" --> n1' in text
    assert f"accDescr: {in_words(CLAIM)}" in text


def test_signs_that_a_diagram_would_misread_are_escaped():
    odd = over(Edge("in", Node(B, last, name='a "b" <c>')))
    assert "a #quot;b#quot; #lt;c#gt;<br/>last" in mermaid(odd)


def test_the_words_say_every_claim():
    assert in_words(CLAIM) == (
        "logits: its own input is kept. logits reads L1.H0 at -1: all that matters is induced. "
        "L1.H0 reads embed through q and k: any input will do. L1.H0 reads L0.H0 through v: all "
        "that matters is token 1 back, per position. Nothing that L0.H0 reads matters."
    )


def test_a_hypothesis_can_be_drawn():
    picture = figures.tree(branches(CLAIM), title="Induction", alt=in_words(CLAIM))
    assert picture.alt == in_words(CLAIM)


@pytest.mark.parametrize(
    ("boxes", "message"),
    [
        ([], "one root"),
        ([("a", None, ""), ("b", None, "")], "one root"),
        ([("a", None, ""), ("b", 1, "")], "box 1 points to 1"),
        ([("a", None, ""), *[("b", 0, "")] * 30], "at most 24 leaves.*got 30"),
        ([("a", None, ""), (" ", 0, "")], "label is empty"),
    ],
)
def test_a_tree_that_cannot_be_drawn_is_refused(boxes, message):
    with refuses(message):
        figures.tree(boxes, title="x", alt="y")


def test_positions_are_not_part_of_the_embedding():
    assert over(Edge("in", Node(EMBED))) != over(Edge("in", Node(POSITIONS)))


def test_the_features_of_induction_by_hand():
    data = torch.tensor([[0, 5, 6, 7, 5], [0, 5, 6, 7, 8], [5, 5, 6, 5, 6]])
    assert match_position(data).tolist() == [1, -1, 2]
    assert induced(data).tolist() == [6, -1, 5]
    assert TokenAt(-2)(data).tolist() == [7, 7, 5]
    assert TokensBack(1)(data)[0].tolist() == [-1, 0, 5, 6, 7]
    assert TokensBack(9)(data).unique().tolist() == [-1]
