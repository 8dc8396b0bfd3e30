"""What `releasing.make` refuses, which units it takes, and what the command says."""

import shutil
from pathlib import Path

import pytest
from small_course import REPOSITORY, replace
from typer.testing import CliRunner, Result

from interp_course import cli, course
from interp_course.releasing import ReleaseError, make

SECOND = """
[[unit]]
number = 2
slug = "second"
title = "Second"
question = "What is thrice two?"
minutes = 5
points = 3
"""
BESIDE = ("LICENSE", "constraints.txt", "environment.yml", "pyproject.toml")
SOURCE, STUDENT = "solutions/01_small/small.py", "course/01_small/small.ipynb"


@pytest.fixture
def repository(built: Path) -> Path:
    """The small course with all that a release needs, and a package of one module."""
    for name in BESIDE:
        shutil.copy(REPOSITORY / name, built)
    shutil.copytree(REPOSITORY / "interp_course/releasing", built / "interp_course/releasing")
    shutil.copytree(REPOSITORY / "docs", built / "docs")
    (built / "interp_course" / "one.py").write_text("value = 1\n")
    return built


@pytest.fixture
def two_units(repository: Path) -> Path:
    """The same with a second unit, whose notebooks are those of the first."""
    for kind in ("course", "solutions"):
        shutil.copytree(repository / kind / "01_small", repository / kind / "02_second")
        for path in (repository / kind / "02_second").iterdir():
            path.rename(path.with_name(f"second{path.suffix}"))
    with (repository / "course" / "course.toml").open("a") as manifest:
        manifest.write(SECOND)
    return repository


def run(root: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Result:
    monkeypatch.setattr(course, "find_root", lambda start=None: root)
    return CliRunner().invoke(cli.app, ["release", *arguments])


def test_a_stale_notebook_is_refused_and_nothing_is_written(
    repository: Path, tmp_path: Path
) -> None:
    replace(repository / SOURCE, "Is 4 twice 2?", "Is 6 twice 3?")
    with pytest.raises(ReleaseError, match=r"(?s)`interp-course build`.*small\.ipynb is older"):
        make(repository, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_student_notebook_with_an_answer_is_refused(repository: Path, tmp_path: Path) -> None:
    replace(repository / STUDENT, "raise NotImplementedError()", "return x + x")
    with pytest.raises(ReleaseError, match=r"small\.ipynb was edited by hand"):
        make(repository, tmp_path / "out.zip")


@pytest.mark.parametrize(
    ("path", "text", "named"),
    [
        ("docs/student.md", "    the_secret_answer = x + x", "an answer"),
        ("docs/student.md", "### BEGIN SOLUTION", "'BEGIN SOLUTION'"),
        ("interp_course/one.py", "assert double(-1234.5) == -2469", "a hidden test"),
        ("LICENSE", "assert double(-1234.5) == -2469", "a hidden test"),
    ],
)
def test_an_answer_in_any_file_is_refused(
    repository: Path, tmp_path: Path, path: str, text: str, named: str
) -> None:
    (repository / path).write_text(f"# A note\n{text}\n")
    with pytest.raises(ReleaseError, match=f"(?s)answers would be released.*{path}.*{named}"):
        make(repository, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_one_line_in_common_with_an_answer_is_no_leak_in_the_package(
    repository: Path, tmp_path: Path
) -> None:
    (repository / "interp_course" / "one.py").write_text("the_secret_answer = x + x\n")
    make(repository, tmp_path / "out")


def test_three_lines_of_one_answer_are_a_leak_in_the_package(
    repository: Path, tmp_path: Path
) -> None:
    long = "a_first_line = 1\nits_second_line = 2\nthen_a_third_line = 3\n"
    (repository / "interp_course" / "one.py").write_text(long)
    indented = "".join(f"    {line}\n" for line in long.splitlines())
    marker = "    ### BEGIN SOLUTION\n"
    replace(repository / SOURCE, marker, marker + indented)
    from interp_course.releasing.leaking import leaked

    [problem] = leaked(repository, {"interp_course/one.py": long.encode()})
    assert "'a_first_line = 1' of an answer" in problem


def test_what_is_no_file_of_the_package_is_named(repository: Path, tmp_path: Path) -> None:
    (repository / "interp_course" / "grades.xlsx").write_text("")
    with pytest.raises(ReleaseError, match=r"grades\.xlsx is no file of the package"):
        make(repository, tmp_path / "out")


@pytest.mark.parametrize("folder", ["course/01_small", "course", "docs", "."])
def test_what_lies_about_is_left_out(repository: Path, tmp_path: Path, folder: str) -> None:
    (repository / folder / "notes.md").write_text("for the exam")
    release, _ = make(repository, tmp_path / "out")
    assert [path for path in release.files if "notes" in path] == []


def test_a_missing_file_is_named(repository: Path, tmp_path: Path) -> None:
    (repository / "LICENSE").unlink()
    with pytest.raises(ReleaseError, match="LICENSE is missing"):
        make(repository, tmp_path / "out")


@pytest.mark.parametrize("place", [".", "..", "course/out", "interp_course/x.zip", "solutions/a"])
def test_a_place_inside_the_course_is_refused(repository: Path, place: str) -> None:
    with pytest.raises(ReleaseError, match="would mix the release with the course"):
        make(repository, repository / place)


def test_a_release_cannot_be_made_of_a_release(repository: Path, tmp_path: Path) -> None:
    make(repository, tmp_path / "out")
    with pytest.raises(ReleaseError, match="made from the course's repository"):
        make(tmp_path / "out", tmp_path / "again")


def test_a_file_is_no_folder_to_release_into(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(ReleaseError, match=r"is a file: choose a folder, or a name.*\.zip"):
        make(repository, tmp_path / "out")


def test_all_units_are_released_if_none_is_named(two_units: Path, tmp_path: Path) -> None:
    assert make(two_units, tmp_path / "out.zip")[0].units == ("01_small", "02_second")


def test_only_the_named_unit_is_released_and_shown_on_the_map(
    two_units: Path, tmp_path: Path
) -> None:
    make(two_units, tmp_path / "out", ["second"])
    assert not (tmp_path / "out" / "course" / "01_small").exists()
    assert "01 · Small" not in course.overview(tmp_path / "out")
    assert "02 · Second" in course.overview(tmp_path / "out")


def test_a_stale_unit_does_not_hold_up_another(two_units: Path, tmp_path: Path) -> None:
    replace(two_units / SOURCE, "Is 4 twice 2?", "Is 6 twice 3?")
    assert make(two_units, tmp_path / "out", ["02_second"])[0].units == ("02_second",)


def test_an_update_adds_units_to_those_released_before(two_units: Path, tmp_path: Path) -> None:
    make(two_units, tmp_path / "out", ["second"])
    assert make(two_units, tmp_path / "out", ["small"])[0].units == ("01_small", "02_second")


def test_an_update_without_names_releases_no_further_unit(two_units: Path, tmp_path: Path) -> None:
    make(two_units, tmp_path / "out", ["small"])
    assert make(two_units, tmp_path / "out")[0].units == ("01_small",)


def test_the_command_says_what_was_released_and_what_was_not(
    two_units: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run(two_units, monkeypatch, str(tmp_path / "out"), "--unit", "small")
    assert result.exit_code == 0
    assert "units: 01_small\nnot released: second" in result.output
    assert "searched for answers and hidden tests" in result.output


def test_the_command_refuses_changed_files_unless_forced(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    run(repository, monkeypatch, str(out))
    (out / "LICENSE").write_text("mine")
    refused = run(repository, monkeypatch, str(out))
    assert (refused.exit_code, "LICENSE" in refused.output) == (2, True)
    assert run(repository, monkeypatch, str(out), "--force").exit_code == 0


def test_an_unknown_unit_is_one_message(repository: Path, tmp_path: Path, monkeypatch) -> None:
    result = run(repository, monkeypatch, str(tmp_path / "out"), "--unit", "smal")
    assert (result.exit_code, "did you mean 'small'?" in result.output) == (2, True)
