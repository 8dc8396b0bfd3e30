"""The latents, the reconstruction and the loss of a sparse autoencoder with ReLU latents."""

import contextlib
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from interp_course import runtime
from interp_course.checking import Case, Check
from interp_course.checks.sparse_autoencoders import loss_slips
from interp_course.checks.sparse_autoencoders.loss_slips import Given, decode, encode
from interp_course.comparing import difference

PARTS = ("latents", "x_hat", "loss")


def _cases(seed: int) -> list[Case]:
    """In the first case W_enc and W_dec are square, so that no transposition is an error there.

    Decoder rows have different lengths, and W_enc has nothing to do with W_dec.
    """
    cases = []
    sizes = ((5, 6, 6), (4, 3, 9), (7, 8, 5), (6, 4, 7))
    for number, (batch, d_in, d_sae) in enumerate(sizes):
        rng = runtime.generator("check sae loss", seed + 1000 * number)
        W_enc = torch.randn(d_in, d_sae, generator=rng) * 1.2 * d_in**-0.5
        rows = functional.normalize(torch.randn(d_sae, d_in, generator=rng), dim=1)
        lengths = torch.linspace(0.4, 2.0, d_sae)[torch.randperm(d_sae, generator=rng)]
        W_dec = lengths[:, None] * rows
        b_enc = 0.4 * torch.randn(d_sae, generator=rng) + 0.2
        b_dec = 0.6 * torch.randn(d_in, generator=rng) + 0.4
        x = 1.3 * torch.randn(batch, d_in, generator=rng) + b_dec
        coefficient = 0.3 + 0.1 * int(torch.randint(5, (), generator=rng)) + 0.05
        tensors = (x, W_enc, b_enc, W_dec, b_dec)
        kind = ""
        if number == 3:
            tensors, kind = tuple(tensor.double() for tensor in tensors), "float64, "
        text = f"{kind}{batch} activations of width {d_in}, {d_sae} latents"
        cases.append(Case(text, (*tensors, round(coefficient, 2))))
    return cases


def _oracle(
    x: Tensor, W_enc: Tensor, b_enc: Tensor, W_dec: Tensor, b_dec: Tensor, l1_coefficient: float
) -> tuple[Tensor, ...]:
    """One activation at a time, and in it one latent at a time."""
    encoder, decoder = W_enc.tolist(), W_dec.tolist()
    shift, centre = b_enc.tolist(), b_dec.tolist()
    latents, reconstructions, total = [], [], 0.0
    for row in x.tolist():
        z = list(shift)
        for i, weights in enumerate(encoder):
            z = [z[j] + (row[i] - centre[i]) * weights[j] for j in range(len(z))]
        z = [max(value, 0.0) for value in z]
        back = list(centre)
        for value, direction in zip(z, decoder, strict=True):
            back = [b + value * d for b, d in zip(back, direction, strict=True)]
            total += l1_coefficient * value * sum(d * d for d in direction) ** 0.5
        total += sum((a - b) ** 2 for a, b in zip(row, back, strict=True))
        latents.append(z)
        reconstructions.append(back)
    wide = torch.float64
    values = (torch.tensor(part, dtype=wide) for part in (latents, reconstructions))
    return *values, torch.tensor(total / len(x), dtype=wide)


def _square(g: Given, error: Tensor) -> Tensor:
    return error.square().sum(dim=1).mean()


def _price(g: Given, z: Tensor) -> Tensor:
    return (z * g.W_dec.norm(dim=1)).sum(dim=1).mean()


def _plus(square: Tensor, price: Tensor, coefficient: float) -> Tensor:
    return square + coefficient * price


def _answer(
    encode: Callable[..., Tensor] = encode,
    decode: Callable[..., Tensor] = decode,
    square: Callable[..., Tensor] = _square,
    price: Callable[..., Tensor] = _price,
    combine: Callable[..., Tensor] = _plus,
) -> Callable[..., tuple[Tensor, Tensor, Tensor]]:
    """A whole answer in which one part, or several, are not what they should be."""

    def answer(*args: Any) -> tuple[Tensor, Tensor, Tensor]:
        g = Given(*args)
        z = encode(g)
        x_hat = decode(g, z)
        return z, x_hat, combine(square(g, g.x - x_hat), price(g, z), g.l1_coefficient)

    return answer


_right = _answer()


def _judge(case: Case, value: Any) -> tuple[str, str | None] | None:
    """The first part that is wrong counts: the others follow from it."""
    right = _oracle(*case.args)
    problem = difference(value, right, Check.rtol, Check.atol)
    if problem is None:
        return None
    if isinstance(value, (tuple, list)) and len(value) == len(PARTS):
        for place, (name, part, expected) in enumerate(zip(PARTS, value, right, strict=True)):
            wrong = difference(part, expected, Check.rtol, Check.atol)
            if wrong is not None:
                return f"{name}: {wrong}", _named(place, part, Given(*case.args))
    return problem, None


def _named(place: int, part: Any, g: Given) -> str | None:
    """The mistake in the latents, or in the reconstruction made from the right latents."""
    tables = (loss_slips.ENCODERS, loss_slips.DECODERS)
    for sentence, ways in tables[place].items() if place < len(tables) else ():
        for way in ways:
            with contextlib.suppress(RuntimeError):  # it fails where W_dec is not square
                wrong = way(g) if place == 0 else way(g, encode(g))
                if difference(part, wrong, Check.rtol, Check.atol) is None:
                    return sentence
    return None


def _each(name: str, table: dict[str, Any]) -> dict[str, tuple[Callable[..., Any], ...]]:
    """Whole answers with one wrong part."""
    return {
        sentence: tuple(_answer(**{name: way}) for way in ways) for sentence, ways in table.items()
    }


def _squares() -> dict[str, tuple[Callable[..., Any], ...]]:
    """Whole answers with a wrong loss of reconstruction.

    Who takes the wrong mean of the squares often does so in the penalty, too.
    """
    prices = [_price, *(way for ways in list(loss_slips.PRICES.values())[1:6] for way in ways)]
    return {
        sentence: tuple(
            _answer(square=way, price=price)
            for way in ways
            for price in (prices if number < 3 else prices[:2])
        )
        for number, (sentence, ways) in enumerate(loss_slips.SQUARES.items())
    }


def _combined(
    combine: Callable[[Tensor, Tensor, float], Tensor],
) -> tuple[Callable[..., Any], ...]:
    """The two losses put together in another way."""
    return (_answer(combine=combine),)


def _without_mean(*args: Any) -> tuple[Tensor, Tensor, Tensor]:
    """One loss for each activation."""
    z, x_hat, _ = _right(*args)
    g = Given(*args)
    return z, x_hat, (g.x - x_hat).square().sum(1) + g.l1_coefficient * z @ g.W_dec.norm(dim=1)


sae_loss = Check(
    name="sae_loss",
    oracle=_oracle,
    judge_value=_judge,
    cases=_cases,
    reread="latents = ReLU((x - b_dec) W_enc + b_enc), x_hat = latents W_dec + b_dec; the loss is "
    "the mean over the batch of |x - x_hat|^2 plus l1_coefficient times the sum over the latents "
    "of latent times length of its decoder row",
    mistakes={
        **_each("encode", loss_slips.ENCODERS),
        **_each("decode", loss_slips.DECODERS),
        **_each("price", loss_slips.PRICES),
        **_squares(),
        "the penalty is not multiplied by l1_coefficient": _combined(lambda s, p, c: s + p),
        "l1_coefficient multiplies the squared error: it belongs to the penalty": (
            *_combined(lambda s, p, c: c * s + p),
            *_combined(lambda s, p, c: c * (s + p)),
            *_combined(lambda s, p, c: (1 - c) * s + c * p),
        ),
        "the penalty is divided by l1_coefficient": _combined(lambda s, p, c: s + p / c),
        "the penalty is taken off the squared error: active latents cost": _combined(
            lambda s, p, c: s - c * p
        ),
        "the two losses are multiplied with each other": _combined(lambda s, p, c: s * c * p),
        "the loss is halved": _combined(lambda s, p, c: (s + c * p) / 2),
        "there is one loss for each activation: their mean is asked for": _without_mean,
        "latents and reconstruction are exchanged: latents come first": (
            lambda *a: (_right(*a)[1], _right(*a)[0], _right(*a)[2]),
        ),
        "the loss comes first: the order is latents, x_hat, loss": (
            lambda *a: (_right(*a)[2], *_right(*a)[:2]),
            lambda *a: _right(*a)[::-1],
        ),
        "the loss alone is returned: latents and x_hat come before it": lambda *a: _right(*a)[2],
        "the loss is not returned: it comes after latents and x_hat": lambda *a: _right(*a)[:2],
    },
)
