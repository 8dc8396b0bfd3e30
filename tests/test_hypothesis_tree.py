"""The tree says what each node claims, with what was drawn for it, and refuses other tests."""

import pytest

from interp_course import compiled
from interp_course.circuits import EMBED, LOGITS
from interp_course.scrubbing import ANY, SAME, Edge, Node, Scrubber, TokenAt, TokensBack, induced
from interp_course.widgets import HypothesisTree

EXAMPLE = compiled.induction()
PROMPTS = EXAMPLE.task.sample(1000, seed=1)
INDUCTOR, PREVIOUS = EXAMPLE.part("induction head"), EXAMPLE.part("previous-token head")
BELOW = [
    Edge("q", Node(EMBED, TokenAt(-1))),
    Edge("k", Node(PREVIOUS, TokensBack(1), per_position=True)),
    Edge("v", Node(EMBED, TokensBack(0), per_position=True, name="<words>")),
]
CLAIM = Node(LOGITS, SAME, [Edge("in", Node(INDUCTOR, SAME, BELOW), -1)])
COARSE = Node(LOGITS, SAME, [Edge("in", Node(INDUCTOR, induced), -1)])


@pytest.fixture(scope="module")
def report():
    return Scrubber(EXAMPLE.model, PROMPTS.tokens, PROMPTS.answers).test(CLAIM, 30)


def facts(tree: HypothesisTree, index: int) -> dict[str, str]:
    return dict(tree.nodes[index]["facts"])


def test_nodes_come_from_the_top_each_with_its_reader():
    nodes = HypothesisTree(CLAIM).nodes
    assert [node["parent"] for node in nodes] == [None, 0, 1, 1, 1]
    assert [node["level"] for node in nodes] == [0, 1, 2, 2, 2]
    assert [node["on_edge"] for node in nodes] == ["", "at -1", "q", "k", "v"]


def test_a_sentence_says_reader_slot_place_and_claim():
    tree = HypothesisTree(CLAIM)
    assert tree.sentence(0) == "logits keeps its own input."
    assert tree.sentence(1) == f"{INDUCTOR}, read by logits at -1, keeps its own input."
    expected = f"{PREVIOUS}, read by {INDUCTOR} through k, matters through"
    assert tree.sentence(3) == f"{expected} {TokensBack(1)!r}, per position only."


def test_a_node_that_may_be_exchanged_for_anything_says_so():
    tree = HypothesisTree(Node(LOGITS, SAME, [Edge("in", Node(INDUCTOR, ANY))]))
    assert tree.sentence(1) == f"{INDUCTOR}, read by logits, may have any input."


def test_the_facts_of_a_node_without_a_test():
    assert facts(HypothesisTree(COARSE), 1) == {
        "site": str(INDUCTOR),
        "what matters": "induced",
        "read by": "logits",
        "where it counts": "at -1",
        "below it": "nothing is claimed: all of it is run on one input",
    }


def test_nodes_that_share_a_sample_say_with_whom():
    shared = [Edge(slot, Node(EMBED, TokenAt(-1), share="both")) for slot in "qk"]
    tree = HypothesisTree(Node(LOGITS, SAME, [Edge("in", Node(INDUCTOR, SAME, shared))]))
    assert facts(tree, 2)["one sample with"] == "all siblings that share 'both'"
    assert facts(tree, 1)["below it"] == "2 inputs claimed to matter, all others not"


def test_a_test_adds_the_share_exchanged_at_every_node(report):
    tree, plan = HypothesisTree(CLAIM, report), report.plan
    assert [n["share"] for n in tree.nodes] == [plan.share_resampled(d) for d in plan.draws]
    assert tree.nodes[0]["share"] == 0
    assert tree.sentence(2).endswith(f"{tree.nodes[2]['share']:.0%} of its rows were exchanged.")


def test_a_test_adds_samples_and_classes(report):
    tree, length = HypothesisTree(CLAIM, report), PROMPTS.tokens.shape[1]
    assert facts(tree, 3)["samples"] == f"30 references, {length} rows each (one per position)"
    assert facts(tree, 2)["samples"] == "30 references"
    assert facts(tree, 1)["classes"].endswith(" of 1 to 1")


def test_the_draws_belong_to_the_nodes_beside_them(report):
    labels = [draw.node.label for draw in report.plan.draws]
    assert [node["label"] for node in HypothesisTree(CLAIM, report).nodes] == labels


def test_the_caption_tells_a_report_from_a_plan_and_from_neither(report):
    captions = [HypothesisTree(CLAIM, tested).caption for tested in (None, report.plan, report)]
    assert captions[0] == "A hypothesis of 5 nodes, not tested."
    assert captions[1] == "A hypothesis of 5 nodes, 30 samples drawn."
    assert f"loss {report.loss} (model {report.model_loss})" in captions[2]


def test_the_description_has_the_claim_the_outline_and_the_chosen_node(report):
    tree = HypothesisTree(CLAIM, report, index=3)
    text = tree.describe()
    assert f"{INDUCTOR} reads {PREVIOUS} through k" in text
    assert str(CLAIM) in text
    assert text.splitlines()[-1].startswith("rows exchanged")


def test_the_fallback_indents_and_escapes(report):
    html = HypothesisTree(CLAIM, report)._fallback()
    assert "\N{NO-BREAK SPACE}" * 8 + "&lt;words&gt;" in html
    assert html.count("<tr>") == 6


@pytest.mark.parametrize("index", [5, -6])
def test_a_node_that_is_not_there_is_refused(index):
    with pytest.raises(ValueError, match="index must be between 0 and 4"):
        HypothesisTree(CLAIM, index=index)


def test_a_later_choice_out_of_range_is_refused():
    with pytest.raises(ValueError, match="index must be between 0 and 4, got 9"):
        HypothesisTree(CLAIM).index = 9


def test_a_test_of_another_hypothesis_is_refused(report):
    with pytest.raises(ValueError, match="tested is for another hypothesis"):
        HypothesisTree(COARSE, report)


def test_a_tree_too_large_to_read_is_refused():
    edges = [Edge("in", Node(INDUCTOR, ANY)) for _ in range(200)]
    with pytest.raises(ValueError, match="at most 200 nodes can be shown, got 201"):
        HypothesisTree(Node(LOGITS, SAME, edges))


def test_a_saved_tree_is_small(report):
    assert len(str(HypothesisTree(CLAIM, report).get_state())) < 40_000
