"""Checks of the unit on induction heads."""

from interp_course.checks.induction_heads.hand_built import induction_weights
from interp_course.checks.induction_heads.heads import circuit
from interp_course.checks.induction_heads.lineup import lineup, suspects
from interp_course.checks.induction_heads.losses import icl_score, transition
from interp_course.checks.induction_heads.paths import loss_without_path
from interp_course.checks.induction_heads.patterns import induction_scores, previous_token_scores
from interp_course.checks.induction_heads.questions import predictions, questions, quiz
from interp_course.checks.induction_heads.weights import copying_score, k_composition

__all__ = [
    "circuit",
    "copying_score",
    "icl_score",
    "induction_scores",
    "induction_weights",
    "k_composition",
    "lineup",
    "loss_without_path",
    "predictions",
    "previous_token_scores",
    "questions",
    "quiz",
    "suspects",
    "transition",
]
