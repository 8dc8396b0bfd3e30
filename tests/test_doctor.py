"""The environment report: each item on a machine where it is well, and where it is not."""

import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from interp_course import assets, course, doctor
from interp_course.course import CourseError
from interp_course.doctor import Item


@pytest.fixture(scope="module")
def items() -> dict[str, Item]:
    return {item.name: item for item in doctor.report()}


def test_this_environment_is_ready(items: dict[str, Item]) -> None:
    assert [item for item in items.values() if not item.ok] == []


def test_everything_that_matters_is_looked_at(items: dict[str, Item]) -> None:
    wanted = {"Python", "torch", "nbgrader", "device", "memory", "disk", "jupyter-lab", "alembic"}
    wanted |= {"course folder", "nbgrader_config.py", "kernel python3", "bundled weights"}
    assert wanted | {"model run"} <= items.keys()


def test_the_model_run_reports_its_time(items: dict[str, Item]) -> None:
    assert " s, imports included" in items["model run"].detail


def test_the_model_run_can_be_left_out() -> None:
    assert "model run" not in [item.name for item in doctor.report(model_run=False)]


def test_a_package_that_is_too_old_says_what_to_install() -> None:
    item = doctor.package(Requirement("rich>=99"))
    assert not item.ok
    assert "needed >=99" in item.detail
    assert item.fix == "pip install 'rich>=99'"


def test_a_missing_package_says_what_to_install() -> None:
    item = doctor.package(Requirement("no-such-package>=1"))
    assert (item.ok, item.detail) == (False, "not installed")


def test_a_local_version_such_as_a_cpu_build_counts_as_its_release(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(doctor.importlib.metadata, "version", lambda name: "2.13.0+cpu")
    assert doctor.package(Requirement("torch==2.13.0")).ok


def test_too_little_memory_has_a_fix() -> None:
    item = doctor.enough("memory", 0.5, 2.0, "close other programs")
    assert item == Item("memory", False, "0.5 GB free", "close other programs: 2 GB should be free")


def test_a_missing_command_has_a_fix(tmp_path: Path) -> None:
    item = doctor.script("alembic", "pip install alembic", tmp_path)
    assert (item.ok, item.fix) == (False, "pip install alembic")


def test_a_kernel_of_another_python_is_a_problem() -> None:
    item = doctor.kernel("/elsewhere/bin/python", "/home/me/kernels/python3")
    assert not item.ok
    assert "move /home/me/kernels/python3 away" in item.fix


@pytest.mark.parametrize("program", ["python", "python3", sys.executable])
def test_the_kernel_of_this_python_is_fine(program: str) -> None:
    assert doctor.kernel(program, "anywhere").ok


def test_outside_the_course_the_folder_is_named_as_the_problem(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nowhere() -> Path:
        raise CourseError("no course/course.toml here")

    monkeypatch.setattr(course, "find_root", nowhere)
    items = {item.name: item for item in doctor.report(model_run=False)}
    assert (items["course folder"].ok, "change into" in items["course folder"].fix) == (False, True)


def test_damaged_weights_are_a_problem_with_a_fix(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(assets, "FOLDER", tmp_path)
    items = {item.name: item for item in doctor.report(model_run=False)}
    assert (items["bundled weights"].ok, items["bundled weights"].fix) == (False, assets.FIX)


def test_a_device_that_is_not_there_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERP_COURSE_DEVICE", "abacus")
    items = {item.name: item for item in doctor.report(model_run=False)}
    assert items["device"] == Item(
        "device", False, items["device"].detail, "unset INTERP_COURSE_DEVICE"
    )


def test_a_check_that_breaks_becomes_an_item(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: 1 / 0)
    items = {item.name: item for item in doctor.report(model_run=False)}
    assert "ZeroDivisionError" in items["disk"].detail


def test_the_markdown_has_a_row_per_item_and_escapes_bars() -> None:
    text = doctor.as_markdown([Item("a", True, "x | y"), Item("b", False, "broken", "mend")])
    assert text.splitlines()[2:] == [
        "| ok | a | x \\| y |  |",
        "| **problem** | b | broken | mend |",
    ]
