"""One side of the benchmark of grading, in a process of its own, with a stopwatch for cells.

``python -m interp_course.bench.grading_worker SIDE JSON``, where SIDE is ``stock``, which is the
command ``nbgrader autograde`` as it stands, or ``ours``. What cells took is appended to a file,
one line for each.
"""

import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from interp_course.grading.runner import Job, Outcome, Runner


@dataclass(frozen=True)
class Timed:
    """A runner whose cells are timed."""

    runner: Runner
    file: Path

    def run(self, job: Job) -> Outcome:
        """As the runner does."""
        from interp_course.grading.executing import JudgingExecute

        time_cells(JudgingExecute, self.file)
        return self.runner.run(job)


def time_cells(execute: Any, file: Path) -> None:
    """Let a preprocessor write down how long each cell took, from sending it to its reply."""
    if "execute_cell" in vars(execute) and hasattr(execute.execute_cell, "untimed"):
        return
    untimed = execute.execute_cell

    def execute_cell(self: Any, *arguments: Any, **options: Any) -> Any:
        started = time.perf_counter()
        try:
            return untimed(self, *arguments, **options)
        finally:
            _append(file, f"{time.perf_counter() - started:.6f}\n")

    execute_cell.untimed = untimed  # pyright: ignore[reportFunctionMemberAccess]
    execute.execute_cell = execute_cell


def _append(file: Path, line: str) -> None:
    number = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(number, line.encode())
    os.close(number)


def stock(assignment: str, cells: str) -> None:
    """``nbgrader autograde ASSIGNMENT`` in the current folder."""
    from nbgrader.apps import NbGraderApp
    from nbgrader.preprocessors import Execute

    time_cells(Execute, Path(cells))
    NbGraderApp.launch_instance(["autograde", assignment])


def ours(
    submissions: str, out: str, root: str, cells: str, jobs: int, sandbox: bool, hidden: list[str]
) -> None:
    """What ``interp-course grade`` does, without its reports."""
    from interp_course.grading import batch, crew, worker_processes
    from interp_course.grading.runner import UnsandboxedRunner
    from interp_course.grading.sandbox.running import SandboxedRunner

    if jobs > 1:
        worker_processes.import_ahead()
    folders = tuple(map(Path, hidden))
    runner: Runner = SandboxedRunner(hidden=folders) if sandbox else UnsandboxedRunner()
    batch.grade(
        Path(submissions),
        Path(out),
        Path(root),
        runner=Timed(runner, Path(cells)),
        crew=crew.processes(jobs),
    )


if __name__ == "__main__":
    {"stock": stock, "ours": ours}[sys.argv[1]](**json.loads(sys.argv[2]))
