"""Answers to "take the part along each decoder row off the gradient" as students write them."""

import numpy as np
import torch
import torch.nn.functional as F

EXERCISE = "tangent"


def along(gradient, W_dec):
    return (gradient * W_dec).sum(dim=1, keepdim=True)


def unchanged(gradient, W_dec):
    return gradient


def parallel_part(gradient, W_dec):
    return along(gradient, W_dec) * W_dec


def added(gradient, W_dec):
    return gradient + torch.einsum("si,si->s", gradient, W_dec)[:, None] * W_dec


def mirrored(gradient, W_dec):
    return gradient - 2 * along(gradient, W_dec) * W_dec


def columns(gradient, W_dec):
    return gradient - (gradient * W_dec).sum(0) * W_dec


def unit_columns(gradient, W_dec):
    columns = W_dec / W_dec.norm(dim=0, keepdim=True)
    return gradient - (gradient * columns).sum(dim=0, keepdim=True) * columns


def one_product(gradient, W_dec):
    return gradient - torch.sum(gradient * W_dec) * W_dec


def one_product_divided(gradient, W_dec):
    g, w = gradient.flatten(), W_dec.flatten()
    return gradient - (g @ w) / (w @ w) * W_dec


def all_rows(gradient, W_dec):
    return gradient - (gradient @ W_dec.T) @ W_dec


def entry_by_entry(gradient, W_dec):
    return gradient - gradient * W_dec * W_dec


def number_alone(gradient, W_dec):
    return gradient - along(gradient, W_dec)


def row_itself(gradient, W_dec):
    return gradient - W_dec


def roles_changed(gradient, W_dec):
    return W_dec - along(gradient, W_dec) * gradient


def only_scaled(gradient, W_dec):
    return gradient * (1 - F.cosine_similarity(gradient, W_dec, dim=1))[:, None]


def cosine(gradient, W_dec):
    return gradient - F.cosine_similarity(gradient, W_dec, dim=1)[:, None] * W_dec


def without_sign(gradient, W_dec):
    return gradient - along(gradient, W_dec).abs() * W_dec


def positive_part_only(gradient, W_dec):
    return gradient - along(gradient, W_dec).relu() * W_dec


def scaled_to_one(gradient, W_dec):
    return F.normalize(gradient - along(gradient, W_dec) * W_dec, dim=1)


def length_restored(gradient, W_dec):
    rest = gradient - along(gradient, W_dec) * W_dec
    return rest / rest.norm(dim=1, keepdim=True).clamp(min=1e-8) * gradient.norm(dim=1)[:, None]


def centred(gradient, W_dec):
    return gradient - gradient.mean(dim=1, keepdim=True)


def after_a_step(gradient, W_dec):
    return F.normalize(W_dec - gradient, dim=1)


def numbers_alone(gradient, W_dec):
    return (gradient * W_dec).sum(dim=1)


def in_place(gradient, W_dec):
    gradient -= along(gradient, W_dec) * W_dec
    return gradient


def by_the_cosine_and_lengths(gradient, W_dec):
    lengths = gradient.norm(dim=1, keepdim=True)
    cosines = along(gradient / lengths, W_dec)
    return gradient - cosines * lengths * W_dec


WRONG = {
    unchanged: "nothing is taken off",
    parallel_part: "part along the row is returned",
    added: "is added",
    mirrored: "twice",
    columns: "along columns",
    unit_columns: "along columns",
    one_product: "one long vector",
    one_product_divided: "one long vector",
    all_rows: "along all decoder rows",
    entry_by_entry: "entry by entry",
    number_alone: "only the number",
    row_itself: "the row itself",
    roles_changed: "change places",
    only_scaled: "multiplied by the gradient",
    cosine: "cosine",
    without_sign: "sign of the product",
    positive_part_only: "only what would stretch",
    scaled_to_one: "result is scaled",
    length_restored: "length that the gradient had",
    centred: "mean is taken off",
    after_a_step: "after a step",
    numbers_alone: "one number for each latent",
    in_place: "edited in place",
    by_the_cosine_and_lengths: "divided by its length",
}


def by_the_formula(gradient, W_dec):
    return gradient - (gradient * W_dec).sum(dim=-1, keepdim=True) * W_dec


def for_any_length(gradient, W_dec):
    coefficients = (gradient * W_dec).sum(dim=1) / W_dec.square().sum(dim=1)
    return torch.addcmul(gradient, coefficients[:, None], W_dec, value=-1)


def latent_by_latent(gradient, W_dec):
    result = gradient.clone()
    for j, row in enumerate(W_dec):
        result[j] -= torch.dot(gradient[j], row) * row
    return result


def by_projectors(gradient, W_dec):
    outer = torch.einsum("si,sj->sij", W_dec, W_dec)
    projectors = torch.eye(W_dec.shape[1], dtype=W_dec.dtype) - outer
    return torch.einsum("sij,sj->si", projectors, gradient)


def by_autograd(gradient, W_dec):
    W = W_dec.clone().requires_grad_()
    (F.normalize(W, dim=1) * gradient).sum().backward()
    return W.grad


def with_numpy(gradient, W_dec):
    g, w = gradient.numpy(), W_dec.numpy()
    return g - np.einsum("si,si->s", g, w)[:, np.newaxis] * w


RIGHT = [
    by_the_formula,
    for_any_length,
    latent_by_latent,
    by_projectors,
    by_autograd,
    with_numpy,
]
