"""Answers to "how many features fit, typically" as students write them."""

import math

import numpy as np
import torch

EXERCISE = "typical_capacity"


def no_density(d_model, density, threshold):
    return threshold**2 * d_model


def times_density(d_model, density, threshold):
    return threshold**2 * d_model * density


def no_threshold(d_model, density, threshold):
    return d_model / density


def divided_by_the_threshold(d_model, density, threshold):
    return d_model / (threshold**2 * density)


def threshold_not_squared(d_model, density, threshold):
    return threshold * d_model / density


def the_worst_one(d_model, density, threshold):
    return threshold * math.sqrt(d_model) / density


def root_of_d_model(d_model, density, threshold):
    return threshold**2 * math.sqrt(d_model) / density


def root_not_undone(d_model, density, threshold):
    return threshold * math.sqrt(d_model / density)


def root_of_the_threshold(d_model, density, threshold):
    return math.sqrt(threshold) * d_model / density


def d_model_squared(d_model, density, threshold):
    return threshold**2 * d_model**2 / density


def divided_by_d_model(d_model, density, threshold):
    return threshold**2 / d_model / density


def density_under_the_root(d_model, density, threshold):
    return threshold**2 * d_model / math.sqrt(density)


def density_squared(d_model, density, threshold):
    return d_model * (threshold / density) ** 2


def density_in_percent(d_model, density, threshold):
    return threshold**2 * d_model / (density / 100)


def share_of_silent(d_model, density, threshold):
    return threshold**2 * d_model / (1 - density)


def without_itself(d_model, density, threshold):
    return (threshold**2 * d_model + 1) / density


def dimensions(d_model, density, threshold):
    return d_model


def arguments_swapped(d_model, density, threshold):
    return density**2 * d_model / threshold


WRONG = {
    no_density: "density is left out",
    times_density: "multiplied by the density",
    no_threshold: "threshold is left out",
    divided_by_the_threshold: "divided by the threshold",
    threshold_not_squared: "not squared",
    the_worst_one: "worst case",
    root_of_d_model: "root too many",
    root_not_undone: "root too many",
    root_of_the_threshold: "root too many",
    d_model_squared: "d_model is squared",
    divided_by_d_model: "divided by d_model",
    density_under_the_root: "under the root or squared",
    density_squared: "under the root or squared",
    density_in_percent: "percent",
    share_of_silent: "silent",
    without_itself: "one is taken off",
    dimensions: "number of dimensions",
    arguments_swapped: "swapped",
}


def by_the_formula(d_model, density, threshold):
    return threshold**2 * d_model / density


def rounded_up(d_model, density, threshold):
    return math.ceil(threshold**2 * d_model / density)


def rounded_with_numpy(d_model, density, threshold):
    return np.round(np.square(threshold) * d_model / density).astype(int)


def in_two_steps(d_model, density, threshold):
    k = (threshold * math.sqrt(d_model)) ** 2
    return torch.tensor(k / density)


def searched_by_halving(d_model, density, threshold):
    low, high = 0, 10**9
    while high - low > 1:
        middle = (low + high) // 2
        if math.sqrt(density * middle / d_model) < threshold:
            low = middle
        else:
            high = middle
    return high


RIGHT = [by_the_formula, rounded_up, rounded_with_numpy, in_two_steps, searched_by_halving]
