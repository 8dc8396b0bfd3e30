"""Answers to "circuits of all sizes" as students write them."""

import itertools

import numpy as np
import torch

EXERCISE = "cpr_cmd"


def _areas(sizes, faithfulness):
    cpr = torch.trapezoid(faithfulness, sizes)
    return cpr.item(), torch.trapezoid((1 - faithfulness).abs(), sizes).item()


def means(sizes, faithfulness):
    return faithfulness.mean().item(), (1 - faithfulness).abs().mean().item()


def left_sums(sizes, faithfulness):
    widths = sizes[1:] - sizes[:-1]
    cpr = (widths * faithfulness[:-1]).sum()
    return cpr.item(), (widths * (1 - faithfulness[:-1]).abs()).sum().item()


def right_sums(sizes, faithfulness):
    widths = sizes.diff()
    cpr = (widths * faithfulness[1:]).sum()
    return cpr.item(), (widths * (1 - faithfulness[1:]).abs()).sum().item()


def right_sums_from_zero(sizes, faithfulness):
    widths = torch.diff(sizes, prepend=torch.zeros_like(sizes[:1]))
    return (widths * faithfulness).sum().item(), (widths * (1 - faithfulness).abs()).sum().item()


def sizes_forgotten(sizes, faithfulness):
    return np.trapezoid(faithfulness), np.trapezoid(abs(1 - faithfulness))


def evenly_spaced(sizes, faithfulness):
    n = len(sizes) - 1
    cpr = torch.trapezoid(faithfulness) / n
    return cpr.item(), (torch.trapezoid((1 - faithfulness).abs()) / n).item()


def arguments_exchanged(sizes, faithfulness):
    cpr = torch.trapezoid(sizes, faithfulness)
    return cpr.item(), torch.trapezoid(sizes, (1 - faithfulness).abs()).item()


def not_halved(sizes, faithfulness):
    widths, away = sizes.diff(), (1 - faithfulness).abs()
    cpr = (widths * (faithfulness[1:] + faithfulness[:-1])).sum()
    return cpr.item(), (widths * (away[1:] + away[:-1])).sum().item()


def logarithmic(sizes, faithfulness):
    x = torch.log10(sizes)
    cpr = torch.trapezoid(faithfulness, x)
    return cpr.item(), torch.trapezoid((1 - faithfulness).abs(), x).item()


def with_a_first_point(sizes, faithfulness):
    zero = torch.zeros(1, dtype=sizes.dtype)
    return _areas(torch.cat([zero, sizes]), torch.cat([zero, faithfulness]))


def divided_by_the_range(sizes, faithfulness):
    cpr, cmd = _areas(sizes, faithfulness)
    width = (sizes[-1] - sizes[0]).item()
    return cpr / width, cmd / width


def weighted_by_size(sizes, faithfulness):
    return (sizes * faithfulness).sum().item(), (sizes * (1 - faithfulness).abs()).sum().item()


def one_minus_cpr(sizes, faithfulness):
    cpr = torch.trapezoid(faithfulness, sizes).item()
    return cpr, 1 - cpr


def distance_of_cpr_from_one(sizes, faithfulness):
    cpr = torch.trapezoid(faithfulness, sizes).item()
    return cpr, abs(1 - cpr)


def no_absolute_value(sizes, faithfulness):
    cpr = torch.trapezoid(faithfulness, sizes).item()
    return cpr, torch.trapezoid(1 - faithfulness, sizes).item()


def absolute_value_too_late(sizes, faithfulness):
    cpr = torch.trapezoid(faithfulness, sizes)
    return cpr.item(), torch.trapezoid(1 - faithfulness, sizes).abs().item()


def squared(sizes, faithfulness):
    cpr = torch.trapezoid(faithfulness, sizes)
    return cpr.item(), torch.trapezoid((1 - faithfulness) ** 2, sizes).item()


def only_missing(sizes, faithfulness):
    cpr = torch.trapezoid(faithfulness, sizes)
    return cpr.item(), torch.trapezoid((1 - faithfulness).clamp(min=0), sizes).item()


def clamped_cpr(sizes, faithfulness):
    _, cmd = _areas(sizes, faithfulness)
    return torch.trapezoid(faithfulness.clamp(0, 1), sizes).item(), cmd


def clamped_first(sizes, faithfulness):
    return _areas(sizes, faithfulness.clamp(0, 1))


def absolute_faithfulness(sizes, faithfulness):
    _, cmd = _areas(sizes, faithfulness)
    return torch.trapezoid(faithfulness.abs(), sizes).item(), cmd


def swapped(sizes, faithfulness):
    cpr, cmd = _areas(sizes, faithfulness)
    return cmd, cpr


def fine_grid(sizes, faithfulness):
    x = np.linspace(sizes[0].item(), 1, 200_001)
    f = np.interp(x, sizes.numpy(), faithfulness.numpy())
    return np.trapezoid(f, x), np.trapezoid(np.abs(1 - f), x)


def below_the_diagonal(sizes, faithfulness):
    cpr, _ = _areas(sizes, faithfulness)
    return cpr, torch.trapezoid((sizes - faithfulness).abs(), sizes).item()


def best(sizes, faithfulness):
    _, cmd = _areas(sizes, faithfulness)
    return faithfulness.max().item(), cmd


def only_cpr(sizes, faithfulness):
    return torch.trapezoid(faithfulness, sizes).item()


def left_sum_and_one_minus(sizes, faithfulness):
    cpr = (sizes.diff() * faithfulness[:-1]).sum().item()
    return cpr, 1 - cpr


WRONG = {
    means: "without their widths",
    left_sums: "left end",
    right_sums: "right end",
    right_sums_from_zero: "right end",
    sizes_forgotten: "place in the list",
    evenly_spaced: "without their widths",
    arguments_exchanged: "exchanged",
    not_halved: "not halved",
    logarithmic: "logarithmic",
    with_a_first_point: "point at size 0",
    divided_by_the_range: "divided by the range",
    weighted_by_size: "weighted by its size",
    one_minus_cpr: "made of CPR",
    distance_of_cpr_from_one: "made of CPR",
    no_absolute_value: "no absolute value",
    absolute_value_too_late: "no absolute value",
    squared: "squares",
    only_missing: "only what is missing",
    clamped_cpr: "cut off",
    clamped_first: "cut off",
    absolute_faithfulness: "without the sign",
    swapped: "swapped",
    fine_grid: "crosses 1",
    below_the_diagonal: "line from 0 to 1",
    best: "largest faithfulness",
    only_cpr: "only one of the two",
    left_sum_and_one_minus: "left end",
}


def with_torch(sizes, faithfulness):
    cpr = torch.trapezoid(faithfulness, sizes)
    return cpr, torch.trapezoid((1 - faithfulness).abs(), sizes)


def with_numpy(sizes, faithfulness):
    s, f = sizes.numpy(), faithfulness.numpy()
    return np.trapezoid(f, x=s), np.trapezoid(np.abs(f - 1), x=s)


def by_hand(sizes, faithfulness):
    def area(y):
        return ((y[1:] + y[:-1]) / 2 * sizes.diff()).sum().item()

    return area(faithfulness), area((1 - faithfulness).abs())


def weights_of_the_points(sizes, faithfulness):
    # every height counts half of the width on either side
    widths = sizes.double().diff() / 2
    weights = torch.zeros(len(sizes), dtype=torch.float64)
    weights[1:] += widths
    weights[:-1] += widths
    return [weights @ faithfulness.double(), weights @ (1 - faithfulness).abs().double()]


def a_loop(sizes, faithfulness):
    cpr = cmd = 0.0
    points = list(zip(sizes.tolist(), faithfulness.tolist(), strict=True))
    for (left, low), (right, high) in itertools.pairwise(points):
        cpr += (right - left) * (low + high) / 2
        cmd += (right - left) * (abs(1 - low) + abs(1 - high)) / 2
    return cpr, cmd


RIGHT = [with_torch, with_numpy, by_hand, weights_of_the_points, a_loop]
