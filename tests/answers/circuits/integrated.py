"""Answers to "gradients on the way" as students write them."""

import numpy as np
import torch

EXERCISE = "integrated"


def corrupted_end(gradient_at, clean, corrupted, steps):
    return (clean - corrupted) * gradient_at(corrupted)


def clean_end(gradient_at, clean, corrupted, steps):
    return (clean - corrupted) * gradient_at(clean)


def middle(gradient_at, clean, corrupted, steps):
    return (clean - corrupted) * gradient_at((clean + corrupted) / 2)


def left_rule(gradient_at, clean, corrupted, steps):
    total = torch.zeros_like(clean)
    for k in range(steps):
        total += gradient_at(corrupted + k / steps * (clean - corrupted))
    return (clean - corrupted) * total / steps


def midpoint_rule(gradient_at, clean, corrupted, steps):
    total = 0
    for k in range(steps):
        total = total + gradient_at(corrupted + (k + 0.5) / steps * (clean - corrupted))
    return (clean - corrupted) * total / steps


def linspace(gradient_at, clean, corrupted, steps):
    points = [torch.lerp(corrupted, clean, a.item()) for a in torch.linspace(0, 1, steps)]
    return (clean - corrupted) * torch.stack([gradient_at(p) for p in points]).mean(0)


def one_too_many(gradient_at, clean, corrupted, steps):
    gradients = []
    for k in range(steps + 1):
        gradients.append(gradient_at(corrupted + k / steps * (clean - corrupted)))
    return (clean - corrupted) * torch.stack(gradients).mean(0)


def trapezoid(gradient_at, clean, corrupted, steps):
    shares = np.linspace(0, 1, steps + 1)
    gradients = np.stack([gradient_at(corrupted + a * (clean - corrupted)) for a in shares])
    return (clean - corrupted) * np.trapezoid(gradients, shares, axis=0)


def clean_end_missing(gradient_at, clean, corrupted, steps):
    total = torch.zeros_like(clean)
    for k in range(1, steps):
        total += gradient_at(corrupted + k / steps * (clean - corrupted))
    return (clean - corrupted) * total / steps


def fifty(gradient_at, clean, corrupted, steps=50):
    steps = 50
    total = torch.zeros_like(clean)
    for k in range(1, steps + 1):
        total += gradient_at(corrupted + k / steps * (clean - corrupted))
    return (clean - corrupted) * total / steps


def no_factor(gradient_at, clean, corrupted, steps):
    total = torch.zeros_like(clean)
    for k in range(1, steps + 1):
        total += gradient_at(corrupted + k / steps * (clean - corrupted))
    return total / steps


def not_divided(gradient_at, clean, corrupted, steps):
    total = torch.zeros_like(clean)
    for k in range(1, steps + 1):
        total += gradient_at(corrupted + k / steps * (clean - corrupted))
    return (clean - corrupted) * total


def divided_twice(gradient_at, clean, corrupted, steps):
    step = (clean - corrupted) / steps
    total = sum(step * gradient_at(corrupted + k * step) for k in range(1, steps + 1))
    return total / steps


def from_zero(gradient_at, clean, corrupted, steps):
    total = torch.zeros_like(clean)
    for k in range(1, steps + 1):
        total += gradient_at(k / steps * clean)
    return (clean - corrupted) * total / steps


def start_forgotten(gradient_at, clean, corrupted, steps):
    change = clean - corrupted
    gradients = [gradient_at(k / steps * change) for k in range(1, steps + 1)]
    return change * sum(gradients) / steps


def clean_added(gradient_at, clean, corrupted, steps):
    gradients = [gradient_at(corrupted + k / steps * clean) for k in range(1, steps + 1)]
    return (clean - corrupted) * sum(gradients) / steps


def clean_as_factor(gradient_at, clean, corrupted, steps):
    gradients = [
        gradient_at(corrupted + k / steps * (clean - corrupted)) for k in range(1, steps + 1)
    ]
    return clean * torch.stack(gradients).mean(0)


def turned(gradient_at, clean, corrupted, steps):
    gradients = [
        gradient_at(corrupted + k / steps * (clean - corrupted)) for k in range(1, steps + 1)
    ]
    return (corrupted - clean) * torch.stack(gradients).mean(0)


def backwards(gradient_at, clean, corrupted, steps):
    gradients = [gradient_at(clean + k / steps * (corrupted - clean)) for k in range(1, steps + 1)]
    return (corrupted - clean) * torch.stack(gradients).mean(0)


def times_the_points(gradient_at, clean, corrupted, steps):
    total = torch.zeros_like(clean)
    for k in range(1, steps + 1):
        point = corrupted + k / steps * (clean - corrupted)
        total += point * gradient_at(point)
    return total / steps


def overwritten(gradient_at, clean, corrupted, steps):
    for k in range(1, steps + 1):
        total = gradient_at(corrupted + k / steps * (clean - corrupted))
    return (clean - corrupted) * total / steps


def absolute(gradient_at, clean, corrupted, steps):
    points = [corrupted + k / steps * (clean - corrupted) for k in range(1, steps + 1)]
    return ((clean - corrupted) * sum(map(gradient_at, points)) / steps).abs()


def one_number(gradient_at, clean, corrupted, steps):
    points = [corrupted + k / steps * (clean - corrupted) for k in range(1, steps + 1)]
    return ((clean - corrupted) * sum(map(gradient_at, points)) / steps).sum()


def stacked(gradient_at, clean, corrupted, steps):
    points = [corrupted + k / steps * (clean - corrupted) for k in range(1, steps + 1)]
    return (clean - corrupted) * torch.stack([gradient_at(p) for p in points])


def returned_too_early(gradient_at, clean, corrupted, steps):
    total = torch.zeros_like(clean)
    for k in range(1, steps + 1):
        total += gradient_at(corrupted + k / steps * (clean - corrupted))
        return (clean - corrupted) * total / steps


def walks_in_place(gradient_at, clean, corrupted, steps):
    step = (clean - corrupted) / steps
    total = torch.zeros_like(clean)
    for _ in range(steps):
        corrupted += step
        total += gradient_at(corrupted)
    return step * total


WRONG = {
    corrupted_end: "at the corrupted end",
    clean_end: "at the clean end",
    middle: "in the middle of the way",
    left_rule: "the clean end is missing",
    midpoint_rule: "in the middle of each step",
    linspace: "steps - 1 pieces",
    one_too_many: "one point too many",
    trapezoid: "trapezoid",
    clean_end_missing: "clean end is missing",
    fifty: "not the one given",
    no_factor: "not multiplied by the way",
    not_divided: "not divided",
    divided_twice: "twice",
    from_zero: "starts at zero",
    start_forgotten: "without the corrupted input",
    clean_added: "shares of the clean input",
    clean_as_factor: "clean input itself",
    turned: "sign is turned",
    backwards: "from clean to corrupted",
    times_the_points: "its own point",
    overwritten: "last step is kept",
    absolute: "without their signs",
    one_number: "coordinates are added up",
    stacked: "kept apart",
    returned_too_early: "inside the loop",
    walks_in_place: "in place",
}


def a_loop(gradient_at, clean, corrupted, steps):
    total = torch.zeros_like(clean)
    for k in range(1, steps + 1):
        total += gradient_at(corrupted + k / steps * (clean - corrupted))
    return (clean - corrupted) * total / steps


def with_linspace(gradient_at, clean, corrupted, steps):
    shares = torch.linspace(0, 1, steps + 1)[1:]
    points = corrupted + shares[:, None] * (clean - corrupted)
    return (clean - corrupted) * torch.stack([gradient_at(p) for p in points]).mean(dim=0)


def all_at_once(gradient_at, clean, corrupted, steps):
    shares = torch.arange(1, steps + 1, dtype=torch.float64)[:, None] / steps
    return (clean - corrupted) * gradient_at(
        torch.lerp(corrupted.double(), clean.double(), shares)
    ).mean(0)


def with_numpy(gradient_at, clean, corrupted, steps):
    low, high = corrupted.numpy(), clean.numpy()
    gradients = [gradient_at(low + (k + 1) / steps * (high - low)) for k in range(steps)]
    return np.mean(np.stack(gradients), axis=0) * (high - low)


def step_by_step_backwards(gradient_at, clean, corrupted, steps):
    # the same points, from the clean one back
    step = (clean - corrupted) / steps
    result = 0
    point = clean.clone()
    for _ in range(steps):
        result = result + step * gradient_at(point)
        point = point - step
    return result


RIGHT = [a_loop, with_linspace, all_at_once, with_numpy, step_by_step_backwards]
