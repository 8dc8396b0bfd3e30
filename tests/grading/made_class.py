"""Results that were made up, for tests of what is written from them."""

from pathlib import Path

from interp_course.grading.exercises import Exercise
from interp_course.grading.results import Batch, Result, Status
from interp_course.grading.scores import CellScore

EXERCISES = (
    Exercise("double-test", "Exercise 1 · Double", 2.0, ("double",)),
    Exercise("square-test", "Exercise 2 · Square", 3.0, ("square",)),
)
WRONG = "CheckFailed: ✗ square, case 9:\n  returned 4, expected 81\n"
NAMED = f"{WRONG}  This is what comes out when x is doubled.\n  → read section 2 again"
HOSTILE = "</pre><script>document.title='ran'</script><img src=x onerror=\"document.title='ran'\">"


def result(
    student: str,
    scores: tuple[float, float] = (2.0, 3.0),
    status: Status = "graded",
    *,
    unit: str = "01_tiny",
    notes: tuple[str, ...] = (),
    flags: tuple[str, ...] = (),
    error: str | None = None,
    mistake: str | None = None,
) -> Result:
    """One submission; the error is that of the second exercise."""
    double = CellScore("double-test", scores[0], 2.0)
    square = CellScore("square-test", scores[1], 3.0, error, mistake)
    return Result(student, unit, status, (double, square), notes, flags)


def batch(*results: Result, out: Path = Path("out")) -> Batch:
    """A run with these results."""
    return Batch(out, results)
