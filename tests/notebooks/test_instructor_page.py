"""What ``docs/instructor.md`` shows as an exercise is one."""

import textwrap

from small_course import REPOSITORY

from interp_course import notebooks

BEFORE = """# %% [markdown]
# # A unit

# %%
from types import SimpleNamespace

import torch

check = SimpleNamespace(double=lambda function, seed=0: print("right", function(seed)))

# %% [markdown]
# ### Exercise 1 · Nothing
# *0 points*
"""


def shown() -> str:
    """The exercise in the section on adding one."""
    page = (REPOSITORY / "docs" / "instructor.md").read_text(encoding="utf-8")
    block = page.partition("## Adding an exercise")[2].partition("\n    # %%")[2]
    return textwrap.dedent(f"    # %%{block.partition('1. **The check**')[0]}")


def test_the_exercise_shown_to_instructors_can_be_built(source):
    root = source(f"{BEFORE}\n{shown()}")
    notebooks.build(root, "small")
    student = (root / "course" / "01_small" / "small.ipynb").read_text(encoding="utf-8")
    assert "raise NotImplementedError()" in student
    assert "return x + x" not in student
    assert "seed=seed" not in student


def test_the_exercise_shown_to_instructors_has_the_usual_anatomy(source):
    root = source(f"{BEFORE}\n{shown()}")
    notebooks.build(root, "small")
    said = [problem for problem in notebooks.lint(root, "small") if "Exercise 4" in problem]
    assert said == ["small.py: Exercise 4 should have the number 2"]
