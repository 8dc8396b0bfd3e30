"""The small course, as sources only and built."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from small_course import make_course

from interp_course import notebooks


@pytest.fixture(scope="session")
def built_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small course, built; tests must not change it."""
    root = make_course(tmp_path_factory.mktemp("small course") / "one")
    notebooks.build(root)
    return root


@pytest.fixture
def built(built_once: Path, tmp_path: Path) -> Path:
    """A copy of the small course, built, for a test to change."""
    return Path(shutil.copytree(built_once, tmp_path / "copy"))


@pytest.fixture
def source(tmp_path: Path) -> Callable[[str], Path]:
    """Make a course whose unit has this source; gives the root."""

    def make(text: str) -> Path:
        root = make_course(tmp_path / "made")
        (root / "solutions" / "01_small" / "small.py").write_text(text)
        return root

    return make
