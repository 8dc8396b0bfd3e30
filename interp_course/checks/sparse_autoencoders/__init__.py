"""Checks of the unit on sparse autoencoders."""

from interp_course.checks.sparse_autoencoders.absorbing import absorption
from interp_course.checks.sparse_autoencoders.clamping import clamped
from interp_course.checks.sparse_autoencoders.matching import matched_cosines
from interp_course.checks.sparse_autoencoders.measuring import l0_fvu
from interp_course.checks.sparse_autoencoders.reviving import auxk

__all__ = [
    "absorption",
    "auxk",
    "clamped",
    "l0_fvu",
    "matched_cosines",
]
