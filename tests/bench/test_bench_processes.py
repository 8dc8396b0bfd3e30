"""Workers do as they are told, and a worker that fails is named."""

import dataclasses

import pytest
from bench_cases import JOB, fake

from interp_course.bench import processes
from interp_course.bench.processes import Worker, WorkerError


def test_a_worker_answers_with_what_its_steps_cost(tmp_path):
    with Worker("x", fake("works", tmp_path / "notes", "x", "7"), JOB) as worker:
        assert worker.wait_until_ready() == 100
        assert worker.steps(2)["cpu"] == 2.0
        assert worker.steps(5) == {"cpu": 7.0, "wall": 70.0, "peak": 300}
    assert (tmp_path / "notes").read_text() == "x steps 2\nx steps 5\n"


def test_a_worker_ends_when_it_is_closed(tmp_path):
    with Worker("x", fake("works", tmp_path / "notes", "x"), JOB) as worker:
        worker.wait_until_ready()
    assert worker.process.returncode == 0


def test_a_worker_that_crashes_at_once_is_named_with_its_last_words(tmp_path):
    command = fake("crashes at once", tmp_path / "notes", "x")
    message = r"worker of peer X ended; .*(?s:.)*ModuleNotFoundError: No module named 'peer'"
    with Worker("peer X", command, JOB) as worker, pytest.raises(WorkerError, match=message):
        worker.wait_until_ready()


def test_a_worker_that_crashes_between_steps_is_named(tmp_path):
    with Worker("peer X", fake("crashes", tmp_path / "notes", "x"), JOB) as worker:
        worker.wait_until_ready()
        with pytest.raises(WorkerError, match=r"worker of peer X ended(?s:.)*out of luck"):
            worker.steps(1)
        with pytest.raises(WorkerError, match="worker of peer X ended"):
            worker.steps(1)


def test_an_answer_that_is_none_is_shown(tmp_path):
    with Worker("peer X", fake("talks", tmp_path / "notes", "x"), JOB) as worker:
        worker.wait_until_ready()
        with pytest.raises(WorkerError, match="worker of peer X answered 'Hello!'"):
            worker.steps(1)


def test_a_worker_that_cannot_be_started_is_named(tmp_path):
    with pytest.raises(WorkerError, match="worker of peer X could not be started"):
        Worker("peer X", [str(tmp_path / "python")], JOB)


def test_an_implementation_without_gradients_is_named(tmp_path):
    job = dataclasses.replace(JOB, gradients=str(tmp_path / "none.pt"))
    with pytest.raises(WorkerError, match=r"worker of peer X ended(?s:.)*No module named 'peer'"):
        processes.gradients("peer X", fake("crashes at once", tmp_path / "notes", "x"), job)


def test_the_threads_of_a_worker_sleep_while_they_wait():
    found = processes.environment(3)
    assert found["OMP_WAIT_POLICY"] == "passive"
    assert found["OMP_NUM_THREADS"] == "3"
