"""Answers to "five features in two dimensions, by hand"."""

import math

import numpy as np
import torch

EXERCISE = "pentagon"
MEAN = 0.05 / 2


def around(step, length=1.0):
    angles = step * torch.arange(5)
    return length * torch.stack([angles.cos(), angles.sin()])


def bias(value):
    return torch.full((5,), value)


def without_a_bias():
    return around(2 * math.pi / 5), torch.zeros(5)


def with_the_mean_as_bias():
    return around(2 * math.pi / 5), bias(MEAN)


def with_a_large_positive_bias():
    return around(2 * math.pi / 5), bias(0.31)


def bias_as_large_as_the_interference():
    return around(2 * math.pi / 5), bias(-math.cos(2 * math.pi / 5))


def bias_of_minus_one():
    return around(2 * math.pi / 5), bias(-1.0)


def dedicated():
    W = torch.zeros(2, 5)
    W[0, 0] = W[1, 1] = 1.0
    return W, torch.tensor([0, 0, MEAN, MEAN, MEAN])


def dedicated_without_bias():
    return torch.eye(2, 5), torch.zeros(5)


def antipodal_pairs():
    W = torch.tensor([[1.0, -1, 0, 0, 0], [0, 0, 1, -1, 0]])
    return W, torch.tensor([0, 0, 0, 0, MEAN])


def antipodal_pairs_and_a_fifth_on_top():
    W = torch.tensor([[1.0, -1, 0, 0, 1], [0, 0, 1, -1, 0]])
    return W, bias(-0.1)


def triangle_and_two_ignored():
    W = around(2 * math.pi / 3)
    W[:, 3:] = 0
    return W, torch.tensor([-0.1, -0.1, -0.1, MEAN, MEAN])


def transposed():
    return around(2 * math.pi / 5).T, bias(-0.1)


def degrees_as_radians():
    return around(72.0), bias(-0.1)


def radians_into_degrees():
    return around(math.degrees(72)), bias(-0.1)


def steps_of_60_degrees():
    return around(math.radians(60)), bias(-0.1)


def linspace_with_both_ends():
    angles = torch.linspace(0, 2 * math.pi, 5)
    return torch.stack([angles.sin(), angles.cos()]), bias(-0.1)


def half_a_circle():
    return around(math.pi / 5), bias(-0.1)


def half_a_circle_with_both_ends():
    return around(math.pi / 4), bias(-0.1)


def quarter_of_a_circle():
    return around(math.pi / 10), bias(-0.1)


def cosine_twice():
    angles = 2 * math.pi / 5 * torch.arange(5)
    return torch.stack([angles.cos(), angles.cos()]) / 2**0.5, bias(-0.1)


def random_unit_columns():
    W = torch.randn(2, 5, generator=torch.Generator().manual_seed(0))
    return W / W.norm(dim=0), bias(-0.1)


def rows_of_length_one():
    W = around(2 * math.pi / 5)
    return W / W.norm(dim=1, keepdim=True), bias(-0.1)


def too_long():
    return around(2 * math.pi / 5, length=2.0), bias(-0.1)


def one_number_as_bias():
    return around(2 * math.pi / 5), torch.tensor(-0.1)


def bias_before_the_transpose():
    return around(2 * math.pi / 5), torch.full((2,), -0.1)


def bias_first():
    return bias(-0.1), around(2 * math.pi / 5)


def gram_matrix():
    W = around(2 * math.pi / 5)
    return W.T @ W, bias(-0.1)


def angles_only():
    return 2 * math.pi / 5 * torch.arange(5), bias(-0.1)


def matrix_only():
    return around(2 * math.pi / 5)


def nothing_stored():
    return torch.zeros(2, 5), bias(MEAN)


WRONG = {
    without_a_bias: "hardly negative",
    with_the_mean_as_bias: "positive",
    with_a_large_positive_bias: "positive",
    bias_as_large_as_the_interference: "too negative",
    bias_of_minus_one: "too negative",
    dedicated: "three are ignored",
    dedicated_without_bias: "three are ignored",
    antipodal_pairs: "one feature is ignored",
    antipodal_pairs_and_a_fifth_on_top: "fifth direction",
    triangle_and_two_ignored: "some features are ignored",
    transposed: "transposed",
    degrees_as_radians: "72",
    radians_into_degrees: "not the other way",
    steps_of_60_degrees: "60 degrees",
    linspace_with_both_ends: "linspace",
    half_a_circle: "36 degrees",
    half_a_circle_with_both_ends: "45 degrees",
    quarter_of_a_circle: "one half",
    cosine_twice: "",
    random_unit_columns: "not equal",
    rows_of_length_one: "lengths",
    too_long: "lengths",
    one_number_as_bias: "one for each feature",
    bias_before_the_transpose: "each dimension",
    bias_first: "swapped",
    gram_matrix: "W^T W",
    angles_only: "angles",
    matrix_only: "",
    nothing_stored: "no feature",
}


def by_hand():
    return around(2 * math.pi / 5), bias(-0.1)


def star_in_numpy():
    """Every second corner: the same five directions in another order, and turned."""
    angles = 0.3 + np.deg2rad(144) * np.arange(5)
    return np.stack([np.cos(angles), np.sin(angles)]), np.full(5, -0.15)


def complex_roots_in_float64_lists():
    roots = [
        complex(math.cos(2 * math.pi * k / 5), math.sin(2 * math.pi * k / 5)) for k in range(5)
    ]
    return [[z.real for z in roots], [z.imag for z in roots]], [-0.06] * 5


def longer_with_more_bias():
    return around(-2 * math.pi / 5, length=1.13), bias(-0.24)


def by_gradient_descent():
    rng = torch.Generator().manual_seed(0)
    W = (0.5 * torch.randn(2, 5, generator=rng)).requires_grad_()
    b = torch.zeros(5, requires_grad=True)
    optimizer = torch.optim.Adam([W, b], lr=0.02)
    for _ in range(400):
        u = torch.rand(1024, 5, generator=rng) / 0.1
        x = torch.where(u < 1, u, 0.0)
        loss = (x - torch.relu(x @ W.T @ W + b)).square().sum(dim=1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return W, b


RIGHT = [
    by_hand,
    star_in_numpy,
    complex_roots_in_float64_lists,
    longer_with_more_bias,
    by_gradient_descent,
]
