"""Answers to "which heads of the trained network": each returns the answer for an instance."""

from interp_course import attention, models

EXERCISE = "circuit"


def _truth(instance):
    model = models.load("induction", instance=instance)
    short, long = (attention.head_scores(model, periods=(period,)) for period in (12, 31))
    previous = divmod(int(short.previous.argmax()), 4)
    at_once = short.induction > 0.4
    late = (long.induction > 0.4) & ~at_once
    return previous, *([tuple(head) for head in x.nonzero().tolist()] for x in (at_once, late))


def _answer(previous, induction, long_range):
    return {"previous": previous, "induction": induction, "long_range": long_range}


def swapped_roles(instance):
    previous, induction, late = _truth(instance)
    return _answer(induction[0], [previous], late)


def head_before_layer(instance):
    previous, induction, late = _truth(instance)
    return _answer(previous[::-1], [head[::-1] for head in induction], late)


def counted_from_one(instance):
    previous, induction, late = _truth(instance)
    induction, late = ([(a + 1, b + 1) for a, b in heads] for heads in (induction, late))
    return _answer((previous[0] + 1, previous[1] + 1), induction, late)


def only_the_best(instance):
    previous, induction, late = _truth(instance)
    return _answer(previous, induction[:1], late)


def all_that_score_at_31(instance):
    previous, induction, late = _truth(instance)
    return _answer(previous, induction + late, [])


def lists_swapped(instance):
    previous, induction, late = _truth(instance)
    return _answer(previous, late, induction)


def misses_the_long_range_heads(instance):
    previous, induction, _ = _truth(instance)
    return _answer(previous, induction, [])


def neighbour(instance):
    previous, induction, late = _truth(instance)
    return _answer((0, (previous[1] + 1) % 4), induction, late)


def flat_numbers(instance):
    previous, induction, late = _truth(instance)
    return _answer(previous[1], [head for _, head in induction], [head for _, head in late])


WRONG = {
    swapped_roles: "swapped",
    head_before_layer: "the layer comes first",
    counted_from_one: "counted from 0",
    only_the_best: "only some",
    all_that_score_at_31: "long period only",
    lists_swapped: "two lists are swapped",
    misses_the_long_range_heads: "wake up at long periods",
    neighbour: "another head of the right layer",
    flat_numbers: "without its layer",
}


def pairs(instance):
    return _answer(*_truth(instance))


def lists_in_another_order(instance):
    previous, induction, late = _truth(instance)
    return _answer(list(previous), [list(head) for head in induction[::-1]], late[::-1])


def sets(instance):
    previous, induction, late = _truth(instance)
    return _answer(previous, set(induction), set(late))


RIGHT = [pairs, lists_in_another_order, sets]
