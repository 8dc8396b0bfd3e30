"""The part of a gradient that turns decoder rows and does not stretch them."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from interp_course import runtime
from interp_course.checking import Case, Check
from interp_course.checks.numbers import naming_not_finite


def _cases(seed: int) -> list[Case]:
    """The first W_dec is square, so that its columns can be taken for rows.

    In the third there is a dead latent, whose gradient is 0, and one whose gradient points
    along its row.
    """
    cases = []
    for number, (d_sae, d_in) in enumerate(((6, 6), (9, 4), (5, 8), (7, 3))):
        rng = runtime.generator("check tangent", seed + 1000 * number)
        W_dec = functional.normalize(torch.randn(d_sae, d_in, generator=rng), dim=1)
        gradient = (0.4 + torch.rand(d_sae, 1, generator=rng)) * (
            torch.randn(d_sae, d_in, generator=rng) + 0.3
        )
        gradient += torch.randn(d_sae, 1, generator=rng).sign() * 0.8 * W_dec
        kind = ""
        if number == 2:
            dead, stretched = torch.randperm(d_sae, generator=rng)[:2].tolist()
            gradient[dead], gradient[stretched] = 0, -1.7 * W_dec[stretched]
            kind = "one of them dead, "
        if number == 3:
            W_dec, gradient = functional.normalize(W_dec.double(), dim=1), gradient.double()
            kind = "float64, "
        cases.append(Case(f"{kind}{d_sae} latents, {d_in} dimensions", (gradient, W_dec)))
    return cases


def _oracle(gradient: Tensor, W_dec: Tensor) -> Tensor:
    """One latent at a time."""
    rows = []
    for slope, row in zip(gradient.tolist(), W_dec.tolist(), strict=True):
        along = sum(s * w for s, w in zip(slope, row, strict=True))
        rows.append([s - along * w for s, w in zip(slope, row, strict=True)])
    return torch.tensor(rows, dtype=torch.float64)


def _along(g: Tensor, W: Tensor) -> Tensor:
    return (g * W).sum(dim=1, keepdim=True)


def _right(g: Tensor, W: Tensor) -> Tensor:
    return g - _along(g, W) * W


def _unit(x: Tensor, dim: int = 1) -> Tensor:
    return functional.normalize(x, dim=dim)


def _by_columns(g: Tensor, W: Tensor) -> Tensor:
    return g - (g * W).sum(dim=0) * W


def _less(part: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Tensor, Tensor], Tensor]:
    """The gradient without something else."""
    return lambda g, W: g - part(g, W)


def _has_dead(gradient: Tensor, W_dec: Tensor) -> bool:
    return bool((gradient == 0).all(dim=1).any())


tangent = Check(
    name="tangent",
    oracle=_oracle,
    judge_value=naming_not_finite(
        _oracle,
        "a gradient is divided by its length: that of a dead latent is 0",
        _has_dead,
    ),
    cases=_cases,
    reread="for each latent: the product of its gradient with its own decoder row is one number; "
    "that number times the row is taken off the gradient: [d_sae d_in]",
    mistakes={
        "nothing is taken off: it is the gradient as it was": lambda g, W: g,
        "the part along the row is returned: the rest is asked for": (
            lambda g, W: _along(g, W) * W,
            lambda g, W: -_along(g, W) * W,
        ),
        "the part along the row is added: it is taken off": lambda g, W: g + _along(g, W) * W,
        "the part along the row is taken off twice: the gradient is mirrored": _less(
            lambda g, W: 2 * _along(g, W) * W
        ),
        "the products run along columns: the direction of a latent is a row of W_dec": (
            _by_columns,
            lambda g, W: g - (g * _unit(W, 0)).sum(dim=0) * _unit(W, 0),
            lambda g, W: g - (g * W).sum(dim=0) / W.square().sum(dim=0) * W,
        ),
        "W_dec is taken for one long vector: each row has its own product": (
            _less(lambda g, W: (g * W).sum() * W),
            _less(lambda g, W: (g * W).sum() / W.square().sum() * W),
            _less(lambda g, W: (g * W).sum() / W.norm() * W),
            _less(lambda g, W: _along(g, W).mean() * W),
        ),
        "each gradient loses its part along all decoder rows: only its own row counts": (
            _less(lambda g, W: g @ W.T @ W),
            _less(lambda g, W: g @ torch.linalg.pinv(W) @ W),
        ),
        "the parts along all decoder rows are returned: each latent has its own row": (
            lambda g, W: g @ W.T @ W
        ),
        "gradient and row are multiplied entry by entry, and the products are not added up": (
            _less(lambda g, W: g * W * W),
            _less(lambda g, W: g * W),
        ),
        "only the number is taken off, not the number times the row": (
            _less(_along),
            _less(lambda g, W: _along(g, W).abs()),
        ),
        "the row itself is taken off, whatever its product with the gradient": (
            lambda g, W: g - W,
            lambda g, W: W - g,
        ),
        "gradient and row change places: the row loses its part along the gradient": (
            lambda g, W: W - _along(g, W) * g,
            lambda g, W: W - _along(g, W) / g.square().sum(dim=1, keepdim=True).clamp(1e-8) * g,
        ),
        "the number is multiplied by the gradient: it only gets shorter or longer": (
            _less(lambda g, W: _along(g, W) * g),
            _less(lambda g, W: _along(_unit(g), W) * g),
            _less(lambda g, W: _along(_unit(g), W).abs() * g),
        ),
        "the cosine takes the place of the product: the gradient keeps its length": _less(
            lambda g, W: _along(_unit(g), W) * W
        ),
        "the sign of the product is lost": _less(lambda g, W: _along(g, W).abs() * W),
        "only what would stretch the row is taken off, or only what would shrink it: both go": (
            _less(lambda g, W: _along(g, W).clamp(min=0) * W),
            _less(lambda g, W: _along(g, W).clamp(max=0) * W),
        ),
        "the result is scaled to length 1: only the part along the row goes": (
            lambda g, W: _unit(_right(g, W)),
            lambda g, W: _right(g, W) / _right(g, W).norm(),
        ),
        "the result is stretched to the length that the gradient had": (
            lambda g, W: _unit(_right(g, W)) * g.norm(dim=1, keepdim=True)
        ),
        "the gradient is scaled to length 1 first: only the part along the row goes": (
            lambda g, W: _right(_unit(g), W),
            lambda g, W: _unit(g),
        ),
        "the mean is taken off instead of the part along the row": (
            _less(lambda g, W: g.mean(dim=1, keepdim=True)),
            _less(lambda g, W: g.mean(dim=0)),
            _less(lambda g, W: g.mean()),
        ),
        "W_dec after a step is returned: the gradient is asked for": (
            lambda g, W: _unit(W - g),
            lambda g, W: _unit(W + g),
            lambda g, W: W - _right(g, W),
        ),
        "latents and dimensions are exchanged in what is returned": lambda g, W: _right(g, W).T,
        "it is one number for each latent: the rest of the gradient is asked for": (
            lambda g, W: _along(g, W),
            lambda g, W: _along(g, W).squeeze(1),
        ),
    },
)
