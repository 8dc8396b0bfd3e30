"""Answers to "each query's mix of values" as students write them."""

import numpy as np
import torch

EXERCISE = "mix_values"


def sums_over_the_queries(pattern, v):
    return torch.einsum("bhij,bihd->bjhd", pattern, v)


def heads_before_positions(pattern, v):
    return torch.matmul(pattern, v.transpose(1, 2))


def reshaped_back(pattern, v):
    batch, n, heads, d_head = v.shape
    return (pattern @ v.transpose(1, 2)).reshape(batch, n, heads, d_head)


def viewed_to_heads(pattern, v):
    batch, n, heads, d_head = v.shape
    return (pattern @ v.view(batch, heads, n, d_head)).transpose(1, 2)


def own_value(pattern, v):
    return torch.einsum("bhij,bihd->bihd", pattern, v)


def sums_the_heads(pattern, v):
    return torch.einsum("bhij,bjhd->bid", pattern, v)


def joins_the_heads(pattern, v):
    z = (pattern @ v.transpose(1, 2)).transpose(1, 2)
    return z.reshape(z.shape[0], z.shape[1], -1)


def copies_the_best(pattern, v):
    best = pattern.argmax(-1)[..., None].expand(*pattern.shape[:-1], v.shape[-1])
    return v.transpose(1, 2).gather(2, best).transpose(1, 2)


def means_instead_of_sums(pattern, v):
    weighted = pattern[..., None] * v.transpose(1, 2)[:, :, None]
    return weighted.mean(dim=3).transpose(1, 2)


def softmax_again(pattern, v):
    return torch.einsum("bhij,bjhd->bihd", pattern.softmax(-1), v)


def heads_mixed_up_in_einsum(pattern, v):
    return torch.einsum("bgij,bjhd->bihd", pattern, v)


def does_not_turn_v(pattern, v):
    return pattern @ v


WRONG = {
    sums_over_the_queries: "transposed",
    heads_before_positions: "before the positions",
    reshaped_back: "view or reshape",
    viewed_to_heads: "view or reshape",
    own_value: "nothing moves",
    sums_the_heads: "heads are added up",
    joins_the_heads: "one long vector",
    copies_the_best: "most attended",
    means_instead_of_sums: "divided by the number of keys",
    softmax_again: "second softmax",
    heads_mixed_up_in_einsum: "patterns of all heads",
    does_not_turn_v: "",
}


def with_einsum(pattern, v):
    return torch.einsum("bhij,bjhd->bihd", pattern, v)


def with_matmul(pattern, v):
    return (pattern @ v.transpose(1, 2)).transpose(1, 2).contiguous()


def with_numpy(pattern, v):
    mixed = np.matmul(pattern.numpy(), v.numpy().swapaxes(1, 2))
    return mixed.swapaxes(1, 2)


def head_by_head(pattern, v):
    z = torch.empty(v.shape, dtype=torch.float64)
    for h in range(v.shape[2]):
        z[:, :, h] = pattern[:, h].double() @ v[:, :, h].double()
    return z


RIGHT = [with_einsum, with_matmul, with_numpy, head_by_head]
