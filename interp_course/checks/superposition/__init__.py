"""Checks of the unit on superposition."""

from interp_course.checks.superposition.diagram import cells, phases
from interp_course.checks.superposition.dimensionality import feature_dimensionality
from interp_course.checks.superposition.expecting import linear_loss
from interp_course.checks.superposition.overlaps import worst_interference
from interp_course.checks.superposition.pentagons import pentagon
from interp_course.checks.superposition.questions import predictions, questions, quiz
from interp_course.checks.superposition.reconstructing import reconstruct
from interp_course.checks.superposition.relations import Network, network, relations
from interp_course.checks.superposition.weighting import weighted_loss
from interp_course.checks.superposition.welch import welch_bound

__all__ = [
    "Network",
    "cells",
    "feature_dimensionality",
    "linear_loss",
    "network",
    "pentagon",
    "phases",
    "predictions",
    "questions",
    "quiz",
    "reconstruct",
    "relations",
    "weighted_loss",
    "welch_bound",
    "worst_interference",
]
