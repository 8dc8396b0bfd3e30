"""Writes a course with one small unit that prints, draws and has a hidden test."""

import shutil
from pathlib import Path

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
MANIFEST = """
[[unit]]
number = 1
slug = "small"
title = "Small"
question = "What is twice two?"
minutes = 5
points = 3
"""
START = '# %% [markdown]\n# # Start here\n\n# %%\nprint("hello")\n'
BUILT = (
    "solutions/01_small/small.ipynb",
    "course/01_small/small.ipynb",
    "solutions/START_HERE.ipynb",
    "course/START_HERE.ipynb",
)


def make_course(root: Path) -> Path:
    """Write the sources of the small course, not built."""
    (root / "course").mkdir(parents=True)
    (root / "course" / "course.toml").write_text(MANIFEST)
    (root / "solutions" / "01_small").mkdir(parents=True)
    shutil.copy(HERE / "small_unit.txt", root / "solutions" / "01_small" / "small.py")
    (root / "solutions" / "START_HERE.py").write_text(START)
    shutil.copy(REPOSITORY / "nbgrader_config.py", root)
    return root


def replace(path: Path, old: str, new: str) -> None:
    """Replace a text that must be there."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
