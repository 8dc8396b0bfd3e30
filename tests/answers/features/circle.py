"""Answers to "in which order do the days stand around the circle"."""

import math

import numpy as np
import torch

from interp_course.checks.features import week

EXERCISE = "circle"
DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


def means(instance):
    data = week(instance)
    names = np.array(data.days)
    return torch.stack([data.activations[names == day].mean(0) for day in DAYS])


def components(x, n):
    return torch.linalg.svd(x, full_matrices=False).Vh[:n]


def by_angle(xy):
    return [DAYS[i] for i in torch.atan2(xy[:, 1], xy[:, 0]).argsort()]


def calendar(instance):
    return DAYS


def calendar_from_saturday_backwards(instance):
    return [DAYS[i] for i in (5, 4, 3, 2, 1, 0, 6)]


def first_component_only(instance):
    m = means(instance)
    m = m - m.mean(0)
    return [DAYS[i] for i in (m @ components(m, 1)[0]).argsort(descending=True)]


def components_of_the_examples(instance):
    x = week(instance).activations
    return by_angle((means(instance) - x.mean(0)) @ components(x - x.mean(0), 2).T)


def medians_in_the_plane_of_the_examples(instance):
    data = week(instance)
    x = data.activations - data.activations.mean(0)
    xy = x @ components(x, 2).T
    names = np.array(data.days)
    return by_angle(torch.stack([xy[names == day].mean(0) for day in DAYS]))


def nothing_subtracted(instance):
    m = means(instance)
    return by_angle(m @ components(m, 2).T)


def nothing_subtracted_from_the_examples(instance):
    return by_angle(means(instance) @ components(week(instance).activations, 2).T)


def right_plane_seen_from_the_origin(instance):
    m = means(instance)
    return by_angle(m @ components(m - m.mean(0), 2).T)


def nearest_to_monday_first(instance):
    m = means(instance)
    return [DAYS[i] for i in (m - m[0]).norm(dim=-1).argsort()]


def most_similar_to_monday_first(instance):
    m = means(instance)
    return [DAYS[i] for i in torch.cosine_similarity(m, m[:1]).argsort(descending=True)]


def most_similar_after_centring(instance):
    m = means(instance)
    m = m - m.mean(0)
    return [DAYS[i] for i in torch.cosine_similarity(m, m[:1]).argsort(descending=True)]


def as_they_occur(instance):
    return list(dict.fromkeys(week(instance).days))


def alphabet(instance):
    return sorted(DAYS)


def angles(instance):
    m = means(instance)
    m = m - m.mean(0)
    xy = m @ components(m, 2).T
    return torch.atan2(xy[:, 1], xy[:, 0]).tolist()


def monday_again_at_the_end(instance):
    order = angles_of_day_means(instance)
    return [*order, order[0]]


def two_days_swapped(instance):
    order = angles_of_day_means(instance)
    return [order[1], order[0], *order[2:]]


def a_dict(instance):
    return dict(enumerate(DAYS))


WRONG = {
    calendar: "calendar",
    calendar_from_saturday_backwards: "calendar",
    first_component_only: "one axis",
    components_of_the_examples: "single activations",
    medians_in_the_plane_of_the_examples: "single activations",
    nothing_subtracted: "not centred",
    nothing_subtracted_from_the_examples: "not centred",
    right_plane_seen_from_the_origin: "not centred",
    nearest_to_monday_first: "distance",
    most_similar_to_monday_first: "similarity",
    most_similar_after_centring: "similarity",
    as_they_occur: "first occur",
    alphabet: "alphabet",
    angles: "angles are handed in",
    monday_again_at_the_end: "twice",
    two_days_swapped: "swapped",
    a_dict: "",
}


def angles_of_day_means(instance):
    m = means(instance)
    m = m - m.mean(0)
    return by_angle(m @ components(m, 2).T)


def other_way_round_from_another_day(instance):
    order = angles_of_day_means(instance)[::-1]
    return [*order[3:], *order[:3]]


def with_numpy_and_capitals(instance):
    data = week(instance)
    x, names = data.activations.numpy(), np.array(data.days)
    m = np.stack([x[names == day].mean(axis=0) for day in DAYS])
    _, vectors = np.linalg.eigh(np.cov(m.T))
    xy = (m - m.mean(axis=0)) @ vectors[:, -2:]
    order = np.argsort(np.arctan2(xy[:, 1], xy[:, 0]))
    return np.array([DAYS[i].capitalize() for i in order])


def from_neighbour_to_neighbour(instance):
    """Always on to the nearest day that is left: no angle needed on a circle."""
    m = means(instance)
    path, left = [0], set(range(1, 7))
    while left:
        path.append(min(left, key=lambda day: math.dist(m[day], m[path[-1]])))
        left.remove(path[-1])
    return tuple(DAYS[day] for day in path)


RIGHT = [
    angles_of_day_means,
    other_way_round_from_another_day,
    with_numpy_and_capitals,
    from_neighbour_to_neighbour,
]
