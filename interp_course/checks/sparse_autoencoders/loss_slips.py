"""What students get wrong in the loss of a sparse autoencoder, part by part.

The parts are the latents, the reconstruction, the loss of reconstruction and the price of the
latents. Each table goes from the sentence that names a mistake to ways of making it.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

_Ways = tuple[Callable[..., Tensor], ...]


class Given(NamedTuple):
    """The arguments."""

    x: Tensor
    W_enc: Tensor
    b_enc: Tensor
    W_dec: Tensor
    b_dec: Tensor
    l1_coefficient: float


def _pre(g: Given) -> Tensor:
    return (g.x - g.b_dec) @ g.W_enc + g.b_enc


def encode(g: Given) -> Tensor:
    """The right latents."""
    return _pre(g).relu()


def decode(g: Given, z: Tensor) -> Tensor:
    """The right reconstruction."""
    return z @ g.W_dec + g.b_dec


def _norms(g: Given) -> Tensor:
    return g.W_dec.norm(dim=1)


def _of_tokens(values: Tensor) -> Tensor:
    """Added up in each activation, then averaged over the batch."""
    return values.sum(dim=1).mean()


def _activated(change: Callable[[Tensor], Tensor]) -> Callable[[Given], Tensor]:
    return lambda g: change(_pre(g))


ENCODERS: dict[str, _Ways] = {
    "b_dec is not taken off the activations before they are encoded": (
        lambda g: (g.x @ g.W_enc + g.b_enc).relu(),
        lambda g: g.x @ g.W_enc + g.b_enc,
    ),
    "b_dec is added before the encoder: there it is taken off": (
        lambda g: ((g.x + g.b_dec) @ g.W_enc + g.b_enc).relu(),
    ),
    "b_dec is taken off after the product: it has the width of x": (
        lambda g: (g.x @ g.W_enc + g.b_enc - g.b_dec).relu(),
    ),
    "the mean of the batch is taken off x: what is taken off is b_dec": (
        lambda g: ((g.x - g.x.mean(dim=0)) @ g.W_enc + g.b_enc).relu(),
    ),
    "there is no ReLU: latents are never negative": (_pre,),
    "b_enc is left out": (
        lambda g: ((g.x - g.b_dec) @ g.W_enc).relu(),
        lambda g: (g.x @ g.W_enc).relu(),
        lambda g: (g.x - g.b_dec) @ g.W_enc,
    ),
    "b_enc is taken off: it is added": (lambda g: (_pre(g) - 2 * g.b_enc).relu(),),
    "b_enc is added after the ReLU: it comes before": (
        lambda g: ((g.x - g.b_dec) @ g.W_enc).relu() + g.b_enc,
    ),
    "b_enc and b_dec are in each other's place": (
        lambda g: ((g.x - g.b_enc) @ g.W_enc + g.b_dec).relu(),
    ),
    "the decoder's transpose encodes: W_enc has its own weights": (
        lambda g: ((g.x - g.b_dec) @ g.W_dec.T + g.b_enc).relu(),
    ),
    "W_enc is transposed: it is [d_in d_sae], so x is multiplied from the right": (
        lambda g: ((g.x - g.b_dec) @ g.W_enc.T + g.b_enc).relu(),
    ),
    "the size is taken instead of the ReLU": (_activated(torch.abs),),
    "another non-linearity is used: ReLU is max(0, .)": (
        *(_activated(f) for f in (torch.sigmoid, torch.tanh, functional.gelu)),
        *(_activated(f) for f in (functional.softplus, functional.leaky_relu)),
    ),
    "latents are 0 or 1: an active latent says how much": (
        _activated(lambda pre: (pre > 0).to(pre.dtype)),
    ),
    "latents are multiplied by the lengths of their decoder rows": (
        lambda g: encode(g) * _norms(g),
    ),
    "activations are scaled to length 1 first": (
        lambda g: (functional.normalize(g.x - g.b_dec, dim=1) @ g.W_enc + g.b_enc).relu(),
        lambda g: encode(g._replace(x=functional.normalize(g.x, dim=1))),
    ),
}
"""Ways to get the latents wrong."""

DECODERS: dict[str, _Ways] = {
    "b_dec is left out of the reconstruction: it was taken off and comes back": (
        lambda g, z: z @ g.W_dec,
    ),
    "b_dec is taken off the reconstruction: there it is added": (
        lambda g, z: z @ g.W_dec - g.b_dec,
    ),
    "b_dec is added to the latents: it has the width of x": (lambda g, z: (z + g.b_dec) @ g.W_dec,),
    "b_enc is added to the reconstruction": (lambda g, z: z @ g.W_dec + g.b_enc,),
    "the encoder's transpose decodes: W_dec has its own weights": (
        lambda g, z: z @ g.W_enc.T + g.b_dec,
    ),
    "W_dec is transposed: it is [d_sae d_in], so its rows are the directions": (
        lambda g, z: z @ g.W_dec.T + g.b_dec,
    ),
    "the decoder rows are scaled to length 1: here they have other lengths": (
        lambda g, z: z @ functional.normalize(g.W_dec, dim=1) + g.b_dec,
    ),
    "the reconstruction goes through a ReLU: it can be negative": (
        lambda g, z: decode(g, z).relu(),
    ),
    "the pre-activations are decoded: the ReLU comes first": (lambda g, z: decode(g, _pre(g)),),
    "latents are decoded as 0 or 1: an active latent says how much": (
        lambda g, z: decode(g, (z > 0).to(z.dtype)),
    ),
    "the error is returned instead of the reconstruction": (
        lambda g, z: g.x - decode(g, z),
        lambda g, z: decode(g, z) - g.x,
    ),
}
"""Ways to get the reconstruction wrong from the right latents."""

SQUARES: dict[str, _Ways] = {
    "the mean of the squared errors runs over the width too: they are added up": (
        lambda g, e: e.square().mean(),
    ),
    "the squared errors of the batch are added up: its mean is asked for": (
        lambda g, e: e.square().sum(),
    ),
    "squared errors are added up over the batch and averaged over the width: it is the other "
    "way round": (lambda g, e: e.square().mean(dim=1).sum(),),
    "the errors are not squared, only their size is taken": (
        lambda g, e: _of_tokens(e.abs()),
        lambda g, e: e.abs().mean(),
    ),
    "a root is taken: it is the squared length of the error that counts": (
        lambda g, e: e.norm(dim=1).mean(),
        lambda g, e: e.norm(),
        lambda g, e: _of_tokens(e.square()).sqrt(),
        lambda g, e: e.square().mean().sqrt(),
    ),
    "the errors are added up before they are squared: signs cancel": (
        lambda g, e: e.sum(dim=1).square().mean(),
        lambda g, e: e.mean(dim=0).square().sum(),
        lambda g, e: _of_tokens(e),
    ),
    "the squared error is halved": (lambda g, e: _of_tokens(e.square()) / 2,),
    "the squared error is divided by that of the mean, or by the length of x": (
        lambda g, e: _of_tokens(e.square()) / _of_tokens(g.x.square()),
        lambda g, e: _of_tokens(e.square()) / _of_tokens((g.x - g.x.mean(dim=0)).square()),
        lambda g, e: (e.square().sum(dim=1) / g.x.square().sum(dim=1)).mean(),
    ),
    "the reconstruction error is left out of the loss": (lambda g, e: e.new_zeros(()),),
}
"""Ways to get the loss of reconstruction wrong."""

PRICES: dict[str, _Ways] = {
    "lengths of columns are used: the direction of a latent is a row of W_dec": (
        lambda g, z: _of_tokens(z * g.W_dec.norm(dim=0)),
        lambda g, z: _of_tokens(z) * g.W_dec.norm(dim=0).sum(),
    ),
    "the lengths of the decoder rows are left out: small latents with long rows cost nothing": (
        lambda g, z: _of_tokens(z),
    ),
    "the penalty is averaged over the latents: they are added up": (
        lambda g, z: (z * _norms(g)).mean(),
    ),
    "the penalty is averaged over the latents, and the lengths of the decoder rows are left out": (
        lambda g, z: z.mean(),
    ),
    "the penalty is added up over the batch: its mean is asked for": (
        lambda g, z: (z * _norms(g)).sum(),
        lambda g, z: z.sum(),
    ),
    "the penalty is added up over the batch and averaged over the latents: it is the other way "
    "round": (
        lambda g, z: (z * _norms(g)).mean(dim=1).sum(),
        lambda g, z: z.mean(dim=1).sum(),
    ),
    "the lengths are those of the encoder's directions": (
        lambda g, z: _of_tokens(z * g.W_enc.norm(dim=0)),
    ),
    "the lengths of the decoder rows are squared: the root is missing": (
        lambda g, z: _of_tokens(z * _norms(g).square()),
    ),
    "the length of a decoder row is measured by the sizes of its entries, without squares": (
        lambda g, z: _of_tokens(z * g.W_dec.abs().sum(dim=1)),
        lambda g, z: _of_tokens(z @ g.W_dec.abs()),
    ),
    "one length is used for all decoder rows: each latent has its own": (
        lambda g, z: _of_tokens(z) * g.W_dec.norm(),
        lambda g, z: _of_tokens(z) * _norms(g).mean(),
        lambda g, z: _of_tokens(z) * _norms(g).sum(),
        lambda g, z: z.sum() * _norms(g).sum(),
        lambda g, z: z.mean() * g.W_dec.norm(),
    ),
    "latents are divided by the lengths of their decoder rows": (
        lambda g, z: _of_tokens(z / _norms(g)),
    ),
    "the lengths are added to the latents instead of multiplied": (
        lambda g, z: _of_tokens(z + _norms(g)),
        lambda g, z: _of_tokens(z) + _norms(g).sum(),
    ),
    "the latents are squared in the penalty: L1 adds up sizes": (
        lambda g, z: _of_tokens((z * _norms(g)).square()),
        lambda g, z: _of_tokens(z.square() * _norms(g)),
        lambda g, z: _of_tokens(z.square()),
        lambda g, z: (z * _norms(g)).sum(dim=1).square().mean(),
        lambda g, z: z.square().mean(),
    ),
    "the penalty is the length of the vector of latents: L1 adds up sizes": (
        lambda g, z: (z * _norms(g)).norm(dim=1).mean(),
        lambda g, z: z.norm(dim=1).mean(),
        lambda g, z: z.norm(),
    ),
    "active latents are counted: that is L0, and it has no gradient": (
        lambda g, z: _of_tokens((z > 0).to(z.dtype)),
    ),
    "the penalty is on the pre-activations: it is on the latents": (
        lambda g, z: _of_tokens(_pre(g).abs() * _norms(g)),
        lambda g, z: _of_tokens(_pre(g) * _norms(g)),
    ),
    "the penalty is on the weights: it is on the latents": (
        lambda g, z: _norms(g).sum(),
        lambda g, z: g.W_dec.abs().sum(),
        lambda g, z: g.W_dec.norm(),
    ),
    "the penalty is left out": (lambda g, z: z.new_zeros(()),),
}
"""Ways to get the price of the latents wrong."""
