"""What one reader sees when one contribution to its input is exchanged."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from interp_course import runtime
from interp_course.checking import Case, Check

Way = Callable[..., Any]
SHAPES = ((5, 5, 5, 0.4), (3, 4, 8, 1e-5), (2, 6, 7, 0.07), (4, 3, 6, 1e-5))


def _cases(seed: int) -> list[Case]:
    """In the first case all axes are equally long. Scale and mean depend on the position.

    The exchanged part makes up much of the stream, so that the exchange changes its scale, and
    in the first and the third case eps is not small.
    """
    cases = []
    for number, (batch, n, d_model, eps) in enumerate(SHAPES):
        rng = runtime.generator("check edge input", seed + 1000 * number)
        shape = (batch, n, d_model)
        source_here, source_other = _part(1.0, shape, rng), _part(1.6, shape, rng)
        resid = source_here + _part(1.1, shape, rng)
        if number == 2:
            resid, source_here, source_other = (
                x.double() for x in (resid, source_here, source_other)
            )
        kind = "float64, " if number == 2 else ""
        text = f"{kind}batch {batch}, {n} positions, d_model {d_model}, eps {eps}"
        cases.append(Case(text, (resid, source_here, source_other, eps)))
    return cases


def _part(size: float, shape: tuple[int, int, int], rng: torch.Generator) -> Tensor:
    """A contribution, at each position of another length, whose mean is not 0."""
    scale = size * (0.6 + 0.8 * torch.rand(*shape[:2], 1, generator=rng))
    return scale * (torch.randn(shape, generator=rng) + 0.6)


def _oracle(resid: Tensor, source_here: Tensor, source_other: Tensor, eps: float) -> Tensor:
    """One position after the other, and in it one number after the other."""
    batch, n, d_model = resid.shape
    result = torch.empty_like(resid)
    for b in range(batch):
        for i in range(n):
            parts = (x[b, i].tolist() for x in (resid, source_here, source_other))
            y = [r - here + other for r, here, other in zip(*parts, strict=True)]
            mean = sum(y) / d_model
            variance = sum((value - mean) ** 2 for value in y) / d_model
            for d in range(d_model):
                result[b, i, d] = (y[d] - mean) / (variance + eps) ** 0.5
    return result


def _exchanged(r: Tensor, h: Tensor, o: Tensor) -> Tensor:
    return r - h + o


def _deviation(y: Tensor, eps: float) -> Tensor:
    return (y.var(-1, keepdim=True, correction=0) + eps).sqrt()


def _centred(y: Tensor, dim: Any = -1) -> Tensor:
    return y - y.mean(dim, keepdim=True)


def _norm(y: Tensor, eps: float, dim: Any = -1) -> Tensor:
    return _centred(y, dim) / (y.var(dim, keepdim=True, correction=0) + eps).sqrt()


def _of(stream: Way) -> Way:
    """Another stream, normalised as it should be."""
    return lambda r, h, o, eps: _norm(stream(r, h, o), eps)


def _by(norm: Way) -> Way:
    """The right stream, normalised another way."""
    return lambda r, h, o, eps: norm(_exchanged(r, h, o), eps)


def _only(*where: Any) -> Way:
    """The exchange in one part of the batch."""

    def stream(r: Tensor, h: Tensor, o: Tensor) -> Tensor:
        y = r.clone()
        y[where] = _exchanged(r, h, o)[where]
        return y

    return _of(stream)


edge_input = Check(
    name="edge_input",
    oracle=_oracle,
    cases=_cases,
    reread="take the contribution of this run out of the stream and put that of the other run in; "
    "of the sum take mean and variance over d_model anew, at each position: (y - mean) / "
    "sqrt(var + eps)",
    mistakes={
        "the whole stream is replaced by the other contribution: all other parts stay": (
            _of(lambda r, h, o: o),
            lambda r, h, o, eps: o,
        ),
        "the other contribution is added, but that of this run is not taken out": (
            _of(lambda r, h, o: r + o),
            lambda r, h, o, eps: r + o,
        ),
        "the contribution is taken out, but nothing is put in its place: that is an ablation": (
            _of(lambda r, h, o: r - h),
            lambda r, h, o, eps: r - h,
        ),
        "the two contributions change places: the one of this run goes, the other one comes": (
            _of(lambda r, h, o: r + h - o),
            lambda r, h, o, eps: r + h - o,
        ),
        "both contributions are added, or both are taken off": (
            _of(lambda r, h, o: r + h + o),
            _of(lambda r, h, o: r - h - o),
        ),
        "nothing is exchanged: it is the reader's own input": (
            _of(lambda r, h, o: r),
            lambda r, h, o, eps: r,
        ),
        "only the difference of the contributions is read: the rest of the stream is lost": (
            _of(lambda r, h, o: o - h),
            _of(lambda r, h, o: h - o),
            lambda r, h, o, eps: o - h,
        ),
        "the two contributions are mixed half and half": _of(lambda r, h, o: r + (o - h) / 2),
        "the mean over the batch is put in instead of the other contribution itself": _of(
            lambda r, h, o: r - h + o.mean(dim=0)
        ),
        "one position is exchanged and the others are not": (
            _only(slice(None), -1),
            _only(slice(None), 0),
        ),
        "one example of the batch is exchanged and the others are not": (_only(0), _only(-1)),
        "nothing is normalised: the reader's LayerNorm comes in between": (
            lambda r, h, o, eps: _exchanged(r, h, o)
        ),
        "the contributions are exchanged after the norm: they are parts of the stream before it": (
            lambda r, h, o, eps: _norm(r, eps) - _norm(h, eps) + _norm(o, eps),
            lambda r, h, o, eps: _norm(r, eps) - h + o,
            lambda r, h, o, eps: _norm(r, eps) + _norm(o - h, eps),
            lambda r, h, o, eps: _norm(_norm(r, eps) - _norm(h, eps) + _norm(o, eps), eps),
            lambda r, h, o, eps: _norm(_norm(r, eps) - h + o, eps),
        ),
        "the contributions are normalised by themselves before they are exchanged": (
            lambda r, h, o, eps: _norm(r - _norm(h, eps) + _norm(o, eps), eps),
            lambda r, h, o, eps: _norm(r - h + _norm(o, eps), eps),
        ),
        "the norm is frozen: mean or scale are still those of the stream before the exchange": (
            lambda r, h, o, eps: _centred(_exchanged(r, h, o)) / _deviation(r, eps),
            lambda r, h, o, eps: (
                (_exchanged(r, h, o) - r.mean(-1, keepdim=True)) / _deviation(r, eps)
            ),
            lambda r, h, o, eps: (
                (_exchanged(r, h, o) - r.mean(-1, keepdim=True))
                / _deviation(_exchanged(r, h, o), eps)
            ),
            lambda r, h, o, eps: _exchanged(r, h, o) / _deviation(r, eps),
        ),
        "the variance is that of a sample, divided by d_model - 1": (
            _by(lambda y, eps: _centred(y) / (y.var(-1, keepdim=True) + eps).sqrt()),
            _by(lambda y, eps: _centred(y) / (y.std(-1, keepdim=True) + eps)),
            _by(lambda y, eps: _centred(y) / y.std(-1, keepdim=True)),
        ),
        "nothing is centred: LayerNorm takes the mean off before it divides": (
            _by(lambda y, eps: y / (y.square().mean(-1, keepdim=True) + eps).sqrt()),
            _by(lambda y, eps: y / _deviation(y, eps)),
        ),
        "the mean is taken off, but nothing is divided by the scale": _by(
            lambda y, eps: _centred(y)
        ),
        "the mean is still in the scale: it is the variance, not the mean square": _by(
            lambda y, eps: _centred(y) / (y.square().mean(-1, keepdim=True) + eps).sqrt()
        ),
        "it is divided by the variance instead of its square root": _by(
            lambda y, eps: _centred(y) / _deviation(y, eps).square()
        ),
        "it is divided by the length of the vector instead of its standard deviation": (
            _by(lambda y, eps: _centred(y) / _centred(y).norm(dim=-1, keepdim=True)),
            _by(lambda y, eps: _centred(y) / (_centred(y).norm(dim=-1, keepdim=True) + eps)),
            _by(lambda y, eps: _centred(y) / (_centred(y).norm(dim=-1, keepdim=True) ** 2 + eps)),
            _by(
                lambda y, eps: _centred(y) / (_centred(y).square().sum(-1, True) + eps).sqrt(),
            ),
            _by(lambda y, eps: y / y.norm(dim=-1, keepdim=True)),
        ),
        "eps stands outside the root: it belongs under it, with the variance": _by(
            lambda y, eps: _centred(y) / (_deviation(y, 0.0) + eps)
        ),
        "eps is left out, or another one is used than the one given": (
            _by(lambda y, eps: _norm(y, 0.0)),
            _by(lambda y, eps: functional.layer_norm(y, y.shape[-1:])),
            _by(lambda y, eps: _norm(y, 1e-6)),
            _by(lambda y, eps: _norm(y, eps**2)),
        ),
        "mean and variance run over the positions instead of d_model": (
            _by(lambda y, eps: _norm(y, eps, dim=1))
        ),
        "mean and variance run over the batch instead of d_model": (
            _by(lambda y, eps: _norm(y, eps, dim=0))
        ),
        "the axis that the mean ran over is not kept: it is subtracted along another one": (
            _by(lambda y, eps: (y - y.mean(-1)) / (y.var(-1, correction=0) + eps).sqrt()),
            _by(lambda y, eps: _centred(y) / (y.var(-1, correction=0) + eps).sqrt()),
        ),
        "mean and variance run over several axes: each position has its own": (
            _by(lambda y, eps: _norm(y, eps, dim=(1, 2))),
            _by(lambda y, eps: _norm(y, eps, dim=(0, 1))),
            _by(lambda y, eps: _norm(y, eps, dim=(0, 1, 2))),
        ),
        "what is returned is the change of the input: the input itself is asked for": (
            lambda r, h, o, eps: _norm(_exchanged(r, h, o), eps) - _norm(r, eps)
        ),
        "the normalised input is added to the stream": (
            lambda r, h, o, eps: r + _norm(_exchanged(r, h, o), eps),
            lambda r, h, o, eps: _exchanged(r, h, o) + _norm(_exchanged(r, h, o), eps),
        ),
    },
)
