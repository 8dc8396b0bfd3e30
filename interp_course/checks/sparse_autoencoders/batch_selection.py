"""The largest pre-activations of a whole batch survive."""

from collections.abc import Callable

import torch
from torch import Tensor

from interp_course import runtime
from interp_course.checking import Case, Check

GAP = 0.05
"""How far the largest entry that goes is below the smallest one that stays, at least."""


def _cases(seed: int) -> list[Case]:
    """Samples and latents differ in how active they are; no two entries are equal.

    In the first case a latent can be positive and below the mean. In the third fewer entries
    are positive than places are to be had.
    """
    cases = []
    sizes = ((4, 13, 1), (5, 6, 3), (6, 7, 3), (9, 5, 2), (3, 8, 2))
    for number, (batch, d_sae, k) in enumerate(sizes):
        rng = runtime.generator("check batch topk", seed + 1000 * number)
        pre_acts = torch.randn(batch, d_sae, generator=rng)
        pre_acts *= torch.linspace(0.4, 1.8, batch)[torch.randperm(batch, generator=rng), None]
        pre_acts += 0.5 * torch.randn(d_sae, generator=rng)
        if number == 0:
            pre_acts += 0.3 - pre_acts.mean()
        text = f"{k} for each of {batch} samples, {d_sae} latents"
        if number == 2:
            positive = k * batch - 5
            pre_acts -= pre_acts.flatten().sort(descending=True).values[positive] + GAP
            text += f", only {positive} entries positive"
        gone = pre_acts.flatten().argsort(descending=True)[k * batch :]
        pre_acts.view(-1)[gone] -= GAP
        if number == 4:
            pre_acts, text = pre_acts.double(), f"float64, {text}"
        cases.append(Case(text, (pre_acts, k)))
    return cases


def _oracle(pre_acts: Tensor, k: int) -> Tensor:
    """Take the largest entry that is left, again and again."""
    left = {(s, j): v for s, row in enumerate(pre_acts.tolist()) for j, v in enumerate(row)}
    latents = torch.zeros(pre_acts.shape, dtype=torch.float64)
    for _ in range(k * len(pre_acts)):
        place = max(left, key=left.__getitem__)
        latents[place] = max(left.pop(place), 0.0)
    return latents


def _largest(values: Tensor, count: int) -> Tensor:
    """1 at the largest entries, 0 elsewhere."""
    flat = values.flatten()
    places = flat.topk(min(count, len(flat))).indices
    return torch.zeros_like(flat).scatter(0, places, 1.0).view_as(values)


def _largest_along(values: Tensor, count: int, dim: int) -> Tensor:
    """1 at the largest entries of each row (dim 1) or column (dim 0)."""
    places = values.topk(min(count, values.shape[dim]), dim=dim).indices
    return torch.zeros_like(values).scatter(dim, places, 1.0)


def _mask(p: Tensor, k: int) -> Tensor:
    return _largest(p, k * len(p))


def _smallest_kept(p: Tensor, k: int) -> Tensor:
    return p.flatten().topk(k * len(p)).values[-1]


def _both(
    mask: Callable[[Tensor, int], Tensor],
) -> tuple[Callable[[Tensor, int], Tensor], Callable[[Tensor, int], Tensor]]:
    """With this mask, and a ReLU or none."""
    return (lambda p, k: mask(p, k) * p.relu(), lambda p, k: mask(p, k) * p)


batch_topk = Check(
    name="batch_topk",
    oracle=_oracle,
    cases=_cases,
    reread="the k * batch largest entries of the whole table keep their value, if it is positive; "
    "all others become 0; the shape stays [batch d_sae]",
    mistakes={
        "negative entries survive where fewer than k * batch are positive: a latent is never "
        "negative": lambda p, k: _mask(p, k) * p,
        "each sample keeps its own k largest: they are shared among the batch": _both(
            lambda p, k: _largest_along(p, k, 1)
        ),
        "each latent keeps its k largest samples: the k * batch largest of all stay": _both(
            lambda p, k: _largest_along(p, k, 0)
        ),
        "k entries survive in the whole batch: it is k for each sample, k * batch in all": _both(
            lambda p, k: _largest(p, k)
        ),
        "k is multiplied by the number of latents instead of the number of samples": _both(
            lambda p, k: _largest(p, k * p.shape[1])
        ),
        "each sample keeps k * batch entries: these are for the whole batch": _both(
            lambda p, k: _largest_along(p, k * len(p), 1)
        ),
        "entries are chosen by their size, so that strongly negative ones take places": (
            *_both(lambda p, k: _largest(p.abs(), k * len(p))),
            lambda p, k: _largest(p.abs(), k * len(p)) * p.abs(),
        ),
        "each sample keeps its k entries of largest size": (
            *_both(lambda p, k: _largest_along(p.abs(), k, 1)),
            lambda p, k: _largest_along(p.abs(), k, 1) * p.abs(),
        ),
        "the size is taken instead of the ReLU": lambda p, k: _mask(p, k) * p.abs(),
        "it is a mask of what survives: its values are asked for": (
            _mask,
            lambda p, k: _mask(p, k) * (p > 0),
            lambda p, k: _largest_along(p, k, 1),
        ),
        "the smallest of the k * batch is lost: the comparison is `>`, and `>=` is right": _both(
            lambda p, k: (p > _smallest_kept(p, k)).to(p.dtype)
        ),
        "one entry too many survives: there are k * batch of them": _both(
            lambda p, k: _largest(p, k * len(p) + 1)
        ),
        "the smallest entries survive: the largest are asked for": (
            *_both(lambda p, k: _largest(-p, k * len(p))),
            lambda p, k: (1 - _largest(-p, k * len(p))) * p,
            *_both(lambda p, k: 1 - _mask(p, k)),
        ),
        "nothing is selected: it is the ReLU alone": lambda p, k: p.relu(),
        "k latents are chosen for all samples together: each entry competes for itself": (
            *_both(lambda p, k: _largest(p.mean(dim=0), k).expand_as(p)),
            *_both(lambda p, k: _largest(p.relu().mean(dim=0), k).expand_as(p)),
        ),
        "k whole samples survive: each entry competes for itself": _both(
            lambda p, k: _largest(p.mean(dim=1), k)[:, None].expand_as(p)
        ),
        "the threshold is the mean over samples of their own k-th largest: the batch has one": (
            *_both(lambda p, k: (p >= p.topk(k).values[:, -1].mean()).to(p.dtype)),
            *_both(lambda p, k: (p >= p.topk(k).values[:, -1].min()).to(p.dtype)),
        ),
        "each latent has its own quantile: the threshold is one number for the batch": _both(
            lambda p, k: (p >= p.quantile(1 - k / p.shape[1], dim=0)).to(p.dtype)
        ),
        "the mean of all entries is the threshold: the k * batch largest survive": _both(
            lambda p, k: (p > p.mean()).to(p.dtype)
        ),
        "the threshold is taken off what survives: it keeps its value": (
            lambda p, k: (p - _smallest_kept(p, k)).relu()
        ),
        "what does not survive is lifted to the threshold: it becomes 0": (
            lambda p, k: p.clamp(min=_smallest_kept(p, k).item()),
            lambda p, k: p.relu().clamp(min=_smallest_kept(p, k).item()),
        ),
        "what survives is cut at the threshold: it keeps its value": (
            lambda p, k: p.relu().clamp(max=_smallest_kept(p, k).item())
        ),
        "what survives is scaled: it keeps its value": (
            lambda p, k: _mask(p, k) * p.relu() / (_mask(p, k) * p.relu()).sum(),
            lambda p, k: _mask(p, k) * p.softmax(dim=1),
        ),
        "the surviving values come without their places: the shape stays [batch d_sae]": (
            lambda p, k: p.flatten().topk(k * len(p)).values,
            lambda p, k: p.flatten().topk(k * len(p)).values.relu(),
            lambda p, k: p.topk(k).values,
            lambda p, k: p.topk(k).values.relu(),
            lambda p, k: p.flatten().topk(k * len(p)).values.view(len(p), k),
        ),
        "the table is returned as one long row: the shape stays [batch d_sae]": (
            lambda p, k: (_mask(p, k) * p.relu()).flatten(),
            lambda p, k: (_mask(p, k) * p).flatten(),
        ),
        "places are returned: the values are asked for": (
            lambda p, k: p.flatten().topk(k * len(p)).indices,
            lambda p, k: p.topk(k).indices,
        ),
    },
)
