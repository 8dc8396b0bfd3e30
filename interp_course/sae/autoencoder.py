r"""A sparse autoencoder: a dictionary of directions, few of which are active at a time.

Definitions used by every notebook, check and figure, for an activation x:

* pre-activations ``pre = (x - b_dec) @ W_enc + b_enc``, ``W_enc [d_in d_sae]``;
* latents ``z``, those pre-activations that the architecture lets pass, and 0 elsewhere;
* reconstruction ``x_hat = z @ W_dec + b_dec``, ``W_dec [d_sae d_in]``, rows of length 1.

A *latent* is a unit of the dictionary, a *feature* a property of the data. Which latents pass:
relu the positive ones, topk the k largest, jumprelu those above a threshold each, batchtopk
and matryoshka in training the k * batch largest of the batch and afterwards those above one
threshold, the running mean of the smallest that was selected.
"""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from interp_course import runtime
from interp_course.sae import losses, selection
from interp_course.sae.config import Computation, SAEConfig

SHORT = 0.2
"""Samples shorter than this share of the root-mean-square length make no decoder row."""


class SparseAutoencoder(nn.Module):
    """See the top of this module.

    ``encode``, ``decode`` and the call itself are for use after training; ``loss`` is what
    training minimises. A training step is: ``loss(x)``, ``total.backward()``,
    ``project_gradients()``, the optimiser's step, ``finish_step(loss)``.
    """

    W_enc: nn.Parameter
    b_enc: nn.Parameter
    W_dec: nn.Parameter
    b_dec: nn.Parameter
    threshold: nn.Parameter
    """Of jumprelu only."""
    scale: Tensor
    running_threshold: Tensor

    def __init__(self, config: SAEConfig, seed: int = 0) -> None:
        super().__init__()
        self.config = config
        rng = runtime.generator("sparse autoencoder", seed)
        directions = torch.randn(config.d_sae, config.d_in, generator=rng)
        directions /= directions.norm(dim=1, keepdim=True).clamp(min=1e-8)
        self.W_dec = nn.Parameter(directions)
        # Stored column by column, because the gradients of active latents are columns.
        self.W_enc = nn.Parameter(directions.clone().T)
        self.b_enc = nn.Parameter(torch.zeros(config.d_sae))
        self.b_dec = nn.Parameter(torch.zeros(config.d_in))
        if config.architecture == "jumprelu":
            self.threshold = nn.Parameter(torch.full((config.d_sae,), config.initial_threshold))
        self.register_buffer("scale", torch.ones(()))
        self.register_buffer("running_threshold", torch.full((), -1.0))

    @property
    def weights(self) -> losses.Weights:
        """The parameters, for the functions in `losses`."""
        threshold = self.threshold if self.config.architecture == "jumprelu" else None
        return losses.Weights(self.W_enc, self.b_enc, self.W_dec, self.b_dec, threshold)

    def encode(self, x: Float[Tensor, "*batch d_in"]) -> Float[Tensor, "*batch d_sae"]:
        """The latents of activations.

        Each row is encoded on its own, whatever else is in the batch.

        Raises:
            ValueError: If x has another width or is not finite, or there is no threshold yet.
        """
        check_activations(x, self.config.d_in)
        rows = self._scaled(x.reshape(-1, self.config.d_in))
        pre_acts = losses.pre_activations(self.weights, rows)
        return self._passed(pre_acts).view(*x.shape[:-1], self.config.d_sae)

    def decode(self, latents: Float[Tensor, "*batch d_sae"]) -> Float[Tensor, "*batch d_in"]:
        """The reconstruction from latents.

        Raises:
            ValueError: If the number of latents is another.
        """
        if latents.shape[-1] != self.config.d_sae:
            raise ValueError(
                f"the dictionary has d_sae = {self.config.d_sae} latents, "
                f"got latents of the shape {tuple(latents.shape)}"
            )
        return (latents @ self.W_dec + self.b_dec) / self.scale

    def forward(self, x: Float[Tensor, "*batch d_in"]) -> Float[Tensor, "*batch d_in"]:
        """The reconstruction of activations."""
        return self.decode(self.encode(x))

    def loss(
        self,
        x: Float[Tensor, "batch d_in"],
        dead: Bool[Tensor, " d_sae"] | None = None,
        *,
        sparsity_scale: float = 1.0,
        computation: Computation | None = None,
    ) -> losses.Loss:
        """What training minimises, on a batch; it changes nothing in the autoencoder.

        Args:
            x: Activations.
            dead: Latents that AuxK revives.
            sparsity_scale: Multiplies the price of sparsity, for warm-up.
            computation: How to compute it; see `Computation`.

        Raises:
            ValueError: If x has another shape or is not finite.
        """
        check_activations(x, self.config.d_in)
        return losses.loss(
            self.weights,
            self.config,
            self._scaled(x),
            dead,
            sparsity_scale=sparsity_scale,
            computation=computation or Computation(),
        )

    @torch.no_grad()
    def initialise_from_data(self, x: Float[Tensor, "batch d_in"], seed: int = 0) -> None:
        """Start from activations: b_dec is their mean, each decoder row points to one of them.

        Samples near the mean give no direction and are left out. If there are fewer samples
        than latents, the rest of the rows stay random. W_enc becomes the transpose of W_dec. A
        threshold over batches is measured on ``x``.

        Raises:
            ValueError: If x has another width, is not finite or does not vary.
        """
        check_activations(x, self.config.d_in, varying=True)
        x = self._scaled(x)
        self.b_dec.copy_(x.mean(dim=0))
        centred = x - self.b_dec
        norms = centred.norm(dim=1)
        centred = centred[norms > SHORT * norms.square().mean().sqrt()]
        order = torch.randperm(len(centred), generator=runtime.generator("data rows", seed))
        chosen = centred[order[: self.config.d_sae].to(x.device)]
        self.W_dec[: len(chosen)] = chosen / chosen.norm(dim=1, keepdim=True)
        self.W_enc.copy_(self.W_dec.T)
        self.b_enc.zero_()
        if self.config.has_running_threshold:
            pre_acts = losses.pre_activations(self.weights, x)
            positions = selection.batch_top_k(pre_acts, self.config.k)
            self.running_threshold.copy_(pre_acts.flatten()[positions].min())

    @torch.no_grad()
    def measure_scale(self, x: Float[Tensor, "batch d_in"]) -> None:
        """From now on activations are scaled so that the mean of their |x|^2 on ``x`` is d_in.

        Call it before `initialise_from_data`. Coefficients and learning rates then mean the same
        for every layer and model. `fold_scale` removes the scale after training.

        Raises:
            ValueError: If x has another width, is not finite or does not vary.
        """
        check_activations(x, self.config.d_in, varying=True)
        self.scale.copy_((self.config.d_in / x.square().sum(dim=1).mean()).sqrt())

    @torch.no_grad()
    def fold_scale(self) -> None:
        """Absorb the scale into biases and thresholds.

        Reconstructions stay the same. Latents are divided by the scale: they are then in the
        units of the activations, and decoder rows keep their length.
        """
        for values in (self.b_enc, self.b_dec):
            values.div_(self.scale)
        if self.config.architecture == "jumprelu":
            self.threshold.div_(self.scale)
        if self.running_threshold >= 0:
            self.running_threshold.div_(self.scale)
        self.scale.fill_(1.0)

    @torch.no_grad()
    def project_gradients(self) -> None:
        """Remove from the gradient of each decoder row its part along the row.

        Keeping the rows at length 1 would undo a step along them, while the optimiser's
        memory of it would stay (Bricken et al. 2023, appendix).
        """
        if self.config.unit_norm and self.W_dec.grad is not None:
            gradient = self.W_dec.grad
            lengths = torch.linalg.vector_norm(self.W_dec, dim=1)
            along = _row_by_row(gradient, self.W_dec) / lengths.square()
            gradient.addcmul_(self.W_dec, along[:, None], value=-1)

    @torch.no_grad()
    def finish_step(self, loss: losses.Loss) -> None:
        """After the optimiser's step: keep rows at length 1, and look after the thresholds."""
        if self.config.unit_norm:
            self.W_dec.div_(self.W_dec.norm(dim=1, keepdim=True).clamp(min=1e-8))
        if self.config.architecture == "jumprelu":
            self.threshold.clamp_(min=0)
        if loss.threshold is not None and bool(loss.threshold.isfinite()):
            decay = self.config.threshold_decay if self.running_threshold >= 0 else 0.0
            self.running_threshold.mul_(decay).add_(loss.threshold, alpha=1 - decay)

    def _scaled(self, x: Tensor) -> Tensor:
        return x * self.scale

    def _passed(self, pre_acts: Tensor) -> Tensor:
        """The latents as selected after training."""
        if self.config.architecture == "topk":
            values, columns = selection.top_k(pre_acts, self.config.k)
            return torch.zeros_like(pre_acts).scatter(1, columns, values.relu())
        if self.config.architecture == "jumprelu":
            return selection.jump_relu(pre_acts, self.threshold, self.config.bandwidth)
        if self.config.has_running_threshold:
            if self.running_threshold < 0:
                raise ValueError(
                    f"this {self.config.architecture} autoencoder has no threshold yet: train it, "
                    "or call initialise_from_data"
                )
            return pre_acts * (pre_acts > self.running_threshold.clamp(min=0))
        return pre_acts.relu()


def _row_by_row(left: Tensor, right: Tensor) -> Tensor:
    """The product of each row with the same row of the other, without memory for a third."""
    return torch.bmm(left[:, None, :], right[:, :, None]).flatten()


def check_activations(x: Tensor, d_in: int, *, varying: bool = False) -> None:
    """Refuse activations of another width, that are not finite, or (``varying``) all the same.

    Raises:
        ValueError: As said.
    """
    if x.ndim == 0 or x.shape[-1] != d_in or x.numel() == 0:
        raise ValueError(
            f"activations must have the width d_in = {d_in} and at least one row, "
            f"got the shape {tuple(x.shape)}"
        )
    if not math.isfinite(x.detach().sum().item()):
        bad = (~x.isfinite().all(dim=-1)).sum().item()
        if bad:
            raise ValueError(
                f"{bad} of {x[..., 0].numel()} activations are NaN or infinite: look at the "
                "model or the number format that they come from"
            )
    if varying:
        rows = x.reshape(-1, d_in)
        if len(rows) < 2 or bool((rows == rows[0]).all()):
            raise ValueError(
                f"the {len(rows)} activations are all the same, so there is nothing to learn: "
                "take several tokens, and another position than <bos>"
            )
