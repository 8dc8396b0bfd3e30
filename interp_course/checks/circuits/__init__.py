"""Checks of the unit on circuits."""

from interp_course.checks.circuits.areas import cpr_cmd
from interp_course.checks.circuits.attributing import attributed
from interp_course.checks.circuits.carrying import country_head, country_questions
from interp_course.checks.circuits.edges import edges, puzzle
from interp_course.checks.circuits.integrating import integrated
from interp_course.checks.circuits.normalising import normalised
from interp_course.checks.circuits.questions import questions, quiz
from interp_course.checks.circuits.reader_inputs import edge_input
from interp_course.checks.circuits.replacing import replaced
from interp_course.checks.circuits.sites import network, sites
from interp_course.checks.circuits.verdicts import mechanisms, suspects, verdicts

__all__ = [
    "attributed",
    "country_head",
    "country_questions",
    "cpr_cmd",
    "edge_input",
    "edges",
    "integrated",
    "mechanisms",
    "network",
    "normalised",
    "puzzle",
    "questions",
    "quiz",
    "replaced",
    "sites",
    "suspects",
    "verdicts",
]
