"""From one text source to the executed reference notebook and the student's notebook.

``solutions/NN_slug/slug.py`` (jupytext's ``py:percent``) is the only file that is written by
hand. `build` makes from it, always the same bytes:

* ``solutions/NN_slug/slug.ipynb``: every cell run, outputs kept;
* ``course/NN_slug/slug.ipynb``: what nbgrader's ``generate_assignment`` makes of it, that
  is, without outputs, solutions and hidden tests.

`check` says, without running anything, whether these files still belong together and whether
an answer leaked; `lint` whether the notebooks are laid out as every notebook of the course is.
"""

from interp_course.notebooks.building import Progress, build
from interp_course.notebooks.files import BuildError, Target, targets
from interp_course.notebooks.freshness import check
from interp_course.notebooks.structure import lint

__all__ = ["BuildError", "Progress", "Target", "build", "check", "lint", "targets"]
