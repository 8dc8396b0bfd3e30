"""A course with one small unit that has the name, and so the checks, of a real one."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

FOLDER, SLUG = "02_superposition", "superposition"
MANIFEST = """
[[unit]]
number = 2
slug = "superposition"
title = "Tiny"
question = "How much room is there?"
minutes = 5
points = 3
"""
SETUP = """from interp_course import runtime
from interp_course.checks import superposition as check
INSTANCE = runtime.instance()"""
WELCH = """def welch_bound(n, d):
    ### BEGIN SOLUTION
    return ((n - d) / (d * (n - 1))) ** 0.5 if n > d else 0.0
    ### END SOLUTION"""
RELATIONS = """net, together = check.network(INSTANCE), {}
### BEGIN SOLUTION
units = net.W / net.W.norm(dim=0)
cosines = (units.T @ units).fill_diagonal_(0)
for kind, place in (("correlated", cosines.argmax()), ("anticorrelated", cosines.argmin())):
    together[kind] = {net.names[i] for i in divmod(int(place), 6)}
### END SOLUTION"""
WELCH_TEST = """check.welch_bound(welch_bound)
### BEGIN HIDDEN TESTS
for seed in (11, 12):
    check.welch_bound(welch_bound, seed=seed)
### END HIDDEN TESTS"""
WRONG = "def welch_bound(n, d):\n    return 0.5"


def cell(name: str, source: str, points: int | None = None) -> NotebookNode:
    """An answer cell or, with points, a graded one."""
    graded = points is not None
    entry: dict[str, Any] = {"grade_id": name, "grade": graded, "locked": graded}
    entry |= {"solution": not graded, "task": False, "schema_version": 3}
    entry |= {"points": points} if graded else {}
    return new_code_cell(source, id=name, metadata={"nbgrader": entry})


def make(root: Path, more: Sequence[NotebookNode] = ()) -> Path:
    """The root of a course whose unit has two exercises, 1 + 2 points, and these cells."""
    cells = [
        new_code_cell(SETUP, id="setup"),
        cell("welch", WELCH),
        cell("welch-test", WELCH_TEST, 1),
        cell("relations", RELATIONS),
        cell("relations-test", "check.relations(together, INSTANCE)", 2),
        *more,
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    folder = root / "solutions" / FOLDER
    folder.mkdir(parents=True)
    notebook = new_notebook(cells=cells, metadata={"kernelspec": kernel})
    nbformat.write(notebook, folder / f"{SLUG}.ipynb")
    (root / "course").mkdir()
    (root / "course" / "course.toml").write_text(MANIFEST)
    return root


def reference(root: Path) -> NotebookNode:
    """The notebook with right answers."""
    return nbformat.read(root / "solutions" / FOLDER / f"{SLUG}.ipynb", 4)
