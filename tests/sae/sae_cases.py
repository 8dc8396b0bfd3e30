"""Activations that are sparse sums of known directions, and small autoencoders."""

import torch
from torch import Tensor

from interp_course import runtime
from interp_course.activation_buffer import ActivationBuffer
from interp_course.sae import ARCHITECTURES, SAEConfig, SparseAutoencoder

ALL = list(ARCHITECTURES)


class Planted:
    """Unit directions, each present with the probability p with a strength from 0.5 to 1.5."""

    def __init__(self, n: int = 64, d_in: int = 32, p: float = 0.03, seed: int = 0) -> None:
        directions = torch.randn(n, d_in, generator=runtime.generator("planted", seed))
        self.directions, self.p = directions / directions.norm(dim=1, keepdim=True), p

    def strengths(self, batch: int, rng: torch.Generator) -> Tensor:
        draw = torch.rand(batch, len(self.directions), generator=rng)
        return (draw < self.p) * (0.5 + draw / self.p)

    def __call__(self, batch: int, rng: torch.Generator) -> Tensor:
        return self.strengths(batch, rng) @ self.directions


def config(architecture: str, d_in: int = 6, d_sae: int = 16, **changes) -> SAEConfig:
    widths = {"widths": (d_sae // 4, d_sae // 2, d_sae)} if architecture == "matryoshka" else {}
    defaults = {"k": 3, "k_aux": 2, "aux_coefficient": 0.3, **widths}
    return SAEConfig(d_in, d_sae, architecture, **{**defaults, **changes})


def random_sae(architecture: str, seed: int = 0, **changes) -> SparseAutoencoder:
    """An autoencoder with random biases and thresholds, in double precision."""
    sae = SparseAutoencoder(config(architecture, **changes), seed).double()
    rng = runtime.generator("random sae", seed)
    with torch.no_grad():
        for values in (sae.b_enc, sae.b_dec):
            values.copy_(0.2 * torch.randn(values.shape, generator=rng))
        sae.W_enc.add_(0.1 * torch.randn(sae.W_enc.shape, generator=rng))
        if architecture == "jumprelu":
            sae.threshold.copy_(0.2 + 0.5 * torch.rand(sae.threshold.shape, generator=rng))
        sae.running_threshold.fill_(0.3)
    return sae


def activations(batch: int = 20, d_in: int = 6, seed: int = 0) -> Tensor:
    """Random activations around a mean that is not 0, in double precision."""
    rng = runtime.generator("test activations", seed)
    return 0.5 + torch.randn(batch, d_in, generator=rng).double()


PLANTED = Planted()


def stream(seed: int = 0, batch_size: int = 64) -> ActivationBuffer:
    """Batches of planted activations."""
    return ActivationBuffer.from_function(PLANTED, batch_size=batch_size, seed=seed)


def fresh(architecture: str, seed: int = 0, **changes) -> SparseAutoencoder:
    """An autoencoder for them, initialised from data."""
    sae = SparseAutoencoder(config(architecture, 32, 48, **changes), seed)
    sae.initialise_from_data(PLANTED(300, runtime.generator("test start", seed)))
    return sae
