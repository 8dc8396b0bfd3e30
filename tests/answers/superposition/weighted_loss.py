"""Answers to "the squared error, weighted by importance" as students write them."""

import numpy as np
import torch
import torch.nn.functional as F

EXERCISE = "weighted_loss"


def plain_mean(x, x_hat, importance):
    return (importance * (x - x_hat) ** 2).mean()


def mse(x, x_hat, importance):
    return F.mse_loss(x_hat, x)


def summed(x, x_hat, importance):
    return (importance * (x - x_hat) ** 2).sum()


def axes_swapped(x, x_hat, importance):
    return (importance * (x - x_hat) ** 2).sum(0).mean()


def importance_squared(x, x_hat, importance):
    return ((importance * (x - x_hat)) ** 2).sum(-1).mean()


def importance_on_both(x, x_hat, importance):
    return ((importance * x - importance * x_hat) ** 2).sum(1).mean(0)


def importance_on_x(x, x_hat, importance):
    return ((importance * x - x_hat) ** 2).sum(-1).mean()


def absolute(x, x_hat, importance):
    return (importance * (x - x_hat).abs()).sum(-1).mean()


def not_squared(x, x_hat, importance):
    return ((x - x_hat) @ importance).mean()


def square_of_the_sum(x, x_hat, importance):
    return (((x - x_hat) @ importance) ** 2).mean()


def square_of_the_mean(x, x_hat, importance):
    return importance @ (x - x_hat).mean(0) ** 2


def no_importance(x, x_hat, importance):
    return ((x - x_hat) ** 2).sum(-1).mean()


def root(x, x_hat, importance):
    return torch.sqrt((importance * (x - x_hat) ** 2).sum(-1).mean())


def norm_of_each(x, x_hat, importance):
    return (importance.sqrt() * (x - x_hat)).norm(dim=-1).mean()


def weights_add_to_one(x, x_hat, importance):
    return (importance * (x - x_hat) ** 2).sum(-1).mean() / importance.sum()


def numpy_average(x, x_hat, importance):
    return np.average((x - x_hat).numpy() ** 2, axis=1, weights=importance.numpy()).mean()


def per_sample(x, x_hat, importance):
    return (importance * (x - x_hat) ** 2).sum(-1)


def per_feature(x, x_hat, importance):
    return (importance * (x - x_hat) ** 2).mean(0)


def halved(x, x_hat, importance):
    return 0.5 * (importance * (x - x_hat) ** 2).sum(-1).mean()


def edits_x(x, x_hat, importance):
    x -= x_hat
    return (importance * x**2).sum(-1).mean()


WRONG = {
    plain_mean: "mean runs over the features too",
    mse: "mean runs over the features too",
    summed: "sum runs over the samples too",
    axes_swapped: "other way round",
    importance_squared: "importance is squared",
    importance_on_both: "importance is squared",
    importance_on_x: "x alone",
    absolute: "only its size",
    not_squared: "cancel",
    square_of_the_sum: "added up first",
    square_of_the_mean: "averaged before",
    no_importance: "importance is left out",
    root: "root is taken at the end",
    norm_of_each: "root is taken in each sample",
    weights_add_to_one: "add up to 1",
    numpy_average: "add up to 1",
    per_sample: "each sample",
    per_feature: "each feature",
    halved: "halved",
    edits_x: "in place",
}


def by_the_formula(x, x_hat, importance):
    return (importance * (x - x_hat) ** 2).sum(dim=-1).mean()


def matrix_product(x, x_hat, importance):
    return ((x - x_hat).square() @ importance).mean().item()


def features_last(x, x_hat, importance):
    return torch.einsum("bi,i->", (x_hat - x) ** 2, importance) / len(x)


def averaged_first(x, x_hat, importance):
    return importance @ F.mse_loss(x_hat, x, reduction="none").mean(0)


def with_numpy(x, x_hat, importance):
    error = np.asarray(x, dtype=np.float64) - x_hat.numpy()
    return np.mean([np.dot(importance.numpy(), row**2) for row in error])


RIGHT = [by_the_formula, matrix_product, features_last, averaged_first, with_numpy]
