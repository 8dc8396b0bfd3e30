"""Which submissions a person should look at."""

import pytest

from interp_course.grading.flags import flags_of
from interp_course.grading.scores import CellScore


@pytest.mark.parametrize(
    ("status", "notes", "error", "expected"),
    [
        ("graded", [], None, ()),
        ("graded", ["cell a was removed: put back"], None, ()),
        ("graded", [], "CheckFailed: ✗ a, b:\n  late", ()),
        ("graded", [], "AssertionError: ", ()),
        ("graded", [], "NotImplementedError: ", ()),
        ("graded", [], "NameError: name 'f' is not defined", ("crash",)),
        ("graded", [], "KeyboardInterrupt: ", ("timeout",)),
        ("graded", [], "CellTimeoutError: 600 s", ("timeout",)),
        ("graded", ["type or points of cell a were changed: restored"], None, ("tampering",)),
        ("refused", ["not valid JSON"], None, ("refused",)),
        ("failed", ["could not be run to the end: Kernel died"], None, ("kernel died",)),
        ("failed", ["could not be run to the end: a cell timed out"], None, ("timeout",)),
        ("failed", ["could not be run to the end: on purpose"], None, ("crash",)),
    ],
)
def test_each_reason_gets_its_flag(status, notes, error, expected):
    found = flags_of(status, notes, [CellScore("a", 0.0, 1.0, error)])
    assert tuple(flag.removesuffix(" suspected") for flag in found) == expected


def test_a_file_named_after_a_death_does_not_make_a_graded_submission_dead():
    assert flags_of("graded", ["1 other file(s) not taken: Kernel died.txt"]) == ()
