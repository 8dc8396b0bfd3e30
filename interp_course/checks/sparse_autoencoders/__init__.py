"""Checks of the unit on sparse autoencoders."""

from interp_course.checks.sparse_autoencoders.batch_selection import batch_topk
from interp_course.checks.sparse_autoencoders.tangents import tangent
from interp_course.checks.sparse_autoencoders.threshold_gradients import threshold_gradient
from interp_course.checks.sparse_autoencoders.training_loss import sae_loss

__all__ = ["batch_topk", "sae_loss", "tangent", "threshold_gradient"]
