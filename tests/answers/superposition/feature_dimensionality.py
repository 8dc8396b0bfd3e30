"""Answers to "how much of a dimension does each feature have for itself" as students write them."""

import numpy as np
import torch
import torch.nn.functional as F

EXERCISE = "feature_dimensionality"


def rows(W):
    norms = W.norm(dim=1)
    unit = F.normalize(W, dim=1)
    return norms**2 / (unit @ W.T).pow(2).sum(1)


def all_normalised(W):
    unit = F.normalize(W, dim=0)
    norms = W.norm(dim=0)
    return norms**2 / (unit.T @ unit).pow(2).sum(1).clamp(min=1e-9)


def only_cosines(W):
    unit = F.normalize(W, dim=0)
    return (unit.norm(dim=0) ** 2) / ((unit.T @ unit) ** 2).sum(1).clamp(min=1e-9)


def wrong_axis(W):
    norms = W.norm(dim=0)
    unit = F.normalize(W, dim=0)
    return norms**2 / ((unit.T @ W) ** 2).sum(dim=0).clamp(min=1e-9)


def not_normalised(W):
    norms = W.norm(dim=0)
    return norms**2 / ((W.T @ W) ** 2).sum(1).clamp(min=1e-9)


def sizes_instead_of_squares(W):
    norms = W.norm(dim=0)
    return norms**2 / (F.normalize(W, dim=0).T @ W).abs().sum(1).clamp(min=1e-9)


def squared_after_the_sum(W):
    norms = W.norm(dim=0)
    return norms**2 / ((F.normalize(W, dim=0).T @ W).sum(1) ** 2).clamp(min=1e-12)


def without_itself(W):
    gram = F.normalize(W, dim=0).T @ W
    gram = gram - torch.diag(torch.diag(gram))
    return W.norm(dim=0) ** 2 / (gram**2).sum(1).clamp(min=1e-9)


def norm_not_squared(W):
    norms = W.norm(dim=0)
    return norms / ((F.normalize(W, dim=0).T @ W) ** 2).sum(1).clamp(min=1e-9)


def upside_down(W):
    norms = W.norm(dim=0)
    return ((F.normalize(W, dim=0).T @ W) ** 2).sum(1) / (norms**2).clamp(min=1e-9)


def norm_of_the_overlaps(W):
    norms = W.norm(dim=0)
    return norms**2 / (F.normalize(W, dim=0).T @ W).norm(dim=1).clamp(min=1e-9)


def one_denominator(W):
    norms = W.norm(dim=0)
    return norms**2 / ((F.normalize(W, dim=0).T @ W) ** 2).sum()


def share_of_the_lengths(W):
    return W.norm(dim=0) ** 2 / W.norm() ** 2


def dimensions_per_feature(W):
    return W.shape[0] / torch.linalg.matrix_norm(W) ** 2


def zero_divided_by_zero(W):
    norms = W.norm(dim=0)
    unit = W / norms
    return norms**2 / ((unit.T @ W) ** 2).sum(1)


def safe_unit_but_zero_sum(W):
    norms = W.norm(dim=0)
    unit = W / norms.clamp(min=1e-8)
    return norms**2 / ((unit.T @ W) ** 2).sum(1)


def one_for_zeros(W):
    norms = W.norm(dim=0)
    unit = W / norms
    return torch.nan_to_num(norms**2 / (unit.T @ W).nan_to_num().pow(2).sum(1), nan=1.0)


WRONG = {
    rows: "rows are taken",
    all_normalised: "all columns",
    only_cosines: "all columns",
    wrong_axis: "the other one instead",
    not_normalised: "own column is not scaled",
    sizes_instead_of_squares: "only their size",
    squared_after_the_sum: "before they are squared",
    without_itself: "left out of the sum",
    norm_not_squared: "length above is not squared",
    upside_down: "upside down",
    norm_of_the_overlaps: "root of the sum",
    one_denominator: "one sum is used",
    share_of_the_lengths: "squared lengths of all columns",
    dimensions_per_feature: "mean over all features",
    zero_divided_by_zero: "column of zeros is divided",
    safe_unit_but_zero_sum: "column of zeros is divided",
    one_for_zeros: "gets 1",
}


def by_the_formula(W):
    own = (W**2).sum(dim=0)
    total = ((F.normalize(W, dim=0).T @ W) ** 2).sum(dim=1)
    return torch.where(own > 0, own / total.clamp(min=1e-12), 0.0)


def through_the_gram_matrix(W):
    gram = W.T @ W
    return torch.nan_to_num(gram.diag() ** 2 / gram.square().sum(0))


def a_little_below(W):
    norms = W.norm(dim=0)
    unit = W / (norms + 1e-8)
    return norms**2 / (torch.einsum("hi,hj->ij", unit, W).pow(2).sum(-1) + 1e-9)


def feature_by_feature(W):
    result = torch.zeros(W.shape[1])
    for i in range(W.shape[1]):
        length = W[:, i].norm()
        if length > 1e-6:
            result[i] = length**2 / sum((W[:, i] / length @ column) ** 2 for column in W.T)
    return result


def with_numpy(W):
    W = W.numpy().astype(np.float64)
    own = np.sum(W**2, axis=0)
    total = np.sum((W.T @ W) ** 2, axis=1)
    return np.divide(own**2, total, out=np.zeros_like(own), where=own > 0)


RIGHT = [by_the_formula, through_the_gram_matrix, a_little_below, feature_by_feature, with_numpy]
