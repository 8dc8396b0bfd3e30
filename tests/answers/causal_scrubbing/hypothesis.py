"""Answers to "the induction circuit as a hypothesis" that are right."""

import torch

from interp_course.circuits import EMBED, LOGITS, POSITIONS, head
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


def match_and_next(tokens):
    return torch.stack([match_position(tokens), induced(tokens)], dim=1)


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


def textbook(previous, induction):
    query = Node(EMBED, TokenAt(-1))
    keys = Node(previous, TokensBack(1), per_position=True)
    values = Node(EMBED, TokensBack(0), per_position=True)
    edges = [Edge("q", query), Edge("k", keys), Edge("v", values)]
    copier = Node(induction, SAME, edges)
    return Node(LOGITS, SAME, [Edge("in", copier, positions=-1)])


def at_all_positions_and_the_head_exchanged(previous, induction):
    edges = [here(), before(previous), last(positions=-1)]
    return Node(LOGITS, SAME, [Edge("in", Node(induction, induced, edges))])


def moved_by_one(previous, induction):
    return reading(induction, last(), before(Moved(previous, 1)), here())


def inside_of_the_previous_token_head(previous, induction):
    inner = [
        Edge("qk", Node(POSITIONS)),
        Edge("v", Node(EMBED, TokensBack(0), per_position=True)),
    ]
    keys = Node(previous, TokensBack(1), inner, per_position=True)
    return reading(induction, last(), Edge("k", keys), here(), feature=induced)


def its_positions_left_out(previous, induction):
    # positions are the same in every prompt: nothing changes if they come from another one
    inner = [Edge("v", Node(EMBED, TokensBack(0), per_position=True))]
    keys = Node(previous, TokensBack(1), inner, per_position=True)
    return reading(induction, last(), Edge("k", keys), here())


def two_tokens_at_once(previous, induction):
    def both(tokens):
        return torch.stack([tokens, TokensBack(1)(tokens)], dim=2)

    keys = Edge("k", Node(previous, both, per_position=True))
    return reading(induction, last(), keys, here())


def inside_of_the_previous_token_head_alone(previous, induction):
    inner = [
        Edge("q", Node(POSITIONS, SAME)),
        Edge("k", Node(POSITIONS, SAME)),
        Edge("v", Node(EMBED, TokensBack(0), per_position=True)),
    ]
    return reading(induction, last(), Edge("k", Node(previous, SAME, inner)), here())


def own_functions_and_the_root_by_its_answer(previous, induction):
    def token_before(tokens):
        return torch.cat([tokens[:, :1], tokens[:, :-1]], dim=1) * 7 + 3

    edges = [
        Edge("q", Node(EMBED, lambda tokens: tokens, per_position=True)),
        Edge("k", Node(previous, token_before, per_position=True)),
        Edge("v", Node(EMBED, lambda tokens: -tokens.float(), per_position=True)),
    ]
    return Node(LOGITS, induced, [Edge("in", Node(induction, match_and_next, edges))])


def query_and_keys_together(previous, induction):
    edges = [
        Edge("q", Node(EMBED, match_position, share="match")),
        Edge("k", Node(previous, match_position, share="match")),
        here(),
    ]
    return reading(induction, *edges)


def for_every_position(previous, induction):
    def following(tokens):
        after = torch.full_like(tokens, -1)
        for i in range(tokens.shape[1]):
            for j in range(i):
                same = tokens[:, j] == tokens[:, i]
                after[:, i] = torch.where(same, tokens[:, j + 1], after[:, i])
        return after

    query = Edge("q", Node(EMBED, TokensBack(0), per_position=True))
    copier = Node(induction, following, [query, before(previous), here()], per_position=True)
    return Node(LOGITS, SAME, [Edge("in", copier)])


def values_at_the_match(previous, induction):
    return reading(induction, last(), before(previous), Edge("v", Node(EMBED, match_and_next)))


def only_where_a_match_can_be(previous, induction):
    def after_bos(tokens):
        where = torch.ones_like(tokens, dtype=torch.bool)
        where[:, 0] = False
        return where

    where = list(range(1, 15))
    return reading(
        induction, last(positions=15), before(previous, positions=after_bos), here(positions=where)
    )


def with_what_does_not_matter(previous, induction):
    others = [head(1, i) for i in range(4) if head(1, i) != induction]
    copier = Node(induction, SAME, [last(), before(previous), here()])
    return Node(LOGITS, SAME, [Edge("in", copier), *(Edge("in", Node(x, ANY)) for x in others)])


def with_the_keys_at_rest(previous, induction):
    # where nothing matches, the head rests on <bos>, which its keys read from the embeddings
    at_rest = Edge("k", Node(EMBED, TokensBack(0), per_position=True))
    return reading(induction, last(), before(previous), at_rest, here())


def through_a_stream(previous, induction):
    stream = Node(Stream(1), TokenAt(-1), [Edge("in", Node(EMBED, TokenAt(-1)))])
    return reading(induction, Edge("q", stream), before(previous), here())


RIGHT = [
    textbook,
    at_all_positions_and_the_head_exchanged,
    moved_by_one,
    inside_of_the_previous_token_head,
    inside_of_the_previous_token_head_alone,
    its_positions_left_out,
    two_tokens_at_once,
    own_functions_and_the_root_by_its_answer,
    query_and_keys_together,
    for_every_position,
    values_at_the_match,
    only_where_a_match_can_be,
    with_what_does_not_matter,
    with_the_keys_at_rest,
    through_a_stream,
]

WRONG = {}
