"""What a student has solved, kept in one file on the student's own disk and nowhere else.

The checks write it when they are called in a notebook: per exercise the calls, whether they
passed, and the letters that were given to quizzes and predictions. Opened hints are not kept:
a notebook does not tell Python that something was unfolded. Nothing is written while notebooks are
graded, built or tested, and no verdict depends on any of it.
"""

from interp_course.progress.naming import note
from interp_course.progress.reading import UnitProgress, summary
from interp_course.progress.showing import show
from interp_course.progress.storing import ProgressError, record, reset, where

__all__ = [
    "ProgressError",
    "UnitProgress",
    "note",
    "record",
    "reset",
    "show",
    "summary",
    "where",
]
