"""Difficulty and discrimination, against independent calculations."""

import numpy as np
import pytest
from scipy import stats

from interp_course.grading.item_statistics import corrected_item_total, items

RNG = np.random.default_rng(0)
ABILITY = RNG.normal(size=40)
POINTS = np.array([2.0, 3.0, 1.0, 4.0])
SOLVED = (ABILITY[:, None] + RNG.normal(size=(40, 4)) > [-1, 0, 0.5, 1]).astype(float)
SCORES = SOLVED * POINTS


@pytest.mark.parametrize("item", range(4))
def test_discrimination_is_the_correlation_with_the_other_exercises(item):
    rest = np.delete(SCORES, item, axis=1).sum(axis=1)
    expected = np.corrcoef(SCORES[:, item], rest)[0, 1]
    assert corrected_item_total(SCORES, item) == pytest.approx(expected)


@pytest.mark.parametrize("item", range(4))
def test_for_all_or_nothing_it_is_scipys_point_biserial(item):
    rest = np.delete(SCORES, item, axis=1).sum(axis=1)
    expected = stats.pointbiserialr(SOLVED[:, item], rest).statistic
    assert corrected_item_total(SCORES, item) == pytest.approx(expected)


def test_it_is_the_formula_of_the_docstring():
    own, rest = SOLVED[:, 1], SCORES.sum(axis=1) - SCORES[:, 1]
    p = own.mean()
    gap = rest[own == 1].mean() - rest[own == 0].mean()
    assert corrected_item_total(SCORES, 1) == pytest.approx(gap / rest.std() * np.sqrt(p * (1 - p)))


def test_partial_points_are_covered():
    scores = SCORES * RNG.random(SCORES.shape)
    expected = np.corrcoef(scores[:, 0], scores[:, 1:].sum(axis=1))[0, 1]
    assert corrected_item_total(scores, 0) == pytest.approx(expected)


def test_an_exercise_does_not_correlate_with_itself():
    scores = np.zeros((20, 2))
    scores[::2, 0] = 1.0
    scores[::4, 1], scores[1::4, 1] = 1.0, 1.0
    assert corrected_item_total(scores, 0) == pytest.approx(0.0)


def test_too_few_submissions_have_no_discrimination():
    assert corrected_item_total(SCORES[:9], 0) is None


def test_ten_submissions_are_enough():
    assert corrected_item_total(SCORES[:10], 1) is not None


def test_an_exercise_that_everybody_solved_has_no_discrimination():
    scores = SCORES.copy()
    scores[:, 2] = 1.0
    assert corrected_item_total(scores, 2) is None


def test_where_the_others_do_not_vary_there_is_no_discrimination():
    assert corrected_item_total(SCORES[:, :1], 0) is None


def test_full_marks_and_mean_are_shares():
    found = items(np.array([[2.0, 0.0], [1.0, 3.0], [2.0, 0.0], [2.0, 3.0]]), [2.0, 3.0])
    assert [(i.full, i.mean) for i in found] == [(0.75, 0.875), (0.5, 0.5)]


def test_no_submissions_are_refused():
    with pytest.raises(ValueError, match="no submission"):
        items(np.zeros((0, 2)), [1.0, 1.0])


@pytest.mark.parametrize("maxima", [[1.0], [1.0, 0.0]])
def test_maxima_that_do_not_fit_are_refused(maxima):
    with pytest.raises(ValueError, match="expected 2 positive maxima"):
        items(np.ones((3, 2)), maxima)
