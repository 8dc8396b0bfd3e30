"""The command line: exit codes, messages, and that nothing heavy is imported for help."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from interp_course import cli, course, notebooks, recipes
from interp_course.course import CourseError
from interp_course.grading.sandbox.bubblewrap import Bubblewrap

COMMANDS = [
    *("doctor", "lab", "build", "verify", "grade", "release"),
    *("progress", "train", "train-dictionary", "bench"),
]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, list(arguments))


@pytest.fixture
def in_tiny_course(tiny_course: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(course, "find_root", lambda start=None: tiny_course)
    return tiny_course


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom typer.testing import CliRunner\nfrom interp_course.cli import app\n"
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0\n"
        "print([m for m in ('torch', 'nbgrader', 'nbformat', 'jupyterlab') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command_has_an_example(command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert f"Example: interp-course {command}" in " ".join(result.output.split())


def test_no_command_shows_the_commands() -> None:
    assert all(command in run().output for command in COMMANDS)


def test_an_unknown_unit_is_one_message_and_exit_code_2() -> None:
    result = run("build", "induction_head")
    assert result.exit_code == 2
    assert result.output.startswith("Error: there is no unit 'induction_head'; did you mean")


def test_a_missing_argument_is_exit_code_2() -> None:
    assert run("grade").exit_code == 2


def test_a_fault_of_the_program_itself_keeps_its_traceback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(course, "find_root", lambda: 1 / 0)
    assert isinstance(run("build").exception, ZeroDivisionError)


def test_a_file_that_cannot_be_written_is_one_message(in_tiny_course: Path, tmp_path: Path) -> None:
    (tmp_path / "subs" / "ann").mkdir(parents=True)
    (tmp_path / "file").write_text("")
    out = tmp_path / "file" / "out"
    result = run("grade", str(tmp_path / "subs"), "--no-sandbox", "--out", str(out))
    assert result.exit_code == 2
    assert "Not a directory" in result.output
    assert "choose another folder" in result.output


def test_build_check_lists_the_problems(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notebooks, "check", lambda root, name: ["a.ipynb drifted"])
    result = run("build", "--check")
    assert result.exit_code == 1
    assert "✗ a.ipynb drifted" in result.output


def test_build_check_without_problems_is_exit_code_0(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notebooks, "check", lambda root, name: [])
    assert run("build", "--check").exit_code == 0


def test_lab_opens_the_start_page_from_the_courses_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(course.find_root() / "solutions")
    command, folder, environment = cli.lab_command(["--port", "9999"])
    assert "--LabApp.default_url=/lab/tree/course/START_HERE.ipynb" in command
    assert command[-2:] == ["--port", "9999"]
    assert folder == course.find_root()
    assert environment["PATH"].startswith(str(Path(sys.executable).parent))


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="this system has no user numbers")
@pytest.mark.parametrize(("user", "asked"), [(0, True), (1000, False)])
def test_lab_allows_root_where_root_is_the_user(monkeypatch, user: int, asked: bool) -> None:
    monkeypatch.setattr(cli.os, "geteuid", lambda: user)
    command, _, _ = cli.lab_command([])
    assert ("--allow-root" in command) is asked


def test_lab_without_a_start_page_says_how_to_make_it(in_tiny_course: Path) -> None:
    with pytest.raises(CourseError, match="interp-course build"):
        cli.lab_command([])


def test_lab_passes_on_what_follows_the_dashes(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []
    monkeypatch.setattr(cli.os, "execve", lambda path, argv, env: seen.append(argv))
    monkeypatch.setattr(cli.os, "chdir", lambda folder: None)
    monkeypatch.setattr(cli.subprocess, "call", lambda *a, **k: 0)
    run("lab", "--", "--no-browser", "--port", "9999")
    assert seen[0][-3:] == ["--no-browser", "--port", "9999"]


def test_grade_warns_that_there_is_no_sandbox(in_tiny_course: Path, tmp_path: Path) -> None:
    output = run("grade", str(tmp_path), "--no-sandbox").output
    assert "WARNING: submissions run without a sandbox" in output


def test_grade_without_bubblewrap_is_an_error_that_says_how_to_install_it(
    in_tiny_course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reason = "bubblewrap is not installed: install it with `apt install bubblewrap`"
    monkeypatch.setattr(Bubblewrap, "missing", lambda self: reason)
    result = run("grade", str(tmp_path))
    assert result.exit_code == 2
    assert f"Error: {reason}; to grade people you trust, pass --no-sandbox" in result.output


def test_grade_says_when_kernels_cannot_share_a_sandbox(
    in_tiny_course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Bubblewrap, "missing", lambda self: None)
    monkeypatch.setattr(Bubblewrap, "missing_for_warm", lambda self: "not allowed here")
    output = run("grade", str(tmp_path)).output
    assert "WARNING: each submission imports the libraries anew: not allowed here" in output


def test_grade_writes_the_scores_and_reports_what_was_refused(
    in_tiny_course: Path, tmp_path: Path
) -> None:
    (tmp_path / "subs" / "ann" / "01_tiny").mkdir(parents=True)
    result = run("grade", str(tmp_path / "subs"), "--no-sandbox", "--out", str(tmp_path / "out"))
    assert result.exit_code == 1
    assert "ann · 01_tiny: tiny.ipynb is missing" in " ".join(result.output.split())
    assert "ann,01_tiny,0,5,0,0,refused" in (tmp_path / "out" / "scores.csv").read_text()


@pytest.mark.parametrize("system", ["plain", "moodle", "canvas"])
def test_grade_tells_where_the_files_for_the_instructor_are(
    in_tiny_course: Path, tmp_path: Path, system: str
) -> None:
    (tmp_path / "subs" / "ann" / "tiny").mkdir(parents=True)
    out = tmp_path / "out"
    arguments = ["--no-sandbox", "--out", str(out), "--lms", system]
    shown = run("grade", str(tmp_path / "subs"), *arguments).output
    for name in ("scores.csv", "report.html", f"scores_{system}.csv"):
        assert str(out / name) in shown
        assert (out / name).is_file()
    assert (out / "feedback" / "ann" / "01_tiny.html").is_file()


def test_grade_of_a_unit_that_nobody_handed_in_is_an_error(
    in_tiny_course: Path, tmp_path: Path
) -> None:
    (tmp_path / "subs" / "ann").mkdir(parents=True)
    result = run("grade", str(tmp_path / "subs"), "--no-sandbox", "--unit", "tiny")
    assert (result.exit_code, "holds no submission to tiny" in result.output) == (2, True)


def test_train_of_an_unknown_model_names_the_known_ones() -> None:
    result = run("train", "inductoin")
    assert (result.exit_code, "induction" in result.output) == (2, True)


def test_train_on_a_device_that_is_not_there_is_one_message() -> None:
    result = run("train", "induction", "--device", "tpu")
    assert (result.exit_code, "device must be cpu" in result.output) == (2, True)


def test_train_dictionary_of_an_unknown_name_names_the_known_ones() -> None:
    result = run("train-dictionary", "wrold")
    assert (result.exit_code, "world_small" in result.output) == (2, True)


def test_train_dictionary_prints_the_card_and_writes_what_sae_loads(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from interp_course import dictionaries, sae

    monkeypatch.setattr(dictionaries, "SETTINGS", replace(dictionaries.SETTINGS, steps=2))
    monkeypatch.setattr(dictionaries, "card", lambda sae, name, seed: {"l0": 6.0})
    result = run("train-dictionary", "world_small", "--out", str(tmp_path / "mine"))
    assert "l0                         6.0000" in result.output
    assert sae.load(tmp_path / "mine").config.d_sae == 384


def test_train_prints_the_card_and_writes_the_model(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from interp_course import models

    module = models.build(models.ZOO["induction"].architecture)
    monkeypatch.setattr(recipes, "train", lambda name, **options: (module, None))
    monkeypatch.setattr(recipes, "card", lambda model, name: {"induction_score": 0.9})
    result = run("train", "induction", "--out", str(tmp_path / "mine"))
    assert "induction_score            0.9000" in result.output
    assert models.load(str(tmp_path / "mine")) is not None
