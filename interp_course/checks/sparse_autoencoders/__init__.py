"""Checks of the unit on sparse autoencoders."""

from interp_course.checks.sparse_autoencoders.absorbing import absorption
from interp_course.checks.sparse_autoencoders.batch_selection import batch_topk
from interp_course.checks.sparse_autoencoders.clamping import clamped
from interp_course.checks.sparse_autoencoders.countries import country, country_latent
from interp_course.checks.sparse_autoencoders.detecting import prompts
from interp_course.checks.sparse_autoencoders.diagnosing import curves, kinds
from interp_course.checks.sparse_autoencoders.matching import matched_cosines
from interp_course.checks.sparse_autoencoders.measuring import l0_fvu
from interp_course.checks.sparse_autoencoders.questions import predictions, questions, quiz
from interp_course.checks.sparse_autoencoders.reviving import auxk
from interp_course.checks.sparse_autoencoders.tangents import tangent
from interp_course.checks.sparse_autoencoders.threshold_gradients import threshold_gradient
from interp_course.checks.sparse_autoencoders.training_loss import sae_loss

__all__ = [
    "absorption",
    "auxk",
    "batch_topk",
    "clamped",
    "country",
    "country_latent",
    "curves",
    "kinds",
    "l0_fvu",
    "matched_cosines",
    "predictions",
    "prompts",
    "questions",
    "quiz",
    "sae_loss",
    "tangent",
    "threshold_gradient",
]
