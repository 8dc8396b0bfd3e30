# %% [markdown]
# # Start here
#
# A neural network is a program that nobody wrote. This course is about reading such programs:
# finding which part of a network does what, and testing whether you are right.
#
# You will work on small networks that were trained for this course. Because they are small, you can
# look at all of them. Because we know what they were trained on, your conclusions can be checked,
# too, and not only your code. Everything is on your computer already: nothing is downloaded, and a
# laptop without a graphics card is enough.
#
# You should know some Python, and what a matrix product is. PyTorch helps; you will pick up what
# you need. This page takes about ten minutes and shows how the notebooks work.

# %% [markdown]
# ## Running cells
#
# A notebook is a page of cells: some hold text, some hold code. Click the cell below and press
# **Shift+Enter**. The code runs, its result appears underneath, and the next cell is selected.

# %%
print("Hello! The next cell is one Shift+Enter away.")

# %% [markdown]
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
# ## Is everything in place?
#
# The next cell looks at your installation, which takes a few seconds. Each line of the table should
# start with *ok*. Where one does not, its last column says what to do.

# %% tags=["nbval-ignore-output", "output-not-stored"]
from IPython.display import Markdown

from interp_course import course, doctor

Markdown(doctor.as_markdown(doctor.report()))

# %% [markdown]
# ## The map
#
# Each unit asks one question. Click one to open it. The times are for a whole unit; you can stop
# anywhere and go on tomorrow: save (Ctrl+S), and tomorrow run the cells above your place again.

# %% tags=["nbval-ignore-output", "output-not-stored"]
Markdown(course.overview(course.find_root()))

# %% [markdown]
# ## What an exercise looks like
#
# Exercises always have the same parts, in the same order: the task, a cell for your answer, a cell
# that shows what your answer does, a **self-check**, hints, and a graded cell. Here is a small one.
#
# *Write `mean_square(x)`: the mean of the squares of the numbers in the tensor `x`.*
#
# Somebody has answered already, and made a mistake. Can you see it?

# %%
import torch


def mean_square(x):
    """The mean of the squares of all numbers in x."""
    return x.mean() ** 2


print("yours:", mean_square(torch.tensor([1.0, 3.0])).item(), " by hand: (1 + 9) / 2 = 5")

# %% [markdown]
# In the units the self-check is one line. Here you also see how it is made. It draws some inputs,
# compares your results with a slow and obvious calculation, and knows a few misunderstandings by
# name.

# %% tags=["self-check", "raises-exception"]
from interp_course.checking import Case, Check
from interp_course.runtime import generator


def inputs(seed):
    numbers = generator("mean_square", seed)
    return [Case(f"{n} numbers", (torch.randn(n, generator=numbers),)) for n in (5, 8)]


check = Check(
    name="mean_square",
    cases=inputs,
    oracle=lambda x: sum(value * value for value in x.tolist()) / len(x),
    mistakes={"the mean is squared, instead of the squares averaged": lambda x: x.mean() ** 2},
    reread="Which comes first, the square or the mean?",
)
check(mean_square)

# %% [markdown]
# Read such a message from the top: which function and which input, what came back and what should
# have, what kind of mistake gives just this number, and what to think about (→). How to get it
# right is left to you.
#
# Now it is your turn: **change the answer** in the cell above the check, so that it squares first.
# Run that cell and the check again, until you see a line with ✓. The next cell does the same.


# %%
def mean_square(x):
    """The mean of the squares of all numbers in x."""
    return (x**2).mean()


check(mean_square)

# %% [markdown]
# ## Hints
#
# Below each self-check there are hints, folded up. Click one to open it. They come in steps: first
# what the task means, then a plan, then the one function you may not know. Try for five minutes
# before you open the first, and do open it if you are stuck: nobody counts.
#
# <details><summary>What does such a hint look like?</summary>
#
# Just like this: a sentence or two. Squaring a tensor, `x**2`, squares each of its numbers.
#
# </details>

# %% [markdown]
# ## How grading works
#
# The graded cell of an exercise runs the same check as the self-check. When your notebook is
# graded, the check runs once more, on other inputs of the same kind. So if a self-check says ✓
# because your function is right, the points are yours; if it says ✓ because the answer was typed
# in as a number, they are not.
#
# A few exercises are answered in words. A person grades these; the task says what is looked for.
#
# Write where it says `# YOUR CODE HERE`, and delete the line `raise NotImplementedError()` there.
# Add as many cells as you like. Please do not copy, move or delete graded cells: they carry a label
# by which the grader finds them. Before you hand in, start Python afresh and run all cells (menu
# *Run*, *Restart Kernel and Run All Cells*): what works then will work for the grader.

# %% [markdown]
# ## When you are stuck
#
# 1. Read the message again, slowly. The line with → says where to look.
# 2. Print the shape of each tensor: `print(x.shape)`. Most mistakes are visible there.
# 3. Try your function on two or three numbers that you can check by hand.
# 4. A name is "not defined"? A cell further up has not run since Python was started.
# 5. Open the next hint.
# 6. Take a walk. Then ask somebody, and show the message and what you expected instead.

# %% [markdown]
# ## Off you go
#
# Open the first unit in the map above; it is also here:
# [00 · The residual stream](00_residual_stream/residual_stream.ipynb). It takes a small language
# model apart, term by term, and asks which part wrote its answer.
