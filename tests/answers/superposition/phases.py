"""Answers to "what becomes of the second of two features in one dimension"."""

import numpy as np
import torch

from interp_course.checks.superposition import cells

EXERCISE = "phases"


def from_losses(instance, losses):
    names = ("ignored", "dedicated", "superposed")
    return {cell: names[int(np.argmin(losses(*cell)))] for cell in cells(instance)}


def formulas(p, r):
    variance = p / 3 - p**2 / 4
    return r * variance, variance, (1 + r) * p**2 / 6


def sparsity_of_the_paper(instance):
    return from_losses(instance, lambda p, r: formulas(1 - p, r))


def importance_turned_round(instance):
    return from_losses(instance, lambda p, r: formulas(p, 1 / r))


def first_feature_instead(instance):
    other = {"ignored": "dedicated", "dedicated": "ignored", "superposed": "superposed"}
    return {cell: other[phase] for cell, phase in from_formulas(instance).items()}


def dedicated_and_ignored_weighed_the_wrong_way(instance):
    def losses(p, r):
        ignored, dedicated, both = formulas(p, r)
        return dedicated / r * r, ignored, both

    return from_losses(instance, losses)


def always_superposed(instance):
    return dict.fromkeys(cells(instance), "superposed")


def always_dedicated(instance):
    return dict.fromkeys(cells(instance), "dedicated")


def as_in_a_linear_model(instance):
    return {(p, r): "dedicated" if r > 1 else "ignored" for p, r in cells(instance)}


def superposed_when_sparse(instance):
    alone = as_in_a_linear_model(instance)
    return {cell: "superposed" if cell[0] < 0.571 else alone[cell] for cell in alone}


def no_bias(instance):
    return from_losses(instance, lambda p, r: (r * p / 3, p / 3, (1 + r) * p**2 / 6))


def no_bias_by_sampling(instance):
    def losses(p, r):
        return sampled(p, r, bias=0.0)

    return from_losses(instance, losses)


def everything_lost_when_both_are_active(instance):
    return from_losses(instance, lambda p, r: (*formulas(p, r)[:2], (1 + r) * p**2 / 3))


def one_cell_forgotten(instance):
    return dict(list(from_formulas(instance).items())[:5])


def keys_swapped(instance):
    return {(r, p): phase for (p, r), phase in from_formulas(instance).items()}


def keys_are_probabilities(instance):
    return {p: phase for (p, _), phase in from_formulas(instance).items()}


def keys_are_places(instance):
    return dict(enumerate(from_formulas(instance).values()))


def positions_instead_of_names(instance):
    return {cell: int(np.argmin(formulas(*cell))) for cell in cells(instance)}


def a_list(instance):
    return list(from_formulas(instance).values())


def antipodal(instance):
    return {
        cell: phase.replace("superposed", "antipodal")
        for cell, phase in from_formulas(instance).items()
    }


def one_wrong(instance):
    answer = from_formulas(instance)
    cell = cells(instance)[0]
    answer[cell] = "ignored" if answer[cell] == "superposed" else "superposed"
    return answer


WRONG = {
    sparsity_of_the_paper: "inactive",
    importance_turned_round: "turned round",
    first_feature_instead: "first feature",
    dedicated_and_ignored_weighed_the_wrong_way: "turned round",
    always_superposed: "everything is superposed",
    always_dedicated: "all cells",
    as_in_a_linear_model: "nothing is superposed",
    superposed_when_sparse: "equally important",
    no_bias: "bias",
    no_bias_by_sampling: "bias",
    everything_lost_when_both_are_active: "taken to be lost",
    one_cell_forgotten: "left out",
    keys_swapped: "swapped",
    keys_are_probabilities: "single numbers",
    keys_are_places: "places",
    positions_instead_of_names: "name",
    a_list: "",
    antipodal: "",
}


def from_formulas(instance):
    return from_losses(instance, formulas)


def sampled(p, r, bias):
    """The three losses, measured on samples."""
    rng = np.random.default_rng(0)
    x = rng.random((100_000, 2)) * (rng.random((100_000, 2)) < p)
    losses = []
    for W, b in (([1, 0], [0, bias]), ([0, 1], [bias, 0]), ([1, -1], [0, 0])):
        x_hat = np.maximum(np.outer(x @ W, W) + b, 0)
        losses.append((((x - x_hat) ** 2).mean(axis=0) * [1, r]).sum())
    return losses


def by_sampling(instance):
    return from_losses(instance, lambda p, r: sampled(p, r, bias=p / 2))


def by_integration_in_capitals(instance):
    x = (torch.arange(200, dtype=torch.float64) + 0.5) / 200
    smaller = torch.minimum(x, x[:, None]).square().mean().item()
    answer = {}
    for p, r in reversed(cells(instance)):
        replaced = p * (x - p / 2).square().mean().item() + (1 - p) * (p / 2) ** 2
        worst_alone, pair = min(1, r) * replaced, (1 + r) * p * p * smaller
        alone = "Ignored" if r < 1 else "Dedicated"
        answer[p, r] = "Superposed" if pair < worst_alone else alone
    return answer


def by_training(instance):
    """Ten networks for each cell, from random weights; the best one says what happens."""
    rng = torch.Generator().manual_seed(instance)
    drawn, n, steps = cells(instance), 10, 800
    p, r = (torch.tensor(v).repeat_interleave(n) for v in zip(*drawn, strict=True))
    weight = torch.stack([torch.ones_like(r), r], dim=1)[:, None]
    W = (0.5 * torch.randn(len(p), 1, 2, generator=rng)).requires_grad_()
    b = torch.zeros(len(p), 1, 2, requires_grad=True)
    optimizer = torch.optim.Adam([W, b], lr=0.02)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    late = torch.zeros(len(p))
    for step in range(steps):
        u = torch.rand(len(p), 256, 2, generator=rng) / p[:, None, None]
        x = torch.where(u < 1, u, 0.0)
        x_hat = torch.relu(x @ W.mT @ W + b)
        loss = (weight * (x - x_hat).square()).sum(dim=2).mean(dim=1)
        optimizer.zero_grad()
        (loss / weight.amax(dim=(1, 2))).sum().backward()
        optimizer.step()
        schedule.step()
        late += loss.detach() * (step >= steps - 200)
    best = late.view(-1, n).argmin(dim=1) + n * torch.arange(len(drawn))
    stored = (W[best, 0].abs() > 0.5).tolist()
    names = {(True, True): "superposed", (True, False): "ignored", (False, True): "dedicated"}
    return {cell: names[tuple(row)] for cell, row in zip(drawn, stored, strict=True)}


RIGHT = [from_formulas, by_sampling, by_integration_in_capitals, by_training]
