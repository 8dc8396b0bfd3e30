"""Answers that are one number, or that are not finite."""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from interp_course.checking import Case, Check, Reply, Verdict
from interp_course.comparing import difference


@dataclass(frozen=True)
class NumberCheck(Check):
    """A check of a number that may happen to be whole: ``return 0`` is as good as 0.0."""

    def judge(self, cases: Sequence[Case], replies: Sequence[Reply]) -> Verdict:
        """Compare the replies with what a right answer gives for the same cases."""
        return super().judge(cases, [replace(r, value=_as_float(r.value)) for r in replies])


def is_finite(value: Any) -> bool:
    """Whether there is neither nan nor infinity among these numbers, nor a complex one."""
    with contextlib.suppress(TypeError, ValueError, RuntimeError):
        numbers = torch.as_tensor(value).detach()
        return not numbers.is_complex() and bool(torch.isfinite(numbers).all())
    return True  # something else is wrong with it


def naming_not_finite(
    oracle: Callable[..., Any], mistake: str, where: Callable[..., bool]
) -> Callable[[Case, Any], tuple[str, str | None] | None]:
    """A ``judge_value`` that compares with the oracle and names a mistake that leads to nan.

    Args:
        oracle: Takes the arguments of a case.
        mistake: Named for nan, infinity and complex numbers, the root of negative ones.
        where: Whether the mistake can have this consequence in a case of these arguments.
    """

    def judge(case: Case, value: Any) -> tuple[str, str | None] | None:
        problem = difference(value, oracle(*case.args), Check.rtol, Check.atol)
        if problem is None:
            return None
        return problem, mistake if where(*case.args) and not is_finite(value) else None

    return judge


def has_zero_column(W: torch.Tensor) -> bool:
    """Whether a feature has no direction at all."""
    return bool((W == 0).all(dim=0).any())


def _as_float(value: Any) -> Any:
    if isinstance(value, (torch.Tensor, np.ndarray)) and value.ndim == 0:
        value = value.item()
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    with contextlib.suppress(OverflowError):  # too large a whole number stays what it is
        return float(value) if whole else value
    return value
