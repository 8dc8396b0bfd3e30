"""Checks of the unit on causal scrubbing."""

from interp_course.checks.causal_scrubbing.arrival_verdicts import arrival
from interp_course.checks.causal_scrubbing.arrivals import agreement
from interp_course.checks.causal_scrubbing.computations import Node, run
from interp_course.checks.causal_scrubbing.partners import same_class
from interp_course.checks.causal_scrubbing.recovering import constant_baseline, recovered
from interp_course.checks.causal_scrubbing.recursion import scrub
from interp_course.checks.causal_scrubbing.scorecards import scorecard

__all__ = [
    "Node",
    "agreement",
    "arrival",
    "constant_baseline",
    "recovered",
    "run",
    "same_class",
    "scorecard",
    "scrub",
]
