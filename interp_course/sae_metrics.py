r"""How well a dictionary reconstructs, how sparse it is, and what the model loses by it.

Fixed here and used by every notebook, check and figure; sums run over all activations of all
batches before any division, in double precision:

* L0 is the mean number of active latents (z > 0) for each activation;
* FVU, the fraction of variance *un*explained, is
  $\sum_i |x_i - \hat{x}_i|^2 / \sum_i |x_i - \bar{x}|^2$: 0 is perfect, 1 is what predicting the
  mean gives, and it may exceed 1. ("Variance explained" has other meanings elsewhere, up to
  fourteen times as far from 1 on the same data.)
* density of a latent: share of the activations on which it is active. *Dead*: 0. *Dense*:
  above 0.1;
* shrinkage: $\sum_i |\hat{x}_i - \bar{x}|^2 / \sum_i (\hat{x}_i - \bar{x}) \cdot (x_i - \bar{x})$,
  the relative reconstruction bias of Rajamanoharan et al. (2024), "Improving Dictionary Learning
  with Gated Sparse Autoencoders", section 5.3, around the mean. 1 is unbiased; below 1 latents
  are too small, as an L1 price makes them.
* loss recovered: $(L_{ablated} - L_{sae}) / (L_{ablated} - L_{clean})$ for the model's loss in
  nats, with the place ablated to zero or to its mean. 1 is as good as untouched. The ablated loss
  can be huge, so 0.99 may hide a real loss: look at the difference too.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from interp_course import hooks, training
from interp_course.sae import SparseAutoencoder

DENSE = 0.1
"""Latents active on a larger share of the activations are called dense."""


@dataclass(frozen=True, eq=False)
class Quality:
    """Measured over a set of activations; definitions are at the top of this module."""

    n: int
    """Number of activations."""
    l0: float
    fvu: float
    shrinkage: float
    density: Float[Tensor, " d_sae"]

    @property
    def dead(self) -> float:
        """Share of latents that were never active. Rare ones look dead in a small sample."""
        return (self.density == 0).double().mean().item()

    @property
    def dense(self) -> float:
        """Share of latents that were active more often than once in ten."""
        return (self.density > DENSE).double().mean().item()

    def density_histogram(
        self, bins: int = 20
    ) -> tuple[Int[Tensor, " bin"], Float[Tensor, " edge"]]:
        """Counts and edges of the base-10 logarithm of the density; dead latents are left out.

        The lowest edge is the density of one occurrence, the highest is 0, "always active".
        """
        if bins < 1:
            raise ValueError(f"bins must be at least 1, got {bins}")
        edges = torch.linspace(-torch.tensor(float(self.n)).log10().item() - 1e-6, 0.0, bins + 1)
        logs = self.density[self.density > 0].log10()
        places = torch.bucketize(logs, edges[1:-1].to(logs))
        return torch.bincount(places, minlength=bins), edges


@dataclass(frozen=True)
class LossRecovered:
    """Mean losses of a model in nats, with and without a dictionary in it."""

    clean: float
    spliced: float
    """With the activations replaced by their reconstructions."""
    zero_ablated: float
    mean_ablated: float

    @property
    def from_zero(self) -> float:
        """Share of the loss recovered, with zero ablation as the baseline."""
        return self._share(self.zero_ablated)

    @property
    def from_mean(self) -> float:
        """Share of the loss recovered, with mean ablation as the baseline."""
        return self._share(self.mean_ablated)

    def _share(self, ablated: float) -> float:
        if ablated == self.clean:
            raise ValueError("the ablation changes no loss, so there is nothing to recover")
        return (ablated - self.spliced) / (ablated - self.clean)


class QualityMeter:
    """Adds up what `Quality` needs, batch by batch."""

    def __init__(self) -> None:
        self.n, self.error, self.spread = 0, 0.0, 0.0
        self.active: Tensor | int = 0
        self.mean: Tensor | float = 0.0
        self.out_mean: Tensor | float = 0.0
        self.out_spread = self.together = 0.0

    @torch.no_grad()
    def add(
        self,
        x: Float[Tensor, "batch d_in"],
        x_hat: Float[Tensor, "batch d_in"],
        latents: Float[Tensor, "batch d_sae"],
    ) -> None:
        """One batch. Means and spreads are merged as in Chan, Golub and LeVeque (1979)."""
        if x.shape != x_hat.shape or len(latents) != len(x) or len(x) == 0:
            raise ValueError(
                f"x, x_hat and latents must belong together, got the shapes {tuple(x.shape)}, "
                f"{tuple(x_hat.shape)} and {tuple(latents.shape)}"
            )
        x, x_hat, batch = x.double(), x_hat.double(), len(x)
        mean, out_mean = x.mean(dim=0), x_hat.mean(dim=0)
        shift, out_shift = mean - self.mean, out_mean - self.out_mean
        share = self.n * batch / (self.n + batch)
        self.error += (x - x_hat).square().sum().item()
        self.spread += _dot(x - mean, x - mean) + share * _dot(shift, shift)
        self.out_spread += _dot(x_hat - out_mean, x_hat - out_mean)
        self.out_spread += share * _dot(out_shift, out_shift)
        self.together += _dot(x - mean, x_hat - out_mean) + share * _dot(shift, out_shift)
        self.active = self.active + (latents > 0).sum(dim=0)
        self.n += batch
        self.mean = self.mean + shift * (batch / self.n)
        self.out_mean = self.out_mean + out_shift * (batch / self.n)

    def result(self) -> Quality:
        """What was measured so far.

        Raises:
            ValueError: If there was nothing, or activations that do not vary.
        """
        if self.n == 0 or self.spread == 0:
            raise ValueError(
                f"FVU is undefined for {self.n} activations that do not vary: add more"
            )
        bias = torch.as_tensor(self.out_mean - self.mean)
        length = self.out_spread + self.n * _dot(bias, bias)
        density = torch.as_tensor(self.active).double() / self.n
        return Quality(
            n=self.n,
            l0=density.sum().item(),
            fvu=self.error / self.spread,
            shrinkage=length / self.together if self.together else float("nan"),
            density=density,
        )


def quality(sae: SparseAutoencoder, batches: Iterable[Tensor]) -> Quality:
    """Measure an autoencoder on batches of activations ``[batch d_in]``.

    Args:
        sae: The autoencoder, as used after training.
        batches: Finite, and not those it was trained on.

    Raises:
        ValueError: If there are no batches or the activations do not vary.
    """
    meter = QualityMeter()
    with torch.no_grad():
        for x in batches:
            latents = sae.encode(x.to(sae.W_dec))
            meter.add(x.to(latents.device), sae.decode(latents), latents)
    return meter.result()


def loss_recovered(
    sae: SparseAutoencoder,
    model: Any,
    name: str,
    tokens: Int[Tensor, "batch pos"],
    *,
    edited: Bool[Tensor, "batch pos"] | None = None,
    counted: Bool[Tensor, "batch pos"] | None = None,
    batch_size: int = 64,
) -> LossRecovered:
    """What a model loses when a place in it is replaced by the autoencoder's reconstruction.

    The mean for mean ablation is that of the edited positions of these tokens.

    Args:
        sae: Trained on this place.
        model: A bridge.
        name: Hook name of the place. Heads are joined into one axis.
        tokens: Sequences to measure the loss on.
        edited: Positions that are replaced; None leaves only the first of each sequence, where
            <bos> stands, as it is. Should be those that the autoencoder was trained on.
        counted: Tokens whose losses are averaged; None counts all but the first, which nothing
            predicts. Leave out padding: the loss on it is huge and means nothing.
        batch_size: Sequences in one forward pass.

    Raises:
        ValueError: If the place cannot be edited or has another width, or nothing is edited.
    """
    hooks.check_editable(model, [name])
    edited, counted = _mask("edited", edited, tokens), _mask("counted", counted, tokens)
    parts = list(zip(*(t.split(batch_size) for t in (tokens, edited, counted)), strict=True))
    total = torch.zeros(4, dtype=torch.float64)
    with torch.no_grad():
        mean = _mean_activation(model, name, tokens.split(batch_size), edited.split(batch_size))
        replacements = (None, sae, torch.zeros_like, lambda rows: mean.expand_as(rows))
        for part, where, which in parts:
            losses = [_losses(model, name, part, where, new)[which[:, 1:]] for new in replacements]
            total += torch.stack(losses).double().sum(dim=1).cpu()
    clean, spliced, zero, average = (total / counted[:, 1:].sum().item()).tolist()
    return LossRecovered(clean, spliced, zero_ablated=zero, mean_ablated=average)


def _mask(argument: str, mask: Tensor | None, tokens: Tensor) -> Tensor:
    """The mask, or all positions but the first."""
    if mask is None:
        mask = torch.ones_like(tokens, dtype=torch.bool)
        mask[:, 0] = False
    if mask.shape != tokens.shape or not mask.any() or (argument == "counted" and mask[:, 0].any()):
        raise ValueError(
            f"{argument} must have the shape {tuple(tokens.shape)} of the tokens and mark at least "
            f"one position (counted: not the first, which nothing predicts), got the shape "
            f"{tuple(mask.shape)} with {int(mask.sum())} marked"
        )
    return mask


def _mean_activation(
    model: Any, name: str, tokens: Sequence[Tensor], edited: Sequence[Tensor]
) -> Tensor:
    total, n = 0.0, 0
    for part, where in zip(tokens, edited, strict=True):
        rows = hooks.capture(model, part, [name])[1][name].flatten(2)[where]
        total, n = total + rows.double().sum(dim=0), n + len(rows)
    return torch.as_tensor(total) / n


def _losses(
    model: Any,
    name: str,
    tokens: Tensor,
    where: Tensor,
    replace: Callable[[Tensor], Tensor] | None,
) -> Tensor:
    """The losses when the activations at some positions are replaced."""

    def edit(activation: Tensor, hook: Any) -> Tensor:
        rows = activation.flatten(2)
        assert replace is not None
        chosen = where[..., None].to(rows.device)
        return torch.where(chosen, replace(rows).to(rows), rows).view_as(activation)

    edits: dict[str, hooks.HookFunction] = {} if replace is None else {name: edit}
    with hooks.editing(model, edits):
        return training.next_token_loss(model(tokens), tokens)


def _dot(left: Tensor, right: Tensor) -> float:
    return (left * right).sum().item()
