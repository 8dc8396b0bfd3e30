"""Answers to "mask, then softmax" as students write them."""

import numpy as np
import torch

EXERCISE = "causal_pattern"
INF = float("inf")


def no_mask(scores):
    return torch.softmax(scores, dim=-1)


def mask_after_softmax(scores):
    return torch.tril(scores.softmax(dim=-1))


def infinity_after_softmax(scores):
    n = scores.shape[-1]
    return scores.softmax(-1).masked_fill(torch.triu(torch.ones(n, n), 1) == 1, -INF)


def zero_scores_for_the_future(scores):
    return torch.softmax(torch.tril(scores), dim=-1)


def multiplies_by_the_mask(scores):
    n = scores.shape[-1]
    allowed = torch.ones(n, n).tril().to(scores.dtype)
    return torch.softmax(scores * allowed, dim=-1)


def masks_the_past(scores):
    n = scores.shape[-1]
    past = torch.ones(n, n).tril(-1).bool()
    return scores.masked_fill(past, -INF).softmax(-1)


def masks_the_diagonal_too(scores):
    n = scores.shape[-1]
    return scores.masked_fill(torch.ones(n, n).triu().bool(), -INF).softmax(-1)


def masks_the_diagonal_with_a_large_number(scores):
    n = scores.shape[-1]
    pattern = scores.masked_fill(torch.ones(n, n).triu().bool(), -1e30).softmax(-1)
    return pattern * torch.ones(n, n).tril(-1)


def sees_one_ahead(scores):
    n = scores.shape[-1]
    return scores.masked_fill(torch.ones(n, n).triu(2).bool(), -INF).softmax(-1)


def softmax_over_queries(scores):
    n = scores.shape[-1]
    future = torch.ones(n, n).triu(1).bool()
    return scores.masked_fill(future, -INF).softmax(dim=-2)


def softmax_over_heads(scores):
    n = scores.shape[-1]
    return scores.masked_fill(torch.ones(n, n).triu(1).bool(), -INF).softmax(dim=1)


def transposed(scores):
    n = scores.shape[-1]
    pattern = scores.masked_fill(torch.ones(n, n).triu(1).bool(), -INF).softmax(-1)
    return pattern.transpose(-1, -2)


def infinity_times_zero(scores):
    n = scores.shape[-1]
    return (scores + torch.ones(n, n).triu(1) * -INF).softmax(-1)


def positive_infinity(scores):
    n = scores.shape[-1]
    return scores.masked_fill(torch.ones(n, n).triu(1).bool(), INF).softmax(-1)


def forgets_exp(scores):
    kept = scores.tril()
    return kept / kept.sum(dim=-1, keepdim=True)


def only_masks(scores):
    return scores.tril()


def all_at_once(scores):
    n = scores.shape[-1]
    future = torch.ones(n, n).triu(1).bool()
    flat = scores.masked_fill(future, -INF).flatten(2).softmax(-1)
    return flat.unflatten(2, (n, n))


WRONG = {
    no_mask: "nothing is masked",
    mask_after_softmax: "after the softmax",
    infinity_after_softmax: "after the softmax",
    zero_scores_for_the_future: "the score 0",
    multiplies_by_the_mask: "the score 0",
    masks_the_past: "the past is masked",
    masks_the_diagonal_too: "own position",
    masks_the_diagonal_with_a_large_number: "own position",
    sees_one_ahead: "still visible",
    softmax_over_queries: "over the queries",
    softmax_over_heads: "batch or heads",
    transposed: "transposed",
    infinity_times_zero: "0 times inf",
    positive_infinity: "",
    forgets_exp: "without exp",
    only_masks: "no softmax",
    all_at_once: "together",
}


def masked_fill(scores):
    n = scores.shape[-1]
    return scores.masked_fill(torch.ones(n, n).triu(1).bool(), -INF).softmax(-1)


def torch_where(scores):
    i = torch.arange(scores.shape[-1])
    return torch.where(i[:, None] >= i[None], scores, -1e9).softmax(dim=-1)


def mask_then_renormalise(scores):
    # masked after the softmax, but then divided by what is left: the same thing
    pattern = scores.softmax(-1).tril()
    return pattern / pattern.sum(-1, keepdim=True)


def added_mask(scores):
    mask = torch.full(scores.shape[-2:], -INF, dtype=torch.float64).triu(1)
    return (scores.double() + mask).softmax(-1)


def by_hand_with_numpy(scores):
    weights = np.tril(np.exp(scores.numpy()))
    return weights / weights.sum(axis=-1, keepdims=True)


def row_by_row(scores):
    pattern = torch.zeros_like(scores)
    for i in range(scores.shape[-1]):
        pattern[:, :, i, : i + 1] = scores[:, :, i, : i + 1].softmax(-1)
    return pattern


RIGHT = [
    masked_fill,
    torch_where,
    mask_then_renormalise,
    added_mask,
    by_hand_with_numpy,
    row_by_row,
]
