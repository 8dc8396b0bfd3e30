"""Attribution patching: the effect of a patch, estimated from one gradient.

Nanda (2023), "Attribution Patching"; Syed et al. (2023), "Attribution Patching Outperforms
Automated Circuit Discovery".
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity

from interp_course import runtime
from interp_course.checking import Case, Check

Way = Callable[..., Any]
SHAPES = ((4, 4, 4, 4), (3, 5, 4, 6), (6, 2, 7, 3))


def _cases(seed: int) -> list[Case]:
    """In the first case all axes are equally long, so that one can be taken for another.

    The parts work for and against the answer by turns, and the first one differently in one prompt.
    """
    cases = []
    for number, (parts, batch, n, d) in enumerate(SHAPES):
        rng = runtime.generator("check attributed", seed + 1000 * number)
        shape = (parts, batch, n, d)
        size = 0.4 + torch.rand(parts, batch, n, 1, generator=rng)
        gradient = size * (torch.randn(shape, generator=rng) + 0.3)
        corrupted = 1.2 * torch.randn(shape, generator=rng) + 0.7
        towards = 0.8 * torch.ones(parts, batch, 1, 1)
        towards[1::2], towards[0, -1] = -0.8, -1.6
        clean = corrupted + torch.randn(shape, generator=rng) + towards * gradient - 0.2
        args = (gradient, clean, corrupted)
        if number == 2:
            args = tuple(x.double() for x in args)
        kind = "float64, " if number == 2 else ""
        text = f"{kind}{parts} parts, batch {batch}, {n} positions, {d} dimensions"
        cases.append(Case(text, args))
    return cases


def _oracle(gradient: Tensor, clean: Tensor, corrupted: Tensor) -> Tensor:
    """One product after the other."""
    parts, batch = gradient.shape[:2]
    result = []
    for part in range(parts):
        total = 0.0
        numbers = (x[part].flatten().tolist() for x in (gradient, clean, corrupted))
        for slope, high, low in zip(*numbers, strict=True):
            total += (high - low) * slope
        result.append(total / batch)
    return torch.tensor(result, dtype=torch.float64)


def _products(g: Tensor, k: Tensor, c: Tensor) -> Tensor:
    return (k - c) * g


def _total(products: Tensor) -> Tensor:
    return products.sum(dim=(2, 3)).mean(dim=1)


def _right(g: Tensor, k: Tensor, c: Tensor) -> Tensor:
    return _total(_products(g, k, c))


def _of(way: Way) -> Way:
    """Something else done with the products."""
    return lambda g, k, c: way(_products(g, k, c))


def _instead(way: Way) -> Way:
    """Other products, added up as they should be."""
    return lambda g, k, c: _total(way(g, k, c))


def _difference(way: Way) -> Way:
    """Made of the gradient and the difference between the runs."""
    return lambda g, k, c: way(g, k - c)


attributed = Check(
    name="attributed",
    oracle=_oracle,
    cases=_cases,
    reread="a step of the activation times the slope of the metric, coordinate by coordinate; all "
    "coordinates and positions of a prompt add up to its effect; the prompts are averaged: [part]",
    mistakes={
        "the sign is turned: the patch leads from the corrupted activation to the clean one": (
            lambda *a: -_right(*a),
            _of(lambda e: -e.sum(dim=(1, 2, 3))),
        ),
        "the prompts are added up: their mean is asked for": _of(lambda e: e.sum(dim=(1, 2, 3))),
        "sizes are added up without their signs: in a patch effects of both signs cancel, too": (
            _of(lambda e: _total(e.abs())),
            _of(lambda e: e.sum(dim=(2, 3)).abs().mean(dim=1)),
            _of(lambda e: e.sum(dim=3).abs().sum(dim=2).mean(dim=1)),
            _of(lambda e: e.abs().mean(dim=(1, 2, 3))),
            _of(lambda e: e.abs().sum(dim=(1, 2, 3))),
        ),
        "the sign of the result is dropped: a part may work against the answer": (
            lambda *a: _right(*a).abs(),
            _of(lambda e: e.sum(dim=(1, 2, 3)).abs()),
        ),
        "only what is positive counts": (
            _of(lambda e: _total(e.relu())),
            lambda *a: _right(*a).relu(),
        ),
        "lengths are multiplied: whether the step goes along the gradient is lost": (
            _difference(lambda g, s: (g.norm(dim=3) * s.norm(dim=3)).sum(dim=2).mean(dim=1)),
            _difference(lambda g, s: (g.norm(dim=3) * s.norm(dim=3)).mean(dim=(1, 2))),
            _difference(lambda g, s: g.flatten(1).norm(dim=1) * s.flatten(1).norm(dim=1)),
            _difference(lambda g, s: (g.norm(dim=(2, 3)) * s.norm(dim=(2, 3))).mean(dim=1)),
        ),
        "cosines are taken: the step and the slope count with their lengths": (
            _difference(lambda g, s: cosine_similarity(g, s, dim=3).sum(dim=2).mean(dim=1)),
            _difference(lambda g, s: cosine_similarity(g, s, dim=3).mean(dim=(1, 2))),
            _difference(lambda g, s: cosine_similarity(g.flatten(1), s.flatten(1), dim=1)),
        ),
        "gradient and difference are added up first and multiplied then: each coordinate has "
        "its own product": (
            _difference(lambda g, s: (g.sum(dim=3) * s.sum(dim=3)).sum(dim=2).mean(dim=1)),
            _difference(lambda g, s: (g.sum(dim=2) * s.sum(dim=2)).sum(dim=2).mean(dim=1)),
            _difference(lambda g, s: (g.sum(dim=(2, 3)) * s.sum(dim=(2, 3))).mean(dim=1)),
            _difference(lambda g, s: g.sum(dim=(1, 2, 3)) * s.sum(dim=(1, 2, 3))),
            _difference(lambda g, s: (g.mean(dim=3) * s.mean(dim=3)).sum(dim=2).mean(dim=1)),
            _difference(lambda g, s: (g.mean(dim=3) * s.mean(dim=3)).mean(dim=(1, 2))),
        ),
        "the prompts are averaged before the product: each prompt has its own gradient": (
            _difference(lambda g, s: (g.mean(dim=1) * s.mean(dim=1)).sum(dim=(1, 2))),
            _difference(lambda g, s: (g * s.mean(dim=1, keepdim=True)).sum(dim=(1, 2, 3))),
            _difference(lambda g, s: (g.sum(dim=1) * s.sum(dim=1)).sum(dim=(1, 2))),
        ),
        "only one position counts": (
            _of(lambda e: e[:, :, -1].sum(dim=2).mean(dim=1)),
            _of(lambda e: e[:, :, 0].sum(dim=2).mean(dim=1)),
            _of(lambda e: e.sum(dim=3).max(dim=2).values.mean(dim=1)),
        ),
        "only one prompt counts": (
            _of(lambda e: e[:, 0].sum(dim=(1, 2))),
            _of(lambda e: e[:, -1].sum(dim=(1, 2))),
        ),
        "positions or dimensions are averaged: they are changed together, so they add up": (
            _of(lambda e: e.mean(dim=(1, 2, 3))),
            _of(lambda e: e.sum(dim=3).mean(dim=(1, 2))),
            _of(lambda e: e.mean(dim=3).sum(dim=2).mean(dim=1)),
            _of(lambda e: e.mean(dim=(2, 3)).sum(dim=1)),
            _of(lambda e: e.mean(dim=2).sum(dim=(1, 2))),
        ),
        "the clean activation alone is multiplied by the gradient: it is the step that counts": (
            _instead(lambda g, k, c: k * g),
            lambda g, k, c: (k * g).sum(dim=(1, 2, 3)),
        ),
        "the corrupted activation alone is multiplied by the gradient: it is the step that "
        "counts": (
            _instead(lambda g, k, c: c * g),
            _instead(lambda g, k, c: -c * g),
            lambda g, k, c: (c * g).sum(dim=(1, 2, 3)),
        ),
        "the activations of the two runs are added: the step is their difference": _instead(
            lambda g, k, c: (k + c) * g
        ),
        "only the corrupted activation is multiplied by the gradient: brackets are missing": (
            _instead(lambda g, k, c: k - c * g),
            _instead(lambda g, k, c: k * g - c),
        ),
        "the gradient is left out: a large step need not change the metric": (
            _instead(lambda g, k, c: k - c),
            lambda g, k, c: (k - c).norm(dim=3).sum(dim=2).mean(dim=1),
            lambda g, k, c: (k - c).square().sum(dim=(2, 3)).mean(dim=1),
        ),
        "only the gradient is looked at: the step is left out": (
            _instead(lambda g, k, c: g),
            lambda g, k, c: g.norm(dim=3).sum(dim=2).mean(dim=1),
        ),
        "only the sign or the direction of the gradient is used: its size is the slope": (
            _instead(lambda g, k, c: (k - c) * g.sign()),
            _instead(lambda g, k, c: (k - c) * g / g.norm(dim=3, keepdim=True)),
            _instead(lambda g, k, c: (k - c) * g.abs()),
        ),
        "products are squared": (
            _of(lambda e: _total(e.square())),
            _of(lambda e: _total(e.square()).sqrt()),
            _of(lambda e: e.sum(dim=(2, 3)).square().mean(dim=1)),
            _instead(lambda g, k, c: (k - c) * g.square()),
            _instead(lambda g, k, c: (k - c).square() * g),
        ),
        "the results are scaled to their largest, or to their sum": (
            lambda *a: _right(*a) / _right(*a).abs().max(),
            lambda *a: _right(*a) / _right(*a).sum(),
        ),
        "another axis is taken for that of the parts: they are the first": (
            _of(lambda e: e.sum(dim=(2, 3)).mean(dim=0)),
            _of(lambda e: e.sum(dim=(0, 3)).mean(dim=0)),
            _of(lambda e: e.sum(dim=(1, 3)).mean(dim=0)),
            _of(lambda e: e.mean(dim=1).sum(dim=(0, 1))),
            _of(lambda e: e.sum(dim=(0, 2, 3))),
        ),
        "the positions are kept: one number for each part is asked for": (
            _of(lambda e: e.sum(dim=3).mean(dim=1)),
            _of(lambda e: e.sum(dim=(1, 3))),
        ),
        "the prompts are kept: one number for each part is asked for": _of(
            lambda e: e.sum(dim=(2, 3))
        ),
        "the dimensions are kept: one number for each part is asked for": (
            _of(lambda e: e.sum(dim=2).mean(dim=1)),
            _of(lambda e: e.mean(dim=1)),
            _of(lambda e: e),
        ),
        "everything is added up: each part has its own number": (
            _of(lambda e: e.sum()),
            _of(lambda e: e.mean()),
            _of(lambda e: e.sum(dim=(2, 3)).mean()),
        ),
    },
)
