"""Change the weights of a norm-free transformer so that every output stays the same.

Two exact symmetries (Elhage et al. 2021, sections "Privileged basis" and "Attention heads
are independent and additive"): the heads of a layer can be listed in any order, and the
residual stream can be written in any orthonormal basis. The course uses them to draw
instances of one trained network in which the head numbers differ.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from interp_course import runtime


def disguised(state: dict[str, Tensor], n_heads: int, seed: int) -> dict[str, Tensor]:
    """The same function as ``state`` with shuffled heads and a rotated residual stream.

    Args:
        state: Parameters of a native attention-only model without norms. Linear weights have
            the shape ``[out, in]``, as in ``torch.nn.Linear``.
        n_heads: Heads per layer.
        seed: Which shuffle and rotation.
    """
    rng = runtime.generator("disguise", seed)
    rotation = random_rotation(state["tok_embed.weight"].shape[1], rng)
    new = {}
    n_layers = 1 + max(int(name.split(".")[1]) for name in state if name.startswith("layers."))
    orders = [torch.randperm(n_heads, generator=rng) for _ in range(n_layers)]
    for name, weight in state.items():
        if name.startswith("layers."):
            weight = _reordered(name, weight, orders[int(name.split(".")[1])])
        new[name] = _rotated(name, weight, rotation).contiguous()
    return new


def random_rotation(d_model: int, rng: torch.Generator) -> Float[Tensor, "d_model d_model"]:
    """A random orthogonal matrix, uniformly distributed (Mezzadri 2007)."""
    q, r = torch.linalg.qr(torch.randn(d_model, d_model, dtype=torch.float64, generator=rng))
    return (q * r.diagonal().sign()).float()


def _reordered(name: str, weight: Tensor, order: Tensor) -> Tensor:
    if name.endswith("attn.o.bias"):
        return weight
    axis = 1 if name.endswith("attn.o.weight") else 0
    heads = weight.unflatten(axis, (len(order), -1))
    return heads.index_select(axis, order).flatten(axis, axis + 1)


def _rotated(name: str, weight: Tensor, rotation: Tensor) -> Tensor:
    writes = name.endswith(("attn.o.weight", "attn.o.bias"))
    if writes:  # o.weight is [d_model, d_heads]: its outputs are rotated
        return rotation.T @ weight
    return weight if name.endswith(".bias") else weight @ rotation
