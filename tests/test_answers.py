"""Every exercise rejects its wrong answers by name and accepts every right one."""

from pathlib import Path

import pytest

from interp_course import course, verify

ROOT = course.find_root(Path(__file__))


@pytest.mark.parametrize("slug", [unit.slug for unit in course.units(ROOT)])
@pytest.mark.filterwarnings("ignore")  # students may write code that warns
def test_answers_of_a_unit_get_the_verdicts_they_were_written_for(slug):
    reports = verify.judge_unit(course.unit(ROOT, slug), ROOT)
    assert [problem for report in reports for problem in report.problems] == []
