"""How hard each exercise was for a class, and how well it tells students apart."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

FEWEST = 10
"""Submissions below which a correlation is not worth showing."""


@dataclass(frozen=True)
class Item:
    """One exercise in numbers."""

    full: float
    """Share of the submissions with full marks, 0 to 1: the item's *difficulty index*."""
    mean: float
    """Mean score over the maximum, 0 to 1."""
    discrimination: float | None
    """See `corrected_item_total`; None if it is not defined."""


def items(scores: Float[np.ndarray, "submission exercise"], maxima: Sequence[float]) -> list[Item]:
    """Difficulty and discrimination of each exercise.

    Args:
        scores: Points, one line per submission that was handed in and graded.
        maxima: The points to be had, by exercise.

    Raises:
        ValueError: If there is no submission, or a maximum is missing or not positive.
    """
    n_submissions, n_exercises = scores.shape
    if n_submissions == 0:
        raise ValueError("scores holds no submission: there is nothing to describe")
    if len(maxima) != n_exercises or min(maxima, default=1.0) <= 0:
        raise ValueError(f"expected {n_exercises} positive maxima, got {list(maxima)}")
    shares = scores / np.asarray(maxima)
    return [
        Item(
            full=float((shares[:, i] >= 1 - 1e-9).mean()),
            mean=float(shares[:, i].mean()),
            discrimination=corrected_item_total(scores, i),
        )
        for i in range(n_exercises)
    ]


def corrected_item_total(
    scores: Float[np.ndarray, "submission exercise"], item: int
) -> float | None:
    """Correlation of an exercise's score with the sum of all *other* exercises.

    For an exercise that gives all points or none it is the point-biserial correlation

        r = (M1 - M0) / s * sqrt(p * q),

    with the mean rest score of those who solved it (M1) and of the others (M0), the population
    standard deviation s of the rest scores, and the shares p and q of the two groups. Taking
    the exercise out of the total keeps it from correlating with itself (Henrysson 1963,
    "Correction of item-total correlations in item analysis", Psychometrika 28, 211-218).
    Computed as Pearson's r, which it equals then, so that partial points are covered, too.

    Returns:
        The correlation, or None for fewer than `FEWEST` submissions or if one of the two does
        not vary.
    """
    own = scores[:, item]
    rest = scores.sum(axis=1) - own
    if len(scores) < FEWEST or np.ptp(own) < 1e-9 or np.ptp(rest) < 1e-9:
        return None
    own, rest = own - own.mean(), rest - rest.mean()
    return float((own @ rest) / np.sqrt((own @ own) * (rest @ rest)))
