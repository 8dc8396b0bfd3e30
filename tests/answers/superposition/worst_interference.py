"""Answers to "how large is the largest overlap" as students write them."""

import itertools

import numpy as np
import torch
import torch.nn.functional as F

EXERCISE = "worst_interference"


def cosines(W):
    W = W[:, W.norm(dim=0) > 0]
    unit = W / W.norm(dim=0)
    return unit.T @ unit


def cosines_of_others(W):
    table = cosines(W)
    return table - torch.diag(table.diag())


def diagonal_included(W):
    return cosines(W).abs().max()


def not_normalised(W):
    gram = W.T @ W
    gram.fill_diagonal_(0)
    return gram.abs().max()


def normalised_once(W):
    gram = F.normalize(W, dim=0).T @ W
    gram.fill_diagonal_(0)
    return gram.abs().max()


def one_length_for_all(W):
    W = W / W.norm()
    return (W.T @ W).fill_diagonal_(0).abs().max()


def sign_kept(W):
    return cosines_of_others(W).max()


def size_of_the_maximum(W):
    return cosines_of_others(W).max().abs()


def smallest(W):
    return cosines_of_others(W).min()


def sign_of_the_worst(W):
    table = cosines_of_others(W).flatten()
    return table[table.abs().argmax()]


def mean(W):
    n = len(cosines(W))
    return cosines_of_others(W).abs().sum() / max(1, n * (n - 1))


def mean_with_the_diagonal(W):
    return cosines_of_others(W).abs().mean()


def total(W):
    return cosines_of_others(W).abs().sum().item()


def most_disturbed(W):
    return (cosines_of_others(W) ** 2).sum(1).max()


def rows(W):
    unit = F.normalize(W, dim=1)
    return (unit @ unit.T).fill_diagonal_(0).abs().max()


def squared(W):
    return (cosines_of_others(W) ** 2).max()


def neighbours(W):
    return F.cosine_similarity(W[:, 1:], W[:, :-1], dim=0).abs().max()


def each_column(W):
    return cosines_of_others(W).abs().max(dim=1).values


def table(W):
    return cosines_of_others(W).abs()


def divides_by_zero(W):
    unit = W / W.norm(dim=0)
    return (unit.T @ unit).fill_diagonal_(0).abs().max()


def largest_of_nothing(W):
    table = cosines(W).abs()
    return table.fill_diagonal_(-torch.inf).max()


def diagonal_by_one(W):
    unit = F.normalize(W, dim=0)
    return (unit.T @ unit - torch.eye(W.shape[1], dtype=W.dtype)).abs().max()


WRONG = {
    diagonal_included: "compared with itself",
    not_normalised: "not scaled",
    normalised_once: "only one of two",
    one_length_for_all: "divided by one number",
    sign_kept: "sign is kept",
    size_of_the_maximum: "sign is kept",
    smallest: "smallest cosine",
    sign_of_the_worst: "worst pair",
    mean: "mean over all pairs",
    mean_with_the_diagonal: "mean over all pairs",
    total: "added up",
    most_disturbed: "all other columns is added up",
    rows: "rows are compared",
    squared: "squared",
    neighbours: "neighbouring",
    each_column: "each column",
    table: "whole table",
    divides_by_zero: "column of zeros",
    largest_of_nothing: "largest of no numbers",
    diagonal_by_one: "taken off the diagonal",
}


def by_the_formula(W):
    unit = F.normalize(W, dim=0)
    return (unit.T @ unit).fill_diagonal_(0).abs().max()


def pair_by_pair(W):
    columns = [column for column in W.T if column.norm() > 1e-6]
    pairs = itertools.combinations(columns, 2)
    return max((abs(F.cosine_similarity(a, b, dim=0).item()) for a, b in pairs), default=0)


def upper_triangle(W):
    W = W[:, W.norm(dim=0) > 0]
    if W.shape[1] < 2:
        return 0.0
    table = F.cosine_similarity(W.T[:, None], W.T[None], dim=-1)
    return max(table.triu(1).max(), -table.triu(1).min())


def with_numpy(W):
    W = W.double().numpy()
    W = W[:, (W != 0).any(axis=0)]
    unit = W / np.linalg.norm(W, axis=0)
    return np.max(np.abs(np.triu(unit.T @ unit, k=1)))


RIGHT = [by_the_formula, pair_by_pair, upper_triangle, with_numpy]
