"""Checks of the unit on the residual stream."""

from interp_course.checks.residual_stream.attention import attention_scores, mix_values
from interp_course.checks.residual_stream.attribution import direct_logit_attribution
from interp_course.checks.residual_stream.edits import replace_head
from interp_course.checks.residual_stream.norms import fold_layer_norm, logit_lens
from interp_course.checks.residual_stream.parts import residual_parts
from interp_course.checks.residual_stream.patterns import causal_pattern
from interp_course.checks.residual_stream.questions import predictions, questions, quiz
from interp_course.checks.residual_stream.writers import writers

__all__ = [
    "attention_scores",
    "causal_pattern",
    "direct_logit_attribution",
    "fold_layer_norm",
    "logit_lens",
    "mix_values",
    "predictions",
    "questions",
    "quiz",
    "replace_head",
    "residual_parts",
    "writers",
]
