"""The benchmark compares like with like."""

import pytest

from interp_course import models
from interp_course.bench import lens


def test_both_sides_of_each_comparison_agree_and_take_time():
    timings = lens.run(repeats=1)
    assert len(timings) == 2
    assert all(timing.ours > 0 and timing.peer > 0 for timing in timings)


def test_the_ratio_is_above_one_when_ours_is_faster():
    assert lens.Timing("x", ours=2.0, peer=6.0, peer_name="y").ratio == 3.0


def test_a_comparison_of_different_results_is_refused():
    model = models.load("induction")
    with pytest.raises(AssertionError, match="differ"):
        lens._compare("x", "y", lambda: model.W_E, lambda: model.W_E + 1, repeats=1)
