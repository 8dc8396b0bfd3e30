"""What can be checked here of the files for dev containers and conda: they name what exists."""

import json
import re
import tomllib

import pytest
from linking import REPOSITORY

CONTAINER = json.loads((REPOSITORY / ".devcontainer" / "devcontainer.json").read_text("utf-8"))
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
CONDA = (REPOSITORY / "environment.yml").read_text("utf-8")


@pytest.mark.parametrize("text", [CONTAINER["image"], CONDA], ids=["container", "conda"])
def test_their_python_is_one_that_the_course_supports(text):
    lowest, highest = re.findall(r"3\.(\d+)", PROJECT["requires-python"])
    minor = int(re.search(r"python[:=]3\.(\d+)", text)[1])
    assert int(lowest) <= minor < int(highest)


def test_the_container_installs_with_a_rule_of_the_makefile():
    program, rule = CONTAINER["postCreateCommand"].split()
    assert program == "make"
    assert f"\n{rule}:" in (REPOSITORY / "Makefile").read_text("utf-8")


def test_conda_installs_the_tested_versions_of_files_that_exist():
    constraints = re.search(r"-c (\S+)", CONDA)[1]
    assert (REPOSITORY / constraints).is_file()
    assert "- -e ." in CONDA


def test_the_page_for_students_says_that_these_places_were_not_tried():
    page = (REPOSITORY / "docs" / "student.md").read_text("utf-8")
    section = page.split("## Elsewhere than in JupyterLab")[1]
    assert "**None of the following has been tried" in section
    assert all(name in section for name in ("dev container", "Binder", "Colab"))
