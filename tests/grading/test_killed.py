"""A large class is graded by the command, which is killed several times: nothing is lost."""

import ctypes
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from sandboxed import needs_warm
from tiny_class import expected, hand_in, stored

from interp_course.grading.results import Batch, Result

STUDENTS, SEED = int(os.environ.get("INTERP_COURSE_STUDENTS", "40")), 20
"""For a class of 200 set the variable: that takes four times as long, minutes on two idle cores."""
PR_SET_CHILD_SUBREAPER = 36
pytestmark = [pytest.mark.slow, needs_warm]


@dataclass
class Class:
    """A class that has been graded in several runs, all but the last of which were killed."""

    out: Path
    temporary: Path
    """Where all runs kept their temporary files."""
    left: list[str]
    """What still ran a little after the last run."""
    done: list[int]
    """How many submissions had been graded when each run was killed."""


def command(handed_in: Path, out: Path, root: Path) -> "subprocess.Popen[bytes]":
    """Start ``interp-course grade``, in a sandbox, with two workers."""
    arguments = ["grade", str(handed_in), "--out", str(out), "--jobs", "2"]
    environment = {**os.environ, "TMPDIR": str(out.parent / "t"), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "interp_course", *arguments], cwd=root, env=environment
    )


@pytest.fixture
def adopting() -> Iterator[None]:
    """Whatever loses its parent becomes a child of this process, and so can be found."""
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
    yield
    libc.prctl(PR_SET_CHILD_SUBREAPER, 0)


def running(before: set[int]) -> list[str]:
    """Descendants of this process that it did not have before; the dead ones are buried."""
    found = [p for p in psutil.Process().children(recursive=True) if p.pid not in before]
    _, alive = psutil.wait_procs(found, timeout=60)
    return [str(process) for process in alive]


@pytest.fixture
def graded(adopting: None, tiny_course: Path, tmp_path: Path) -> Class:
    handed_in, out = hand_in(tmp_path, tiny_course, STUDENTS), tmp_path / "out"
    (tmp_path / "t").mkdir()
    before = {process.pid for process in psutil.Process().children(recursive=True)}
    draw, done = random.Random(SEED), []
    for moment in sorted(draw.sample(range(1, STUDENTS - 10), 3)):
        run = command(handed_in, out, tiny_course)
        moment = max(moment, count(out) + 1)  # later than the start
        while run.poll() is None and count(out) < moment:
            time.sleep(0.02)
        time.sleep(draw.random())
        run.send_signal(signal.SIGKILL)
        assert run.wait() == -signal.SIGKILL, "the run was not killed but came to its end"
        done.append(count(out))
    assert command(handed_in, out, tiny_course).wait() == 0
    return Class(out, tmp_path / "t", running(before), done)


def count(out: Path) -> int:
    return len(list(out.glob("journal/*.json")))


def rows(out: Path, question: str) -> list[tuple]:
    with closing(sqlite3.connect(out / "gradebook.db")) as book:
        return book.execute(question).fetchall()


def test_a_class_graded_in_four_runs_has_each_score_once_and_leaves_nothing(
    graded: Class, tiny_course: Path
) -> None:
    results = tuple(
        Result(f"student {number:03}", "01_tiny", "graded") for number in range(STUDENTS)
    )
    assert stored(Batch(graded.out, results), tiny_course) == expected(STUDENTS)
    handed_in = "select count(*), count(distinct student_id) from submitted_assignment"
    assert rows(graded.out, handed_in) == [(STUDENTS, STUDENTS)]
    assert count(graded.out) == STUDENTS
    assert 0 < graded.done[0] < graded.done[2] < STUDENTS
    left = [p.name for p in graded.temporary.iterdir() if not p.name.startswith("torchinductor")]
    assert (graded.left, left) == ([], [])
    assert scores_of(graded.out) == uninterrupted(graded.out, tiny_course)


def uninterrupted(out: Path, tiny_course: Path) -> str:
    """The file of scores that one run writes that nobody disturbs."""
    other = out.parent / "other"
    assert command(out.parent / "class", other, tiny_course).wait() == 0
    return scores_of(other)


def scores_of(out: Path) -> str:
    return (out / "scores.csv").read_text(encoding="utf-8")
