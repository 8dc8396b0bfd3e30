"""Answers to "what an induction head may be given" as students write them."""

import numpy as np
import torch

EXERCISE = "exchangeable"


def place_of(tokens):
    return (tokens[:-1] == tokens[-1]).nonzero()[0].item()


def next_of(tokens):
    return tokens[place_of(tokens) + 1]


# Right


def right(site, ours, theirs):
    if site == "output":
        return bool(next_of(ours) == next_of(theirs))
    if site == "pattern":
        return place_of(ours) == place_of(theirs)
    if site == "query":
        return bool(ours[-1] == theirs[-1])
    if site == "keys":
        return torch.equal(ours[:-1], theirs[:-1])
    return torch.equal(ours, theirs)


def with_tensors(site, ours, theirs):
    attended = [(t[:-1] == t[-1]).int().argmax() + 1 for t in (ours, theirs)]
    if site == "pattern":
        return attended[0] == attended[1]
    if site == "output":
        return ours[attended[0]] == theirs[attended[1]]
    where = {"query": slice(-1, None), "keys": slice(None, -1), "values": slice(None)}[site]
    return (ours[where] == theirs[where]).all()


def with_numpy(site, ours, theirs):
    features = {
        "output": lambda t: t[np.flatnonzero(t == t[-1])[0] + 1],
        "pattern": lambda t: np.flatnonzero(t == t[-1])[0],
        "query": lambda t: t[-1],
        "keys": lambda t: np.roll(t, 1)[1:],
        "values": lambda t: t,
    }
    feature = features[site]
    return np.all(feature(ours.numpy()) == feature(theirs.numpy()))


def with_lists(site, ours, theirs):
    def feature(tokens):
        tokens = tokens.tolist()
        match = tokens.index(tokens[-1])
        return {
            "output": tokens[match + 1],
            "pattern": match,
            "query": tokens[-1],
            "keys": tokens[:-1],
            "values": tokens,
        }[site]

    return feature(ours) == feature(theirs)


def key_by_key(site, ours, theirs):
    if site not in ("keys", "values"):
        return right(site, ours, theirs)
    shift = int(site == "keys")
    places = range(shift, len(ours))
    return all(ours[place - shift] == theirs[place - shift] for place in places)


def as_one_and_zero(site, ours, theirs):
    return int(with_lists(site, ours, theirs))


def latest_match(site, ours, theirs):
    def latest(tokens):
        return int((tokens[:-1] == tokens[-1]).nonzero().max())

    if site == "pattern":
        return latest(ours) == latest(theirs)
    if site == "output":
        return torch.equal(ours[latest(ours) + 1], theirs[latest(theirs) + 1])
    return right(site, ours, theirs)


RIGHT = [right, with_tensors, with_numpy, with_lists, key_by_key, as_one_and_zero]
RIGHT += [latest_match]

# Wrong


def output_by_place(site, ours, theirs):
    return right("pattern" if site == "output" else site, ours, theirs)


def output_by_last_token(site, ours, theirs):
    return right("query" if site == "output" else site, ours, theirs)


def output_by_place_and_next(site, ours, theirs):
    if site == "output":
        return place_of(ours) == place_of(theirs) and bool(next_of(ours) == next_of(theirs))
    return right(site, ours, theirs)


def output_by_both_words(site, ours, theirs):
    if site == "output":
        return ours[-1] == theirs[-1] and next_of(ours) == next_of(theirs)
    return right(site, ours, theirs)


def output_one_before(site, ours, theirs):
    if site == "output":
        return bool(ours[place_of(ours) - 1] == theirs[place_of(theirs) - 1])
    return right(site, ours, theirs)


def output_one_too_far(site, ours, theirs):
    if site == "output":
        return bool(ours[place_of(ours) + 2] == theirs[place_of(theirs) + 2])
    return right(site, ours, theirs)


def pattern_and_output_exchanged(site, ours, theirs):
    return right({"output": "pattern", "pattern": "output"}.get(site, site), ours, theirs)


def pattern_by_next_token(site, ours, theirs):
    return right("output" if site == "pattern" else site, ours, theirs)


def pattern_by_last_token(site, ours, theirs):
    return right("query" if site == "pattern" else site, ours, theirs)


def last_position_matches_itself(site, ours, theirs):
    if site == "pattern":
        mine, other = ((t == t[-1]).nonzero()[-1] for t in (ours, theirs))
        return bool(mine == other)
    return right(site, ours, theirs)


def query_by_everything_read(site, ours, theirs):
    return right("values" if site == "query" else site, ours, theirs)


def query_by_what_comes_before(site, ours, theirs):
    return right("keys" if site == "query" else site, ours, theirs)


def query_by_token_and_match(site, ours, theirs):
    if site == "query":
        return bool(ours[-1] == theirs[-1]) and place_of(ours) == place_of(theirs)
    return right(site, ours, theirs)


def query_by_next_token(site, ours, theirs):
    return right("output" if site == "query" else site, ours, theirs)


def keys_by_own_tokens(site, ours, theirs):
    return right("values" if site == "keys" else site, ours, theirs)


def keys_without_the_first_words(site, ours, theirs):
    if site == "keys":
        return torch.equal(ours[2:], theirs[2:])
    return right(site, ours, theirs)


def keys_at_the_match(site, ours, theirs):
    if site == "keys":
        return bool(ours[place_of(ours)] == theirs[place_of(theirs)])
    return right(site, ours, theirs)


def keys_by_the_match(site, ours, theirs):
    return right("pattern" if site == "keys" else site, ours, theirs)


def keys_up_to_the_match(site, ours, theirs):
    if site == "keys":
        end = place_of(ours) + 1
        return torch.equal(ours[:end], theirs[:end])
    return right(site, ours, theirs)


def keys_without_the_last_two(site, ours, theirs):
    if site == "keys":
        return torch.equal(ours[:-2], theirs[:-2])
    return right(site, ours, theirs)


def keys_as_sets(site, ours, theirs):
    if site == "keys":
        return set(ours[:-1].tolist()) == set(theirs[:-1].tolist())
    return right(site, ours, theirs)


def values_at_the_match(site, ours, theirs):
    return right("output" if site == "values" else site, ours, theirs)


def values_at_the_match_and_the_place(site, ours, theirs):
    if site == "values":
        return output_by_place_and_next("output", ours, theirs)
    return right(site, ours, theirs)


def values_without_the_last(site, ours, theirs):
    return right("keys" if site == "values" else site, ours, theirs)


def values_as_sets(site, ours, theirs):
    if site == "values":
        return sorted(ours.tolist()) == sorted(theirs.tolist())
    return right(site, ours, theirs)


def same_sentence_everywhere(site, ours, theirs):
    return torch.equal(ours, theirs)


def always(site, ours, theirs):
    return True


def never(site, ours, theirs):
    return False


def the_other_way_round(site, ours, theirs):
    return not right(site, ours, theirs)


def token_by_token(site, ours, theirs):
    if site == "values":
        return ours == theirs
    return right(site, ours, theirs)


def carried_itself(site, ours, theirs):
    return next_of(ours) if site == "output" else right(site, ours, theirs)


def in_words(site, ours, theirs):
    return "yes" if right(site, ours, theirs) else "no"


def word_for_the_last_site(site, ours, theirs):
    features = {"output": next_of, "pattern": place_of, "query": lambda t: t[-1]}
    if site in features:
        return bool(features[site](ours) == features[site](theirs))
    if site == "key":
        return torch.equal(ours[:-1], theirs[:-1])
    return torch.equal(ours, theirs)  # "keys" come here, too


WRONG = {
    output_by_place: "the output is judged by the place of the match",
    output_by_last_token: "the output is judged by the last token",
    output_by_place_and_next: "the output is compared with too much",
    output_by_both_words: "the output is compared with too much",
    output_one_before: "off by one",
    output_one_too_far: "off by one",
    pattern_and_output_exchanged: "the output is judged by the place of the match",
    pattern_by_next_token: "the pattern is judged by the next token",
    pattern_by_last_token: "the pattern is judged by the last token",
    last_position_matches_itself: "its own match",
    query_by_everything_read: "whole sentences are compared",
    query_by_what_comes_before: "the query is judged by more than it is computed from",
    query_by_token_and_match: "the query is judged by more than it is computed from",
    query_by_next_token: "the query is judged by what is found with it",
    keys_by_own_tokens: "by the tokens of their own positions",
    keys_without_the_first_words: "by the tokens of their own positions",
    keys_at_the_match: "only the key at the match",
    keys_by_the_match: "only the key at the match",
    keys_up_to_the_match: "only some of the keys",
    keys_without_the_last_two: "only some of the keys",
    keys_as_sets: "order is lost",
    values_at_the_match: "only the value at the match",
    values_at_the_match_and_the_place: "only the value at the match",
    values_without_the_last: "one value is left out",
    values_as_sets: "order is lost",
    same_sentence_everywhere: "whole sentences are compared",
    always: "everything is allowed",
    never: "nothing is allowed",
    the_other_way_round: "yes and no are exchanged",
    token_by_token: "tokens are compared one by one",
    carried_itself: "what a site carries is returned",
    in_words: "",
    word_for_the_last_site: "by the tokens of their own positions",
}
