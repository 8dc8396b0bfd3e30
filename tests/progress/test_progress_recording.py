"""When the checks write progress down, and when they must not."""

import json
import re
import subprocess
import sys

import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook
from traitlets.config import Config

from interp_course import course, progress
from interp_course.checking import Case, Check, CheckFailed, Finding
from interp_course.checks import circuits, induction_heads
from interp_course.grading.talking import INBOX_VARIABLE
from interp_course.notebooks.building import kernel_environment
from interp_course.progress import naming, storing

ROOT = course.find_root()
CONFIG = Config(KernelManager={"transport_encryption": "auto"})
QUIZ = induction_heads.quiz
KERNEL = """
import sys
from types import SimpleNamespace
from pathlib import Path
app = SimpleNamespace(IPKernelApp=SimpleNamespace(initialized=lambda: True))
sys.modules["ipykernel.kernelapp"] = app
from interp_course.progress import storing
storing._folder = lambda: Path(sys.argv[1])
storing.record("circuits", "edges", True)
"""


def recorded(path):
    return [(e.unit, e.exercise, e.passed, e.answer) for e in storing.events(path)]


def in_a_kernel(folder, **environment):
    """Record one event in a process that looks like a kernel; the files that it made."""
    keep = {"PATH": sys.exec_prefix, "PYTHONPATH": str(ROOT), **environment}
    subprocess.run([sys.executable, "-c", KERNEL, str(folder)], check=True, env=keep, cwd=ROOT)
    return sorted(path.name for path in folder.glob("*.sqlite"))


@pytest.fixture
def doubling(monkeypatch):
    """A check that the unit on circuits has during a test."""
    check = Check("double", lambda seed: [Case("3", (3,))], "think", oracle=lambda x: 2 * x)
    monkeypatch.setattr(circuits, "doubling", check, raising=False)
    return check


def test_a_right_and_a_wrong_answer_are_written_down(kept, doubling):
    with pytest.raises(CheckFailed):
        doubling(lambda x: x)
    doubling(lambda x: x + x)
    assert recorded(kept) == [
        ("circuits", "doubling", False, None),
        ("circuits", "doubling", True, None),
    ]


def test_an_answer_that_is_not_written_yet_is_no_attempt(kept, doubling):
    def blank(x):
        raise NotImplementedError

    for answer, check in ((blank, doubling), (None, QUIZ), ({n: None for n in range(1, 8)}, QUIZ)):
        with pytest.raises(CheckFailed):
            check(answer)
    assert recorded(kept) == []


def test_letters_of_the_quiz_and_of_predictions_are_kept(kept):
    induction_heads.predictions["depth"]("A")
    with pytest.raises(CheckFailed):
        induction_heads.quiz({1: "a"})
    assert recorded(kept) == [
        ("induction_heads", "predictions.depth", None, "a"),
        ("induction_heads", "quiz", False, {"1": "a"}),
    ]


def test_the_answer_to_a_finding_is_not_kept(kept, monkeypatch):
    finding = Finding("secret", lambda answer, instance: None, "")
    monkeypatch.setattr(circuits, "secret", finding, raising=False)
    finding("what somebody wrote")
    assert recorded(kept) == [("circuits", "secret", True, None)]


def test_a_check_that_a_student_made_is_not_written_down(kept):
    Finding("own", lambda answer, instance: None, "")(1)
    assert not kept.exists()


@pytest.mark.parametrize("place", ["a folder", "below a file"])
def test_a_verdict_does_not_depend_on_the_disk(kept, doubling, monkeypatch, capsys, place):
    if place == "a folder":
        kept.mkdir(parents=True)
    else:
        monkeypatch.setenv(storing.VARIABLE, f"{__file__}/progress.sqlite")
    doubling(lambda x: 2 * x)
    assert capsys.readouterr().out == "✓ double: correct\n"
    with pytest.raises(CheckFailed):
        doubling(lambda x: x)


def test_a_kernel_writes_into_the_file_of_its_course(tmp_path):
    assert in_a_kernel(tmp_path) == ["interp-course.sqlite"]


@pytest.mark.parametrize(
    "environment",
    [
        {"NBGRADER_EXECUTION": "autograde"},
        {INBOX_VARIABLE: ""},
        {"INTERP_COURSE_PROGRESS": "off"},
        {"PYTEST_VERSION": "8"},
        kernel_environment(),
    ],
    ids=["nbgrader", "grader", "off", "pytest", "builder"],
)
def test_a_kernel_of_a_grader_a_builder_or_a_test_writes_nothing(tmp_path, environment):
    assert in_a_kernel(tmp_path, **environment) == []


@pytest.mark.parametrize("name", storing.GRADING)
def test_a_file_that_is_named_is_not_written_while_grading(kept, monkeypatch, name):
    monkeypatch.setenv(name, "autograde")
    progress.record("circuits", "edges", True)
    assert not kept.exists()


def test_outside_of_a_kernel_nothing_is_written_unless_a_file_is_named(tmp_path):
    code = KERNEL.replace("lambda: True", "lambda: False")
    environment = {"PATH": sys.exec_prefix, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code, str(tmp_path)]
    subprocess.run(command, check=True, env=environment, cwd=ROOT)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("unit", course.units(ROOT), ids=lambda unit: unit.slug)
def test_every_check_in_a_graded_cell_is_recognised(unit):
    module = __import__(f"interp_course.checks.{unit.slug}", fromlist=["quiz"])
    cells = json.loads(unit.student(ROOT).read_text(encoding="utf-8"))["cells"]
    graded = [c for c in cells if c["metadata"].get("nbgrader", {}).get("grade")]
    names = set(
        re.findall(r"check\.(\w+)\(", "".join(line for c in graded for line in c["source"]))
    )
    assert names
    assert {naming.place_of(getattr(module, name)) for name in names} == {
        (unit.slug, name) for name in names
    }


def test_a_real_kernel_is_recognised_as_one():
    code = "from interp_course.progress import storing; print(storing._in_a_kernel())"
    page = new_notebook(cells=[new_code_cell(code)])
    NotebookClient(page, config=CONFIG, shutdown_kernel="immediate").execute(cwd=str(ROOT))
    assert page.cells[0].outputs[0].text == "True\n"
    assert not storing._in_a_kernel()
