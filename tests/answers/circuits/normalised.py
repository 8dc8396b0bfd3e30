"""Answers to "how much comes back" as students write them."""

import numpy as np
import torch

EXERCISE = "normalised"


def mean_of_ratios(patched, clean, corrupted):
    return ((patched - corrupted) / (clean - corrupted)).mean()


def exchanged(patched, clean, corrupted):
    return ((patched.mean() - clean.mean()) / (corrupted.mean() - clean.mean())).item()


def what_is_missing(patched, clean, corrupted):
    return ((clean - patched).mean() / (clean - corrupted).mean()).item()


def distance_from_clean(patched, clean, corrupted):
    return (patched.mean() - clean.mean()) / (clean.mean() - corrupted.mean())


def turned(patched, clean, corrupted):
    return (corrupted - patched).mean() / (clean - corrupted).mean()


def by_clean(patched, clean, corrupted):
    return (patched - corrupted).mean() / clean.mean()


def by_corrupted(patched, clean, corrupted):
    return (patched.mean() - corrupted.mean()) / corrupted.mean()


def share_of_clean(patched, clean, corrupted):
    return patched.mean().item() / clean.mean().item()


def not_taken_off_above(patched, clean, corrupted):
    return patched.mean() / (clean.mean() - corrupted.mean())


def absolute(patched, clean, corrupted):
    return torch.abs(patched - corrupted).mean() / torch.abs(clean - corrupted).mean()


def absolute_at_the_end(patched, clean, corrupted):
    return abs(float((patched - corrupted).mean() / (clean - corrupted).mean()))


def absolute_below(patched, clean, corrupted):
    return (patched - corrupted).mean() / (clean - corrupted).mean().abs()


def clamped(patched, clean, corrupted):
    share = (patched - corrupted).mean() / (clean - corrupted).mean()
    return torch.clamp(share, 0, 1)


def at_most_one(patched, clean, corrupted):
    return min(1.0, float((patched - corrupted).mean() / (clean - corrupted).mean()))


def at_least_zero(patched, clean, corrupted):
    return max(0.0, float((patched - corrupted).mean() / (clean - corrupted).mean()))


def medians(patched, clean, corrupted):
    return (patched - corrupted).median() / (clean - corrupted).median()


def sum_above(patched, clean, corrupted):
    return (patched - corrupted).sum() / (clean - corrupted).mean()


def not_divided(patched, clean, corrupted):
    return (patched - corrupted).mean()


def upside_down(patched, clean, corrupted):
    return (clean - corrupted).mean() / (patched - corrupted).mean()


def for_each_prompt(patched, clean, corrupted):
    return (patched - corrupted) / (clean - corrupted)


def means_below_only(patched, clean, corrupted):
    return (patched - corrupted.mean()) / (clean.mean() - corrupted.mean())


def percent(patched, clean, corrupted):
    return 100 * (patched - corrupted).mean() / (clean - corrupted).mean()


def lengths(patched, clean, corrupted):
    return torch.linalg.norm(patched - corrupted) / torch.linalg.norm(clean - corrupted)


def standard_score(patched, clean, corrupted):
    return (patched - corrupted).mean() / corrupted.std()


def brackets_forgotten(patched, clean, corrupted):
    return patched.mean() - corrupted.mean() / clean.mean() - corrupted.mean()


WRONG = {
    mean_of_ratios: "by its own difference",
    exchanged: "exchanged",
    what_is_missing: "exchanged",
    distance_from_clean: "distance from the clean run",
    turned: "sign is turned",
    by_clean: "by the clean run itself",
    by_corrupted: "by the corrupted run itself",
    share_of_clean: "corrupted one is left out",
    not_taken_off_above: "not taken off above",
    absolute: "sign is dropped",
    absolute_at_the_end: "sign is dropped",
    absolute_below: "sign is dropped below",
    clamped: "cut off",
    at_most_one: "cut off",
    at_least_zero: "cut off",
    medians: "medians",
    sum_above: "sum above",
    not_divided: "not divided",
    upside_down: "upside down",
    for_each_prompt: "one number for each prompt",
    means_below_only: "one number for each prompt",
    percent: "percent",
    lengths: "squared",
    standard_score: "spread",
    brackets_forgotten: "",
}


def differences_averaged(patched, clean, corrupted):
    return (patched - corrupted).mean() / (clean - corrupted).mean()


def means_subtracted(patched, clean, corrupted):
    low, high = corrupted.mean().item(), clean.mean().item()
    return (patched.mean().item() - low) / (high - low)


def sums(patched, clean, corrupted):
    return float((patched.double() - corrupted).sum() / (clean.double() - corrupted).sum())


def one_minus_the_rest(patched, clean, corrupted):
    return 1 - (clean - patched).mean() / (clean - corrupted).mean()


def with_numpy(patched, clean, corrupted):
    patched, clean, corrupted = (np.mean(x.numpy()) for x in (patched, clean, corrupted))
    return np.divide(patched - corrupted, clean - corrupted)


def weighted_mean_of_ratios(patched, clean, corrupted):
    # the ratio of each prompt, weighted by its difference: the same thing
    gaps = (clean - corrupted).double()
    return (((patched - corrupted) / gaps) * gaps / gaps.sum()).sum()


RIGHT = [
    differences_averaged,
    means_subtracted,
    sums,
    one_minus_the_rest,
    with_numpy,
    weighted_mean_of_ratios,
]
