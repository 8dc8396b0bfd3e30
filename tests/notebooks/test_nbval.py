"""nbval notices when a reference notebook stores something else than its code gives.

`make test` runs nbval on the reference notebooks of the course; here it is shown, on a small
one, that this cannot pass by accident.
"""

import os
import subprocess
import sys

import nbformat
import pytest
from small_course import BUILT, HERE, replace

from interp_course import notebooks
from interp_course.notebooks.building import kernel_environment


def nbval(path):
    """Run nbval as `make test` does: on one notebook, away from this project's settings."""
    command = [sys.executable, "-m", "pytest", "-c", os.devnull, "-p", "no:cacheprovider", "-q"]
    options = ["--nbval", f"--nbval-sanitize-with={HERE / 'nbval.cfg'}", "--color=no"]
    environment = {**os.environ, **kernel_environment()}
    return subprocess.run(
        [*command, *options, str(path)], capture_output=True, text=True, env=environment
    )


def test_nbval_accepts_a_notebook_that_was_just_built(built_once):
    done = nbval(built_once / BUILT[0])
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("stored", "changed"),
    [("yours: 7.0", "yours: 7.1"), ("<object at", "<Object at"), ("argument: 'x'", "of x")],
)
def test_nbval_fails_when_one_stored_text_is_changed(built, stored, changed):
    replace(built / BUILT[0], stored, changed)
    done = nbval(built / BUILT[0])
    assert done.returncode == 1
    assert "1 failed" in done.stdout
    assert "Cell outputs differ" in done.stdout


def test_a_notebook_that_nbval_accepts_only_because_it_never_ran_is_refused(built):
    path = built / BUILT[0]
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.execution_count, cell.outputs = None, []
    nbformat.write(notebook, path)
    assert nbval(path).returncode == 0
    assert any("nbval would compare nothing" in p for p in notebooks.check(built, "small"))
