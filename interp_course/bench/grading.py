"""What grading costs, against plain ``nbgrader autograde`` on the same submissions.

The plain side runs the command as it stands: one process, nbgrader's own steps, an ordinary
kernel for each submission, this course's settings otherwise (cells may run for ten minutes,
kernels are ended without waiting). Our side grades with several workers, in sandboxes.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from interp_course import course
from interp_course.bench import made_submissions
from interp_course.bench.processor_time import ProcessorTime
from interp_course.grading import scores, workspace
from interp_course.grading.runner import nbgrader_config, scripts_first_on_path

WORKER = "interp_course.bench.grading_worker"
LAST_LINES = 12
Scores = dict[str, dict[str, float]]
"""What each graded cell earned, by student."""


@dataclass(frozen=True)
class Side:
    """What one way of grading took."""

    wall: float
    """Seconds from the start of the command to its end."""
    cpu: float
    """Seconds of processor time of all its processes."""
    cells: float
    """Seconds in which cells ran, those of submissions that run at the same time added up."""
    jobs: int
    """Workers."""

    def beyond(self, submissions: int) -> float:
        """Worker seconds for each submission in which none of its cells ran."""
        return (self.jobs * self.wall - self.cells) / submissions


@dataclass(frozen=True)
class Measurement:
    """Both ways on the same submissions, which had the same scores."""

    unit: str
    submissions: int
    ours: Side
    stock: Side

    @property
    def ratio(self) -> float:
        """How many times as fast ours is, by the clock."""
        return self.stock.wall / self.ours.wall


def measure(
    unit_name: str,
    root: Path,
    folder: Path,
    *,
    submissions: int = 20,
    jobs: int = 2,
    sandbox: bool = True,
    progress: Callable[[str], None] = lambda what: None,
) -> Measurement:
    """Grade made-up submissions both ways.

    Args:
        unit_name: The unit, by slug or folder name.
        root: The course's root.
        folder: An empty folder for everything that is written.
        submissions: How many students hand in.
        jobs: Our workers; the plain side has one process and cannot have more.
        sandbox: Whether ours runs submissions in sandboxes.
        progress: Told what is being done.

    Raises:
        ValueError: If there are fewer than two students.
        RuntimeError: If one side fails.
        AssertionError: If the scores differ.
    """
    if submissions < 2:
        raise ValueError(f"submissions must be at least 2, got {submissions}")
    unit = course.unit(root, unit_name)
    progress("making submissions")
    plain, handed_in, out = (folder / name for name in ("stock", "submissions", "ours"))
    plain.mkdir(parents=True)
    release = workspace.prepare(plain, root, unit)
    solution: Any = nbformat.read(unit.solution(root), 4)
    students = made_submissions.hand_in(handed_in, unit, solution, release, submissions)
    made_submissions.hand_in(plain / "submitted", unit, solution, release, submissions)
    write_plain_settings(plain)

    progress(f"our way, {jobs} workers")
    arguments = {"submissions": str(handed_in), "out": str(out), "root": str(root), "jobs": jobs}
    arguments |= {"sandbox": sandbox, "hidden": [str(root.resolve()), str(folder.resolve())]}
    ours = _run("ours", arguments, folder, jobs)
    progress("nbgrader autograde")
    stock = _run("stock", {"assignment": unit.folder}, plain, 1)

    def earned(where: Path) -> Scores:
        found = {name: scores.earned(where, name, unit, release) for name in students}
        return {name: {cell.name: cell.score for cell in cells} for name, cells in found.items()}

    compare(earned(out.resolve()), earned(plain.resolve()))
    return Measurement(unit.folder, submissions, ours, stock)


def text(found: Measurement) -> str:
    """A line for each side, and one for both."""
    lines = [
        f"{found.unit}, {found.submissions} submissions, {name}: {side.wall:.1f} s, "
        f"CPU {side.cpu:.1f} s; a submission: cells {side.cells / found.submissions:.2f} s, "
        f"beyond them {side.beyond(found.submissions):.2f} s"
        for name, side in (("ours", found.ours), ("nbgrader autograde", found.stock))
    ]
    return "\n".join([*lines, f"the same scores, {found.ratio:.2f} times as fast"])


def write_plain_settings(folder: Path) -> None:
    """This course's settings without its own steps, where ``nbgrader autograde`` reads them."""
    settings = nbgrader_config(folder.resolve())
    del settings["Autograde"], settings["JudgingExecute"]
    settings.Execute.timeout = 600
    (folder / "nbgrader_config.json").write_text(json.dumps(settings))


def compare(ours: Scores, plain: Scores) -> None:
    """See that both ways gave the same scores.

    Raises:
        AssertionError: If they did not; the message names where.
    """
    different = [
        f"{student}, {cell}: {score:g} and {plain[student][cell]:g}"
        for student, cells in ours.items()
        for cell, score in cells.items()
        if score != plain[student][cell]
    ]
    if different:
        raise AssertionError(f"our scores and nbgrader's differ: {'; '.join(different)}")


def _run(side: str, arguments: dict[str, Any], folder: Path, jobs: int) -> Side:
    cells, log = folder / "cells", folder / "log"
    scripts_first_on_path()
    command = [sys.executable, "-m", WORKER, side, json.dumps({**arguments, "cells": str(cells)})]
    started = time.perf_counter()
    with log.open("wb") as said:
        process = subprocess.Popen(command, cwd=folder, stdout=said, stderr=said)
        with ProcessorTime(process.pid) as used:
            code = process.wait()
    wall = time.perf_counter() - started
    if code or not cells.exists():
        lines = log.read_text(errors="replace").splitlines()[-LAST_LINES:]
        raise RuntimeError(f"grading ({side}) ended with {code}:\n  " + "\n  ".join(lines))
    return Side(wall, used.seconds, sum(map(float, cells.read_text().split())), jobs)
