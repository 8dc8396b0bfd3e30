"""The settings that nbgrader and JupyterLab read in the course's folder."""

import re
from pathlib import Path

import pytest
from small_course import REPOSITORY
from traitlets.config.loader import PyFileConfigLoader


@pytest.fixture(scope="module")
def config():
    return PyFileConfigLoader("nbgrader_config.py", str(REPOSITORY)).load_config()


def test_the_folders_are_there_wherever_nbgrader_is_started(config):
    root = Path(config.CourseDirectory.root)
    assert root.is_absolute()
    assert (root / config.CourseDirectory.source_directory).is_dir()
    assert (root / config.CourseDirectory.release_directory / "course.toml").is_file()


def test_sources_are_not_copied_to_students(config):
    assert "*.py" in config.CourseDirectory.ignore


def test_the_gradebook_has_an_absolute_path_and_waits_for_its_lock(config):
    assert re.fullmatch(r"sqlite:////.*/gradebook\.db\?timeout=60", config.CourseDirectory.db_url)


def test_a_cell_may_train_a_model(config):
    assert config.Execute.timeout >= 300
    assert config.Execute.shutdown_kernel == "immediate"


@pytest.mark.parametrize("text", ["UserWarning: old", " 50%|█| 1/2", "\n"])
def test_a_warning_does_not_cost_points(config, text):
    assert config.IgnorePattern.enabled
    assert re.search(config.IgnorePattern.pattern, text)


def test_a_deleted_graded_cell_comes_back(config):
    assert config.OverwriteCells.add_missing_cells
