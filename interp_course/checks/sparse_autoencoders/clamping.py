"""One latent of a dictionary is set to a value, and the rest of the activation is kept."""

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import normalize

from interp_course import runtime
from interp_course.checking import Case, Check

ALL = slice(None)


def _cases(seed: int) -> list[Case]:
    """In the first case W_dec is square, so its columns can be taken for rows.

    The latent is active at some positions, below the value here and above it there, and silent
    at others; in the last case it is set to 0. What the dictionary leaves out is not small.
    """
    cases = []
    shapes = ((3, 6, 7, 7, 2, 1.6), (4, 5, 6, 9, 3, 2.3), (2, 7, 5, 8, 1, 0.0))
    for number, (batch, n, d_in, d_sae, latent, near) in enumerate(shapes):
        rng = runtime.generator("check clamping", seed + 1000 * number)
        active = torch.rand(batch, n, d_sae, generator=rng) < 0.4
        latents = (0.2 + 3 * torch.rand(batch, n, d_sae, generator=rng)) * active
        latents[0, :3, latent] = torch.tensor([0.0, 0.7, 3.1])
        latents[-1, -1, latent], latents[0, -1, latent] = 0.9, 2.8
        lengths = 0.5 + 0.3 * torch.rand(d_sae, 1, generator=rng)
        W_dec = lengths * normalize(torch.randn(d_sae, d_in, generator=rng), dim=1)
        x = latents @ W_dec + 0.3 + 0.8 * torch.randn(batch, n, d_in, generator=rng)
        value = near * (0.9 + 0.2 * torch.rand((), generator=rng).item())
        kind = ""
        if number == 1:
            x, latents, W_dec, kind = x.double(), latents.double(), W_dec.double(), "float64, "
        text = f"{kind}latent {latent} of {d_sae} set to {value:.2f} in {d_in} dimensions"
        cases.append(Case(text, (x, latents, W_dec, latent, value)))
    return cases


def _oracle(x: Tensor, latents: Tensor, W_dec: Tensor, latent: int, value: float) -> Tensor:
    """At each position: what is left over, and then one latent after the other is added."""
    batch, n, _ = x.shape
    result = torch.empty_like(x)
    for b in range(batch):
        for i in range(n):
            stream = x[b, i].clone()
            for j in range(len(W_dec)):
                stream -= latents[b, i, j] * W_dec[j]
            for j in range(len(W_dec)):
                stream += (value if j == latent else latents[b, i, j]) * W_dec[j]
            result[b, i] = stream
    return result


def _put(x: Tensor, what: Any, *where: Any) -> Tensor:
    x = x.clone()
    x[where] = what
    return x


def _own(z: Tensor, j: int) -> Tensor:
    """The activation of the latent, with a last axis of length 1."""
    return z[..., j : j + 1]


def _right(x: Tensor, z: Tensor, W: Tensor, j: int, v: float) -> Tensor:
    return x + (v - _own(z, j)) * W[j]


def _set(z: Tensor, j: int, v: Any) -> Tensor:
    """The latents with one of them set."""
    return _put(z, v, ..., j)


def _read(x: Tensor, W: Tensor, j: int, v: float) -> Tensor:
    """The part along the row is taken for the activation of the latent."""
    return x + (v - (x @ W[j])[..., None]) * W[j]


def _where(wanted: Any) -> Any:
    """The edit at the positions where the latent's activation is as wanted."""
    return lambda x, z, W, j, v: torch.where(wanted(_own(z, j), v), _right(x, z, W, j, v), x)


def _only(*where: Any) -> Any:
    """The edit in one part of the batch."""
    return lambda *a: _put(a[0], _right(*a)[where], *where)


def _instead(change: Any) -> Any:
    """With another number in place of the difference that multiplies the row."""
    return lambda x, z, W, j, v: x + change(_own(z, j), v) * W[j]


def _with_row(row: Any) -> Any:
    """With another vector in place of the row."""
    return lambda x, z, W, j, v: x + (v - _own(z, j)) * row(W, j)


clamped = Check(
    name="clamped",
    oracle=_oracle,
    cases=_cases,
    reread="how far is the latent from the value, at each position by itself? That many times its "
    "row of W_dec is added to x, and everything else in x stays",
    mistakes={
        "the value is added to the latent instead of put in place of its activation": (
            _instead(lambda z, v: v),
        ),
        "the value is added where the latent is silent, and nothing is done where it is active": (
            _where(lambda z, v: z == 0)
        ),
        "the latent is set only where it is active already: it is meant at every position": (
            _where(lambda z, v: z > 0)
        ),
        "the latent is only ever raised: where it is above the value it must fall": (
            _where(lambda z, v: z < v)
        ),
        "the latent is only ever lowered: where it is below the value it must rise": (
            _where(lambda z, v: z > v)
        ),
        "the reconstruction is returned: what the dictionary leaves out of x is lost": (
            lambda x, z, W, j, v: _set(z, j, v) @ W,
            lambda x, z, W, j, v: z @ W + v * W[j],
        ),
        "the whole reconstruction is added to x, which contains it already": (
            lambda x, z, W, j, v: x + _set(z, j, v) @ W,
        ),
        "all other latents are silenced": (
            lambda x, z, W, j, v: x - z @ W + v * W[j],
            lambda x, z, W, j, v: v * W[j].expand_as(x),
            lambda x, z, W, j, v: v * W[j],
        ),
        "the error alone is left: the latents are missing": lambda x, z, W, j, v: x - z @ W,
        "the latent is multiplied by the value instead of set to it": (
            _instead(lambda z, v: v * z - z),
            _instead(lambda z, v: v * z),
        ),
        "the latent is silenced: the value is missing": _instead(lambda z, v: -z),
        "the sign of the difference is turned: the latent moves away from the value": _instead(
            lambda z, v: z - v
        ),
        "the present activation is added to the value instead of subtracted": _instead(
            lambda z, v: v + z
        ),
        "the mean activation of the latent is subtracted: each position has its own": (
            _instead(lambda z, v: v - z.mean()),
            _instead(lambda z, v: v - z.mean(dim=1, keepdim=True)),
        ),
        "the largest activation of the latent is subtracted: each position has its own": _instead(
            lambda z, v: v - z.max()
        ),
        "only the last position is changed: the latent is set at all": _only(ALL, -1),
        "only the first position is changed: the latent is set at all": _only(ALL, 0),
        "only the first example of the batch is changed": _only(0),
        "the latent's number is taken for a position": lambda x, z, W, j, v: _only(ALL, j)(
            x, z, W, j, v
        ),
        "the row of W_dec is scaled to length 1: here its length counts": (
            _with_row(lambda W, j: normalize(W[j], dim=0)),
            _with_row(lambda W, j: W[j] / W[j].square().sum()),
        ),
        "a column of W_dec is taken: the latents are its rows": _with_row(lambda W, j: W[:, j]),
        "the row of another latent is taken: they count from 0": (
            _with_row(lambda W, j: W[j - 1]),
            _with_row(lambda W, j: W[j + 1]),
        ),
        "all rows of W_dec are added up: one belongs to the latent": _with_row(
            lambda W, j: W.sum(dim=0)
        ),
        "the change is added to every entry: the row of W_dec is missing": _with_row(
            lambda W, j: W.new_ones(W.shape[1])
        ),
        "the activation is read from x along the row: it stands in the latents, and other "
        "latents have a part along this row, too": (
            lambda x, z, W, j, v: _read(x, W, j, v),
            lambda x, z, W, j, v: _read(x, normalize(W, dim=1), j, v),
            lambda x, z, W, j, v: x + (v - (x @ W[j])[..., None] / W[j].square().sum()) * W[j],
        ),
        "the number of the latent is taken for a coordinate of x": lambda x, z, W, j, v: _put(
            x, v, ..., j
        ),
        "all latents are set to the value": lambda x, z, W, j, v: x + (v - z) @ W,
        "the changed latents are returned: x is asked for": lambda x, z, W, j, v: _set(z, j, v),
        "only what is added to x is returned": (
            lambda x, z, W, j, v: (v - _own(z, j)) * W[j],
            lambda x, z, W, j, v: (_set(z, j, v) - z) @ W,
        ),
        "nothing is changed: is the result lost?": lambda x, z, W, j, v: x,
    },
)
