"""Checks of the unit on sparse autoencoders."""

from interp_course.checks.sparse_autoencoders.tangents import tangent
from interp_course.checks.sparse_autoencoders.training_loss import sae_loss

__all__ = ["sae_loss", "tangent"]
