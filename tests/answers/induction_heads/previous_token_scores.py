"""Answers to "previous-token scores" as students write them."""

import numpy as np
import torch

EXERCISE = "previous_token_scores"


def main_diagonal(pattern):
    return torch.diagonal(pattern, dim1=-2, dim2=-1).mean(dim=(0, 2))


def looks_ahead(pattern):
    return torch.diagonal(pattern, offset=1, dim1=-2, dim2=-1).mean(dim=(0, 2))


def divides_by_all_positions(pattern):
    n = pattern.shape[-1]
    total = sum(pattern[:, :, q, q - 1] for q in range(1, n))
    return (total / n).mean(dim=0)


def wraps_around(pattern):
    # q = 0 reads key -1, the last position: 0 under a causal mask, but it counts
    n = pattern.shape[-1]
    return torch.stack([pattern[:, :, q, q - 1] for q in range(n)]).mean(dim=(0, 1))


def one_number(pattern):
    return pattern.diagonal(-1, dim1=-2, dim2=-1).mean()


def forgets_the_batch(pattern):
    return pattern.diagonal(-1, dim1=-2, dim2=-1).mean(-1)


def averages_the_heads(pattern):
    return pattern.diagonal(-1, dim1=2, dim2=3).mean(dim=(1, 2))


def default_axes_of_diagonal(pattern):
    return pattern.diagonal(-1).mean(dim=(0, -1))


def sums(pattern):
    return pattern.diagonal(-1, dim1=-2, dim2=-1).sum(-1).mean(0)


def no_return(pattern):
    pattern.diagonal(-1, dim1=-2, dim2=-1).mean(dim=(0, -1))


def zeroes_the_upper_part_in_place(pattern):
    pattern -= torch.triu(pattern) - torch.triu(pattern)
    pattern[..., 0, 0] = 0
    return pattern.diagonal(-1, dim1=-2, dim2=-1).mean(dim=(0, -1))


WRONG = {
    main_diagonal: "current token",
    looks_ahead: "swapped",
    divides_by_all_positions: "divided by all n positions",
    wraps_around: "divided by all n positions",
    one_number: "average runs over the heads as well",
    forgets_the_batch: "batch is not averaged",
    averages_the_heads: "over the heads instead of the batch",
    default_axes_of_diagonal: "axes of batch and head",
    sums: "summed over the positions",
    no_return: "not returned",
    zeroes_the_upper_part_in_place: "edited in place",
}


def a_loop(pattern):
    scores = [pattern[:, :, q, q - 1] for q in range(1, pattern.shape[-1])]
    return torch.stack(scores).mean(dim=(0, 1))


def shifted_slices(pattern):
    query, key = pattern[:, :, 1:, :], torch.eye(pattern.shape[-1])[:-1]
    return (query * key).sum((-1, -2)).mean(0) / (pattern.shape[-1] - 1)


def with_numpy(pattern):
    return np.diagonal(pattern.numpy(), -1, axis1=-2, axis2=-1).mean(axis=(0, -1))


def in_double_precision(pattern):
    return pattern.double().diagonal(-1, dim1=-2, dim2=-1).mean(dim=(0, -1))


RIGHT = [a_loop, shifted_slices, with_numpy, in_double_precision]
