"""One head by itself, at the positions where it is needed.

The attention of a model computes all heads at all positions. A hypothesis needs one head, often
at one position; this costs a small part of it. Not for rotary positions or capped scores:
`reproduces` says whether it is right for a model.
"""

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor


class Head:
    """The weights of a head, as copies.

    Args:
        model: A bridge.
        layer: Which layer.
        index: Which head.
    """

    def __init__(self, model: Any, layer: int, index: int) -> None:
        attn = model.blocks[layer].attn
        group = index * len(attn.W_K) // model.cfg.n_heads  # heads may share keys and values
        scale = attn.W_Q.shape[-1] ** -0.5
        self.w_q, self.b_q = _of(attn.W_Q, attn.b_Q, index, scale)
        self.w_k, self.b_k = _of(attn.W_K, attn.b_K, group)
        self.w_v, self.b_v = _of(attn.W_V, attn.b_V, group)

    def pattern(
        self,
        q: Float[Tensor, "sample place d_model"],
        k: Float[Tensor, "sample pos d_model"],
        at: Int[Tensor, "#sample place"],
    ) -> Float[Tensor, "sample place pos"]:
        """Where the positions ``at`` attend to, of normed streams."""
        queries = torch.addmm(self.b_q, q.flatten(0, 1), self.w_q).view(*q.shape[:2], -1)
        if self._few(at, k):
            scores = (queries @ self.w_k.T) @ k.mT  # the bias adds the same to all scores
        else:
            scores = queries @ (k @ self.w_k + self.b_k).mT
        later = torch.arange(k.shape[1], device=at.device) > at[..., None]
        return scores.masked_fill(later, float("-inf")).softmax(dim=-1)

    def mix(
        self,
        pattern: Float[Tensor, "sample place pos"],
        v: Float[Tensor, "sample pos d_model"],
        at: Int[Tensor, "#sample place"],
    ) -> Float[Tensor, "sample place d_head"]:
        """The values of a normed stream, weighted by a pattern."""
        if self._few(at, v):
            return (pattern @ v) @ self.w_v + pattern.sum(dim=-1, keepdim=True) * self.b_v
        return pattern @ (v @ self.w_v + self.b_v)

    def _few(self, at: Tensor, stream: Tensor) -> bool:
        """Whether it is less work to project after the sum over positions."""
        places, length, d_head = at.shape[1], stream.shape[1], self.w_k.shape[1]
        return places * (d_head + length) < length * d_head


def only_from(
    by: int, pattern: Float[Tensor, "sample place pos"], at: Int[Tensor, "#sample place"]
) -> Float[Tensor, "sample place pos"]:
    """A pattern without everything that is not exactly ``by`` positions before ``at``."""
    places = torch.arange(pattern.shape[2], device=at.device)
    return pattern * (places == at[..., None] - by)


def reproduces(
    model: Any, layer: int, x: Float[Tensor, "batch pos d_model"], attention: Any
) -> bool:
    """Whether `Head` gives what the heads of a layer give.

    Args:
        model: A bridge.
        layer: Which layer.
        x: A stream to try it on; queries, keys and values read three different versions of it.
        attention: `Modules.attention`.
    """
    config = model.cfg
    kind = getattr(config, "positional_embedding_type", None) or "standard"
    if kind != "standard" or (getattr(config, "attn_scores_soft_cap", None) or -1) > 0:
        return False
    streams = x, x.roll(1, dims=1), x.flip(1)
    z = attention(layer, *streams)[0]
    q, k, v = (model.blocks[layer].ln1(stream) for stream in streams)
    at = torch.arange(x.shape[1], device=x.device)[None]
    heads = [Head(model, layer, index) for index in range(config.n_heads)]
    found = torch.stack([head.mix(head.pattern(q, k, at), v, at) for head in heads], dim=2)
    return bool((found - z).abs().max() < 1e-5 * (1e-6 + z.abs().max()))


def _of(
    weight: Tensor, bias: Tensor | None, index: int, scale: float = 1.0
) -> tuple[Tensor, Tensor]:
    """Weight and bias of one head."""
    own = weight[index].detach() * scale
    if bias is None:
        return own, own.new_zeros(own.shape[1])
    return own, bias[index].detach() * scale
