"""Write everything that an instructor gets from one run, and nothing outside its folder.

``OUT/scores.csv``, ``OUT/feedback/<student>/<unit>.html``, ``OUT/report.html``, and on demand
``OUT/scores_<lms>.csv``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

import nbformat

from interp_course import course
from interp_course.course import Unit
from interp_course.grading import flags, likeness, lms, report, scores
from interp_course.grading.batch import folder_name
from interp_course.grading.class_report import Link, UnitResults, class_report
from interp_course.grading.exercises import Exercise, answer_sources, exercises
from interp_course.grading.feedback import feedback_page
from interp_course.grading.likeness import Pair
from interp_course.grading.lms import Lms
from interp_course.grading.results import Batch, Result


@dataclass(frozen=True)
class Output:
    """What was written, and the results with the flags that came up on the way."""

    batch: Batch
    scores: Path
    feedback: Path
    """The folder that holds a folder for each student."""
    report: Path
    for_lms: Path | None = None

    def paths(self) -> dict[str, Path]:
        """What to tell the instructor: each thing with its place."""
        found = {"scores": self.scores, "feedback": self.feedback, "report": self.report}
        return found | ({"scores for your LMS": self.for_lms} if self.for_lms else {})


def write(batch: Batch, root: Path, for_lms: Lms | None = None) -> Output:
    """Write scores, feedback and report of a graded class.

    Args:
        batch: From ``batch.grade``, with its files still in place.
        root: The course's root.
        for_lms: The system for which the scores are written a second time. For Moodle and
            Canvas, which make a grade item of every column, the units only.
    """
    graded = [_Graded.of(unit, batch, root) for unit in course.units(root)]
    graded = [unit for unit in graded if unit.results]
    flagged = {id(old): new for unit in graded for old, new in unit.flagged()}
    results = tuple(flagged.get(id(result), result) for result in batch.results)
    batch = replace(batch, results=results)
    paths = _feedback_paths(batch)
    for result, path in zip(results, paths, strict=True):
        unit = next((u for u in graded if u.unit.folder == result.assignment), None)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_page(result, unit), encoding="utf-8")
    files = {
        (result.student, result.assignment): _links(batch, result, path)
        for result, path in reversed(list(zip(results, paths, strict=True)))
    }
    known = {unit.unit.folder for unit in graded}
    views = [unit.view(results) for unit in graded]
    others = [result for result in results if result.assignment not in known]
    page = batch.out / "report.html"
    page.write_text(class_report(views, others, files), encoding="utf-8")
    table = batch.out / "scores.csv"
    report.write_csv(batch, table)
    return Output(batch, table, batch.out / "feedback", page, _write_lms(batch, for_lms))


@dataclass(frozen=True)
class _Graded:
    """A unit with its results, exercises, the students' answers, and pairs that look alike."""

    unit: Unit
    results: Sequence[Result]
    exercises: Sequence[Exercise]
    answers: dict[str, dict[str, str]]
    pairs: Sequence[Pair]

    @classmethod
    def of(cls, unit: Unit, batch: Batch, root: Path) -> "_Graded":
        results = [result for result in batch.results if result.assignment == unit.folder]
        if not results:
            return cls(unit, (), (), {}, ())
        release = scores.release(batch.out, unit)
        answers = {
            r.student: answer_sources(nbformat.read(_submitted(batch, r.student, unit), 4))
            for r in results
            if r.status != "refused"
        }
        reference = nbformat.read(unit.solution(root), 4)
        given = [
            cell.source
            for notebook in (release, reference)
            for cell in notebook.cells
            if cell.cell_type == "code"
        ]
        own = {student: list(cells.values()) for student, cells in answers.items()}
        pairs = likeness.alike(own, known=given)
        return cls(unit, results, exercises(release), answers, pairs)

    def flagged(self) -> list[tuple[Result, Result]]:
        """The results that get a flag for looking like another one, before and after."""
        alike = {name for pair in self.pairs for name in (pair.first, pair.second)}
        return [
            (result, replace(result, flags=(*result.flags, flags.NEAR_IDENTICAL)))
            for result in self.results
            if result.student in alike and result.status != "refused"
        ]

    def view(self, results: Sequence[Result]) -> UnitResults:
        mine = [result for result in results if result.assignment == self.unit.folder]
        return UnitResults(_title(self.unit), self.exercises, mine, self.pairs)


def _submitted(batch: Batch, student: str, unit: Unit) -> Path:
    return batch.out / "submitted" / folder_name(student) / unit.folder / f"{unit.slug}.ipynb"


def _title(unit: Unit) -> str:
    return f"{unit.number:02d} · {unit.title}"


def _page(result: Result, unit: _Graded | None) -> str:
    if unit is None:
        return feedback_page(result, result.assignment or "No unit", (), {})
    answers = unit.answers.get(result.student, {}) if result.status != "refused" else {}
    return feedback_page(result, _title(unit.unit), unit.exercises, answers)


def _feedback_paths(batch: Batch) -> list[Path]:
    """One path for each result; a second submission to the same unit gets a number."""
    taken: set[Path] = set()
    paths = []
    for result in batch.results:
        folder = batch.out / "feedback" / folder_name(result.student)
        name = folder_name(result.assignment or "no unit")
        path, number = folder / f"{name}.html", 2
        while path in taken:
            path, number = folder / f"{name} {number}.html", number + 1
        taken.add(path)
        paths.append(path)
    return paths


def _links(batch: Batch, result: Result, page: Path) -> list[Link]:
    log = batch.out / "logs" / f"{folder_name(result.student)} {result.assignment}.log"
    files = [("feedback", page)]
    if result.status != "refused" and log.is_file():
        files.append(("log", log))
    return [
        Link(text, "./" + quote(path.relative_to(batch.out).as_posix())) for text, path in files
    ]


def _write_lms(batch: Batch, system: Lms | None) -> Path | None:
    if system is None:
        return None
    path = batch.out / f"scores_{system}.csv"
    lms.write_scores(batch, path, system, exercises=system == "plain")
    return path
