"""Answers to "the induction circuit as a hypothesis" that do not survive scrubbing."""

import torch

from interp_course.circuits import EMBED, LOGITS, head
from interp_course.scrubbing import (
    ANY,
    SAME,
    Edge,
    Moved,
    Node,
    Stream,
    TokenAt,
    TokensBack,
    induced,
    match_position,
)

EXERCISE = "hypothesis"


def parity(tokens):
    return tokens[:, -1] % 2


def last(feature=TokenAt(-1), **options):  # noqa: B008
    return Edge("q", Node(EMBED, feature), **options)


def before(previous, by=1, **options):
    return Edge("k", Node(previous, TokensBack(by), per_position=True), **options)


def here(by=0, **options):
    return Edge("v", Node(EMBED, TokensBack(by), per_position=True), **options)


def at_the_end(node):
    return Node(LOGITS, SAME, [Edge("in", node, positions=-1)])


def reading(induction, *edges, feature=SAME):
    return at_the_end(Node(induction, feature, edges))


def keys_from_embeddings(previous, induction):
    keys = Edge("k", Node(EMBED, TokensBack(0), per_position=True))
    return reading(induction, last(), keys, here())


def keys_from_embeddings_before(previous, induction):
    keys = Edge("k", Node(EMBED, TokensBack(1), per_position=True))
    return reading(induction, last(), keys, here())


def heads_swapped(previous, induction):
    return reading(previous, last(), before(induction), here())


def logits_read_the_other_head(previous, induction):
    return at_the_end(Node(previous, TokensBack(1), per_position=True))


def heads_of_the_example(previous, induction):
    return reading(head(1, 9), last(), before(head(0, 9)), here())


def heads_of_the_lesson(previous, induction):
    number = (induction.head + 1) % 4
    return reading(head(1, number), last(), before(head(0, 0)), here())


def output_only(previous, induction):
    return at_the_end(Node(induction, induced))


def output_by_place(previous, induction):
    return at_the_end(Node(induction, match_position))


def circuit_by_place(previous, induction):
    return reading(induction, last(), before(previous), here(), feature=match_position)


def output_by_last_token(previous, induction):
    return reading(induction, last(), before(previous), here(), feature=TokenAt(-1))


def feature_of_the_head_forgotten(previous, induction):
    edges = [last(), before(previous), here()]
    return Node(LOGITS, SAME, [Edge("in", Node(induction, edges=edges), -1)])


def feature_of_the_root_forgotten(previous, induction):
    copier = Node(induction, SAME, [last(), before(previous), here()])
    return Node(LOGITS, edges=[Edge("in", copier, -1)])


def query_has_no_feature(previous, induction):
    return reading(induction, last(ANY), before(previous), here())


def keys_have_no_feature(previous, induction):
    return reading(induction, last(), Edge("k", Node(previous)), here())


def query_by_parity(previous, induction):
    return reading(induction, last(parity), before(previous), here())


def query_is_the_token_before(previous, induction):
    return reading(induction, last(TokenAt(-2)), before(previous), here())


def keys_carry_the_token_here(previous, induction):
    return reading(induction, last(), before(previous, by=0), here())


def keys_carry_the_token_two_back(previous, induction):
    return reading(induction, last(), before(previous, by=2), here())


def moved_by_two(previous, induction):
    return reading(induction, last(), before(Moved(previous, 2)), here())


def values_carry_the_token_before(previous, induction):
    return reading(induction, last(), before(previous), here(by=1))


def values_carry_the_next_token(previous, induction):
    return reading(induction, last(), before(previous), Edge("v", Node(EMBED, induced)))


def values_by_the_place(previous, induction):
    return reading(induction, last(), before(previous), Edge("v", Node(EMBED, match_position)))


def values_from_the_previous_token_head(previous, induction):
    values = Edge("v", Node(previous, TokensBack(1), per_position=True))
    return reading(induction, last(), before(previous), values)


def per_position_forgotten_for_keys(previous, induction):
    return reading(induction, last(), Edge("k", Node(previous, TokensBack(1))), here())


def per_position_forgotten_for_values(previous, induction):
    return reading(induction, last(), before(previous), Edge("v", Node(EMBED, TokensBack())))


def per_position_forgotten_for_pairs(previous, induction):
    def both(tokens):
        return torch.stack([tokens, TokensBack(1)(tokens)], dim=2)

    return reading(induction, last(), Edge("k", Node(previous, both)), here())


def per_position_for_the_query(previous, induction):
    query = Edge("q", Node(EMBED, TokenAt(-1), per_position=True))
    return reading(induction, query, before(previous), here())


def query_and_keys_exchanged(previous, induction):
    query = Edge("k", Node(EMBED, TokenAt(-1)))
    keys = Edge("q", Node(previous, TokensBack(1), per_position=True))
    return reading(induction, query, keys, here())


def query_and_keys_by_the_match(previous, induction):
    edges = [Edge("q", Node(EMBED, match_position)), Edge("k", Node(previous, match_position))]
    return reading(induction, *edges, here())


def no_values(previous, induction):
    return reading(induction, last(), before(previous))


def no_query(previous, induction):
    return reading(induction, before(previous), here())


def keys_at_the_last_position(previous, induction):
    return reading(induction, last(), before(previous, positions=-1), here())


def query_at_the_first_position(previous, induction):
    return reading(induction, last(positions=0), before(previous), here())


def logits_at_the_first_position(previous, induction):
    copier = Node(induction, SAME, [last(), before(previous), here()])
    return Node(LOGITS, SAME, [Edge("in", copier, positions=0)])


def head_as_root(previous, induction):
    return Node(induction, SAME, [last(), before(previous), here()])


def root_is_the_stream(previous, induction):
    copier = Node(induction, SAME, [last(), before(previous), here()])
    return Node(Stream(2), SAME, [Edge("in", copier, positions=-1)])


WRONG = {
    keys_from_embeddings: "misleads",
    keys_from_embeddings_before: "misleads",
    heads_swapped: "two heads are swapped",
    logits_read_the_other_head: "two heads are swapped",
    heads_of_the_example: "heads are written into the answer",
    heads_of_the_lesson: "heads are written into the answer",
    output_only: "the head is a leaf",
    output_by_place: "the place of the match is taken for what the head's output",
    circuit_by_place: "the place of the match is taken for what the head's output",
    output_by_last_token: "the last token is taken for",
    feature_of_the_head_forgotten: "the induction head has no feature",
    feature_of_the_root_forgotten: "the prompt at the top is exchanged",
    query_has_no_feature: "the queries have no feature",
    keys_have_no_feature: "the keys have no feature",
    query_by_parity: "the queries is too coarse",
    query_is_the_token_before: "the queries are said to carry the tokens of the positions before",
    keys_carry_the_token_here: "the keys are said to carry the tokens of their own positions",
    keys_carry_the_token_two_back: "two positions back",
    moved_by_two: "another distance",
    values_carry_the_token_before: "values are said to carry the tokens of the positions before",
    values_carry_the_next_token: "agree in the token that follows only",
    values_by_the_place: "agree in the place of the match only",
    values_from_the_previous_token_head: "the values are said to read the wrong part",
    per_position_forgotten_for_keys: "without per_position",
    per_position_forgotten_for_values: "without per_position",
    per_position_forgotten_for_pairs: "per_position is forgotten",
    per_position_for_the_query: "per_position is asked for",
    query_and_keys_exchanged: "queries and keys are exchanged",
    query_and_keys_by_the_match: "agree in the place of the match only",
    no_values: "the values are not mentioned",
    no_query: "the queries are not mentioned",
    keys_at_the_last_position: "the keys count at the wrong positions",
    query_at_the_first_position: "the queries count at the wrong positions",
    logits_at_the_first_position: "the wrong positions are named",
    head_as_root: "the tree does not begin at the top",
    root_is_the_stream: "the tree does not begin at the top",
}

RIGHT = []
