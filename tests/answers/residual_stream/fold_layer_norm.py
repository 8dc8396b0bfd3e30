"""Answers to "fold LayerNorm into the next weights" as students write them."""

import numpy as np
import torch

EXERCISE = "fold_layer_norm"


def gamma_on_the_columns(W, b, gamma, beta):
    return gamma * W, b + beta @ W


def gamma_on_the_columns_everywhere(W, b, gamma, beta):
    W = W * gamma[None, :]
    return W, b + beta @ W


def no_beta(W, b, gamma, beta):
    return W * gamma.unsqueeze(1), b


def bare_beta(W, b, gamma, beta):
    return torch.diag(gamma) @ W, b + beta


def beta_through_the_folded_weight(W, b, gamma, beta):
    W_folded = gamma[:, None] * W
    return W_folded, b + beta @ W_folded


def in_place(W, b, gamma, beta):
    W *= gamma[:, None]
    return W, b + beta @ (W / gamma[:, None])


def no_b(W, b, gamma, beta):
    return gamma[:, None] * W, beta @ W


def gamma_on_b(W, b, gamma, beta):
    return gamma[:, None] * W, gamma * b + beta @ W


def beta_on_the_right(W, b, gamma, beta):
    return gamma[:, None] * W, b + W @ beta


def divided(W, b, gamma, beta):
    return W / gamma[:, None], b + beta @ W


def only_the_bias(W, b, gamma, beta):
    return W, b + beta @ W


def one_plus_gamma(W, b, gamma, beta):
    return (1 + gamma[:, None]) * W, b + beta @ W


def centred_before_gamma(W, b, gamma, beta):
    centred = W - W.mean(dim=0, keepdim=True)
    return gamma[:, None] * centred, b + beta @ W


def centred_over_the_outputs(W, b, gamma, beta):
    folded = gamma[:, None] * W
    return folded - folded.mean(dim=-1, keepdim=True), b + beta @ W


def wrong_order(W, b, gamma, beta):
    return b + beta @ W, gamma[:, None] * W


def one_value(W, b, gamma, beta):
    return gamma[:, None] * W


WRONG = {
    gamma_on_the_columns: "columns of W",
    gamma_on_the_columns_everywhere: "columns of W",
    no_beta: "beta is left out",
    bare_beta: "as it is",
    beta_through_the_folded_weight: "the folded W",
    in_place: "in place",
    no_b: "b itself is lost",
    gamma_on_b: "gamma scales b",
    beta_on_the_right: "wrong side",
    divided: "divided by gamma",
    only_the_bias: "not scaled by gamma",
    one_plus_gamma: "1 + gamma",
    centred_before_gamma: "centred before gamma",
    centred_over_the_outputs: "over its outputs",
    wrong_order: "wrong order",
    one_value: "only the weight",
}


def broadcast(W, b, gamma, beta):
    return gamma[:, None] * W, b + beta @ W


def diagonal_matrix_in_float64(W, b, gamma, beta):
    W, b, gamma, beta = (x.double() for x in (W, b, gamma, beta))
    return torch.diag(gamma) @ W, torch.einsum("m,mo->o", beta, W) + b


def centred_too(W, b, gamma, beta):
    folded = gamma[:, None] * W
    return folded - folded.mean(dim=0), b + W.T @ beta


def a_list_of_arrays(W, b, gamma, beta):
    W, b, gamma, beta = (x.numpy() for x in (W, b, gamma, beta))
    return [(gamma * W.T).T, np.dot(beta, W) + b]


RIGHT = [broadcast, diagonal_matrix_in_float64, centred_too, a_list_of_arrays]
