"""Checks of the unit on circuits."""

from interp_course.checks.circuits.sites import network, sites

__all__ = [
    "network",
    "sites",
]
