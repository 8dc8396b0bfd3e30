"""Heads as students name them."""

import contextlib
import re
from typing import Any

from interp_course.circuits import Part

Place = tuple[int, int]
"""Layer and head."""


def place(value: Any) -> Place | None:
    """Layer and head of a name such as ``L0.H2``, of a pair, or of a `Part`."""
    if isinstance(value, Part):
        return (value.layer, value.head) if value.kind == "head" else None
    if isinstance(value, str):
        found = re.fullmatch(r"\s*l(\d+)\.?h(\d+)\s*", value.lower())
        return None if found is None else (int(found[1]), int(found[2]))
    with contextlib.suppress(TypeError, ValueError):
        pair = [int(n) for n in value]
        if len(pair) == 2 and min(pair) >= 0:
            return pair[0], pair[1]
    return None


def no_name(value: Any) -> str | None:
    """The mistake in a name that says a head's number alone."""
    if isinstance(value, (int, float)) or (
        isinstance(value, str) and re.fullmatch(r"[\d.,\s]+", value)
    ):
        return "a head is told by bare numbers: its name says which is the layer, as in L1.H3"
    return None
