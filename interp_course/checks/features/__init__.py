"""Checks of the unit on features as directions."""

from interp_course.checks.features.ablating import ablate_direction
from interp_course.checks.features.adding import add_direction
from interp_course.checks.features.capacity import typical_capacity, worst_case_capacity
from interp_course.checks.features.circle import Week, circle, week
from interp_course.checks.features.control_tasks import control_labels
from interp_course.checks.features.language import NEUTRAL, steering, words_of
from interp_course.checks.features.means import difference_of_means
from interp_course.checks.features.neurons import Lineup, lineup, neurons
from interp_course.checks.features.probes import probe_accuracy
from interp_course.checks.features.questions import predictions, questions, quiz
from interp_course.checks.features.used import used

__all__ = [
    "NEUTRAL",
    "Lineup",
    "Week",
    "ablate_direction",
    "add_direction",
    "circle",
    "control_labels",
    "difference_of_means",
    "lineup",
    "neurons",
    "predictions",
    "probe_accuracy",
    "questions",
    "quiz",
    "steering",
    "typical_capacity",
    "used",
    "week",
    "words_of",
    "worst_case_capacity",
]
