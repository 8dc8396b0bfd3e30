"""Answers to "the induction circuit as a hypothesis" that say too little, too much or nothing."""

import torch

from interp_course.circuits import EMBED, LOGITS, POSITIONS, head
from interp_course.scrubbing import (
    SAME,
    Edge,
    Node,
    Stream,
    TokenAt,
    TokensBack,
    induced,
)

EXERCISE = "hypothesis"


def everything(tokens):
    return tokens


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


def nothing_exchanged(previous, induction):
    edges = [Edge("q", Node(EMBED, SAME)), Edge("k", Node(previous, SAME)), here()]
    return reading(induction, *edges)


def whole_prompts(previous, induction):
    edges = [
        Edge("q", Node(EMBED, everything)),
        Edge("k", Node(previous, everything)),
        Edge("v", Node(EMBED, everything)),
    ]
    return reading(induction, *edges)


def beginnings_of_prompts(previous, induction):
    def beginning(tokens):
        weights = 34 ** torch.arange(12)
        return torch.cumsum(tokens[:, :12] * weights, dim=1)[:, [min(i, 11) for i in range(16)]]

    values = Edge("v", Node(EMBED, beginning, per_position=True))
    return reading(induction, last(), before(previous), values)


def whole_prompts_for_values(previous, induction):
    return reading(induction, last(), before(previous), Edge("v", Node(EMBED, everything)))


def only_the_root(previous, induction):
    return Node(LOGITS, SAME)


def empty_root(previous, induction):
    return Node(LOGITS, SAME, [])


def empty_head(previous, induction):
    return reading(induction)


def streams(previous, induction):
    edges = [
        Edge("q", Node(Stream(1), TokenAt(-1))),
        Edge("k", Node(Stream(1), TokensBack(1), per_position=True)),
        Edge("v", Node(Stream(1), TokensBack(0), per_position=True)),
    ]
    return reading(induction, *edges)


def with_other_heads(previous, induction):
    others = [head(1, i) for i in range(4) if head(1, i) != induction]
    copier = Node(induction, SAME, [last(), before(previous), here()])
    return Node(LOGITS, SAME, [Edge("in", copier), *(Edge("in", Node(x, SAME)) for x in others)])


def with_words_straight_to_the_logits(previous, induction):
    copier = Node(induction, SAME, [last(), before(previous), here()])
    return Node(LOGITS, SAME, [Edge("in", copier), Edge("in", Node(EMBED, TokenAt(-1)))])


def values_inside_of_the_previous_token_head(previous, induction):
    inner = [
        Edge("qk", Node(POSITIONS)),
        Edge("v", Node(EMBED, TokensBack(1), per_position=True)),
    ]
    keys = Node(previous, TokensBack(1), inner, per_position=True)
    return reading(induction, last(), Edge("k", keys), here())


def no_positions_inside_of_the_previous_token_head(previous, induction):
    inner = [
        Edge("qk", Node(EMBED, TokensBack(0), per_position=True)),
        Edge("v", Node(EMBED, TokensBack(0), per_position=True)),
    ]
    keys = Node(previous, TokensBack(1), inner, per_position=True)
    return reading(induction, last(), Edge("k", keys), here())


def an_edge(previous, induction):
    return Edge("in", Node(induction, SAME, [last(), before(previous), here()]), positions=-1)


def edges_alone(previous, induction):
    return [last(), before(previous), here()]


def in_words(previous, induction):
    return f"{previous} -> {induction}.k"


def into_the_head_through_in(previous, induction):
    return reading(induction, Edge("in", Node(EMBED, TokenAt(-1))), before(previous), here())


def logits_through_v(previous, induction):
    return Node(LOGITS, SAME, [Edge("v", Node(induction, induced))])


def feature_returns_a_list(previous, induction):
    return reading(induction, last(lambda tokens: tokens[:, -1].tolist()), before(previous), here())


def feature_fails(previous, induction):
    return reading(induction, last(lambda tokens: tokens[:, 99]), before(previous), here())


WRONG = {
    nothing_exchanged: "hardly anything was exchanged",
    whole_prompts: "hardly anything was exchanged",
    beginnings_of_prompts: "hardly anything was exchanged",
    whole_prompts_for_values: "hardly anything was exchanged",
    only_the_root: "the logits are a leaf",
    empty_root: "nothing is said to reach the logits",
    empty_head: "the queries are not mentioned",
    streams: "a whole stream is named",
    with_other_heads: "more is claimed to matter than does",
    with_words_straight_to_the_logits: "more is claimed to matter than does",
    values_inside_of_the_previous_token_head: "the previous-token head gets the wrong values",
    no_positions_inside_of_the_previous_token_head: "more is claimed to matter than does",
    an_edge: "an edge is returned",
    edges_alone: "edges are returned",
    in_words: "",
    into_the_head_through_in: "an edge enters through an input that there is not",
    logits_through_v: "an edge enters through an input that there is not",
    feature_returns_a_list: "a feature returns no tensor",
    feature_fails: "",
}

RIGHT = []
