"""Answers to "how many features fit, at worst" as students write them."""

import math

import numpy as np
import torch

EXERCISE = "worst_case_capacity"


def no_density(d_model, density, threshold):
    return threshold * math.sqrt(d_model)


def times_density(d_model, density, threshold):
    return threshold * math.sqrt(d_model) * density


def no_threshold(d_model, density, threshold):
    return math.sqrt(d_model) / density


def divided_by_the_threshold(d_model, density, threshold):
    return math.sqrt(d_model) / (threshold * density)


def no_root(d_model, density, threshold):
    return threshold * d_model / density


def no_root_and_no_threshold(d_model, density, threshold):
    return d_model / density


def fourth_root(d_model, density, threshold):
    return threshold * d_model**0.25 / density


def root_over_everything(d_model, density, threshold):
    return math.sqrt(threshold * d_model / density)


def the_typical_one(d_model, density, threshold):
    return threshold**2 * d_model / density


def threshold_squared(d_model, density, threshold):
    return threshold**2 * d_model**0.5 / density


def density_in_percent(d_model, density, threshold):
    return threshold * math.sqrt(d_model) / (density / 100)


def density_times_hundred(d_model, density, threshold):
    return threshold * math.sqrt(d_model) / (density * 100)


def share_of_silent(d_model, density, threshold):
    return threshold * math.sqrt(d_model) / (1 - density)


def divided_by_the_root(d_model, density, threshold):
    return threshold / math.sqrt(d_model) / density


def whole_k_first(d_model, density, threshold):
    return int(threshold * math.sqrt(d_model)) / density


def without_itself(d_model, density, threshold):
    return (threshold * math.sqrt(d_model) + 1) / density


def dimensions(d_model, density, threshold):
    return d_model


def arguments_swapped(d_model, density, threshold):
    return density * math.sqrt(d_model) / threshold


def prints_it(d_model, density, threshold):
    print(threshold * math.sqrt(d_model) / density)


WRONG = {
    no_density: "density is left out",
    times_density: "multiplied by the density",
    no_threshold: "threshold is left out",
    divided_by_the_threshold: "divided by the threshold",
    no_root: "root of d_model",
    no_root_and_no_threshold: "root of d_model",
    fourth_root: "root too many",
    root_over_everything: "root too many",
    the_typical_one: "typical case",
    threshold_squared: "threshold is squared",
    density_in_percent: "percent",
    density_times_hundred: "percent",
    share_of_silent: "silent",
    divided_by_the_root: "divided by sqrt(d_model)",
    whole_k_first: "rounded first",
    without_itself: "one is taken off",
    dimensions: "number of dimensions",
    arguments_swapped: "swapped",
    prints_it: "not returned",
}


def by_the_formula(d_model, density, threshold):
    return threshold * math.sqrt(d_model) / density


def rounded_down(d_model, density, threshold):
    return math.floor(threshold * math.sqrt(d_model) / density)


def rounded_with_numpy(d_model, density, threshold):
    return np.int64(round(threshold * np.sqrt(d_model) / density))


def as_a_tensor(d_model, density, threshold):
    return threshold * torch.tensor(float(d_model)).sqrt() / density


def searched(d_model, density, threshold):
    n = 1
    while density * n / math.sqrt(d_model) < threshold:
        n += 1
    return n


RIGHT = [by_the_formula, rounded_down, rounded_with_numpy, as_a_tensor, searched]
