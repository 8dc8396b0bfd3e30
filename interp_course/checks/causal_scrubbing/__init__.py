"""Checks of the unit on causal scrubbing."""

from interp_course.checks.causal_scrubbing.arrival_verdicts import arrival
from interp_course.checks.causal_scrubbing.arrivals import agreement
from interp_course.checks.causal_scrubbing.computations import Node, run
from interp_course.checks.causal_scrubbing.exchanges import exchangeable
from interp_course.checks.causal_scrubbing.hypotheses import hypothesis
from interp_course.checks.causal_scrubbing.partners import same_class
from interp_course.checks.causal_scrubbing.pitfalls import Trial, pitfall_names, pitfalls, trials
from interp_course.checks.causal_scrubbing.questions import predictions, questions, quiz
from interp_course.checks.causal_scrubbing.ranking import candidates, ranking
from interp_course.checks.causal_scrubbing.recovering import constant_baseline, recovered
from interp_course.checks.causal_scrubbing.recursion import scrub
from interp_course.checks.causal_scrubbing.scorecards import scorecard

__all__ = [
    "Node",
    "Trial",
    "agreement",
    "arrival",
    "candidates",
    "constant_baseline",
    "exchangeable",
    "hypothesis",
    "pitfall_names",
    "pitfalls",
    "predictions",
    "questions",
    "quiz",
    "ranking",
    "recovered",
    "run",
    "same_class",
    "scorecard",
    "scrub",
    "trials",
]
