"""Work side by side: in order, nothing lost but what fails, and nobody left behind."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import psutil
import pytest
from worker_cases import dies_at_three, in_a_process, no_threes, reads_threads, slow_first, square

from interp_course import workers

HERE = Path(__file__).parent
ENDLESS = """
import sys
from interp_course import workers
from worker_cases import endless
if __name__ == "__main__":
    workers.each(endless, [sys.argv[1]] * 2, jobs=2)
"""


@pytest.mark.parametrize("jobs", [1, 2, 9])
def test_results_are_in_the_order_of_the_items(jobs: int) -> None:
    assert workers.each(square, [3, 1, 2], jobs=jobs) == [9, 1, 4]


def test_items_are_worked_on_at_the_same_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTERP_COURSE_TEST_FOLDER", str(tmp_path))
    assert workers.each(slow_first, [0, 1], jobs=2) == [0, 1]


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_stands_in_the_place_of_its_item(jobs: int) -> None:
    first, second, third = workers.each(no_threes, [1, 3, 5], jobs=jobs)
    assert (first, third) == (1, 5)
    assert isinstance(second, LookupError)
    assert str(second) == "there is no three"


def test_a_process_that_dies_loses_its_own_item_only() -> None:
    found = workers.each(dies_at_three, [1, 3, 5, 7, 9], jobs=2)
    assert isinstance(found.pop(1), BrokenProcessPool)
    assert found == [1, 5, 7, 9]


@pytest.mark.parametrize(("items", "jobs"), [([1], 4), ([1, 2], 1), ([], 4)])
def test_one_item_or_one_job_needs_no_other_process(items: list[int], jobs: int) -> None:
    assert workers.each(in_a_process, items, jobs=jobs) == [False] * len(items)


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_is_finished_is_counted(jobs: int) -> None:
    counts: list[int] = []
    workers.each(no_threes, [1, 3, 5], jobs=jobs, done=counts.append)
    assert counts == [0, 1, 2, 3]


def test_a_process_uses_one_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    assert workers.each(reads_threads, ["OMP_NUM_THREADS"] * 2, jobs=2) == ["1", "1"]


def test_there_is_a_core() -> None:
    assert 1 <= workers.cores() <= (os.cpu_count() or 1)


def test_no_jobs_are_refused() -> None:
    with pytest.raises(ValueError, match="jobs must be at least 1, got 0"):
        workers.each(square, [1], jobs=0)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_workers_end_with_the_process_that_started_them(
    tmp_path: Path, ending: signal.Signals
) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parent)])}
    command = [sys.executable, "-c", ENDLESS, str(tmp_path)]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
        wait_until(lambda: len(list(tmp_path.iterdir())) == 2)
        process.send_signal(ending)
        assert process.wait(60) != 0
    pids = [int(path.name) for path in tmp_path.iterdir()]
    wait_until(lambda: not any(is_running(pid) for pid in pids))


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until(true) -> None:
    for _ in range(6000):
        if true():
            return
        time.sleep(0.01)
    pytest.fail("waited for a minute")
