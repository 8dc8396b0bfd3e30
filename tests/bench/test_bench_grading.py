"""Grading is measured on submissions that both sides can grade, and with the same scores."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from typer.testing import CliRunner

from interp_course import cli, course
from interp_course.bench import grading, made_submissions
from interp_course.bench.grading import Measurement, Side
from interp_course.bench.processor_time import ProcessorTime
from interp_course.grading import workspace

ANSWERS = [f"answer {number}" for number in range(30)]
FOUND = Measurement("01_tiny", 2, Side(2.0, 3.0, 1.0, 2), Side(8.0, 7.0, 6.0, 1))


def test_the_first_student_solves_everything_the_second_nothing_the_others_something() -> None:
    sizes = [len(made_submissions.open_ones(ANSWERS, number)) for number in range(6)]
    assert sizes[:2] == [0, 30]
    assert all(0 < size < 20 for size in sizes[2:])


def test_submissions_hold_the_answers_that_are_not_left_open(
    tiny_course: Path, tmp_path: Path
) -> None:
    unit = course.unit(tiny_course, "tiny")
    (tmp_path / "w").mkdir()
    release = workspace.prepare(tmp_path / "w", tiny_course, unit)
    solution = nbformat.read(unit.solution(tiny_course), 4)
    names = made_submissions.hand_in(tmp_path / "class", unit, solution, release, 2)
    texts = [(tmp_path / "class" / n / "01_tiny" / "tiny.ipynb").read_text() for n in names]
    assert ["return x * x" in text for text in texts] == [True, False]


@pytest.mark.slow
def test_both_sides_grade_the_same_submissions(tiny_course: Path, tmp_path: Path) -> None:
    found = grading.measure("tiny", tiny_course, tmp_path / "b", submissions=2, sandbox=False)
    assert (found.unit, found.submissions, found.ours.jobs) == ("01_tiny", 2, 2)
    for side in (found.ours, found.stock):
        assert 0 < side.cells < side.jobs * side.wall
        assert side.cpu > 0


def test_different_scores_stop_the_benchmark() -> None:
    with pytest.raises(AssertionError, match="differ: ann, a: 1 and 2"):
        grading.compare({"ann": {"a": 1.0, "b": 0.0}}, {"ann": {"a": 2.0, "b": 0.0}})


def test_one_student_is_too_few(tiny_course: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="submissions must be at least 2, got 1"):
        grading.measure("tiny", tiny_course, tmp_path, submissions=1)


def test_a_side_that_fails_is_quoted(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"grading \(stock\) ended with"):
        grading._run("stock", {"assignment": "nothing"}, tmp_path, 1)


def test_what_is_beyond_the_cells_counts_all_workers() -> None:
    assert (FOUND.ours.beyond(2), FOUND.stock.beyond(2)) == (1.5, 1.0)


def test_the_command_shows_both_sides_and_the_ratio(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grading, "measure", lambda *arguments, **options: FOUND)
    result = CliRunner().invoke(cli.app, ["bench", "grading", "--unit", "tiny"])
    assert result.exit_code == 0, result.output
    assert "01_tiny, 2 submissions, ours: 2.0 s, CPU 3.0 s" in result.output
    assert "the same scores, 4.00 times as fast" in result.output


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_processor_time_includes_what_a_command_starts() -> None:
    busy = "import time\nwhile time.process_time() < 0.6: pass"
    outer = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {busy!r}])"
    process = subprocess.Popen([sys.executable, "-c", outer], env=dict(os.environ))
    with ProcessorTime(process.pid) as used:
        process.wait()
    assert used.seconds > 0.2
