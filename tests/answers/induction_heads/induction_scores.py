"""Answers to "induction scores" as students write them."""

import torch

EXERCISE = "induction_scores"


def same_token(pattern, period):
    query = torch.arange(period + 1, 2 * period + 1)
    return pattern[..., query, query - period].mean(dim=(0, -1))


def minus_in_the_wrong_place(pattern, period):
    query = torch.arange(period + 1, 2 * period + 1)
    return pattern[..., query, query - (period + 1)].mean(dim=(0, -1))


def whole_diagonal(pattern, period):
    return pattern.diagonal(-(period - 1), dim1=-2, dim2=-1).mean(dim=(0, -1))


def whole_diagonal_one_off(pattern, period):
    # the formula for sequences without BOS
    return pattern.diagonal(1 - period, dim1=-2, dim2=-1)[..., 1:-1].mean(dim=(0, -1))


def forgets_bos(pattern, period):
    query = torch.arange(period, 2 * period)
    return pattern[..., query, query - period + 1].mean(dim=(0, -1))


def transposed(pattern, period):
    query = torch.arange(period + 1, 2 * period + 1)
    return pattern[..., query - period + 1, query].mean(dim=(0, -1))


def drops_the_end(pattern, period):
    query = torch.arange(period + 1, 2 * period)
    return pattern[..., query, query - period + 1].mean(dim=(0, -1))


def picks_a_block(pattern, period):
    second, first = slice(period + 1, 2 * period + 1), slice(2, period + 2)
    return pattern[:, :, second, first].mean(dim=(0, 2, 3))


def sums(pattern, period):
    query = torch.arange(period + 1, 2 * period + 1)
    return pattern[:, :, query, query - period + 1].sum(-1).mean(0)


def one_number(pattern, period):
    query = torch.arange(period + 1, 2 * period + 1)
    return pattern[:, :, query, query - period + 1].mean()


def raises(pattern, period):
    return pattern[period + 1 :, period].mean(dim=(0, -1, -2, -3, -4))


WRONG = {
    same_token: "duplicate-token score",
    minus_in_the_wrong_place: "one *before* the earlier occurrence",
    whole_diagonal: "still in the first copy",
    whole_diagonal_one_off: "taken to start at position P",
    forgets_bos: "taken to start at position P",
    transposed: "swapped",
    drops_the_end: "last query of the second copy is left out",
    picks_a_block: "block of the pattern",
    sums: "summed over the second copy",
    one_number: "over the heads as well",
    raises: "",
}


def a_loop(pattern, period):
    total = 0
    for query in range(period + 1, pattern.shape[-2]):
        total = total + pattern[:, :, query, query + 1 - period]
    return total.mean(dim=0) / period


def end_of_a_diagonal(pattern, period):
    return pattern.diagonal(1 - period, dim1=-2, dim2=-1)[..., -period:].mean(dim=(0, -1))


def with_a_mask(pattern, period):
    n = pattern.shape[-1]
    query, key = torch.arange(n)[:, None], torch.arange(n)[None]
    mask = (query > period) & (key == query - period + 1)
    return pattern[:, :, mask].mean(dim=(0, -1))


RIGHT = [a_loop, end_of_a_diagonal, with_a_mask]
