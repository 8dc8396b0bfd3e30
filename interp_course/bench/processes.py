"""Workers: processes of their own that take training steps when they are told to.

While one of them measures, the others wait at their pipe. See `sae_worker` for the protocol.
"""

import contextlib
import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor

from interp_course.bench.sae_worker import Job

LAST_LINES = 6
PATIENCE = 20
"""Seconds that a worker gets to end by itself."""


class WorkerError(RuntimeError):
    """A worker ended or answered nonsense; the message names it and says what it said last."""


class Worker:
    """A process that takes steps.

    Args:
        name: For messages.
        command: What starts it; the job is added as the last argument.
        job: What it is to do.

    Raises:
        WorkerError: From every method, if the process has ended or cannot be understood.
    """

    def __init__(self, name: str, command: Sequence[str], job: Job) -> None:
        self.name = name
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        try:
            self.process = subprocess.Popen(
                [*command, json.dumps(asdict(job))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self.errors,
                text=True,
                env=environment(job.threads),
            )
        except OSError as error:
            self.errors.close()
            raise WorkerError(f"the worker of {name} could not be started: {error}") from error

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def wait_until_ready(self) -> int | None:
        """The bytes that it holds before anything is made: Python, torch and the library."""
        return self._answer("ready")["base"]

    def steps(self, n: int) -> dict[str, Any]:
        """Take n steps; returns ``cpu`` and ``wall`` in seconds and ``peak`` in bytes."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(f"steps {n}\n")
            self.process.stdin.flush()
        except OSError:
            raise self._failure("ended") from None
        return self._answer("cpu")

    def close(self) -> None:
        """End the process; a worker whose pipe is closed ends by itself."""
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            with contextlib.suppress(OSError):  # what could not be sent to a dead process
                pipe.close()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.errors.close()

    def _answer(self, expected: str) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise self._failure("ended")
        try:
            answer = json.loads(line)
        except ValueError:
            answer = None
        if not isinstance(answer, dict) or expected not in answer:
            raise self._failure(f"answered {line.strip()!r}")
        return answer

    def _failure(self, what: str) -> WorkerError:
        self.process.kill()
        self.process.wait()
        self.errors.seek(0)
        return WorkerError(failure(self.name, what, self.errors.read()))


def gradients(name: str, command: Sequence[str], job: Job) -> dict[str, Tensor]:
    """Loss and gradients as an implementation computes them, in a process of its own.

    Raises:
        WorkerError: If it fails.
    """
    assert job.gradients is not None
    done = subprocess.run(
        [*command, json.dumps(asdict(job))], capture_output=True, env=environment(job.threads)
    )
    if done.returncode or not os.path.exists(job.gradients):
        raise WorkerError(failure(name, "ended", done.stderr))
    return torch.load(job.gradients, weights_only=True)


def environment(threads: int) -> dict[str, str]:
    """The variables of a worker.

    Threads that wait for each other sleep: spinning, the default, would count as CPU time, and
    more the busier the machine is.
    """
    quiet = {"OMP_WAIT_POLICY": "passive", "TQDM_DISABLE": "1", "HF_HUB_OFFLINE": "1"}
    count = {"OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}
    return {**os.environ, **quiet, **count}


def failure(name: str, what: str, errors: bytes) -> str:
    """The message about a worker that failed, with the last lines it wrote."""
    lines = [line for line in errors.decode(errors="replace").splitlines() if line.strip()]
    said = "\n  ".join(lines[-LAST_LINES:]) or "nothing"
    return f"the worker of {name} {what}; the last it said:\n  {said}"
