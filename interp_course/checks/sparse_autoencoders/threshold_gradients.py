"""How the threshold of a JumpReLU learns, although its gradient is 0 almost everywhere.

The pseudo-derivative is that of Rajamanoharan et al. (2024), "Jumping Ahead", equation 11.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from interp_course import runtime
from interp_course.checking import Case, Check

INSIDE = ((-0.42, -0.28), (-0.22, -0.05), (0.05, 0.22), (0.28, 0.42))
OUTSIDE = ((-0.95, -0.58), (0.58, 0.95), (-3.0, -1.1), (1.1, 3.0))
"""Distances from the threshold as shares of the bandwidth: none is near a half or near 0."""
SHARES = torch.tensor((0.12, 0.12, 0.12, 0.12, 0.13, 0.13, 0.13, 0.13))


def _cases(seed: int) -> list[Case]:
    """Each threshold has a pre-activation in each of the ranges above, or some of them.

    One pre-activation of each latent is near 0 instead. In the third case one latent has none
    near its threshold.
    """
    cases = []
    sizes = ((11, 4, 0.6), (9, 6, 0.35), (14, 3, 0.08), (10, 5, 0.45))
    for number, (batch, d_sae, bandwidth) in enumerate(sizes):
        rng = runtime.generator("check threshold gradient", seed + 1000 * number)
        threshold = 0.75 + 0.9 * torch.rand(d_sae, generator=rng)
        ranges = torch.tensor(INSIDE + OUTSIDE)
        which = torch.multinomial(SHARES, batch * d_sae, replacement=True, generator=rng)
        which = which.view(batch, d_sae)
        for latent in range(d_sae):
            which[: len(INSIDE), latent] = torch.randperm(len(INSIDE), generator=rng)
        if number == 2:
            which[:, 1] = len(INSIDE) + which[:, 1] % len(OUTSIDE)
        low, high = ranges[which].unbind(dim=-1)
        share = low + (high - low) * torch.rand(batch, d_sae, generator=rng)
        pre_acts = threshold + bandwidth * share
        pre_acts[-1] = bandwidth * (0.6 * torch.rand(d_sae, generator=rng) - 0.3)
        upstream = torch.randn(batch, d_sae, generator=rng)
        upstream += 0.5 * upstream.sign()
        kind = ""
        if number == 3:
            pre_acts, threshold, upstream = (v.double() for v in (pre_acts, threshold, upstream))
            kind = "float64, "
        text = f"{kind}{batch} samples, {d_sae} latents, bandwidth {bandwidth}"
        cases.append(Case(text, (pre_acts, threshold, upstream, bandwidth)))
    return cases


def _oracle(pre_acts: Tensor, threshold: Tensor, upstream: Tensor, bandwidth: float) -> Tensor:
    """One latent after the other, and for it one sample after the other."""
    batch, d_sae = pre_acts.shape
    gradients = []
    for j in range(d_sae):
        total = 0.0
        for s in range(batch):
            away = (pre_acts[s, j].item() - threshold[j].item()) / bandwidth
            if -0.5 < away < 0.5:
                total -= upstream[s, j].item() * threshold[j].item() / bandwidth
        gradients.append(total)
    return torch.tensor(gradients, dtype=torch.float64)


def _away(p: Tensor, t: Tensor, b: float) -> Tensor:
    return (p - t) / b


def _near(p: Tensor, t: Tensor, b: float) -> Tensor:
    return (_away(p, t, b).abs() < 0.5).to(p.dtype)


def _right(p: Tensor, t: Tensor, u: Tensor, b: float) -> Tensor:
    return -(t / b) * (u * _near(p, t, b)).sum(dim=0)


def _each(p: Tensor, t: Tensor, u: Tensor, b: float) -> Tensor:
    return -(t / b) * u * _near(p, t, b)


def _with_kernel(kernel: Callable[[Tensor, Tensor, float], Tensor]) -> Callable[..., Tensor]:
    """The gradient with other pre-activations counted, or others weights."""
    return lambda p, t, u, b: -(t / b) * (u * kernel(p, t, b)).sum(dim=0)


def _gauss(z: Tensor) -> Tensor:
    return (-z.square() / 2).exp() / (2 * torch.pi) ** 0.5


threshold_gradient = Check(
    name="threshold_gradient",
    oracle=_oracle,
    cases=_cases,
    reread="where a pre-activation is closer to its threshold than half of the bandwidth, the "
    "pseudo-derivative of its latent is -(threshold / bandwidth), elsewhere 0; multiply by the "
    "upstream gradient and add up the samples: [d_sae]",
    mistakes={
        "it is the exact derivative: that is 0, and the threshold would never move": (
            lambda p, t, u, b: torch.zeros_like(t)
        ),
        "the sign is turned: a higher threshold takes a latent away": lambda *a: -_right(*a),
        "the factor `threshold` is missing: this is the gradient of the step, which counts "
        "active latents": (
            lambda p, t, u, b: _right(p, t, u, b) / t,
            lambda p, t, u, b: -_right(p, t, u, b) / t,
        ),
        "it is not divided by the bandwidth": (
            lambda p, t, u, b: b * _right(p, t, u, b),
            lambda p, t, u, b: -b * _right(p, t, u, b),
        ),
        "both the threshold and the bandwidth are left out of the factor": (
            lambda p, t, u, b: -(u * _near(p, t, b)).sum(dim=0),
            lambda p, t, u, b: (u * _near(p, t, b)).sum(dim=0),
        ),
        "the factor is turned upside down": lambda p, t, u, b: (
            -(b / t) * (u * _near(p, t, b)).sum(dim=0)
        ),
        "it is divided by half of the bandwidth, or by its square": (
            lambda p, t, u, b: 2 * _right(p, t, u, b),
            lambda p, t, u, b: _right(p, t, u, b) / 2,
            lambda p, t, u, b: _right(p, t, u, b) / b,
        ),
        "the kernel reaches a whole bandwidth to each side: it is half of one": (
            _with_kernel(lambda p, t, b: (_away(p, t, b).abs() < 1).to(p.dtype)),
            _with_kernel(lambda p, t, b: (_away(p, t, b).abs() < 1).to(p.dtype) / 2),
        ),
        "the kernel reaches a quarter of a bandwidth to each side: it is half of one": (
            _with_kernel(lambda p, t, b: (_away(p, t, b).abs() < 0.25).to(p.dtype))
        ),
        "the kernel is as wide as a number that is not the bandwidth": (
            _with_kernel(lambda p, t, b: ((p - t).abs() < 0.5).to(p.dtype)),
            _with_kernel(lambda p, t, b: ((p - t).abs() < b * b / 2).to(p.dtype)),
        ),
        "only pre-activations above the threshold count: those just below it do, too": (
            _with_kernel(lambda p, t, b: _near(p, t, b) * (p > t)),
            _with_kernel(lambda p, t, b: ((p > t) & (p < t + b)).to(p.dtype)),
        ),
        "only pre-activations below the threshold count: those just above it do, too": (
            _with_kernel(lambda p, t, b: _near(p, t, b) * (p < t)),
            _with_kernel(lambda p, t, b: ((p < t) & (p > t - b)).to(p.dtype)),
        ),
        "the sign of the distance is not dropped: all that is far below the threshold counts, or "
        "all that is far above": (
            _with_kernel(lambda p, t, b: (p - t < b / 2).to(p.dtype)),
            _with_kernel(lambda p, t, b: (t - p < b / 2).to(p.dtype)),
        ),
        "what is far from the threshold counts, instead of what is near": (
            _with_kernel(lambda p, t, b: 1 - _near(p, t, b))
        ),
        "all pre-activations count: only those near the threshold do": (
            _with_kernel(lambda p, t, b: torch.ones_like(p)),
            lambda p, t, u, b: -t * u.sum(dim=0),
        ),
        "all active latents count: only those near the threshold do": (
            _with_kernel(lambda p, t, b: (p > t).to(p.dtype)),
            lambda p, t, u, b: -t * (u * (p > t)).sum(dim=0),
            lambda p, t, u, b: -(u * (p > t)).sum(dim=0),
        ),
        "the kernel lies around 0: it lies around the threshold": _with_kernel(
            lambda p, t, b: (p.abs() < b / 2).to(p.dtype)
        ),
        "the kernel is not a rectangle": (
            _with_kernel(lambda p, t, b: (1 - _away(p, t, b).abs()).relu()),
            _with_kernel(lambda p, t, b: 2 * (1 - 2 * _away(p, t, b).abs()).relu()),
            _with_kernel(lambda p, t, b: _gauss(_away(p, t, b))),
            _with_kernel(lambda p, t, b: _away(p, t, b).sigmoid() * (1 - _away(p, t, b).sigmoid())),
        ),
        "the samples are averaged: gradients add up": (
            lambda *a: _each(*a).mean(dim=0),
            lambda *a: _each(*a).sum(dim=0) / _near(a[0], a[1], a[3]).sum(dim=0).clamp(min=1),
        ),
        "the samples are not added up: the threshold of a latent is one number": _each,
        "the latents are added up instead of the samples": lambda *a: _each(*a).sum(dim=1),
        "all is added up: each latent has its own threshold": lambda *a: _each(*a).sum(),
        "the pre-activation is the factor: a latent jumps by its threshold": (
            lambda p, t, u, b: -(u * p * _near(p, t, b)).sum(dim=0) / b,
            lambda p, t, u, b: (u * p * _near(p, t, b)).sum(dim=0) / b,
            lambda p, t, u, b: -(u * p * _near(p, t, b)).sum(dim=0),
        ),
        "the distance from the threshold is the factor: a latent jumps by its threshold": (
            lambda p, t, u, b: -(u * (p - t) * _near(p, t, b)).sum(dim=0) / b,
            lambda p, t, u, b: (u * (p - t) * _near(p, t, b)).sum(dim=0) / b,
        ),
        "the upstream gradient is left out": (
            lambda p, t, u, b: -(t / b) * _near(p, t, b).sum(dim=0),
            lambda p, t, u, b: -(t / b) * _near(p, t, b).mean(dim=0),
        ),
        "the upstream gradients are added up first: each belongs to its own pre-activation": (
            lambda p, t, u, b: -(t / b) * u.sum(dim=0) * _near(p, t, b).sum(dim=0),
            lambda p, t, u, b: -(t / b) * u.mean(dim=0) * _near(p, t, b).sum(dim=0),
        ),
        "only the sign of the upstream gradient is used, or its size": (
            lambda p, t, u, b: _right(p, t, u.sign(), b),
            lambda p, t, u, b: _right(p, t, u.abs(), b),
        ),
        "it is the gradient of the logarithm of the threshold": lambda *a: a[1] * _right(*a),
        "it is the gradient for the pre-activations: that for the threshold is asked for": (
            lambda p, t, u, b: u * (p > t),
            lambda p, t, u, b: (u * (p > t)).sum(dim=0),
        ),
        "the threshold after a step is returned: its gradient is asked for": (
            lambda p, t, u, b: t - _right(p, t, u, b)
        ),
    },
)
