"""Answers to "match features and latents" as students write them."""

import itertools

import numpy as np
import torch
import torch.nn.functional as F
from scipy.optimize import linear_sum_assignment

EXERCISE = "matched_cosines"


def cosines(W_dec, truth):
    return F.normalize(truth, dim=-1) @ F.normalize(W_dec, dim=-1).T


def mmcs(W_dec, truth):
    return cosines(W_dec, truth).max(dim=-1).values


def nearest_feature(W_dec, truth):
    return cosines(W_dec, truth).amax(dim=0)


def not_normalised(W_dec, truth):
    table = truth @ W_dec.T
    rows, columns = linear_sum_assignment(table, maximize=True)
    return table[rows, columns]


def paired_by_products(W_dec, truth):
    rows, columns = linear_sum_assignment(truth @ W_dec.T, maximize=True)
    return F.cosine_similarity(truth[rows], W_dec[columns])


def only_the_truth_normalised(W_dec, truth):
    table = F.normalize(truth, dim=-1) @ W_dec.T
    rows, columns = linear_sum_assignment(table, maximize=True)
    return table[rows, columns]


def only_the_dictionary_normalised(W_dec, truth):
    table = truth @ F.normalize(W_dec, dim=1).T
    rows, columns = linear_sum_assignment(table, maximize=True)
    return table[rows, columns]


def default_axis(W_dec, truth):
    table = F.normalize(truth, dim=0) @ F.normalize(W_dec, dim=0).T
    rows, columns = linear_sum_assignment(table, maximize=True)
    return table[rows, columns]


def absolute(W_dec, truth):
    table = cosines(W_dec, truth).abs()
    rows, columns = linear_sum_assignment(table, maximize=True)
    return table[rows, columns]


def paired_by_absolute(W_dec, truth):
    table = cosines(W_dec, truth)
    rows, columns = linear_sum_assignment(-table.abs())
    return table[rows, columns]


def minimised(W_dec, truth):
    table = cosines(W_dec, truth)
    rows, columns = linear_sum_assignment(table)
    return table[rows, columns]


def costs(W_dec, truth):
    table = -cosines(W_dec, truth)
    rows, columns = linear_sum_assignment(table)
    return table[rows, columns]


def greedy(W_dec, truth):
    table, result = cosines(W_dec, truth), []
    for i in range(len(truth)):
        j = table[i].argmax()
        result.append(table[i, j].item())
        table[:, j] = -2
    return torch.tensor(result)


def closest_first(W_dec, truth):
    table = cosines(W_dec, truth).numpy()
    result = torch.zeros(len(truth))
    for _ in range(len(truth)):
        i, j = np.unravel_index(table.argmax(), table.shape)
        result[i] = table[i, j].item()
        table[i, :] = -2
        table[:, j] = -2
    return result


def diagonal(W_dec, truth):
    return F.cosine_similarity(W_dec[: len(truth)], truth, dim=1)


def transposed(W_dec, truth):
    # the rows, latents here, come back in ascending order
    table = cosines(W_dec, truth).T
    rows, columns = linear_sum_assignment(table, maximize=True)
    return table[rows, columns]


def for_every_latent(W_dec, truth):
    table = cosines(W_dec, truth)
    rows, columns = linear_sum_assignment(table, maximize=True)
    result = torch.zeros(len(W_dec)).to(table)
    result[columns] = table[rows, columns]
    return result


def in_descending_order(W_dec, truth):
    table = cosines(W_dec, truth)
    rows, columns = linear_sum_assignment(table, maximize=True)
    return table[rows, columns].sort(descending=True).values


def numbers_of_latents(W_dec, truth):
    return linear_sum_assignment(cosines(W_dec, truth), maximize=True)[1]


def squared(W_dec, truth):
    table = cosines(W_dec, truth)
    rows, columns = linear_sum_assignment(table, maximize=True)
    return table[rows, columns] ** 2


def averaged(W_dec, truth):
    table = cosines(W_dec, truth)
    rows, columns = linear_sum_assignment(table, maximize=True)
    return table[rows, columns].mean()


def correlation(W_dec, truth):
    n = len(truth)
    table = np.corrcoef(truth.numpy(), W_dec.numpy())[:n, n:]
    rows, columns = linear_sum_assignment(table, maximize=True)
    return table[rows, columns]


def not_transposed(W_dec, truth):
    table = F.normalize(truth, dim=1) @ F.normalize(W_dec, dim=1)
    rows, columns = linear_sum_assignment(table, maximize=True)
    return table[rows, columns]


def size_at_the_end(W_dec, truth):
    table = cosines(W_dec, truth)
    rows, columns = linear_sum_assignment(table, maximize=True)
    return table[rows, columns].abs()


def distances(W_dec, truth):
    rows, columns = linear_sum_assignment(torch.cdist(truth, W_dec))
    return cosines(W_dec, truth)[rows, columns]


def columns_twice(W_dec, truth):
    # table[:, columns] is a table again
    table = cosines(W_dec, truth)
    return table[:, linear_sum_assignment(table, maximize=True)[1]]


WRONG = {
    mmcs: "nearest latent",
    nearest_feature: "nearest feature",
    not_normalised: "not scaled",
    paired_by_products: "not scaled",
    only_the_truth_normalised: "only the features are scaled",
    only_the_dictionary_normalised: "only the latents",
    default_axis: "columns are scaled",
    absolute: "sign is ignored",
    paired_by_absolute: "sign is ignored",
    minimised: "as small as possible",
    costs: "turned back",
    greedy: "one feature after the other",
    closest_first: "closest pair",
    diagonal: "latent i",
    transposed: "order of the latents",
    for_every_latent: "one number for each latent",
    in_descending_order: "sorted",
    numbers_of_latents: "numbers of the latents",
    squared: "squared",
    averaged: "mean or the sum",
    correlation: "correlation",
    not_transposed: "columns of W_dec are compared",
    size_at_the_end: "sign is ignored",
    distances: "of like length",
    columns_twice: "all cosines",
}


def hungarian(W_dec, truth):
    table = cosines(W_dec, truth)
    rows, columns = linear_sum_assignment(table, maximize=True)
    return table[rows, columns]


def with_numpy(W_dec, truth):
    W, T = W_dec.numpy().astype(float), truth.numpy().astype(float)
    W /= np.linalg.norm(W, axis=1, keepdims=True)
    T /= np.linalg.norm(T, axis=1, keepdims=True)
    rows, columns = linear_sum_assignment(-(T @ W.T))
    return np.sum(T[rows] * W[columns], axis=1)


def transposed_and_put_back(W_dec, truth):
    table = F.cosine_similarity(W_dec[:, None], truth[None], dim=-1)
    latents, features = linear_sum_assignment(1 - table)
    result = torch.empty(len(truth), dtype=truth.dtype)
    result[features] = table[latents, features]
    return result


def all_pairings(W_dec, truth):
    table = cosines(W_dec, truth).tolist()
    ways = itertools.permutations(range(len(W_dec)), len(truth))
    best = max(ways, key=lambda way: sum(row[j] for row, j in zip(table, way, strict=True)))
    return [row[j] for row, j in zip(table, best, strict=True)]


def squared_distances(W_dec, truth):
    # for rows of length 1 the squared distance is 2 - 2 cos
    W, T = F.normalize(W_dec, dim=1), F.normalize(truth, dim=1)
    rows, columns = linear_sum_assignment(torch.cdist(T, W) ** 2)
    return (T[rows] * W[columns]).sum(dim=1)


RIGHT = [hungarian, with_numpy, transposed_and_put_back, all_pairings, squared_distances]
