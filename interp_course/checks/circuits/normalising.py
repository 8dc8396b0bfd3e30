"""How much of the difference between two runs a patch brings back."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from interp_course import runtime
from interp_course.checking import Case, Check

Way = Callable[..., Any]
CASES = (  # batch, share that is brought back, gap between the runs, what the text says of it
    (6, 0.63, 2.2, "between the two runs"),
    (5, 1.38, 1.7, "beyond the clean run"),
    (7, -0.34, 2.6, "beyond the corrupted run"),
    (9, 0.71, -1.9, "float64, the clean run has the lower metric"),
)


def _cases(seed: int) -> list[Case]:
    """The gap differs from prompt to prompt, and in one it has the other sign."""
    cases = []
    for number, (batch, share, gap, text) in enumerate(CASES):
        rng = runtime.generator("check normalised", seed + 1000 * number)
        corrupted = 0.7 * torch.randn(batch, generator=rng) + 0.9
        gaps = gap * (0.5 + torch.rand(batch, generator=rng))
        gaps[number] *= -0.6
        noise = 0.4 * torch.randn(batch, generator=rng)
        noise += 0.3 * torch.rand(batch, generator=rng) * gaps
        share *= 0.93 + 0.14 * torch.rand((), generator=rng).item()
        patched = corrupted + share * gaps + noise - noise.mean()
        clean = corrupted + gaps
        runs = (patched, clean, corrupted)
        if number == 3:
            runs = tuple(run.double() for run in runs)
        cases.append(Case(f"{batch} prompts, {text}", runs))
    return cases


def _oracle(patched: Tensor, clean: Tensor, corrupted: Tensor) -> float:
    """One prompt after the other."""
    back = gap = 0.0
    for p, k, c in zip(patched.tolist(), clean.tolist(), corrupted.tolist(), strict=True):
        back += p - c
        gap += k - c
    return back / gap


def _right(p: Tensor, k: Tensor, c: Tensor) -> Tensor:
    return (p - c).mean() / (k - c).mean()


normalised = Check(
    name="normalised",
    oracle=_oracle,
    cases=_cases,
    reread="how far the patched run is from the corrupted one, on average over the prompts; how "
    "far the clean run is from it, on average; divide the first by the second",
    mistakes={
        "each prompt is divided by its own difference, then averaged: small differences weigh "
        "too much": (
            lambda p, k, c: ((p - c) / (k - c)).mean(),
            lambda p, k, c: ((p - k) / (c - k)).mean(),
            lambda p, k, c: ((p - c) / (k - c)).abs().mean(),
            lambda p, k, c: ((p - c) / (k - c)).median(),
        ),
        "the clean and the corrupted run are exchanged: 0 is the corrupted run, 1 the clean one": (
            lambda p, k, c: _right(p, c, k),
        ),
        "the distance from the clean run stands above: it is that from the corrupted run": (
            lambda p, k, c: (p - k).mean() / (k - c).mean(),
        ),
        "the sign is turned above, or below": lambda *a: -_right(*a),
        "nothing is taken off below: it is divided by the clean run itself": (
            lambda p, k, c: (p - c).mean() / k.mean(),
            lambda p, k, c: ((p - c) / k).mean(),
        ),
        "nothing is taken off below: it is divided by the corrupted run itself": (
            lambda p, k, c: (p - c).mean() / c.mean(),
            lambda p, k, c: ((p - c) / c).mean(),
        ),
        "the patched run is divided by the clean one: the corrupted one is left out": (
            lambda p, k, c: p.mean() / k.mean(),
            lambda p, k, c: (p / k).mean(),
        ),
        "the patched run is divided by the corrupted one: the clean one is left out": (
            lambda p, k, c: p.mean() / c.mean(),
            lambda p, k, c: (p / c).mean(),
        ),
        "the corrupted run is not taken off above": (
            lambda p, k, c: p.mean() / (k - c).mean(),
            lambda p, k, c: (p / (k - c)).mean(),
        ),
        "the sign is dropped: a patch can move the metric the wrong way": (
            lambda *a: _right(*a).abs(),
            lambda p, k, c: (p - c).abs().mean() / (k - c).abs().mean(),
        ),
        "the sign is dropped below: the clean run may be the lower one": (
            lambda p, k, c: (p - c).mean() / (k - c).mean().abs(),
            lambda p, k, c: (p - c).mean() / (k - c).abs().mean(),
        ),
        "the value is cut off at 0, at 1 or at both: a patch can do harm, or too much": (
            lambda *a: _right(*a).clamp(0, 1),
            lambda *a: _right(*a).clamp(min=0),
            lambda *a: _right(*a).clamp(max=1),
        ),
        "each prompt is cut off at 0 and 1 before the average": (
            lambda p, k, c: ((p - c) / (k - c)).clamp(0, 1).mean(),
        ),
        "medians are taken instead of means": (
            lambda p, k, c: (p - c).median() / (k - c).median(),
            lambda p, k, c: (p.median() - c.median()) / (k.median() - c.median()),
        ),
        "there is a sum above and a mean below, or the other way round": (
            lambda p, k, c: (p - c).sum() / (k - c).mean(),
            lambda p, k, c: (p - c).mean() / (k - c).sum(),
        ),
        "the distance is not divided by that of the clean run": (
            lambda p, k, c: (p - c).mean(),
            lambda p, k, c: (p - c).sum(),
            lambda p, k, c: (k - p).mean(),
            lambda p, k, c: (p - k).mean(),
        ),
        "the fraction is turned upside down": lambda *a: 1 / _right(*a),
        "there is one number for each prompt: one for all is asked for": (
            lambda p, k, c: (p - c) / (k - c),
            lambda p, k, c: (p - c) / (k - c).mean(),
            lambda p, k, c: (p - c.mean()) / (k.mean() - c.mean()),
        ),
        "it is given in percent": lambda *a: 100 * _right(*a),
        "differences are squared: they lose their sign, and large ones weigh more": (
            lambda p, k, c: (p - c).square().sum() / (k - c).square().sum(),
            lambda p, k, c: (p - c).norm() / (k - c).norm(),
        ),
        "it is the slope of a regression, not a ratio of means": (
            lambda p, k, c: ((p - c) * (k - c)).sum() / (k - c).square().sum()
        ),
        "it is divided by a spread over the prompts instead of a distance between the runs": (
            lambda p, k, c: (p - c).mean() / (k - c).std(),
            lambda p, k, c: (p - c).mean() / c.std(),
            lambda p, k, c: (p - c).mean() / k.std(),
        ),
        "only the first prompt is looked at": lambda p, k, c: (p[0] - c[0]) / (k[0] - c[0]),
        "the sum of the two runs stands below: it is their difference": (
            lambda p, k, c: (p - c).mean() / (k + c).mean()
        ),
    },
)
