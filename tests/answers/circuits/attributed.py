"""Answers to "attribution patching" as students write them."""

import numpy as np
import torch
import torch.nn.functional as F

EXERCISE = "attributed"


def turned(gradient, clean, corrupted):
    return ((corrupted - clean) * gradient).sum((-1, -2)).mean(-1)


def summed_over_prompts(gradient, clean, corrupted):
    return torch.einsum("kbpd,kbpd->k", clean - corrupted, gradient)


def absolute_effects(gradient, clean, corrupted):
    return ((clean - corrupted) * gradient).abs().sum((2, 3)).mean(1)


def absolute_per_position(gradient, clean, corrupted):
    return ((clean - corrupted) * gradient).sum(-1).abs().sum(-1).mean(-1)


def absolute_result(gradient, clean, corrupted):
    return ((clean - corrupted) * gradient).sum((2, 3)).mean(1).abs()


def lengths(gradient, clean, corrupted):
    return ((clean - corrupted).norm(dim=-1) * gradient.norm(dim=-1)).sum(-1).mean(-1)


def cosines(gradient, clean, corrupted):
    return F.cosine_similarity(clean - corrupted, gradient, dim=-1).sum(-1).mean(-1)


def summed_first(gradient, clean, corrupted):
    return ((clean - corrupted).sum(-1) * gradient.sum(-1)).sum(-1).mean(-1)


def summed_over_all_first(gradient, clean, corrupted):
    step = (clean - corrupted).sum((2, 3))
    return (step * gradient.sum((2, 3))).mean(1)


def averaged_first(gradient, clean, corrupted):
    step = clean.mean(1) - corrupted.mean(1)
    return (step * gradient.mean(1)).sum((1, 2))


def last_position(gradient, clean, corrupted):
    return ((clean - corrupted) * gradient)[:, :, -1].sum(-1).mean(-1)


def mean_of_everything(gradient, clean, corrupted):
    return ((clean - corrupted) * gradient).flatten(1).mean(1)


def mean_over_positions(gradient, clean, corrupted):
    return torch.einsum("kbpd,kbpd->kbp", clean - corrupted, gradient).mean(dim=(1, 2))


def gradient_times_input(gradient, clean, corrupted):
    return (clean * gradient).sum((2, 3)).mean(1)


def corrupted_times_gradient(gradient, clean, corrupted):
    return (corrupted * gradient).sum(dim=(2, 3)).mean(dim=1)


def brackets_forgotten(gradient, clean, corrupted):
    return (clean - corrupted * gradient).sum((2, 3)).mean(1)


def no_gradient(gradient, clean, corrupted):
    return (clean - corrupted).norm(dim=-1).sum(-1).mean(-1)


def gradient_alone(gradient, clean, corrupted):
    return gradient.sum((2, 3)).mean(1)


def unit_gradient(gradient, clean, corrupted):
    return ((clean - corrupted) * F.normalize(gradient, dim=-1)).sum((2, 3)).mean(1)


def squared(gradient, clean, corrupted):
    return ((clean - corrupted) * gradient).pow(2).sum((2, 3)).mean(1)


def scaled(gradient, clean, corrupted):
    scores = ((clean - corrupted) * gradient).sum((2, 3)).mean(1)
    return scores / scores.abs().max()


def wrong_axis(gradient, clean, corrupted):
    return ((clean - corrupted) * gradient).sum((-1, -2)).mean(0)


def by_position(gradient, clean, corrupted):
    return ((clean - corrupted) * gradient).sum(-1).mean(1)


def by_prompt(gradient, clean, corrupted):
    return ((clean - corrupted) * gradient).sum((2, 3))


def one_number(gradient, clean, corrupted):
    return ((clean - corrupted) * gradient).sum((2, 3)).mean()


def matrix_product(gradient, clean, corrupted):
    return ((clean - corrupted) @ gradient.transpose(-1, -2)).sum((2, 3)).mean(1)


def in_place(gradient, clean, corrupted):
    clean -= corrupted
    return (clean * gradient).sum((2, 3)).mean(1)


WRONG = {
    turned: "sign is turned",
    summed_over_prompts: "prompts are added up",
    absolute_effects: "without their signs",
    absolute_per_position: "without their signs",
    absolute_result: "sign of the result",
    lengths: "lengths are multiplied",
    cosines: "cosines",
    summed_first: "added up first",
    summed_over_all_first: "added up first",
    averaged_first: "averaged before the product",
    last_position: "only one position",
    mean_of_everything: "positions or dimensions are averaged",
    mean_over_positions: "positions or dimensions are averaged",
    gradient_times_input: "clean activation alone",
    corrupted_times_gradient: "corrupted activation alone",
    brackets_forgotten: "brackets",
    no_gradient: "gradient is left out",
    gradient_alone: "step is left out",
    unit_gradient: "direction of the gradient",
    squared: "squared",
    scaled: "scaled to their largest",
    wrong_axis: "another axis",
    by_position: "positions are kept",
    by_prompt: "prompts are kept",
    one_number: "everything is added up",
    matrix_product: "added up first",
    in_place: "in place",
}


def product_then_sums(gradient, clean, corrupted):
    return ((clean - corrupted) * gradient).sum(dim=(2, 3)).mean(dim=1)


def with_einsum(gradient, clean, corrupted):
    step = clean.double() - corrupted
    return torch.einsum("kbpd,kbpd->k", step, gradient.double()) / clean.shape[1]


def two_products(gradient, clean, corrupted):
    high, low = (torch.einsum("kbpd,kbpd->kb", x, gradient) for x in (clean, corrupted))
    return (high - low).mean(-1)


def with_numpy(gradient, clean, corrupted):
    gradient, clean, corrupted = (x.numpy() for x in (gradient, clean, corrupted))
    return np.mean(np.sum(gradient * (clean - corrupted), axis=(-1, -2)), axis=-1)


def part_by_part(gradient, clean, corrupted):
    scores = []
    for g, k, c in zip(gradient, clean, corrupted, strict=True):
        effects = [torch.dot(g[b].flatten(), (k[b] - c[b]).flatten()) for b in range(len(g))]
        scores.append(sum(effects) / len(effects))
    return torch.stack(scores)


RIGHT = [product_then_sums, with_einsum, two_products, with_numpy, part_by_part]
