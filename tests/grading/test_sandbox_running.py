"""A class with hostile submissions, graded in one run in the sandbox."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from sandboxed import needs_sandbox

from interp_course.grading import batch
from interp_course.grading.batch import Result
from interp_course.grading.runner import Runner
from interp_course.grading.sandbox import bubblewrap, running
from interp_course.grading.sandbox.backend import SandboxError
from interp_course.grading.sandbox.bubblewrap import Bubblewrap
from interp_course.grading.sandbox.launching import Cold, Warm
from interp_course.grading.sandbox.limits import Limits
from interp_course.grading.sandbox.running import SandboxedRunner

LIMITS = Limits(wall_seconds=15)
CODE = {
    "right": "return x + x",
    "reader": """
    import os
    found = {name for folder, _, names in os.walk("/") for name in names if "/site-" not in folder}
    assert not {"tiny.ipynb", "gradebook.db"} & found, "found the solutions"
    return x + x""",
    "killer": "import os; os.kill(0, 9)",
    "sleeper": "import time; time.sleep(100)",
    "after the rest": "return 2 * x",
}
EARNED = {"right": 2, "reader": 2, "killer": 0, "sleeper": 0, "after the rest": 2}
WHY = {
    "killer": "the kernel is gone: it was killed",
    "sleeper": "the kernel is gone: it ran longer than 15 seconds",
}


def hand_in(folder: Path, notebook: dict[str, Any], code: str) -> None:
    notebook = copy.deepcopy(notebook)
    cell = next(cell for cell in notebook["cells"] if cell["id"] == "double")
    cell["source"] = f"def double(x):\n    {code}"
    folder.mkdir(parents=True)
    (folder / "tiny.ipynb").write_text(json.dumps(notebook))


@pytest.fixture(scope="module")
def graded(tiny_course: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    """The result of each student."""
    folder = tmp_path_factory.mktemp("sandboxed class")
    notebook = json.loads((tiny_course / "solutions" / "01_tiny" / "tiny.ipynb").read_text())
    for student, code in CODE.items():
        hand_in(folder / "subs" / student / "01_tiny", notebook, code)
    with SandboxedRunner(LIMITS, (tiny_course, folder)) as runner:
        done = batch.grade(folder / "subs", folder / "out", tiny_course, runner=runner)
    return {result.student: result for result in done.results}


@needs_sandbox
@pytest.mark.parametrize("student", CODE)
def test_each_submission_earns_what_its_own_code_earns(
    graded: dict[str, Result], student: str
) -> None:
    earned = sum(cell.score for cell in graded[student].cells if cell.name == "double-test")
    assert earned == EARNED[student], graded[student]


@needs_sandbox
@pytest.mark.parametrize("student", WHY)
def test_a_kernel_that_was_stopped_says_why(graded: dict[str, Result], student: str) -> None:
    assert "kernel died" in graded[student].flags
    assert WHY[student] in graded[student].notes[0]


@needs_sandbox
def test_a_sandboxed_runner_is_a_runner() -> None:
    with SandboxedRunner() as runner:
        assert isinstance(runner, Runner)


@needs_sandbox
def test_where_kernels_cannot_share_a_sandbox_each_gets_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Bubblewrap, "missing_for_warm", lambda self: "forbidden")
    assert running.why_cold() == "forbidden"
    with running.best_launcher(LIMITS) as launcher:
        assert type(launcher) is Cold


@pytest.mark.parametrize("way", [Cold, Warm])
def test_where_there_is_no_sandbox_no_launcher_is_made(
    way: type[Cold], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Bubblewrap, "missing", lambda self: "no bubblewrap")
    monkeypatch.setattr(Bubblewrap, "missing_for_warm", lambda self: None)
    with pytest.raises(SandboxError, match="no bubblewrap"):
        way(Bubblewrap(user=None))


def test_without_bwrap_each_system_is_told_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bubblewrap.shutil, "which", lambda name: None)
    monkeypatch.setattr(bubblewrap.sys, "platform", "linux")
    reason = bubblewrap.why_not(warm=False)
    assert reason is not None
    assert all(tool in reason for tool in ("apt install", "dnf install", "pacman -S", "apk add"))


def test_outside_linux_the_reason_is_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bubblewrap.sys, "platform", "darwin")
    assert "needs Linux" in str(bubblewrap.why_not(warm=False))


@pytest.mark.parametrize(
    ("setting", "value", "remedy"),
    [
        ("kernel/apparmor_restrict_unprivileged_userns", "1", "restrict_unprivileged_userns=0"),
        ("kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"),
        ("user/max_user_namespaces", "0", "user.max_user_namespaces=15000"),
    ],
)
def test_a_setting_that_forbids_namespaces_is_named(
    setting: str, value: str, remedy: str, tmp_path: Path
) -> None:
    (tmp_path / setting).parent.mkdir()
    (tmp_path / setting).write_text(value)
    assert f"sudo sysctl -w {setting.split('/')[0]}" in bubblewrap.remedy(tmp_path)
    assert remedy in bubblewrap.remedy(tmp_path)


@needs_sandbox
def test_what_linux_says_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = ["sh", "-c", "echo bwrap: No permissions to create new namespace >&2; exit 1"]
    monkeypatch.setattr(Bubblewrap, "command", lambda *a, **k: broken)
    reason = bubblewrap.why_not(warm=True)
    assert "does not allow a sandbox within the sandbox (bwrap: No permissions" in str(reason)


def test_the_machines_superuser_in_a_namespace_of_its_own_gets_no_sandbox(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bubblewrap, "_known_users", lambda: [(0, 0, 1)])
    monkeypatch.setattr(bubblewrap.shutil, "which", lambda name: name)
    assert "the machine's superuser" in str(bubblewrap.why_not(warm=False))


def test_another_user_who_is_superuser_in_a_namespace_gets_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bubblewrap, "_known_users", lambda: [(0, 1000, 1)])
    assert not bubblewrap._is_the_machines_superuser()
