"""Answers to "which features are correlated, and which exclude each other"."""

import itertools

import numpy as np
import torch

from interp_course.checks.superposition import network

EXERCISE = "relations"


def cosines(instance):
    """Cosine by pair of places in W."""
    W = network(instance).W
    units = W / W.norm(dim=0)
    gram = units.T @ units
    return {(i, j): gram[i, j].item() for i, j in itertools.combinations(range(6), 2)}


def answer(instance, together, apart, names=None):
    names = names or network(instance).names
    return {
        "correlated": {names[i] for i in together},
        "anticorrelated": {names[i] for i in apart},
    }


def extremes(instance):
    found = cosines(instance)
    return max(found, key=found.get), min(found, key=found.get)


def alone(instance):
    """The two features with a dimension for themselves."""
    return [i for i in range(6) if not any(i in pair for pair in extremes(instance))]


def swapped(instance):
    return answer(instance, *reversed(extremes(instance)))


def correlated_are_orthogonal(instance):
    return answer(instance, alone(instance), extremes(instance)[1])


def anticorrelated_are_orthogonal(instance):
    return answer(instance, extremes(instance)[0], alone(instance))


def cosine_nearest_to_zero(instance):
    found = cosines(instance)
    return answer(instance, extremes(instance)[0], min(found, key=lambda pair: abs(found[pair])))


def largest_absolute_cosine_with_opposites_first(instance):
    return answer(instance, extremes(instance)[1], alone(instance))


def side_by_side_excludes_and_orthogonal_is_correlated(instance):
    return answer(instance, alone(instance), extremes(instance)[0])


def opposite_twice(instance):
    return answer(instance, extremes(instance)[1], extremes(instance)[1])


def side_by_side_twice(instance):
    return answer(instance, extremes(instance)[0], extremes(instance)[0])


def alphabet(instance):
    return answer(instance, *extremes(instance), names="ABCDEF")


def places(instance):
    together, apart = extremes(instance)
    return {"correlated": set(together), "anticorrelated": set(apart)}


def one_name_each(instance):
    names = network(instance).names
    return {key: {names[i]} for key, (i, _) in zip(KEYS, extremes(instance), strict=True)}


def pairs_in_a_list(instance):
    return [{network(instance).names[i] for i in pair} for pair in extremes(instance)]


KEYS = ("correlated", "anticorrelated")
WRONG = {
    swapped: "opposite directions are taken",
    correlated_are_orthogonal: "orthogonal directions are taken for correlation",
    anticorrelated_are_orthogonal: "orthogonal directions are taken for features that exclude",
    cosine_nearest_to_zero: "orthogonal directions are taken for features that exclude",
    largest_absolute_cosine_with_opposites_first: "opposite directions are taken",
    side_by_side_excludes_and_orthogonal_is_correlated: "side by side",
    opposite_twice: "opposite directions are taken",
    side_by_side_twice: "side by side",
    alphabet: "alphabet",
    places: "places",
    one_name_each: "",
    pairs_in_a_list: "",
}


def by_cosines(instance):
    return answer(instance, *extremes(instance))


def by_products_in_numpy(instance):
    given = network(instance)
    gram = given.W.numpy().T @ given.W.numpy()
    np.fill_diagonal(gram, 0)
    found = [np.unravel_index(place, gram.shape) for place in (gram.argmax(), gram.argmin())]
    return {
        key: [given.names[i].lower() for i in pair] for key, pair in zip(KEYS, found, strict=True)
    }


def by_distances(instance):
    given = network(instance)
    units = torch.nn.functional.normalize(given.W.T, dim=1)
    distances = {
        (given.names[i], given.names[j]): (units[i] - units[j]).norm().item()
        for i, j in itertools.combinations(range(6), 2)
    }
    ranked = sorted(distances, key=distances.get)
    return {"anticorrelated": ranked[-1], "correlated": ranked[0]}


RIGHT = [by_cosines, by_products_in_numpy, by_distances]
