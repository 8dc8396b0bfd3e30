"""nbgrader's settings for this course; read where ``nbgrader`` or JupyterLab is started.

The names of folders are the course's own: ``solutions`` is what nbgrader calls the source
version and ``course`` what it calls the release version.
"""

from pathlib import Path

from interp_course.grading.runner import AUTOGRADE_STEPS, IGNORED, SECRET_FILE, VERDICT_FILES

c = get_config()  # type: ignore[name-defined]  # noqa: F821

ROOT = Path(__file__).resolve().parent

c.CourseDirectory.course_id = "interp_course"
c.CourseDirectory.root = str(ROOT)
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "course"
# Without this, the sources of the notebooks, with all answers, would be copied to students.
c.CourseDirectory.ignore = [*IGNORED, "*.py", VERDICT_FILES]
# An absolute path, because nbgrader changes folders. The timeout is how many seconds to wait
# for a gradebook that another process is writing; the default of 5 loses submissions.
c.CourseDirectory.db_url = f"sqlite:///{ROOT / 'gradebook.db'}?timeout=60"

# The default of 30 seconds a cell is too short for training a model, and running into it
# looks like a NameError in the next cell.
c.Execute.timeout = 600
# Waiting for a kernel's polite exit costs more than a third of the time of grading.
c.Execute.shutdown_kernel = "immediate"

# Scores are decided outside of the process in which a student's code runs, on inputs drawn from
# a secret: the same ones each time that this course is graded.
c.Autograde.autograde_preprocessors = list(AUTOGRADE_STEPS)
c.JudgingExecute.secret_file = str(ROOT / SECRET_FILE)

# A test cell that a student deleted comes back before grading.
c.OverwriteCells.add_missing_cells = True
# By default anything on stderr in a graded cell, a mere warning, makes it worth 0 points. What
# counts is whether the cell raised, so all of stderr is ignored.
c.IgnorePattern.enabled = True
c.IgnorePattern.pattern = r"[\s\S]"

# Rubrics stand in locked text cells, from which they are cut out for students and into which they
# come back for grading; nbgrader by itself allows them in cells of the kind "task" only, which
# have a score box of their own. That the cells are locked is looked at when they are built.
c.ClearMarkScheme.enforce_metadata = False

c.KernelManager.transport_encryption = "auto"
