r"""The loss of a sparse autoencoder, for every architecture.

With $x$ the (scaled) activations, $z$ the latents and $\hat{x} = z W_{dec} + b_{dec}$:

* all: the mean over the batch of $|x - \hat{x}|^2$, summed over the width;
* relu: $+ \lambda \sum_j z_j |W_{dec, j}|$ (Bricken et al. 2023; Conerly et al. 2024);
* jumprelu: $+ \lambda \sum_j H(pre_j - \theta_j)$ (Rajamanoharan et al. 2024);
* topk and batchtopk: nothing more (Gao et al. 2024; Bussmann et al. 2024);
* matryoshka: the reconstruction is the mean over nested prefixes of the dictionary (Bussmann
  et al. 2025 take the sum), with the selection of batchtopk;
* the last three: + AuxK, $\alpha |e - \hat{e}|^2$ with the error $e = x - \hat{x}$ held fixed
  and $\hat{e}$ its reconstruction by the k_aux largest dead latents (Gao et al. 2024, A.2).
"""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from interp_course import collectives
from interp_course.sae import selection, sparse
from interp_course.sae.config import Computation, SAEConfig


class Weights(NamedTuple):
    """The parameters of a sparse autoencoder."""

    W_enc: Float[Tensor, "d_in d_sae"]
    b_enc: Float[Tensor, " d_sae"]
    W_dec: Float[Tensor, "d_sae d_in"]
    b_dec: Float[Tensor, " d_in"]
    threshold: Float[Tensor, " d_sae"] | None
    """Of jumprelu only."""


class Loss(NamedTuple):
    """The loss on one batch and what it consists of; means over the rows of this process."""

    total: Float[Tensor, ""]
    reconstruction: Float[Tensor, ""]
    sparsity: Float[Tensor, ""]
    auxiliary: Float[Tensor, ""]
    l0: Float[Tensor, ""]
    """Active latents for each activation."""
    fired: Bool[Tensor, " d_sae"]
    """Latents that were active somewhere in the batch."""
    threshold: Float[Tensor, ""] | None
    """The smallest value that the batch selected, over all processes (batchtopk, matryoshka)."""


def loss(
    weights: Weights,
    config: SAEConfig,
    x: Float[Tensor, "batch d_in"],
    dead: Bool[Tensor, " d_sae"] | None = None,
    *,
    sparsity_scale: float = 1.0,
    computation: Computation,
) -> Loss:
    """The loss, see the top of this module.

    Args:
        weights: The parameters.
        config: Architecture and coefficients.
        x: Activations, already scaled.
        dead: Latents that AuxK revives.
        sparsity_scale: Multiplies the price of sparsity, for warm-up.
        computation: How to compute it.
    """
    if takes_sparse_path(config, x, computation):
        return _sparse_loss(weights, config, x, dead, computation.bf16_encoder)
    return _dense_loss(weights, config, x, dead, sparsity_scale)


def takes_sparse_path(config: SAEConfig, x: Tensor, computation: Computation) -> bool:
    """Whether only the active latents are computed after the encoder's product.

    Raises:
        ValueError: If the sparse path is asked for an architecture that has none.
    """
    can = config.architecture in ("topk", "batchtopk")
    if computation.path == "sparse" and not can:
        raise ValueError(
            f"the sparse path is for topk and batchtopk, not {config.architecture}: "
            "leave path at auto"
        )
    pays = x.is_cpu and 8 * config.k <= config.d_sae
    pays = pays and not torch.is_autocast_enabled("cpu") and not torch.compiler.is_compiling()
    return computation.path == "sparse" or (can and pays and computation.path == "auto")


def pre_activations(weights: Weights, x: Float[Tensor, "batch d_in"]) -> Tensor:
    """``(x - b_dec) @ W_enc + b_enc``.

    The gradient of b_dec is taken through a product of one row, not of the whole batch: the
    batch is centred by a copy of b_dec that has no gradient.
    """
    W_enc, b_enc, _, b_dec, _ = weights
    if torch.is_grad_enabled():
        moved = b_dec - b_dec.detach()  # 0, but it has the gradient
        b_enc = b_enc - moved @ W_enc.detach()
    return torch.addmm(b_enc, x - b_dec.detach(), W_enc)


def _sparse_loss(
    weights: Weights, config: SAEConfig, x: Tensor, dead: Tensor | None, bf16: bool
) -> Loss:
    with torch.no_grad():
        pre_acts = _quick(weights, x) if bf16 else pre_activations(weights, x)
        active = _active(pre_acts, config)
        known = None if bf16 else pre_acts[active.rows, active.columns]
    decoded, values = sparse.encode_and_decode(x, *weights[:4], active, known)
    error = x - decoded - weights.b_dec
    reconstruction = _square(error)
    auxiliary = x.new_zeros(())
    if _needs_aux(config, dead):
        columns = _dead_columns(pre_acts, dead, config)
        repaired, _ = sparse.encode_and_decode(x, *weights[:4], sparse.active_in_rows(columns))
        auxiliary = config.aux_coefficient * _square(error.detach() - repaired)
    with torch.no_grad():
        on = values > 0
        fired = torch.zeros_like(weights.b_enc, dtype=torch.bool)
        fired[active.columns[on]] = True
        threshold = _smallest(values[on]) if config.has_running_threshold else None
    return Loss(
        total=reconstruction + auxiliary,
        reconstruction=reconstruction,
        sparsity=x.new_zeros(()),
        auxiliary=auxiliary,
        l0=on.sum() / len(x),
        fired=fired,
        threshold=threshold,
    )


def _dense_loss(
    weights: Weights, config: SAEConfig, x: Tensor, dead: Tensor | None, sparsity_scale: float
) -> Loss:
    pre_acts = pre_activations(weights, x)
    latents = _selected(pre_acts, weights.threshold, config)
    sparsity = sparsity_scale * _price(pre_acts, latents, weights, config)
    x_hat, errors = weights.b_dec, []
    widths = config.widths or (config.d_sae,)
    for start, end in zip((0, *widths), widths, strict=False):
        x_hat = x_hat + latents[:, start:end] @ weights.W_dec[start:end]
        errors.append(x - x_hat)
    reconstruction = torch.stack([_square(error) for error in errors]).mean()
    auxiliary = x.new_zeros(())
    if _needs_aux(config, dead):
        columns = _dead_columns(pre_acts, dead, config)
        revived = torch.zeros_like(pre_acts).scatter(1, columns, pre_acts.gather(1, columns).relu())
        repaired = revived @ weights.W_dec
        auxiliary = config.aux_coefficient * _square(errors[-1].detach() - repaired)
    found = latents.detach()
    counts = selection.column_sums(found, lambda part: part > 0)
    return Loss(
        total=reconstruction + sparsity + auxiliary,
        reconstruction=reconstruction,
        sparsity=sparsity,
        auxiliary=auxiliary,
        l0=(counts.sum() / len(x)).float(),
        fired=counts > 0,
        threshold=_smallest(found[found > 0]) if config.has_running_threshold else None,
    )


def _active(pre_acts: Tensor, config: SAEConfig) -> sparse.Active:
    """The latents as selected during training, by their places."""
    if config.architecture == "topk":
        return sparse.active_in_rows(selection.top_k(pre_acts, config.k)[1])
    positions = selection.batch_top_k(pre_acts, config.k)
    return sparse.active_at(positions, len(pre_acts), config.d_sae)


def _selected(pre_acts: Tensor, threshold: Tensor | None, config: SAEConfig) -> Tensor:
    """The latents as selected during training."""
    if config.architecture == "relu":
        return pre_acts.relu_()  # nothing else reads the pre-activations
    if threshold is not None:
        return selection.jump_relu(pre_acts, threshold, config.bandwidth)
    if config.architecture == "topk":
        values, columns = selection.top_k(pre_acts, config.k)
        return torch.zeros_like(pre_acts).scatter(1, columns, values.relu())
    flat, positions = pre_acts.flatten(), selection.batch_top_k(pre_acts, config.k)
    return torch.zeros_like(flat).scatter(0, positions, flat[positions]).view_as(pre_acts)


def _price(pre_acts: Tensor, latents: Tensor, weights: Weights, config: SAEConfig) -> Tensor:
    """What the active latents cost, averaged over the batch."""
    if config.architecture == "relu":
        norms = weights.W_dec.norm(dim=1)
        return config.l1_coefficient * (selection.column_means(latents) * norms).sum()
    if weights.threshold is None:
        return latents.new_zeros(())
    if config.l0_penalty == "tanh":
        lengths = latents * weights.W_dec.norm(dim=1)
        counted = torch.tanh(config.tanh_scale * lengths)
    else:
        counted = selection.step(pre_acts, weights.threshold, config.bandwidth)
    return config.l0_coefficient * counted.sum(dim=1).mean()


def _needs_aux(config: SAEConfig, dead: Tensor | None) -> bool:
    return config.selects and config.aux_coefficient > 0 and dead is not None and bool(dead.any())


def _dead_columns(pre_acts: Tensor, dead: Tensor | None, config: SAEConfig) -> Tensor:
    """The columns of the largest dead latents in each row."""
    assert dead is not None
    among = dead.nonzero().squeeze(1)
    k_aux = min(config.k_aux or max(1, config.d_in // 2), len(among))
    return among[selection.top_k(pre_acts.detach()[:, among], k_aux)[1]]


def _square(error: Tensor) -> Tensor:
    """The mean over the batch of the squared length, in single precision at least."""
    wide = error if error.dtype == torch.float64 else error.float()
    return wide.square().sum(dim=1).mean()


def _smallest(values: Tensor) -> Tensor:
    """The smallest value over all processes; infinite if there is none."""
    least = torch.cat([values, values.new_full((1,), torch.inf)]).min()
    return collectives.gathered(least).min()


def _quick(weights: Weights, x: Tensor) -> Tensor:
    """Pre-activations with a product in bfloat16."""
    W_enc, b_enc, _, b_dec, _ = weights
    product = (x - b_dec).bfloat16() @ W_enc.bfloat16()
    return product.add_(b_enc.bfloat16())
