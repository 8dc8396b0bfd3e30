"""Folders whose names are those of others, or more than a file system takes."""

import os
from pathlib import Path

import checked_course
import nbformat
from checked_course import FOLDER, SLUG

from interp_course.grading.batch import folder_name
from submissions.making import Entry, Expected, Places, notebook, put, refused

ODD = "José <img src=x onerror=alert(1)>"


def _keep(found):
    return found


def _unknown(folder: Path, places: Places) -> None:
    put(folder, nbformat.writes(checked_course.reference(places.root)), "99_gradebook/x.ipynb")


def _up(folder: Path, places: Places) -> None:
    text = nbformat.writes(checked_course.reference(places.root))
    put(folder, text, f"..{FOLDER}/{SLUG}.ipynb")
    put(folder, text, f"{FOLDER}..\\..\\x/{SLUG}.ipynb")


ENTRIES = (
    Entry(
        "unknown unit", "a unit that is none", _unknown, refused("there is no unit", known=False)
    ),
    Entry("a..b", "names that lead upwards", _up, refused("there is no unit", known=False)),
    Entry("dup", "a name", notebook(_keep), Expected()),
    Entry("DUP", "the same name but for case", notebook(_keep), Expected()),
    Entry("d\u00fcp", "a name with an accent", notebook(_keep), Expected()),
    Entry("du\u0308p", "the same name, composed otherwise", notebook(_keep), Expected()),
    Entry(ODD, "a name that is HTML", notebook(_keep), Expected()),
    Entry(
        folder_name(ODD),
        "the name that the grader gives the folder of somebody else",
        notebook(_keep),
        Expected(),
    ),
    Entry("n" * 240, "a name with no room for an ending", notebook(_keep), Expected()),
    Entry(os.fsdecode(b"caf\xe9"), "a name that is no text", notebook(_keep), Expected()),
    Entry("=HYPERLINK(1)", "a name that is a formula", notebook(_keep), Expected()),
    Entry("-rf", "a name that is an option", notebook(_keep), Expected()),
)
