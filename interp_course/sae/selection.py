"""Which latents are active: top k of an activation, top k of a batch, above a threshold.

The straight-through gradients are those of Rajamanoharan et al. (2024), "Jumping Ahead",
equations 11 and 12: with the rectangle kernel K of width 1 and the bandwidth e,

* dJumpReLU/dtheta = -(theta / e) K((pre - theta) / e),   dJumpReLU/dpre = H(pre - theta);
* dH/dtheta = -(1 / e) K((pre - theta) / e),              dH/dpre = 0.
"""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from interp_course import collectives

STRIDE = 61
"""Distance of the entries in the sample that `batch_top_k` guesses a threshold from; no
dictionary has a multiple of it as its size by habit, so the sample covers all latents."""

ROWS = 64
"""Rows of latents that fit into a processor's cache."""


def top_k(
    pre_acts: Float[Tensor, "batch d_sae"], k: int
) -> tuple[Float[Tensor, "batch k"], Int[Tensor, "batch k"]]:
    """The k largest entries of each row and their columns, in no particular order."""
    return pre_acts.topk(k, dim=-1, sorted=False)


def batch_top_k(pre_acts: Float[Tensor, "batch d_sae"], k: int) -> Int[Tensor, " active"]:
    """Flat positions of the k * batch largest positive entries, ascending.

    With several processes the largest are taken over the rows of all of them, and the
    positions of this process's are returned. Fewer are returned only where fewer are positive.

    Source: Bussmann et al. (2024), "BatchTopK Sparse Autoencoders".
    """
    flat, wanted = pre_acts.detach().reshape(-1), k * len(pre_acts) * collectives.processes()
    mine = _largest(flat, min(wanted, len(flat)))
    if collectives.processes() > 1:
        everywhere = collectives.gathered(flat[mine])
        chosen = everywhere.flatten().topk(wanted).indices
        mine = mine[chosen[chosen // len(mine) == collectives.rank()] % len(mine)]
    return mine[flat[mine] > 0].sort().values


def jump_relu(
    pre_acts: Float[Tensor, "batch d_sae"], threshold: Float[Tensor, " d_sae"], bandwidth: float
) -> Float[Tensor, "batch d_sae"]:
    """The entries above their threshold, and 0 elsewhere; see the top of this module."""
    return _JumpReLU.apply(pre_acts, threshold, bandwidth)  # type: ignore[return-value]


def step(
    pre_acts: Float[Tensor, "batch d_sae"], threshold: Float[Tensor, " d_sae"], bandwidth: float
) -> Float[Tensor, "batch d_sae"]:
    """1 for the entries above their threshold, and 0 elsewhere; see the top of this module."""
    return _Step.apply(pre_acts, threshold, bandwidth)  # type: ignore[return-value]


def kernel(
    pre_acts: Float[Tensor, "batch d_sae"], threshold: Float[Tensor, " d_sae"], bandwidth: float
) -> Bool[Tensor, "batch d_sae"]:
    """Where a pre-activation is closer to its threshold than half of the bandwidth."""
    return (pre_acts - threshold).abs() < bandwidth / 2


def column_sums(
    latents: Float[Tensor, "batch d_sae"], of: Callable[[Tensor], Tensor] = lambda part: part
) -> Float[Tensor, " d_sae"]:
    """Sums over the rows of ``of(latents)``, in single precision at least.

    On a CPU a few rows at a time: they stay in the cache, and memory for another copy of all
    latents would cost more time than the sum.
    """
    wide = latents.dtype if latents.dtype == torch.float64 else torch.float32
    sums = torch.zeros_like(latents[0], dtype=wide)
    for part in latents.split(ROWS if latents.is_cpu else len(latents)):
        sums += of(part).to(wide).sum(dim=0)
    return sums


def column_means(latents: Float[Tensor, "batch d_sae"]) -> Float[Tensor, " d_sae"]:
    """Means over the rows, in single precision at least."""
    return _ColumnMeans.apply(latents)  # type: ignore[return-value]


def _largest(values: Tensor, count: int) -> Tensor:
    """Positions of the ``count`` largest entries, in no particular order.

    On a CPU a full selection among millions of entries takes longer than the encoder. A sample
    of one entry in 61 gives a threshold that lets about a fifth too many pass, and the selection
    is made among those; if the guess was too high, among all.
    """
    if values.is_cpu and len(values) > 100 * STRIDE and count < len(values) // 4:
        sample = values[::STRIDE]
        guess = sample.topk(min(len(sample), int(1.2 * count / STRIDE) + 8)).values[-1]
        passing = (values > guess).nonzero().squeeze(1)
        if len(passing) >= count:
            return passing[values[passing].topk(count, sorted=False).indices]
    return values.topk(count, sorted=False).indices


class _ColumnMeans(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, latents: Tensor) -> Tensor:
        ctx.shape, ctx.dtype = latents.shape, latents.dtype
        return column_sums(latents) / len(latents)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        (gradient,) = gradients
        return (gradient / ctx.shape[0]).to(ctx.dtype).expand(ctx.shape)


class _JumpReLU(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, pre_acts: Tensor, threshold: Tensor, bandwidth: float) -> Tensor:
        ctx.save_for_backward(pre_acts, threshold)
        ctx.bandwidth = bandwidth
        return pre_acts * (pre_acts > threshold)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None]:
        (gradient,) = gradients
        pre_acts, threshold = ctx.saved_tensors
        near = kernel(pre_acts, threshold, ctx.bandwidth)
        to_threshold = -(threshold / ctx.bandwidth) * (gradient * near).sum(dim=0)
        return gradient * (pre_acts > threshold), to_threshold, None


class _Step(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, pre_acts: Tensor, threshold: Tensor, bandwidth: float) -> Tensor:
        ctx.save_for_backward(pre_acts, threshold)
        ctx.bandwidth = bandwidth
        return (pre_acts > threshold).to(pre_acts.dtype)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[None, Tensor, None]:
        (gradient,) = gradients
        pre_acts, threshold = ctx.saved_tensors
        near = kernel(pre_acts, threshold, ctx.bandwidth)
        return None, -(gradient * near).sum(dim=0) / ctx.bandwidth, None
