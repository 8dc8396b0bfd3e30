"""On networks whose circuit is known, the true hypothesis passes and wrong ones do not."""

import functools
from typing import Any

import pytest

from interp_course import compiled
from interp_course.circuits import EMBED, LOGITS
from interp_course.scrubbing import SAME, Edge, Node, Report, Scrubber, TokenAt, TokensBack

SHUFFLED, CONSTANT = "shuffled inputs", "best constant"
CASES = [(instance, rotate) for instance in (0, 1, 2) for rotate in (False, True)]


@functools.cache
def network(instance: int, rotate: bool) -> tuple[Any, Scrubber]:
    built = compiled.induction(instance=instance, rotate=rotate)
    prompts = built.task.sample(2_000, seed=1)
    return built, Scrubber(built.model, prompts.tokens, prompts.answers)


def scrubbed(case: tuple[int, bool], node: Node) -> Report:
    """The network with all but this node's claim exchanged at the last position."""
    scrubber = network(*case)[1]
    return scrubber.test(Node(LOGITS, SAME, [Edge("in", node, -1)]), n_samples=1_000)


def reading(case: tuple[int, bool], keys: Node) -> Node:
    """The induction head, by what its queries, keys and values read."""
    values = Node(EMBED, TokensBack(0), per_position=True)
    edges = [Edge("q", Node(EMBED, TokenAt(-1))), Edge("k", keys), Edge("v", values)]
    return Node(network(*case)[0].part("induction head"), SAME, edges)


def previous(case: tuple[int, bool]) -> Node:
    return Node(network(*case)[0].part("previous-token head"), TokensBack(1), per_position=True)


@pytest.mark.parametrize("case", CASES)
def test_the_true_circuit_recovers_everything(case):
    report = scrubbed(case, reading(case, previous(case)))
    assert report.recovered[SHUFFLED].mean == pytest.approx(1, abs=1e-6)
    assert (abs(report.kl.mean) < 1e-6, report.accuracy.mean) == (True, 1)
    assert report.resampled > 0.9


@pytest.mark.parametrize("case", CASES)
def test_the_output_of_the_head_is_the_token_after_the_match(case):
    part = network(*case)[0].part("induction head")
    following = network(*case)[0].features[str(part)]
    report = scrubbed(case, Node(part, lambda tokens: following(tokens)[:, -1]))
    assert report.recovered[SHUFFLED].mean == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("case", CASES)
def test_a_head_that_does_something_else_recovers_nothing(case):
    built, true = network(*case)[0], network(*case)[0].part("induction head")
    others = [p for p in built.roles if p.kind == "head" and p.layer == true.layer and p != true]
    for part in others:
        assert scrubbed(case, Node(part, SAME)).recovered[SHUFFLED].mean < 0.05


@pytest.mark.parametrize("case", CASES)
def test_a_wrong_feature_recovers_nothing(case):
    part = network(*case)[0].part("induction head")
    assert scrubbed(case, Node(part, TokenAt(-1))).recovered[SHUFFLED].mean < 0.05


@pytest.mark.parametrize("case", CASES)
def test_wrong_keys_recover_half_of_the_loss_and_no_answers(case):
    """Being unsure beats being wrong: the share of the loss alone misleads."""
    report = scrubbed(case, reading(case, Node(EMBED, TokensBack(0), per_position=True)))
    assert report.recovered[SHUFFLED].mean > 0.3
    assert report.accuracy.mean < 0.1
    assert report.recovered[CONSTANT].mean < 0
