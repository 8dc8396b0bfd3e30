"""Interactive views, each with keyboard operation or a text equivalent (``describe``).

Only this folder imports ipywidgets, anywidget and circuitsvis.
"""

from interp_course.widgets.attention_explorer import AttentionExplorer
from interp_course.widgets.feature_dashboard import FeatureDashboard
from interp_course.widgets.from_circuitsvis import (
    CircuitsVisView,
    attention_heads,
    circuitsvis_view,
    colored_tokens,
)
from interp_course.widgets.hypothesis_tree import HypothesisTree
from interp_course.widgets.patching_map import PatchingMap
from interp_course.widgets.question_card import Asked, QuestionCard, Reply
from interp_course.widgets.steering_slider import SteeringSlider
from interp_course.widgets.superposition_viewer import SuperpositionViewer

__all__ = [
    "Asked",
    "AttentionExplorer",
    "CircuitsVisView",
    "FeatureDashboard",
    "HypothesisTree",
    "PatchingMap",
    "QuestionCard",
    "Reply",
    "SteeringSlider",
    "SuperpositionViewer",
    "attention_heads",
    "circuitsvis_view",
    "colored_tokens",
]
