"""Answers to "the induction circuit as a hypothesis" as students write them."""

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


def everything(tokens):
    return tokens


def parity(tokens):
    return tokens[:, -1] % 2


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


# Right


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

# Wrong


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
