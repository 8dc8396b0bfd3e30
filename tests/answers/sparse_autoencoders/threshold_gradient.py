"""Answers to "how does the threshold of a JumpReLU learn" as students write them."""

import numpy as np
import torch

EXERCISE = "threshold_gradient"


def near(pre_acts, threshold, bandwidth):
    return (pre_acts - threshold).abs() < bandwidth / 2


def exact(pre_acts, threshold, upstream, bandwidth):
    theta = threshold.clone().requires_grad_()
    latents = pre_acts * (pre_acts > theta) + 0 * theta
    latents.backward(upstream)
    return theta.grad


def wrong_sign(pre_acts, threshold, upstream, bandwidth):
    mask = near(pre_acts, threshold, bandwidth)
    return threshold / bandwidth * (upstream * mask).sum(0)


def of_the_step(pre_acts, threshold, upstream, bandwidth):
    mask = near(pre_acts, threshold, bandwidth)
    return -(1 / bandwidth) * (mask * upstream).sum(dim=0)


def not_divided(pre_acts, threshold, upstream, bandwidth):
    return (-threshold * upstream * near(pre_acts, threshold, bandwidth)).sum(0)


def no_factor(pre_acts, threshold, upstream, bandwidth):
    return -(upstream * near(pre_acts, threshold, bandwidth)).sum(0)


def twice_as_wide(pre_acts, threshold, upstream, bandwidth):
    mask = ((pre_acts - threshold) / bandwidth).abs() < 1
    return -(threshold / bandwidth) * (upstream * mask).sum(dim=0)


def half_as_wide(pre_acts, threshold, upstream, bandwidth):
    mask = near(pre_acts, threshold, bandwidth / 2)
    return -(threshold / bandwidth) * (upstream * mask).sum(dim=0)


def bandwidth_forgotten_in_the_kernel(pre_acts, threshold, upstream, bandwidth):
    mask = (pre_acts - threshold).abs() < 0.5
    return -(threshold / bandwidth) * (upstream * mask).sum(dim=0)


def above_only(pre_acts, threshold, upstream, bandwidth):
    mask = (pre_acts > threshold) & (pre_acts < threshold + bandwidth / 2)
    return -(threshold / bandwidth) * (upstream * mask).sum(dim=0)


def below_only(pre_acts, threshold, upstream, bandwidth):
    mask = (pre_acts < threshold) & (pre_acts > threshold - bandwidth / 2)
    return -(threshold / bandwidth) * (upstream * mask).sum(dim=0)


def no_size(pre_acts, threshold, upstream, bandwidth):
    mask = (pre_acts - threshold) < bandwidth / 2
    return -(threshold / bandwidth) * (upstream * mask).sum(dim=0)


def no_kernel(pre_acts, threshold, upstream, bandwidth):
    return -(threshold / bandwidth) * upstream.sum(dim=0)


def active_ones(pre_acts, threshold, upstream, bandwidth):
    return -(threshold / bandwidth) * (upstream * (pre_acts > threshold)).sum(dim=0)


def around_zero(pre_acts, threshold, upstream, bandwidth):
    mask = pre_acts.abs() < bandwidth / 2
    return -(threshold / bandwidth) * (upstream * mask).sum(dim=0)


def triangle(pre_acts, threshold, upstream, bandwidth):
    kernel = (1 - ((pre_acts - threshold) / bandwidth).abs()).clamp(min=0)
    return -(threshold / bandwidth) * (upstream * kernel).sum(dim=0)


def sigmoid(pre_acts, threshold, upstream, bandwidth):
    soft = torch.sigmoid((pre_acts - threshold) / bandwidth)
    return -(threshold / bandwidth) * (upstream * soft * (1 - soft)).sum(dim=0)


def mean(pre_acts, threshold, upstream, bandwidth):
    return -(threshold / bandwidth) * (upstream * near(pre_acts, threshold, bandwidth)).mean(0)


def not_summed(pre_acts, threshold, upstream, bandwidth):
    return -(threshold / bandwidth) * upstream * near(pre_acts, threshold, bandwidth)


def summed_over_latents(pre_acts, threshold, upstream, bandwidth):
    slopes = -(threshold / bandwidth) * near(pre_acts, threshold, bandwidth)
    return (slopes * upstream).sum(dim=-1)


def one_number(pre_acts, threshold, upstream, bandwidth):
    return (-(threshold / bandwidth) * upstream * near(pre_acts, threshold, bandwidth)).sum()


def pre_as_factor(pre_acts, threshold, upstream, bandwidth):
    return -(pre_acts / bandwidth * upstream * near(pre_acts, threshold, bandwidth)).sum(dim=0)


def distance_as_factor(pre_acts, threshold, upstream, bandwidth):
    away = pre_acts - threshold
    return -(away / bandwidth * upstream * (away.abs() < bandwidth / 2)).sum(dim=0)


def no_upstream(pre_acts, threshold, upstream, bandwidth):
    return -(threshold / bandwidth) * near(pre_acts, threshold, bandwidth).sum(dim=0)


def upstream_summed_first(pre_acts, threshold, upstream, bandwidth):
    slopes = -(threshold / bandwidth) * near(pre_acts, threshold, bandwidth)
    return slopes.sum(dim=0) * upstream.sum(dim=0)


def for_pre_acts(pre_acts, threshold, upstream, bandwidth):
    return upstream * (pre_acts > threshold)


WRONG = {
    exact: "exact derivative",
    wrong_sign: "sign is turned",
    of_the_step: "gradient of the step",
    not_divided: "not divided by the bandwidth",
    no_factor: "both the threshold and the bandwidth",
    twice_as_wide: "a whole bandwidth to each side",
    half_as_wide: "a quarter of a bandwidth",
    bandwidth_forgotten_in_the_kernel: "not the bandwidth",
    above_only: "only pre-activations above",
    below_only: "only pre-activations below",
    no_size: "sign of the distance",
    no_kernel: "all pre-activations count",
    active_ones: "all active latents count",
    around_zero: "lies around 0",
    triangle: "not a rectangle",
    sigmoid: "not a rectangle",
    mean: "averaged",
    not_summed: "not added up",
    summed_over_latents: "latents are added up",
    one_number: "all is added up",
    pre_as_factor: "pre-activation is the factor",
    distance_as_factor: "distance from the threshold is the factor",
    no_upstream: "upstream gradient is left out",
    upstream_summed_first: "upstream gradients are added up first",
    for_pre_acts: "gradient for the pre-activations",
}


def by_the_formula(pre_acts, threshold, upstream, bandwidth):
    rectangle = ((pre_acts - threshold).abs() < bandwidth / 2).to(pre_acts.dtype)
    return -(threshold / bandwidth) * (upstream * rectangle).sum(dim=0)


def by_two_comparisons(pre_acts, threshold, upstream, bandwidth):
    low, high = threshold - 0.5 * bandwidth, threshold + 0.5 * bandwidth
    counted = torch.where((pre_acts >= low) & (pre_acts <= high), upstream, 0.0)
    return torch.einsum("bs,s->s", counted, -threshold / bandwidth)


def latent_by_latent(pre_acts, threshold, upstream, bandwidth):
    gradient = torch.zeros_like(threshold)
    for j in range(len(threshold)):
        for z, u in zip(pre_acts[:, j], upstream[:, j], strict=True):
            if abs(z - threshold[j]) < bandwidth / 2:
                gradient[j] -= threshold[j] / bandwidth * u
    return gradient


def by_a_ramp(pre_acts, threshold, upstream, bandwidth):
    theta = threshold.clone().requires_grad_()
    ramp = ((pre_acts - theta) / bandwidth + 0.5).clamp(0, 1)
    (threshold * ramp * upstream).sum().backward()
    return theta.grad


class JumpReLU(torch.autograd.Function):
    @staticmethod
    def forward(ctx, z, theta, bandwidth):
        ctx.save_for_backward(z, theta)
        ctx.bandwidth = bandwidth
        return torch.where(z > theta, z, 0.0)

    @staticmethod
    def backward(ctx, upstream):
        z, theta = ctx.saved_tensors
        rectangle = torch.heaviside(0.5 - ((z - theta) / ctx.bandwidth).abs(), torch.zeros_like(z))
        to_theta = -(theta / ctx.bandwidth) * rectangle * upstream
        return upstream * (z > theta), to_theta.sum(dim=0), None


def by_a_function(pre_acts, threshold, upstream, bandwidth):
    theta = threshold.clone().requires_grad_()
    JumpReLU.apply(pre_acts, theta, bandwidth).backward(upstream)
    return theta.grad


def with_numpy(pre_acts, threshold, upstream, bandwidth):
    z, theta, slope = pre_acts.numpy(), threshold.numpy(), upstream.numpy()
    return (-theta / bandwidth * slope * (np.abs(z - theta) < bandwidth / 2)).sum(axis=0)


RIGHT = [
    by_the_formula,
    by_two_comparisons,
    latent_by_latent,
    by_a_ramp,
    by_a_function,
    with_numpy,
]
