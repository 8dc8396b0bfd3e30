"""How sparse a dictionary is and how much of the variance it leaves unexplained."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from interp_course import runtime
from interp_course.checking import Case, Check
from interp_course.comparing import difference

Way = Callable[..., Any]
RTOL, ATOL = 1e-4, 1e-5
SWAPPED = "the two are swapped: L0 comes first"


def _cases(seed: int) -> list[Case]:
    """Small batches, means far from zero, dimensions of unequal spread, and a biased error.

    The active latents cannot be shared out evenly, so that L0 is no whole number.
    """
    cases = []
    for number, (batch, d_in, d_sae) in enumerate(((9, 6, 13), (6, 8, 11), (7, 5, 17))):
        rng = runtime.generator("check l0 and fvu", seed + 1000 * number)
        centre = 1.5 * torch.randn(d_in, generator=rng) + 0.8
        spread = 0.4 + 2 * torch.rand(d_in, generator=rng)
        x = centre + spread * torch.randn(batch, d_in, generator=rng)
        noise = 0.3 + 0.5 * torch.rand(batch, 1, generator=rng)
        x_hat = x + noise * torch.randn(batch, d_in, generator=rng) + 0.25
        active = torch.rand(batch, d_sae, generator=rng) < 0.35
        active[:, 0], active[0] = False, False
        active[0, 1], active[1, 1:6] = True, True
        active[1, 6] = (active.sum() - active[1, 6].int()) % batch == 0
        latents = (0.05 + 2 * torch.rand(batch, d_sae, generator=rng) ** 2) * active
        kind = ""
        if number == 1:
            x, x_hat, latents, kind = x.double(), x_hat.double(), latents.double(), "float64, "
        text = f"{kind}{batch} activations in {d_in} dimensions, {d_sae} latents"
        cases.append(Case(text, (x, x_hat, latents)))
    return cases


def _oracle(x: Tensor, x_hat: Tensor, latents: Tensor) -> tuple[float, float]:
    """One number after the other."""
    batch, d_in = x.shape
    active = sum(1 for row in latents.tolist() for entry in row if entry > 0)
    error = spread = 0.0
    for i in range(d_in):
        mean = sum(x[s, i].item() for s in range(batch)) / batch
        for s in range(batch):
            error += (x[s, i].item() - x_hat[s, i].item()) ** 2
            spread += (x[s, i].item() - mean) ** 2
    return active / batch, error / spread


def _l0(z: Tensor) -> Tensor:
    return (z > 0).double().sum(dim=1).mean()


def _error(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).square()


def _around(x: Tensor) -> Tensor:
    return (x - x.mean(dim=0)).square()


def _fvu(x: Tensor, y: Tensor) -> Tensor:
    return _error(x, y).sum() / _around(x).sum()


def _r2_of_dimensions(x: Tensor, y: Tensor) -> Tensor:
    return 1 - (_error(x, y).sum(dim=0) / _around(x).sum(dim=0)).mean()


L0: Mapping[str, tuple[Way, ...]] = {
    "the active latents are counted as a share of all latents": (
        lambda z: (z > 0).double().mean(),
        lambda z: (z > 0).double().mean(dim=1),
    ),
    "the active latents of the whole batch are added up: L0 is a mean over the activations": (
        lambda z: (z > 0).double().sum(),
    ),
    "the latents are added up instead of counted: that is L1": (
        lambda z: z.sum(dim=1).mean(),
        lambda z: z.sum(),
        lambda z: z.mean(),
        lambda z: z.sum(dim=1),
    ),
    "the length of the latents is taken: that is L2": (
        lambda z: z.norm(dim=1).mean(),
        lambda z: z.norm(),
    ),
    "a latent counts if it is active anywhere in the batch: each activation is counted alone": (
        lambda z: (z > 0).any(dim=0).double().sum(),
        lambda z: (z > 0).any(dim=0).double().mean(),
    ),
    "the silent latents are counted": (
        lambda z: (z == 0).double().sum(dim=1).mean(),
        lambda z: (z == 0).double().mean(),
    ),
    "it is the mean over the latents: how often each is active, not how many are": (
        lambda z: (z > 0).double().sum(dim=0).mean(),
    ),
    "only one activation is looked at": (
        lambda z: (z > 0).double().sum(dim=1).max(),
        lambda z: (z[0] > 0).double().sum(),
        lambda z: (z[-1] > 0).double().sum(),
    ),
    "L0 is rounded, or is a median: it is a mean, which need not be a whole number": (
        lambda z: (z > 0).double().sum(dim=1).median(),
        lambda z: (z > 0).double().sum(dim=1).quantile(0.5),
        lambda z: _l0(z).round(),
        lambda z: _l0(z).floor(),
    ),
    "there is one count for each activation: their mean is asked for": (
        lambda z: (z > 0).double().sum(dim=1),
        lambda z: (z > 0).sum(dim=1),
    ),
    "there is one number for each latent: it is how often it is active, not how many are": (
        lambda z: (z > 0).double().mean(dim=0),
        lambda z: (z > 0).double().sum(dim=0),
    ),
}
FVU: Mapping[str, tuple[Way, ...]] = {
    "it is divided by squares around zero: the variance is taken around the mean": (
        lambda x, y: _error(x, y).sum() / x.square().sum(),
        lambda x, y: 1 - _error(x, y).sum() / x.square().sum(),
    ),
    "one mean is taken over all entries: each dimension has its own": (
        lambda x, y: _error(x, y).sum() / (x - x.mean()).square().sum(),
        lambda x, y: _error(x, y).mean() / x.var(),
        lambda x, y: 1 - _error(x, y).mean() / x.var(),
        lambda x, y: (x - y).var() / x.var(),
        lambda x, y: (x - y).var(correction=0) / x.var(correction=0),
    ),
    "the mean of each activation is subtracted: it is the mean over the batch": (
        lambda x, y: _error(x, y).sum() / (x - x.mean(dim=1, keepdim=True)).square().sum(),
        lambda x, y: _error(x, y).mean() / x.var(dim=1).mean(),
        lambda x, y: _error(x, y).sum(dim=1).mean() / x.var(dim=1).sum(),
        lambda x, y: (_error(x, y).mean(dim=1) / x.var(dim=1)).mean(),
        lambda x, y: (_error(x, y).mean(dim=1) / x.var(dim=1, correction=0)).mean(),
    ),
    "it is divided dimension by dimension and averaged: add up above and below first": (
        lambda x, y: (_error(x, y).sum(dim=0) / _around(x).sum(dim=0)).mean(),
        lambda x, y: (_error(x, y).mean(dim=0) / x.var(dim=0)).mean(),
        _r2_of_dimensions,
    ),
    "it is divided activation by activation and averaged: add up above and below first": (
        lambda x, y: (_error(x, y).sum(dim=1) / _around(x).sum(dim=1)).mean(),
        lambda x, y: (_error(x, y).sum(dim=1) / x.square().sum(dim=1)).mean(),
        lambda x, y: 1 - (_error(x, y).sum(dim=1) / _around(x).sum(dim=1)).mean(),
    ),
    "it is divided entry by entry and averaged: add up above and below first": (
        lambda x, y: (_error(x, y) / _around(x)).mean(),
        lambda x, y: (_error(x, y) / _around(x)).sum(),
    ),
    "it is the share of the variance that is explained: the unexplained one is asked for": (
        lambda x, y: 1 - _fvu(x, y),
        lambda x, y: 1 - (x - y).var(dim=0).sum() / x.var(dim=0).sum(),
        lambda x, y: 1 - _error(x, y).mean() / x.var(dim=0).mean(),
    ),
    "the variance is divided by n - 1 and the error by n: both by the same, or neither": (
        lambda x, y: _error(x, y).mean() / x.var(dim=0).mean(),
        lambda x, y: _error(x, y).sum(dim=1).mean() / x.var(dim=0).sum(),
    ),
    "the variance of the error is taken: an error that is always the same would not count": (
        lambda x, y: (x - y).var(dim=0).sum() / x.var(dim=0).sum(),
        lambda x, y: (x - y).var(dim=0, correction=0).sum() / x.var(dim=0).sum(),
    ),
    "lengths are compared without squaring them": (
        lambda x, y: (x - y).norm(dim=1).sum() / (x - x.mean(dim=0)).norm(dim=1).sum(),
        lambda x, y: (x - y).norm(dim=1).mean() / x.norm(dim=1).mean(),
        lambda x, y: (x - y).norm() / x.norm(),
        lambda x, y: (x - y).abs().sum() / (x - x.mean(dim=0)).abs().sum(),
    ),
    "a root is taken at the end": (
        lambda x, y: _fvu(x, y).sqrt(),
        lambda x, y: (_error(x, y).mean() / x.var(dim=0).mean()).sqrt(),
    ),
    "it is divided by a standard deviation: the variance is its square": (
        lambda x, y: _error(x, y).sum() / _around(x).sum().sqrt(),
        lambda x, y: _error(x, y).mean() / x.std(dim=0).mean(),
        lambda x, y: _error(x, y).mean() / x.std(),
    ),
    "the variance is that of x_hat: it is that of x": (
        lambda x, y: _error(x, y).sum() / _around(y).sum(),
        lambda x, y: _error(x, y).sum() / (x - y.mean(dim=0)).square().sum(),
        lambda x, y: _error(x, y).mean() / y.var(dim=0).mean(),
    ),
    "the variances of x_hat and x are compared: the error is not looked at": (
        lambda x, y: _around(y).sum() / _around(x).sum(),
        lambda x, y: 1 - _around(y).sum() / _around(x).sum(),
    ),
    "the differences are added up before they are squared": (
        lambda x, y: (x - y).sum() ** 2 / _around(x).sum(),
        lambda x, y: (x - y).sum() / _around(x).sum(),
    ),
    "it is the error alone: it is not divided by the variance": (
        lambda x, y: _error(x, y).mean(),
        lambda x, y: _error(x, y).sum(dim=1).mean(),
        lambda x, y: _error(x, y).sum(),
    ),
    "there is a mean over the dimensions above and a sum below, or the other way round": (
        lambda x, y: _error(x, y).mean() / _around(x).sum(dim=1).mean(),
        lambda x, y: _error(x, y).mean() / x.var(dim=0).sum(),
        lambda x, y: _error(x, y).sum(dim=1).mean() / x.var(dim=0).mean(),
        lambda x, y: _error(x, y).sum(dim=1).mean() / _around(x).mean(),
        lambda x, y: _error(x, y).sum(dim=1).mean() / x.var(),
    ),
    "there is a sum over the activations above and a mean below, or the other way round": (
        lambda x, y: _error(x, y).sum() / _around(x).mean(dim=0).sum(),
        lambda x, y: _error(x, y).sum() / _around(x).mean(),
        lambda x, y: _error(x, y).sum() / x.var(dim=0).sum(),
        lambda x, y: _error(x, y).mean() / _around(x).sum(),
        lambda x, y: _error(x, y).sum(dim=1).mean() / _around(x).sum(),
    ),
    "the fraction is turned upside down": (lambda x, y: 1 / _fvu(x, y),),
    "there is one number for each dimension: one for all is asked for": (
        lambda x, y: _error(x, y).sum(dim=0) / _around(x).sum(dim=0),
        lambda x, y: _error(x, y).mean(dim=0) / x.var(dim=0),
    ),
    "there is one number for each activation: one for all is asked for": (
        lambda x, y: _error(x, y).sum(dim=1) / _around(x).sum(dim=1),
    ),
}


def _judge(case: Case, value: Any) -> tuple[str, str | None] | None:
    """Compare both numbers; where both are wrong, name what is wrong with L0."""
    right = _oracle(*case.args)
    problem = difference(value, right, RTOL, ATOL)
    if problem is None or not isinstance(value, (tuple, list)) or len(value) != 2:
        return None if problem is None else (problem, None)
    if difference(value[::-1], right, RTOL, ATOL) is None:
        return problem, SWAPPED
    both = all(difference(a, b, RTOL, ATOL) for a, b in zip(value, right, strict=True))
    return problem, _named(value[0], L0, case.args[2:]) if both else None


def _named(value: Any, ways: Mapping[str, tuple[Way, ...]], args: tuple[Any, ...]) -> str | None:
    for sentence, wrongs in ways.items():
        for wrong in wrongs:
            if difference(value, wrong(*args), RTOL, ATOL) is None:
                return sentence
    return None


def _of_l0(way: Way) -> Way:
    return lambda x, y, z: (way(z), _fvu(x, y))


def _of_fvu(way: Way) -> Way:
    return lambda x, y, z: (_l0(z), way(x, y))


l0_fvu = Check(
    name="l0_fvu",
    oracle=_oracle,
    judge_value=_judge,
    cases=_cases,
    reread="L0: count the latents above zero in each activation, then average. FVU: all squared "
    "errors added up, divided by all squared distances of x from its mean over the batch",
    mistakes={
        **{sentence: tuple(_of_l0(way) for way in ways) for sentence, ways in L0.items()},
        **{sentence: tuple(_of_fvu(way) for way in ways) for sentence, ways in FVU.items()},
        SWAPPED: lambda x, y, z: (_fvu(x, y), _l0(z)),
    },
)
