"""Start dead latents anew at what the dictionary reconstructs worst."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from interp_course import collectives
from interp_course.sae import SparseAutoencoder

ENCODER_SHARE = 0.2
"""Length of a new encoder column, as a share of the mean of the living ones. Where the largest
latents are selected it is 1 instead: a weaker one would never be."""


@torch.no_grad()
def resample(
    sae: SparseAutoencoder,
    x: Float[Tensor, "batch d_in"],
    dead: Bool[Tensor, " d_sae"],
    optimizer: torch.optim.Optimizer,
    rng: torch.Generator,
) -> int:
    """Give dead latents new weights, and return how many got them.

    Each takes the direction of one activation's error, drawn with a probability proportional
    to the square of that activation's loss; the bias is 0, the optimiser forgets it. Bricken et
    al. (2023), appendix, take the direction of the activation itself; of the error only what
    the living latents leave out.

    Args:
        sae: Changed in place.
        x: Activations to draw from, of this process; with several processes all draw from all.
        dead: Which latents.
        optimizer: The Adam that trains the autoencoder.
        rng: Draws the activations; the same in all processes.
    """
    error = collectives.gathered((x - sae(x)) * sae.scale).flatten(0, 1)
    losses = error.square().sum(dim=1)
    chances = (losses / losses.max().clamp(min=1e-30)).square().cpu()
    columns = dead.nonzero().squeeze(1)[: int((chances > 0).sum())]
    if len(columns) == 0:
        return 0
    chosen = torch.multinomial(chances, len(columns), generator=rng)
    directions = error[chosen.to(error.device)]
    directions = directions / directions.norm(dim=1, keepdim=True)
    living = sae.W_enc[:, ~dead].norm(dim=0)
    share = 1.0 if sae.config.selects else ENCODER_SHARE
    length = share * (living.mean() if len(living) else 1.0)
    sae.W_dec[columns] = directions
    sae.W_enc[:, columns] = length * directions.T
    sae.b_enc[columns] = 0.0
    if sae.config.architecture == "jumprelu":
        sae.threshold[columns] = sae.config.initial_threshold
    _forget(sae, columns, optimizer)
    return len(columns)


def _forget(sae: SparseAutoencoder, columns: Tensor, optimizer: torch.optim.Optimizer) -> None:
    """Set Adam's running means of these latents to 0."""
    by_latent: list[nn.Parameter] = [sae.W_dec, sae.b_enc]
    if sae.config.architecture == "jumprelu":
        by_latent.append(sae.threshold)
    for name in ("exp_avg", "exp_avg_sq"):
        for parameter in by_latent:
            optimizer.state[parameter][name][columns] = 0.0
        optimizer.state[sae.W_enc][name][:, columns] = 0.0
