"""A file of progress for a test, and what other processes do with it."""

import json
import subprocess
import sys
from pathlib import Path

WRITER = """
import sys
from interp_course import progress
for n in range(int(sys.argv[2])):
    progress.record(sys.argv[1], f"exercise {n}", n % 2 == 0)
"""


def write_at_once(processes: int, events: int) -> None:
    """Several processes that each write events of a unit of their own, all at the same time."""
    command = [sys.executable, "-c", WRITER]
    running = [
        subprocess.Popen([*command, f"unit {n}", str(events)], stdout=subprocess.PIPE)
        for n in range(processes)
    ]
    for process in running:
        process.communicate(timeout=120)
        assert process.returncode == 0


def notebook(path: Path, *cells: dict) -> None:
    """Write a notebook of cells that are given as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"cells": list(cells)}), encoding="utf-8")


def heading(text: str) -> dict:
    """A text cell."""
    return {"cell_type": "markdown", "source": [f"### {text}\n"], "metadata": {}}


def graded(source: str, points: int) -> dict:
    """A cell that a check decides."""
    metadata = {"nbgrader": {"grade": True, "locked": True, "solution": False, "points": points}}
    return {"cell_type": "code", "source": source.splitlines(keepends=True), "metadata": metadata}
