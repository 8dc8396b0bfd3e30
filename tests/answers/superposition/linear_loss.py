"""Answers to "the expected loss of the linear model, exactly" as students write them."""

import numpy as np
import torch

EXERCISE = "linear_loss"


def lost(W):
    return torch.eye(W.shape[1], dtype=W.dtype) - W.T @ W


def with_moments(M, importance, square, cross):
    n = len(importance)
    moments = torch.full((n, n), cross, dtype=M.dtype)
    moments.fill_diagonal_(square)
    return (importance * (M @ moments @ M.T).diag()).sum()


def no_cross_terms(W, probability, importance):
    return probability / 3 * (importance[:, None] * lost(W) ** 2).sum()


def variance_only(W, probability, importance):
    variance = probability / 3 - probability**2 / 4
    return variance * importance @ (lost(W) ** 2).sum(1)


def variance_of_the_uniform(W, probability, importance):
    return with_moments(lost(W), importance, probability / 12, probability**2 / 4)


def variance_plus_mean(W, probability, importance):
    mean = probability / 2
    return with_moments(lost(W), importance, probability / 12 + mean**2, mean**2)


def mean_as_square(W, probability, importance):
    return with_moments(lost(W), importance, probability / 2, probability**2 / 4)


def mean_input(W, probability, importance):
    x = torch.full((W.shape[1],), probability / 2, dtype=W.dtype)
    return (importance * (x - W.T @ (W @ x)) ** 2).sum()


def half_squared(W, probability, importance):
    return with_moments(lost(W), importance, probability / 4, probability**2 / 4)


def p_instead_of_its_square(W, probability, importance):
    return with_moments(lost(W), importance, probability / 3, probability / 4)


def p_squared_everywhere(W, probability, importance):
    return with_moments(lost(W), importance, probability**2 / 3, probability**2 / 4)


def a_third_everywhere(W, probability, importance):
    return with_moments(lost(W), importance, probability / 3, probability**2 / 3)


def always_active(W, probability, importance):
    return with_moments(lost(W), importance, 1 / 3, 1 / 4)


def sparsity(W, probability, importance):
    return by_the_formula(W, 1 - probability, importance)


def no_importance(W, probability, importance):
    return with_moments(lost(W), torch.ones_like(importance), probability / 3, probability**2 / 4)


def mean_over_features(W, probability, importance):
    return by_the_formula(W, probability, importance) / len(importance)


def importance_on_the_input(W, probability, importance):
    M = lost(W) * importance
    return with_moments(M, torch.ones_like(importance), probability / 3, probability**2 / 4)


def importance_on_both_sides(W, probability, importance):
    M = importance[:, None] * lost(W)
    return with_moments(M, torch.ones_like(importance), probability / 3, probability**2 / 4)


def no_interference(W, probability, importance):
    return probability / 3 * importance @ (1 - (W**2).sum(0)) ** 2


def other_way_round(W, probability, importance):
    M = torch.eye(len(W), dtype=W.dtype) - W @ W.T
    return with_moments(M, importance, probability / 3, probability**2 / 4)


def with_relu(W, probability, importance):
    M = torch.eye(W.shape[1], dtype=W.dtype) - torch.relu(W.T @ W)
    return with_moments(M, importance, probability / 3, probability**2 / 4)


def only_the_reconstruction(W, probability, importance):
    return with_moments(W.T @ W, importance, probability / 3, probability**2 / 4)


def per_feature(W, probability, importance):
    M = lost(W)
    crosses = probability**2 / 4 * M.sum(1) ** 2
    return importance * ((probability / 3 - probability**2 / 4) * (M**2).sum(1) + crosses)


def monte_carlo(W, probability, importance):
    rng = torch.Generator().manual_seed(0)
    x = torch.rand(100_000, W.shape[1], generator=rng, dtype=W.dtype)
    x = x * (torch.rand(x.shape, generator=rng) < probability)
    return (importance * (x - x @ W.T @ W) ** 2).sum(-1).mean()


WRONG = {
    no_cross_terms: "neglected",
    variance_only: "only variances",
    variance_of_the_uniform: "only variances",
    variance_plus_mean: "may be silent",
    mean_as_square: "mean of its square",
    mean_input: "mean input",
    half_squared: "square of 1/2",
    p_instead_of_its_square: "p squared, not p",
    p_squared_everywhere: "probability is squared",
    a_third_everywhere: "taken for that of a square",
    always_active: "always active",
    sparsity: "silent is taken",
    no_importance: "importance is left out",
    mean_over_features: "mean over the features",
    importance_on_the_input: "input is multiplied",
    importance_on_both_sides: "importance is squared",
    no_interference: "interference is neglected",
    other_way_round: "in each other's place",
    with_relu: "ReLU",
    only_the_reconstruction: "input is not subtracted",
    per_feature: "each feature",
    monte_carlo: "",
}


def by_the_formula(W, probability, importance):
    return with_moments(lost(W), importance, probability / 3, probability**2 / 4)


def mean_and_variance(W, probability, importance):
    mean = probability / 2
    variance = probability / 3 - mean**2
    M = lost(W)
    bias = mean * M.sum(dim=1)
    return (importance * (bias**2 + variance * (M**2).sum(dim=1))).sum().item()


def expanded(W, probability, importance):
    """x I x - 2 x I G x + x G I G x, with the mean of x x^T."""
    n = W.shape[1]
    S = probability**2 / 4 * torch.ones(n, n, dtype=W.dtype)
    S += (probability / 3 - probability**2 / 4) * torch.eye(n, dtype=W.dtype)
    G, D = W.T @ W, torch.diag(importance)
    return torch.trace(D @ S) - 2 * torch.trace(D @ G @ S) + torch.trace(G @ D @ G @ S)


def one_active_set_after_the_other(W, probability, importance):
    """Given which features are active, each has mean 1/2 and variance 1/12."""
    n = W.shape[1]
    total = 0.0
    M = lost(W)
    for number in range(2**n):
        active = torch.tensor([float(number >> i & 1) for i in range(n)], dtype=W.dtype)
        k = int(active.sum())
        chance = probability**k * (1 - probability) ** (n - k)
        errors = (M @ active / 2) ** 2 + (M**2) @ active / 12
        total += chance * float(importance @ errors)
    return total


def with_numpy(W, probability, importance):
    W, importance = W.double().numpy(), importance.double().numpy()
    M = np.eye(W.shape[1]) - W.T @ W
    S = np.full_like(M, probability**2 / 4)
    np.fill_diagonal(S, probability / 3)
    return np.einsum("i,ij,jk,ik->", importance, M, S, M)


RIGHT = [
    by_the_formula,
    mean_and_variance,
    expanded,
    one_active_set_after_the_other,
    with_numpy,
]
