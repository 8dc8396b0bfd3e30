"""Writes a course whose one exercise is answered in words."""

import shutil
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
MANIFEST = """
[[unit]]
number = 1
slug = "odd"
title = "Odd numbers"
question = "What is the sum of two odd numbers?"
minutes = 5
points = 3
by_hand = 2
"""
START = '# %% [markdown]\n# # Start here\n\n# %%\nprint("hello")\n'
TASK = '# %% [markdown] nbgrader={"grade_id": "why-task", "locked": true}'
ANSWER = '# %% [markdown] nbgrader={"grade_id": "why", "points": 2, "manual": true}'
RUBRIC = "Each number is written as two times something plus one"
MODEL_ANSWER = "The two ones make another two"
SOURCE = f"""\
# %% [markdown]
# # Odd numbers

# %%
print("ready")

{TASK}
# ### Exercise 1 · Odd and odd
# *2 points · graded by a person*
#
# Why is the sum of two odd numbers even?
#
# **What is looked for**: a reason that holds for all odd numbers.
#
# <!-- BEGIN MARK SCHEME -->
# **For those who grade.** {RUBRIC}: 1 point. What follows from it: 1 point.
# <!-- END MARK SCHEME -->

{ANSWER}
# <!-- BEGIN SOLUTION -->
# $(2a + 1) + (2b + 1) = 2(a + b + 1)$. {MODEL_ANSWER}.
# <!-- END SOLUTION -->

# %% [markdown]
# ### Quiz

# %% nbgrader={{"grade_id": "quiz", "solution": true}}
### BEGIN SOLUTION
quiz_answer_of_one = True
### END SOLUTION

# %% nbgrader={{"grade_id": "quiz-test", "grade": true, "points": 1}}
assert quiz_answer_of_one
print("right")
"""


def make_words_course(root: Path, source: str = SOURCE) -> Path:
    """Write the sources of the course, not built."""
    (root / "course").mkdir(parents=True)
    (root / "course" / "course.toml").write_text(MANIFEST)
    (root / "solutions" / "01_odd").mkdir(parents=True)
    (root / "solutions" / "01_odd" / "odd.py").write_text(source)
    (root / "solutions" / "START_HERE.py").write_text(START)
    shutil.copy(REPOSITORY / "nbgrader_config.py", root)
    return root
