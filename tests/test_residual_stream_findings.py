"""The findings on the residual stream name mistakes that are right answers for some instances."""

from pathlib import Path

import pytest

from interp_course import course, verify
from interp_course.checks.residual_stream import writers

ANSWERS = course.find_root(Path(__file__)) / "tests" / "answers" / "residual_stream"


@pytest.mark.parametrize("instance", [1, 2, 3])
def test_the_unembedding_of_another_training_run_is_named(instance):
    best = verify.load_answers(ANSWERS / "writers.py").right[0]
    verdict = writers.verdict(best(instance, unembed=0), instance)
    assert "unembedding belongs to another training run" in (verdict.mistake or "")
