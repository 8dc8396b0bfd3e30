"""Sparse autoencoders: relu with an L1 price, topk, batchtopk, jumprelu, matryoshka.

``SparseAutoencoder(SAEConfig(...))`` is the model, `sae_training.train` trains it and
`sae_metrics` judges it. See `autoencoder` for the definitions and `losses` for the losses.
"""

from interp_course.sae.autoencoder import SparseAutoencoder, check_activations
from interp_course.sae.config import ARCHITECTURES, Computation, SAEConfig
from interp_course.sae.files import SAEFileError, load, save
from interp_course.sae.losses import Loss
from interp_course.sae.saelens import export_saelens, load_saelens

__all__ = [
    "ARCHITECTURES",
    "Computation",
    "Loss",
    "SAEConfig",
    "SAEFileError",
    "SparseAutoencoder",
    "check_activations",
    "export_saelens",
    "load",
    "load_saelens",
    "save",
]
