"""Which exercise a check belongs to: the name under which students find it."""

import sys
from collections.abc import Mapping
from typing import Any

from interp_course.progress import storing

CHECKS = "interp_course.checks"


def note(exercise: Any, passed: bool | None, answer: Any = None) -> None:
    """Write down that a check or a prediction of the course was called; never raises.

    Checks that are in no unit, such as one that a student made, are not written down.

    Args:
        exercise: The check, finding or prediction itself.
        passed: None for a prediction.
        answer: What was answered to a quiz or a prediction.
    """
    place = place_of(exercise)
    if place is not None:
        storing.record(*place, passed, answer)


def place_of(exercise: Any) -> tuple[str, str] | None:
    """The unit and the name of a check; predictions are called ``predictions.NAME``."""
    for module_name, module in list(sys.modules.items()):
        parent, _, unit = module_name.rpartition(".")
        if parent != CHECKS:
            continue
        for name, value in list(vars(module).items()):
            if value is exercise:
                return unit, name
            if name == "predictions" and isinstance(value, Mapping):
                inner = next((key for key, entry in value.items() if entry is exercise), None)
                if inner is not None:
                    return unit, f"{name}.{inner}"
    return None
