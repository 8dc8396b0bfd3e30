"""Answers to "which heads of the trained network": each returns the answer for an instance."""

import torch

from interp_course import attention, models

EXERCISE = "circuit"


def _truth(instance):
    scores = attention.head_scores(models.load("induction", instance=instance))
    previous = divmod(int(scores.previous.argmax()), 4)
    return previous, [tuple(head) for head in (scores.induction > 0.25).nonzero().tolist()]


def swapped_roles(instance):
    previous, induction = _truth(instance)
    return {"previous": induction[0], "induction": [previous]}


def head_before_layer(instance):
    previous, induction = _truth(instance)
    return {"previous": previous[::-1], "induction": [head[::-1] for head in induction]}


def counted_from_one(instance):
    previous, induction = _truth(instance)
    return {
        "previous": (previous[0] + 1, previous[1] + 1),
        "induction": [(layer + 1, head + 1) for layer, head in induction],
    }


def only_the_best(instance):
    previous, induction = _truth(instance)
    return {"previous": previous, "induction": induction[:1]}


def every_head(instance):
    previous, _ = _truth(instance)
    return {"previous": previous, "induction": [(a, b) for a in (0, 1) for b in range(4)]}


def neighbour(instance):
    previous, induction = _truth(instance)
    return {"previous": (0, (previous[1] + 1) % 4), "induction": induction}


def flat_numbers(instance):
    previous, induction = _truth(instance)
    return {"previous": previous[1], "induction": [head for _, head in induction]}


WRONG = {
    swapped_roles: "swapped",
    head_before_layer: "the layer comes first",
    counted_from_one: "counted from 0",
    only_the_best: "only some",
    every_head: "without an induction pattern",
    neighbour: "another head of the right layer",
    flat_numbers: "without its layer",
}


def pairs(instance):
    previous, induction = _truth(instance)
    return {"previous": previous, "induction": induction}


def lists_in_another_order(instance):
    previous, induction = _truth(instance)
    return {"previous": list(previous), "induction": [list(head) for head in induction[::-1]]}


def from_tensors(instance):
    previous, induction = _truth(instance)
    return {
        "previous": tuple(torch.tensor(previous)),
        "induction": {tuple(head) for head in induction},
    }


RIGHT = [pairs, lists_in_another_order, from_tensors]
