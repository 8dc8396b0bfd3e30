"""Answers to "what does the toy model make of its input" as students write them."""

import numpy as np
import torch
import torch.nn.functional as F

EXERCISE = "reconstruct"


def no_relu(W, b, x):
    return (x @ W.T) @ W + b


def relu_on_the_hidden_numbers(W, b, x):
    hidden = F.relu(x @ W.T)
    return hidden @ W + b


def relu_everywhere(W, b, x):
    hidden = F.relu(x @ W.T)
    return F.relu(hidden @ W + b)


def no_bias(W, b, x):
    return torch.relu(x @ W.T @ W)


def bias_after_relu(W, b, x):
    return torch.relu(torch.einsum("hi,hj,bj->bi", W, W, x)) + b


def bias_on_the_input(W, b, x):
    return torch.relu((x + b) @ W.T @ W)


def bias_on_the_hidden_numbers(W, b, x):
    return torch.relu((x @ W.T + b) @ W)


def minus_bias(W, b, x):
    return torch.relu(x @ W.T @ W - b)


def other_way_round(W, b, x):
    return F.relu(x @ W @ W.T + b)


def column_vectors(W, b, x):
    return F.relu(W.T @ W @ x + b)


def column_vectors_and_bias(W, b, x):
    return F.relu(W.T @ W @ x + b[:, None])


def not_turned_back(W, b, x):
    return F.relu(W.T @ W @ x.T + b[:, None])


def not_transposed(W, b, x):
    return F.relu(x @ W.T @ W.T + b)


def twice(W, b, x):
    hidden = x @ W.T
    back = hidden @ W
    return F.relu(back @ W.T @ W + b)


def hidden_only(W, b, x):
    return torch.stack([W @ sample for sample in x])


def one_way(W, b, x):
    return F.relu(x @ W + b)


def unit_columns(W, b, x):
    W = W / W.norm(dim=0)
    return F.relu(x @ W.T @ W + b)


def absolute(W, b, x):
    return (x @ W.T @ W + b).abs()


def sigmoid(W, b, x):
    return torch.sigmoid(x @ W.T @ W + b)


def cut_at_one(W, b, x):
    return (x @ W.T @ W + b).clamp(0, 1)


WRONG = {
    no_relu: "no ReLU",
    relu_on_the_hidden_numbers: "applied to the hidden numbers",
    relu_everywhere: "applied to the hidden numbers",
    no_bias: "bias is left out",
    bias_after_relu: "before the bias",
    bias_on_the_input: "added to the input",
    bias_on_the_hidden_numbers: "added to the hidden numbers",
    minus_bias: "subtracted",
    other_way_round: "in each other's place",
    column_vectors: "from the left",
    column_vectors_and_bias: "from the left",
    not_turned_back: "exchanged",
    not_transposed: "not transposed",
    twice: "twice",
    hidden_only: "hidden numbers are returned",
    one_way: "used once only",
    unit_columns: "length 1",
    absolute: "size is taken",
    sigmoid: "another non-linearity",
    cut_at_one: "cut at 1",
}


def by_the_formula(W, b, x):
    return F.relu(x @ W.T @ W + b)


def sample_by_sample(W, b, x):
    return torch.stack([torch.relu(W.T @ (W @ sample) + b) for sample in x])


def with_einsum(W, b, x):
    hidden = torch.einsum("hj,bj->bh", W, x)
    return (torch.einsum("hi,bh->bi", W, hidden) + b).clamp(min=0)


def turned_round(W, b, x):
    return F.relu((W.T @ W @ x.T).T + b)


def with_numpy(W, b, x):
    W, b, x = (np.asarray(t, dtype=np.float64) for t in (W, b, x))
    return np.maximum(0, x @ (W.T @ W) + b)


RIGHT = [by_the_formula, sample_by_sample, with_einsum, turned_round, with_numpy]
