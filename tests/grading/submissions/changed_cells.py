"""Notebooks whose cells were moved, removed, copied or told to be something else."""

import copy

from checked_course import WRONG, cell
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from submissions.making import Entry, Expected, notebook

WRONG_FIRST = (0, 2)


def _entry(found, name):
    return next(c.metadata["nbgrader"] for c in found.cells if c.id == name)


def _reordered(found):
    found.cells[1:] = found.cells[:0:-1]


def _removed(found):
    found.cells = [c for c in found.cells if not c.id.endswith("-test")]


def _all_removed(found):
    found.cells = []


def _copied(found):
    twin = copy.deepcopy(found.cells[2])
    twin.id = "twin"
    found.cells.insert(1, twin)


def _test_rewritten(found):
    found.cells[1].source, found.cells[2].source = WRONG, "pass"


def _points(found):
    found.cells[1].source = WRONG
    _entry(found, "welch-test")["points"] = 1000


def _type(found):
    found.cells[1].source = WRONG
    _entry(found, "welch-test").update(solution=True, locked=False, grade=True)


def _as_text(found):
    found.cells[1].source = WRONG
    found.cells[2] = new_markdown_cell(
        found.cells[2].source, id="welch-test", metadata=found.cells[2].metadata
    )


def _own_test(found):
    found.cells[1].source = WRONG
    found.cells.append(cell("bonus", "5", 5))


def _score_as_output(found):
    found.cells[1].source = WRONG
    shown = new_output("execute_result", data={"text/plain": "1"}, execution_count=1)
    found.cells[2].outputs = [shown]


def _kernel(found):
    found.metadata.kernelspec = {"name": "k" * 100_000, "display_name": "Mine", "language": "R"}


def _widgets(found):
    found.metadata.widgets = {"application/vnd.jupyter.widget-state+json": {"state": 1}}


def _same_ids(found):
    for c in found.cells:
        c.id = "same"


def _magics(found):
    found.cells.insert(1, new_code_cell("%%script false\nexit", id="a"))
    found.cells.insert(2, new_code_cell("!exit 1\n%run missing.py", id="b"))


PUT_BACK = ("cell welch-test was removed: put back", "cell relations-test was removed: put back")
CHANGED = ("type or points of cell welch-test were changed: restored",)
SUSPICIOUS = ("tampering suspected",)
ENTRIES = (
    Entry("reordered", "tests before answers", notebook(_reordered), Expected((0, 0))),
    Entry("tests removed", "no tests", notebook(_removed), Expected(notes=PUT_BACK)),
    Entry("all removed", "no cells", notebook(_all_removed), Expected((0, 0), notes=PUT_BACK)),
    Entry("test copied", "a test twice", notebook(_copied), Expected(notes=("is there twice",))),
    Entry(
        "test rewritten",
        "a test that does nothing",
        notebook(_test_rewritten),
        Expected(WRONG_FIRST),
    ),
    Entry(
        "points changed",
        "an exercise worth 1000 points",
        notebook(_points),
        Expected(WRONG_FIRST, flags=SUSPICIOUS, notes=CHANGED),
    ),
    Entry(
        "test unlocked",
        "a test that says it is an answer",
        notebook(_type),
        Expected(WRONG_FIRST, flags=SUSPICIOUS, notes=CHANGED),
    ),
    Entry(
        "test as text",
        "a test turned into text",
        notebook(_as_text),
        Expected(WRONG_FIRST, flags=SUSPICIOUS, notes=CHANGED),
    ),
    Entry(
        "test of one's own",
        "a graded cell of one's own",
        notebook(_own_test),
        Expected(WRONG_FIRST, notes=("cell 'bonus' is not part of this unit: not graded",)),
    ),
    Entry(
        "score as output",
        "a score among the stored outputs",
        notebook(_score_as_output),
        Expected(WRONG_FIRST),
    ),
    Entry(
        "unknown kernel",
        "a kernel that does not exist, with a very long name",
        notebook(_kernel),
        Expected(notes=("graded with 'python3'",)),
    ),
    Entry("widget state", "broken widget state", notebook(_widgets), Expected()),
    Entry("same ids", "one id for all cells", notebook(_same_ids), Expected()),
    Entry("magics", "commands of IPython that fail", notebook(_magics), Expected()),
)
