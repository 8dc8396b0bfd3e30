"""What a student gets back: one static page per submission.

It is made from our verdicts and the student's own answers. nbgrader's own feedback shows the
executed notebook, and with it the hidden tests, their tracebacks, and whatever active content a
submission put into its outputs; none of that is read here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from interp_course.grading import flags, html_pages, waiting
from interp_course.grading.exercises import Exercise
from interp_course.grading.results import Result
from interp_course.grading.scores import CellScore
from interp_course.grading.verdict_text import VerdictText, shown

_FAILURE = "could not be run to the end"


@dataclass(frozen=True)
class _Entry:
    """One exercise as the page shows it."""

    title: str
    score: float
    maximum: float
    waiting: bool
    """Whether a person has still to grade it."""
    verdicts: tuple[VerdictText, ...]
    """Empty for full points, and for what a person grades."""
    comment: str | None
    """What a person wrote on it."""
    sources: tuple[str, ...]

    @property
    def grade(self) -> str:
        """How it went, as a class of the style sheet."""
        if self.score >= self.maximum:
            return "good"
        return "part" if self.score > 0 or self.waiting else "bad"

    @property
    def word(self) -> str:
        if self.waiting:
            return "Waits for a person"
        return {"good": "Correct", "part": "Partly correct", "bad": "Not correct yet"}[self.grade]


def feedback_page(
    result: Result,
    title: str,
    exercises: Sequence[Exercise],
    sources: Mapping[str, str],
) -> str:
    """The HTML page for one submission.

    Args:
        result: What became of it.
        title: The unit's title, or the name that the student gave the folder.
        exercises: The unit's exercises; empty for an unknown unit.
        sources: The student's answer cells by ``grade_id``; empty if it was refused.
    """
    about = {exercise.name: exercise for exercise in exercises}
    entries = [_entry(cell, about.get(cell.name), sources) for cell in result.cells]
    return html_pages.render(
        "feedback.html",
        student=result.student,
        unit=title,
        status=result.status,
        total=result.total,
        maximum=result.maximum,
        waiting=waiting.points(result.cells),
        failure=_failure(result),
        # The reason of a failure may quote the cell that ran, which can be a hidden test.
        notes=[note for note in result.notes if not note.startswith(_FAILURE)],
        exercises=entries,
    )


def _entry(cell: CellScore, about: Exercise | None, sources: Mapping[str, str]) -> _Entry:
    answers = about.answers if about else ()
    by_hand = cell.name in answers
    return _Entry(
        title=about.title if about else cell.name,
        score=cell.score,
        maximum=cell.maximum,
        waiting=cell.waiting,
        verdicts=() if cell.score >= cell.maximum or by_hand else shown(cell.error),
        comment=cell.comment,
        sources=tuple(sources[name] for name in answers if name in sources),
    )


def _failure(result: Result) -> str:
    """Why a submission failed, in our words."""
    if flags.KERNEL_DIED in result.flags:
        return "Its kernel died while the notebook ran (was memory used up, or Python ended?)."
    if flags.TIMEOUT in result.flags:
        return "It reached the time limit before the notebook had come to its end."
    return "It could not be run to the end."
