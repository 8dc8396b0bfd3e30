"""Answers to "scaled scores" as students write them."""

import math

import numpy as np
import torch
import torch.nn.functional as F

EXERCISE = "attention_scores"


def not_scaled(q, k):
    return torch.einsum("bihd,bjhd->bhij", q, k)


def scaled_by_d_head(q, k):
    return torch.einsum("bihd,bjhd->bhij", q, k) / q.shape[-1]


def multiplied_by_the_root(q, k):
    scores = torch.einsum("bihd,bjhd->bhij", q, k)
    return scores * math.sqrt(q.size(-1))


def scaled_by_d_model(q, k):
    _, _, n_heads, d_head = q.shape
    return torch.einsum("bihd,bjhd->bhij", q, k) / math.sqrt(n_heads * d_head)


def scale_from_the_wrong_axis(q, k):
    # after the transposition axis 1 is the head, and axis 2 the position
    q, k = q.transpose(1, 2), k.transpose(1, 2)
    return q @ k.transpose(-2, -1) / math.sqrt(q.shape[2])


def keys_first(q, k):
    return torch.einsum("bihd,bjhd->bhji", q, k) / q.shape[-1] ** 0.5


def heads_with_heads(q, k):
    return q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5


def head_axis_last(q, k):
    return torch.einsum("bihd,bjhd->bijh", q, k) / q.shape[-1] ** 0.5


def head_axis_in_the_middle(q, k):
    return torch.einsum("bihd,bjhd->bihj", q, k) / q.shape[-1] ** 0.5


def viewed_instead_of_transposed(q, k):
    batch, n, heads, d_head = q.shape
    q, k = q.view(batch, heads, n, d_head), k.view(batch, heads, n, d_head)
    return q @ k.mT / d_head**0.5


def masked_with_infinity(q, k):
    n = q.shape[1]
    scores = torch.einsum("bihd,bjhd->bhij", q, k) / q.shape[-1] ** 0.5
    return scores.masked_fill(~torch.tril(torch.ones(n, n)).bool(), float("-inf"))


def masked_with_a_large_number(q, k):
    n = q.shape[1]
    scores = torch.einsum("bihd,bjhd->bhij", q, k) / q.shape[-1] ** 0.5
    return scores - 1e9 * torch.ones(n, n).triu(1)


def softmax_too(q, k):
    return F.softmax(torch.einsum("bihd,bjhd->bhij", q, k) / q.shape[-1] ** 0.5, dim=-1)


def cosine(q, k):
    return torch.einsum("bihd,bjhd->bhij", F.normalize(q, dim=-1), F.normalize(k, dim=-1))


def sums_over_the_heads(q, k):
    return torch.einsum("bihd,bjhd->bij", q, k) / q.shape[-1] ** 0.5


def not_transposed(q, k):
    return q @ k / q.shape[-1] ** 0.5


WRONG = {
    not_scaled: "not divided",
    scaled_by_d_head: "square root",
    multiplied_by_the_root: "multiplied",
    scaled_by_d_model: "all heads together",
    scale_from_the_wrong_axis: "number of positions",
    keys_first: "swapped",
    heads_with_heads: "heads are compared with heads",
    head_axis_last: "last instead of second",
    head_axis_in_the_middle: "after the query axis",
    viewed_instead_of_transposed: "view or reshape",
    masked_with_infinity: "masked here already",
    masked_with_a_large_number: "masked here already",
    softmax_too: "softmax is taken here",
    cosine: "cosine",
    sums_over_the_heads: "over the heads as well",
    not_transposed: "",
}


def with_einsum(q, k):
    return torch.einsum("bihd,bjhd->bhij", q, k) / q.shape[-1] ** 0.5


def with_matmul(q, k):
    return q.transpose(1, 2) @ k.transpose(1, 2).mT / math.sqrt(q.shape[-1])


def queries_scaled_first(q, k):
    q = q.double() / q.shape[-1] ** 0.5
    return (q[:, :, None] * k.double()[:, None]).sum(-1).permute(0, 3, 1, 2)


def with_numpy(q, k):
    scores = np.einsum("bihd,bjhd->bhij", q.numpy(), k.numpy())
    return scores / np.sqrt(q.shape[-1])


def head_by_head(q, k):
    heads = [q[:, :, h] @ k[:, :, h].mT for h in range(q.shape[2])]
    return torch.stack(heads, dim=1) * q.shape[-1] ** -0.5


RIGHT = [with_einsum, with_matmul, queries_scaled_first, with_numpy, head_by_head]
