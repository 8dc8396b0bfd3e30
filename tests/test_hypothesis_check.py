"""The check of a hypothesis says the same for equal claims, and measures what it says."""

import re

import pytest
import torch

from interp_course.checks import causal_scrubbing
from interp_course.checks.causal_scrubbing import claims, hypothesis
from interp_course.circuits import EMBED, LOGITS
from interp_course.scrubbing import SAME, Edge, Node, Stream, TokenAt, TokensBack

TOKENS = torch.tensor([[0, 5, 6], [0, 5, 7], [0, 8, 7], [0, 8, 6]])


def circuit(induction, keys, values=TokensBack(0)):  # noqa: B008
    edges = [
        Edge("q", Node(EMBED, TokenAt(-1))),
        Edge("k", keys),
        Edge("v", Node(EMBED, values, per_position=True)),
    ]
    return Node(LOGITS, SAME, [Edge("in", Node(induction, SAME, edges), -1)])


def textbook(previous, induction):
    return circuit(induction, Node(previous, TokensBack(1), per_position=True))


def keys_of_words(previous, induction):
    return circuit(induction, Node(EMBED, TokensBack(0), per_position=True))


@pytest.mark.parametrize("seed", range(6))
def test_the_textbook_circuit_passes(seed):
    assert hypothesis.verdict(textbook, seed).passed


@pytest.mark.parametrize("seed", range(6))
def test_a_share_of_the_loss_that_misleads_is_quoted_and_said_to_mislead(seed):
    message = hypothesis.verdict(keys_of_words, seed).message
    share, right = (
        int(re.search(text, message)[1])
        for text in (r"(\d+)% of the loss is recovered", r"is right on (\d+)%")
    )
    assert (25 < share < 75, right < 20) == (True, True)
    assert "misleads" in message


@pytest.mark.parametrize("seed", range(6))
def test_no_two_networks_have_a_head_of_the_circuit_at_the_same_place(seed):
    heads = [part for case in hypothesis.cases(seed) for part in case.args]
    assert len(heads) == len(set(heads)) == 6


def test_labels_may_be_called_anything():
    def renamed(tokens):
        return -3.5 * tokens

    def answer(previous, induction):
        return circuit(induction, Node(previous, TokensBack(1), per_position=True), values=renamed)

    assert hypothesis.verdict(answer).passed


def test_a_claim_that_is_too_deep_to_be_tested_is_refused():
    def answer(previous, induction):
        deep = Node(EMBED, TokensBack(0), per_position=True)
        for site, slot in ((previous, "v"), (Stream(1), "in"), (induction, "k"), (Stream(2), "in")):
            deep = Node(site, TokensBack(0), [Edge(slot, deep)], per_position=True)
        return Node(LOGITS, SAME, [Edge("in", deep)])

    assert "would cost" in hypothesis.verdict(answer).message


def test_groups_by_position_tell_what_groups_of_whole_prompts_do_not():
    by_position = claims.grouped(TOKENS, 4, 3)
    of_prompts = claims.grouped(TOKENS[:, -1:, None], 4, 3)
    assert claims.tells(by_position, TOKENS)
    assert not claims.tells(of_prompts, TOKENS)
    assert claims.tells(of_prompts, TOKENS[:, -1])


def test_groups_are_the_same_if_each_tells_the_other():
    one = claims.grouped(TOKENS[:, -1:, None], 4, 3)
    assert claims.same(one, 10 - TOKENS[:, -1])
    assert not claims.same(one, TOKENS[:, 1])
    assert not claims.same(None, TOKENS[:, -1])


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("truth", [True, False])
def test_answering_always_the_same_is_no_right_answer_for_any_site(seed, truth):
    verdict = causal_scrubbing.exchangeable.verdict(lambda *args: truth, seed)
    assert "allowed" in verdict.mistake
