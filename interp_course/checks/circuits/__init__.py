"""Checks of the unit on circuits."""

from interp_course.checks.circuits.normalising import normalised
from interp_course.checks.circuits.replacing import replaced

__all__ = [
    "normalised",
    "replaced",
]
