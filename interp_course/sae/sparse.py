"""Encode and decode with the active latents only: what makes a TopK step fast on a CPU.

With k of d_sae latents active, only k columns of W_enc and k rows of W_dec have a gradient in
each row of the batch. After the one dense product of the encoder everything is a gather or a
scatter-add, for which torch has ``embedding_bag``. The idea is that of Gao et al. (2024),
"Scaling and evaluating sparse autoencoders", appendix D; the gradients equal the dense ones.
"""

from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional


class Active(NamedTuple):
    """Which latents of which rows are active, ordered by row."""

    rows: Int[Tensor, " active"]
    columns: Int[Tensor, " active"]
    offsets: Int[Tensor, " batch"]
    """Where each row begins."""


def active_in_rows(columns: Int[Tensor, "batch k"]) -> Active:
    """The same number of latents in every row."""
    batch, k = columns.shape
    first = torch.arange(batch, device=columns.device)
    return Active(first.repeat_interleave(k), columns.flatten(), first * k)


def active_at(positions: Int[Tensor, " active"], batch: int, d_sae: int) -> Active:
    """The latents at ascending flat positions of a ``[batch d_sae]`` array."""
    rows = positions // d_sae
    return Active(rows, positions - rows * d_sae, _starts(rows, batch))


def encode_and_decode(
    x: Float[Tensor, "batch d_in"],
    W_enc: Float[Tensor, "d_in d_sae"],
    b_enc: Float[Tensor, " d_sae"],
    W_dec: Float[Tensor, "d_sae d_in"],
    b_dec: Float[Tensor, " d_in"],
    active: Active,
    known: Float[Tensor, " active"] | None = None,
) -> tuple[Float[Tensor, "batch d_in"], Float[Tensor, " active"]]:
    """``z @ W_dec`` and the active entries of z = ReLU((x - b_dec) @ W_enc + b_enc).

    Entries of z that are not in ``active`` count as 0. The decoder's bias is not added. The
    active entries before the ReLU need not be computed again if they are ``known``.
    """
    return _EncodeAndDecode.apply(x, W_enc, b_enc, W_dec, b_dec, *active, known)  # type: ignore[return-value]


def decode(
    values: Float[Tensor, " active"], W_dec: Float[Tensor, "d_sae d_in"], active: Active
) -> Float[Tensor, "batch d_in"]:
    """``z @ W_dec`` for a z that has these values at the active places."""
    return _sums(W_dec, active.columns, active.offsets, values)


class _EncodeAndDecode(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        W_enc: Tensor,
        b_enc: Tensor,
        W_dec: Tensor,
        b_dec: Tensor,
        rows: Tensor,
        columns: Tensor,
        offsets: Tensor,
        known: Tensor | None,
    ) -> tuple[Tensor, Tensor]:
        centred, readers = x - b_dec, W_enc.T.contiguous()
        if known is None:
            known = _dots(centred, readers, rows, columns, offsets) + b_enc[columns]
        values = known.relu()
        ctx.save_for_backward(centred, readers, W_dec, rows, columns, offsets, values)
        return _sums(W_dec, columns, offsets, values), values

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        to_decoded, to_values = gradients
        centred, readers, W_dec, rows, columns, offsets, values = ctx.saved_tensors
        to_decoded = to_decoded.contiguous()
        to_pre = _dots(to_decoded, W_dec, rows, columns, offsets) + to_values
        to_pre = to_pre * (values > 0)
        order = columns.argsort()
        rows_of, starts = rows[order], _starts(columns[order], len(W_dec))
        to_W_dec = _sums(to_decoded, rows_of, starts, values[order])
        to_W_enc = _sums(centred, rows_of, starts, to_pre[order]).T
        to_b_enc = torch.zeros_like(W_dec[:, 0]).index_add_(0, columns, to_pre)
        to_b_dec = -(to_b_enc @ readers)
        to_x = _sums(readers, columns, offsets, to_pre) if ctx.needs_input_grad[0] else None
        return to_x, to_W_enc, to_b_enc, to_W_dec, to_b_dec, None, None, None, None


def _sums(vectors: Tensor, members: Tensor, starts: Tensor, weights: Tensor) -> Tensor:
    """For each group of members the weighted sum of their vectors."""
    return functional.embedding_bag(
        members, vectors, starts, mode="sum", per_sample_weights=weights
    )


def _dots(left: Tensor, right: Tensor, rows: Tensor, columns: Tensor, offsets: Tensor) -> Tensor:
    """``left[rows[i]] @ right[columns[i]]`` for each i, without a copy of the vectors."""
    return torch.ops.aten._embedding_bag_per_sample_weights_backward(
        left, right, columns, offsets, rows, 0, -1
    )


def _starts(groups: Tensor, n_groups: int) -> Tensor:
    """Where each group begins in an ascending list of group numbers."""
    counts = torch.bincount(groups, minlength=n_groups)
    return counts.cumsum(0) - counts
