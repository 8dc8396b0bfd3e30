"""A file of progress of its own for each test, closed afterwards."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from interp_course.progress import storing


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file in which progress is kept during a test; it is not there yet."""
    for name in storing.GRADING:
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "of the student" / "progress.sqlite"
    monkeypatch.setenv(storing.VARIABLE, str(path))
    yield path
    storing.close()
