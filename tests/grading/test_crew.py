"""Work is shared out, done once, and not lost when a worker or the whole run is killed."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tiny_class import expected, hand_in, stored, totals

from interp_course import course
from interp_course.course import CourseError
from interp_course.grading import batch, crew, workspace
from interp_course.grading.runner import Job, Outcome, UnsandboxedRunner
from interp_course.grading.work import Kit, Order

STUDENTS = 4
DEADLY, ONCE = "deadly", "once"


@dataclass(frozen=True)
class Fragile:
    """Lets the worker die over some submissions, and writes down each attempt."""

    notes: Path

    def run(self, job: Job) -> Outcome:
        with (self.notes / job.student).open("a") as file:
            file.write("x")
        tries = (self.notes / job.student).stat().st_size
        if job.student == DEADLY or (job.student == ONCE and tries == 1):
            os.kill(os.getpid(), signal.SIGKILL)
        return Outcome("nothing came out", log=job.student)


def orders(tiny_course: Path, names: list[str]) -> list[Order]:
    unit = course.unit(tiny_course, "tiny")
    return [Order(name, unit, "{}") for name in names]


def failures(deliveries: Any) -> dict[str, str | None]:
    return {order.student: delivery.outcome.failure for order, delivery in deliveries}


def test_a_worker_that_dies_loses_nothing(tiny_course: Path, tmp_path: Path) -> None:
    names = [*"abcdef", ONCE]
    share = crew.processes(2)(orders(tiny_course, names), Kit({}), Fragile(tmp_path))
    assert failures(share) == dict.fromkeys(names, "nothing came out")


def test_a_submission_that_kills_every_worker_is_given_up_and_harms_no_other(
    tiny_course: Path, tmp_path: Path
) -> None:
    names = ["a", DEADLY, "b", "c"]
    found = failures(crew.processes(2)(orders(tiny_course, names), Kit({}), Fragile(tmp_path)))
    assert "workers died while it ran" in str(found.pop(DEADLY))
    assert found == dict.fromkeys("abc", "nothing came out")


class Broken:
    """A runner that raises, which it must not."""

    def run(self, job: Job) -> Outcome:
        raise RecursionError("too deep")


@pytest.mark.parametrize("share", [crew.alone, crew.processes(1)])
def test_a_worker_that_raises_fails_for_this_submission_only(
    tiny_course: Path, share: crew.Crew
) -> None:
    found = failures(share(orders(tiny_course, ["a", "b"]), Kit({}), Broken()))
    assert found == dict.fromkeys("ab", "the worker failed: RecursionError: too deep")


def test_there_must_be_a_worker() -> None:
    with pytest.raises(ValueError, match="jobs must be at least 1, got 0"):
        crew.processes(0)


def test_an_address_without_a_scheduler_is_named(tiny_course: Path, tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    share = crew.cluster("tcp://127.0.0.1:9")(
        orders(tiny_course, ["a"]), Kit({}), UnsandboxedRunner()
    )
    with pytest.raises(CourseError, match="there is no dask scheduler at"):
        list(share)


EXPECTED = expected(STUDENTS)


def test_two_processes_give_every_submission_its_scores(tiny_course: Path, tmp_path: Path) -> None:
    handed_in = hand_in(tmp_path, tiny_course, STUDENTS)
    graded = batch.grade(handed_in, tmp_path / "out", tiny_course, crew=crew.processes(2))
    assert totals(graded) == EXPECTED
    assert stored(graded, tiny_course) == EXPECTED


KILLED = """
import sys
from pathlib import Path
from interp_course.grading import batch, crew
from interp_course.grading.runner import UnsandboxedRunner
submissions, out, root = map(Path, sys.argv[1:])
if __name__ == "__main__":
    batch.grade(submissions, out, root, crew=crew.processes(2), runner=UnsandboxedRunner())
"""


@pytest.mark.slow
def test_a_killed_run_goes_on_where_it_stopped(tiny_course: Path, tmp_path: Path) -> None:
    handed_in, out = hand_in(tmp_path, tiny_course, STUDENTS), tmp_path / "out"
    (tmp_path / "killed.py").write_text(KILLED)
    command = [sys.executable, tmp_path / "killed.py", handed_in, out, tiny_course]
    for done in (0, 1, 3):
        run = subprocess.Popen(command)
        while run.poll() is None and len(list(out.glob("journal/*.json"))) < done:
            time.sleep(0.05)
        run.kill()
        run.wait()
    counted = Counting()
    graded = batch.grade(handed_in, out, tiny_course, runner=counted)
    assert totals(graded) == stored(graded, tiny_course) == EXPECTED
    assert len(counted.jobs) <= STUDENTS - 3


class Counting:
    """Counts what is run."""

    def __init__(self) -> None:
        self.jobs: list[str] = []

    def run(self, job: Job) -> Outcome:
        self.jobs.append(job.student)
        return UnsandboxedRunner().run(job)


def test_what_is_graded_is_not_run_again_until_it_changes(
    tiny_course: Path, tmp_path: Path
) -> None:
    handed_in, counted = hand_in(tmp_path, tiny_course, STUDENTS), Counting()
    for _ in range(2):
        graded = batch.grade(handed_in, tmp_path / "out", tiny_course, runner=counted)
    assert (totals(graded), len(counted.jobs)) == (EXPECTED, STUDENTS)
    path = handed_in / "student 000" / "01_tiny" / "tiny.ipynb"
    path.write_text(path.read_text().replace("2 * x", "3 * x"))
    graded = batch.grade(handed_in, tmp_path / "out", tiny_course, runner=counted)
    assert (totals(graded)[0], counted.jobs[STUDENTS:]) == (0.0, ["student 000"])


def test_with_other_instances_everything_is_run_again(
    tiny_course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed_in, counted = hand_in(tmp_path, tiny_course, 1), Counting()
    for instance in ("0", "0", "7"):
        monkeypatch.setenv("INTERP_COURSE_INSTANCE", instance)
        batch.grade(handed_in, tmp_path / "out", tiny_course, runner=counted)
    assert len(counted.jobs) == 2


def test_two_runs_into_one_folder_are_refused(tiny_course: Path, tmp_path: Path) -> None:
    handed_in, out = hand_in(tmp_path, tiny_course, STUDENTS), tmp_path / "out"
    batch.grade(handed_in, out, tiny_course, only=["tiny"], runner=Counting())
    with workspace.locked(out), pytest.raises(CourseError, match="another run is grading into"):
        batch.grade(handed_in, out, tiny_course)


@pytest.mark.slow
def test_a_cluster_gives_the_same_scores_although_a_worker_dies(
    tiny_course: Path, tmp_path: Path
) -> None:
    distributed = pytest.importorskip("distributed")
    handed_in = hand_in(tmp_path, tiny_course, STUDENTS)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None
    ) as local:
        first = next(iter(local.workers.values()))
        killed = first.pid

        def kill_one(done: int, total: int, what: str) -> None:
            if done == 1:
                os.kill(killed, signal.SIGKILL)

        share = crew.cluster(local.scheduler_address)
        out = tmp_path / "out"
        graded = batch.grade(handed_in, out, tiny_course, crew=share, progress=kill_one)
        assert first.pid != killed, "the worker was not killed"
    assert totals(graded) == stored(graded, tiny_course) == EXPECTED
