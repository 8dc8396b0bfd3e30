# %% [markdown]
# # Start here
#
# A neural network is a program that nobody wrote. This course is about reading such programs:
# finding which part of a network does what, and testing whether you are right.
#
# You work on small networks, so you can look at all of them; and because we know what they were
# trained on, your conclusions can be checked too, not only your code. Everything is on your
# computer already, and a laptop without a graphics card is enough. You should know some Python,
# and what a matrix product is.
#
# **In about three minutes you will have read your first piece of a network.** Click the cell below
# and press **Shift+Enter**: it runs, its result appears underneath, and the next cell is selected.

# %%
print("Hello! The next cell is one Shift+Enter away.")

# %% [markdown]
# ## A first look inside
#
# Here is a network of two layers that was trained to predict the next token. We give it eight
# random tokens, called S L A T E P I N, and then the same eight again. The second time it can know
# what comes next, if some part of it looks back at the first time.
#
# The parts that look back are its *attention heads*. The next cell shows four of them. Each row is
# a token; the bright cells in the row are the earlier tokens that the head looks at. Starting
# Python's libraries takes a few seconds. (An error? *Is everything in place?*, further down, finds
# out why.)

# %%
import torch

from interp_course import attention, figures, hooks, models
from interp_course.checks import start_here as check

model = models.load("induction")
tokens = attention.repeated_tokens(model, batch=1, period=8)
with torch.no_grad():
    _, cache = model.run_with_cache(tokens)
four = [cache[hooks.pattern(i)][0, head] for i, head in check.heads.values()]
figures.patterns(
    torch.stack(four),
    names=[f"head {letter}" for letter in check.heads],
    tokens=["start", *"SLATEPIN" * 2],
    title="One of these heads knows what comes next",
    alt="Four attention patterns. Head A: a blurred band below the diagonal. "
    "Head B: a sharp line one below the diagonal. Head C: the first column, and "
    "from the second S on a line seven below the diagonal. Head D: the first "
    "column only.",
)

# %% [markdown]
# After an S came an L. So when the second S has been read, it helps to look at the first L.
#
# *Which head looks at the token that **came next the last time**?* Somebody has answered already,
# and is wrong: run the cell, and the **check** below it.

# %%
answer = "B"
print("my answer is head", answer)

# %% tags=["self-check", "raises-exception"]
check.looks_back(answer)

# %% [markdown]
# That is what checks do: they say what is wrong, which misunderstanding gives just this answer, and
# (→) what to look at again. How to get it right is left to you.
#
# Now it is your turn: **put another letter** in place of `B`, run that cell and the check again, as
# often as you like, until you see ✓.
#
# <details><summary>A hint: unfold it if you want one</summary>
#
# Find the second S at the left edge of a picture, and go along its row. For the head that you are
# looking for, a bright cell of this row stands above the first L.
#
# </details>
#
# With ✓ you have found an *induction head*: the part by which this network copies, and much larger
# ones too. [Induction heads](03_induction_heads/induction_heads.ipynb) takes it apart.

# %% [markdown]
# ## The map
#
# Each unit asks one question. Begin at the top; below it the two branches can be taken in either
# order. The bars fill as you solve exercises: run the cell again to see them grow.

# %% tags=["nbval-ignore-output", "output-not-stored"]
from IPython.display import Markdown

from interp_course import course, course_map, progress

course_map.draw()

# %% tags=["nbval-ignore-output", "output-not-stored"]
Markdown(course.overview(course.find_root()))

# %% [markdown]
# Click a unit to open it. The times are for a whole unit; you can stop anywhere: save (Ctrl+S), and
# tomorrow run the cells above your place again.
#
# **What is remembered.** When a check runs in a notebook, this computer keeps the exercise, whether
# it passed, and your letters in quizzes and predictions. It stays in one file on your disk, is sent
# to nobody and counts for no grade. `interp-course progress --reset` in a terminal forgets it.

# %% tags=["nbval-ignore-output", "output-not-stored"]
progress.show()

# %% [markdown]
# ## Is everything in place?
#
# The next cell looks at your installation, which takes a few seconds. Each line of the table should
# start with *ok*. Where one does not, its last column says what to do.

# %% tags=["nbval-ignore-output", "output-not-stored"]
from interp_course import doctor

Markdown(doctor.as_markdown(doctor.report()))

# %% [markdown]
# ## Working in a notebook
#
# Run the cells from top to bottom; later ones use what earlier ones made. Five keys are worth
# knowing (on a Mac, Cmd stands for Ctrl):
#
# | Keys | What they do |
# |:--|:--|
# | Shift+Enter | run this cell and go to the next |
# | Ctrl+Enter | run this cell and stay |
# | Tab, Shift+Tab | complete a name; show the help for a function |
# | Esc, then B | add an empty cell below, to try something |
# | Esc, then 0 0 | start Python afresh, if it hangs or you lost track |

# %% [markdown]
# ## Exercises, hints and quizzes
#
# An exercise always has the same parts, in the same order: the task, a cell for your answer, a cell
# that shows what your answer does, a **self-check**, hints, and a graded cell. Write where it says
# `# YOUR CODE HERE`, and delete the line `raise NotImplementedError()` there.
#
# **Hints** are folded up and come in steps: first what the task means, then a plan, then the one
# function you may not know. Try for five minutes before you open the first, and do open it if you
# are stuck: nobody counts.
#
# **Predictions** ask what you expect before you run an experiment. They are never graded: being
# wrong is how you notice what you believed.
#
# **Quizzes** end a unit. You answer with letters, and a wrong one is explained. You may answer
# again; all letters have to be right.

# %% [markdown]
# ## How grading works
#
# The graded cell of an exercise runs the same check as the self-check. When your notebook is
# graded, the check runs once more, on other inputs of the same kind. So if a self-check says ✓
# because your function is right, the points are yours; if it says ✓ because the answer was typed
# in as a number, they are not. A few exercises are answered in words, and a person grades them.
#
# Add as many cells as you like, but please do not copy, move or delete graded cells: they carry a
# label by which the grader finds them. Before you hand in, start Python afresh and run all cells
# (menu *Run*, *Restart Kernel and Run All Cells*): what works then will work for the grader.

# %% [markdown]
# ## When you are stuck, and where to ask
#
# 1. Read the message again, slowly. The line with → says where to look.
# 2. Print the shape of each tensor: `print(x.shape)`. Most mistakes are visible there.
# 3. Try your function on two or three numbers that you can check by hand.
# 4. A name is "not defined"? A cell further up has not run since Python was started.
# 5. Open the next hint. Take a walk.
# 6. Ask: in a class, your instructor, or where your class talks; on your own, on the page from
#    which you got the course. Show the message, what you expected instead, and the table above
#    under *Is everything in place?*. Do not post your solution where others work on it.
#
# ## Off you go
#
# Open the first unit, [00 · The residual stream](00_residual_stream/residual_stream.ipynb). It
# takes a small language model apart, term by term, and asks which part wrote its answer.
