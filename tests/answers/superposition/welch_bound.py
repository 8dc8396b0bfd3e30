"""Answers to "how small can the largest cosine be" as students write them."""

import cmath
import math

import numpy as np
import torch

EXERCISE = "welch_bound"


def no_root(n_features, d_hidden):
    return max(0.0, (n_features - d_hidden) / (d_hidden * (n_features - 1)))


def swapped(n_features, d_hidden):
    return math.sqrt(max(0, d_hidden - n_features) / (n_features * (d_hidden - 1)))


def swapped_but_positive(n_features, d_hidden):
    return abs((d_hidden - n_features) / (n_features * (d_hidden - 1))) ** 0.5


def swapped_below(n_features, d_hidden):
    if n_features <= d_hidden:
        return 0
    return math.sqrt((n_features - d_hidden) / (n_features * (d_hidden - 1)))


def random_vectors(n_features, d_hidden):
    return 1 / math.sqrt(d_hidden)


def random_vectors_if_needed(n_features, d_hidden):
    return 0.0 if n_features <= d_hidden else d_hidden**-0.5


def n_instead_of_n_minus_one(n_features, d_hidden):
    if n_features <= d_hidden:
        return 0.0
    return math.sqrt((n_features - d_hidden) / (n_features * d_hidden))


def no_d_below(n_features, d_hidden):
    return max(0, (n_features - d_hidden) / (n_features - 1)) ** 0.5


def no_n_below(n_features, d_hidden):
    return math.sqrt(max(n_features - d_hidden, 0) / d_hidden)


def no_brackets(n_features, d_hidden):
    n, d = n_features, d_hidden
    return math.sqrt(max(0, n - d) / d * (n - 1))


def no_inner_brackets(n_features, d_hidden):
    n, d = n_features, d_hidden
    return math.sqrt(max(0, n - d) / (d * n - 1))


def root_above_only(n_features, d_hidden):
    n, d = n_features, d_hidden
    return math.sqrt(max(0, n - d)) / (d * (n - 1))


def angle(n_features, d_hidden):
    if n_features <= d_hidden:
        return 0.0
    return math.acos(math.sqrt((n_features - d_hidden) / (d_hidden * (n_features - 1))))


def complex_for_few(n_features, d_hidden):
    return ((n_features - d_hidden) / (d_hidden * (n_features - 1))) ** 0.5


def complex_by_name(n_features, d_hidden):
    return cmath.sqrt((n_features - d_hidden) / (d_hidden * (n_features - 1)))


def nan_for_few(n_features, d_hidden):
    return torch.tensor((n_features - d_hidden) / (d_hidden * (n_features - 1))).sqrt()


def error_for_few(n_features, d_hidden):
    return math.sqrt((n_features - d_hidden) / (d_hidden * (n_features - 1)))


def absolute_for_few(n_features, d_hidden):
    return math.sqrt(abs(n_features - d_hidden) / (d_hidden * (n_features - 1)))


def one_for_few(n_features, d_hidden):
    if n_features <= d_hidden:
        return 1
    return math.sqrt((n_features - d_hidden) / (d_hidden * (n_features - 1)))


WRONG = {
    no_root: "root is left out",
    swapped: "swapped",
    swapped_but_positive: "swapped below the line",
    swapped_below: "swapped below the line",
    random_vectors: "very many vectors",
    random_vectors_if_needed: "very many vectors",
    n_instead_of_n_minus_one: "instead of n - 1",
    no_d_below: "d is left out",
    no_n_below: "n - 1 is left out",
    no_brackets: "brackets",
    no_inner_brackets: "brackets",
    root_above_only: "above the line is under the root",
    angle: "angle",
    complex_for_few: "no more vectors than dimensions",
    complex_by_name: "",
    nan_for_few: "no more vectors than dimensions",
    error_for_few: "",
    absolute_for_few: "no more vectors than dimensions",
    one_for_few: "1 is returned",
}


def by_the_formula(n_features, d_hidden):
    if n_features <= d_hidden:
        return 0
    return math.sqrt((n_features - d_hidden) / (d_hidden * (n_features - 1)))


def cut_at_zero(n_features, d_hidden):
    return max(0, (n_features - d_hidden) / (d_hidden * (n_features - 1))) ** 0.5


def from_the_mean_square(n_features, d_hidden):
    n, d = n_features, d_hidden
    eigenvalues = torch.tensor([n / d] * min(n, d) if n > d else [1.0] * n, dtype=torch.float64)
    return ((eigenvalues.square().sum() - n) / (n * n - n)).clamp(min=0).sqrt()


def with_numpy(n_features, d_hidden):
    excess = np.clip(n_features - d_hidden, 0, None)
    return np.sqrt(excess / (d_hidden * (n_features - 1)))


RIGHT = [by_the_formula, cut_at_zero, from_the_mean_square, with_numpy]
