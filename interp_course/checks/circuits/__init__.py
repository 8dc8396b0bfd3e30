"""Checks of the unit on circuits."""

from interp_course.checks.circuits.carrying import country_head, country_questions
from interp_course.checks.circuits.edges import edges, puzzle
from interp_course.checks.circuits.sites import network, sites
from interp_course.checks.circuits.verdicts import mechanisms, suspects, verdicts

__all__ = [
    "country_head",
    "country_questions",
    "edges",
    "mechanisms",
    "network",
    "puzzle",
    "sites",
    "suspects",
    "verdicts",
]
