"""nbgrader's step that runs a submission, with the scores decided outside of its process.

Ordinary cells run as usual. Graded cells are turned into questions (``asking``), and the
verdicts are written into their outputs in the form that nbgrader reads scores from: an error is
worth nothing, a printed line is worth all points. They are also kept as a file (``verdicts``).
"""

import copy
import secrets
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell
from nbgrader import utils
from traitlets import Enum, Integer, Unicode

from interp_course import runtime
from interp_course.grading import asking, demonstrations, handing, outputs, verdicts
from interp_course.grading.asking import Asked, Judged
from interp_course.grading.runner import read_secret
from interp_course.grading.verdict_text import SEPARATOR
from interp_course.grading.verdicts import CellVerdict, ExerciseVerdict, NotebookVerdicts
from interp_course.grading.watching import Trouble, WatchedExecute


class JudgingExecute(WatchedExecute):
    """Runs a notebook and decides what its graded cells are worth."""

    secret_file = Unicode(
        "", help="holds the secret that fresh inputs are drawn from; empty: another one each time"
    ).tag(config=True)
    instances = Enum(
        ["same", "each"],
        "same",
        help="whether all students have the instance of the environment, or each their own",
    ).tag(config=True)
    common_instance = Integer(
        None, allow_none=True, help="that of all students with `same`; else the environment's"
    ).tag(config=True)
    most_restarts = Integer(2, help="how often a kernel that died is replaced").tag(config=True)

    def preprocess(
        self, nb: NotebookNode, resources: Any = None, km: Any = None
    ) -> tuple[NotebookNode, Any]:
        """See ``nbconvert``; the verdicts are written beside the notebook."""
        place = resources["nbgrader"]
        self._student, self._unit = place["student"], place["notebook"]
        own = self.instances == "each"
        same = runtime.instance() if self.common_instance is None else self.common_instance
        self.instance = runtime.instance_of(self._student) if own else same
        kept = Path(self.secret_file) if self.secret_file else None
        self._secret = secrets.token_bytes(32) if kept is None else read_secret(kept)
        self._cells: dict[str, CellVerdict] = {}
        self._flags: list[str] = []
        self._skipped: set[int] = set()
        self._unneeded = demonstrations.unneeded(nb.cells)
        self._over: Trouble | None = None
        self.begin()
        try:
            nb, resources = super().preprocess(nb, resources)
        finally:
            self.finish()
        self._write_outputs(nb)
        path = Path(resources["metadata"]["path"], f"{self._unit}{verdicts.SUFFIX}")
        verdicts.save(
            NotebookVerdicts(
                self._student,
                place["assignment"],
                self._unit,
                self.instance,
                self._cells,
                tuple(self._flags),
            ),
            path,
        )
        return nb, resources

    def preprocess_cell(
        self, cell: NotebookNode, resources: Any, index: int
    ) -> tuple[NotebookNode, Any]:
        """Run a cell or, if it is graded, ask what it asks."""
        graded = utils.is_grade(cell) and not utils.is_solution(cell)
        if cell.cell_type == "code" and graded:
            self._cells[cell.metadata["nbgrader"]["grade_id"]] = self._graded(cell, index)
        elif index in self._unneeded:
            cell.outputs, cell.execution_count = [], None
        elif cell.cell_type == "code" and cell.source.strip():
            self._ordinary(cell, index)
        return cell, resources

    def _ordinary(self, cell: NotebookNode, index: int) -> Trouble | None:
        trouble = self._over or self.watched(cell, index)
        if trouble is not None:
            if self._over is not None:
                cell.outputs = []
            cell.outputs.append(outputs.shown_error(trouble.name, trouble.text))
            self._flags.append(f"{trouble.name} in cell {cell.get('id', index)}: {trouble.text}")
            self._recover(trouble, index)
        return trouble

    def _recover(self, trouble: Trouble, index: int) -> None:
        """Replace a kernel that is gone, and run again what came before the cell.

        What is left of a notebook is given up if that does not help.
        """
        if trouble.name == "TotalTimeout":
            self._over = trouble
        if not trouble.fatal or self._over is not None:
            return
        self._skipped.add(index)
        if len(self._skipped) > self.most_restarts:
            self._over = Trouble(trouble.name, f"in an earlier cell, and again: {trouble.text}")
            return
        self.replace_kernel()
        for place, cell in enumerate(self.nb.cells[:index]):
            wanted = cell.cell_type == "code" and cell.source.strip() and not utils.is_grade(cell)
            if wanted and place not in self._skipped | self._unneeded:
                again = self.watched(copy.deepcopy(cell), place, silent=True)
                if again is not None and (again.fatal or again.name == "TotalTimeout"):
                    text = f"in an earlier cell, and when cells were run again: {again.text}"
                    self._over = Trouble(again.name, text)
                    return

    def _graded(self, cell: NotebookNode, index: int) -> CellVerdict:
        questions = asking.asked(cell.source, self._unit)
        if questions is None:
            return self._decided_inside(cell, index)
        name = cell.metadata["nbgrader"]["grade_id"]
        judged = [self._ask(question, name, index) for question in questions]
        exercises = tuple(
            ExerciseVerdict(j.name, j.verdict.passed, j.verdict.message, j.verdict.mistake, j.seeds)
            for j in judged
        )
        flags = tuple(dict.fromkeys(flag for j in judged for flag in j.flags))
        return CellVerdict(all(e.passed for e in exercises), "outside", exercises, flags)

    def _ask(self, question: Asked, cell_name: str, index: int) -> Judged:
        where = (self._unit, cell_name, question.name)
        seeds = asking.draw_seeds(self._secret, question.seeds, *where)
        exercise = asking.exercise(self._unit, question, seeds, self.instance)
        if self._over is not None:
            return exercise.failed(self._over.text, self._over.name)
        assert self.desk is not None, "a kernel that runs has a desk"
        nonce = secrets.token_hex(16)
        self.desk.pose(nonce, exercise.inputs())
        asked = new_code_cell(asking.code(question, exercise.kind, nonce))
        trouble = self.watched(asked, index, silent=True)
        given = self.desk.collect(nonce)
        if trouble is not None:
            self._recover(trouble, index)
            return exercise.failed(trouble.text, trouble.name)
        if given.replies > 1:
            return exercise.failed("more than one answer arrived", "tampering suspected")
        if given.reply is None:
            return exercise.failed(f"no answer arrived{_reason(asked)}", verdicts.NO_REPLY)
        return exercise.judge(given.reply)

    def _decided_inside(self, cell: NotebookNode, index: int) -> CellVerdict:
        """Run a graded cell that cannot be judged outside, because it is no calls of checks."""
        if handing.has_checks(self._unit) and asking.mentions_checks(cell.source):
            text = "this graded cell has a form that cannot be judged: tell your instructor"
            entry = ExerciseVerdict("?", False, text)
            return CellVerdict(False, "outside", (entry,), ("cell of an unknown form",))
        trouble = self._ordinary(cell, index)
        _without_impossible_scores(cell)
        errors = [output for output in cell.outputs if output.output_type == "error"]
        flags = (trouble.name,) if trouble is not None else ()
        return CellVerdict(not errors, "inside", (), flags)

    def _write_outputs(self, nb: NotebookNode) -> None:
        """Last of all, so that nothing that a cell sent can take the place of a verdict."""
        nb.metadata.pop("widgets", None)
        for cell in nb.cells:
            if cell.cell_type != "code":
                continue
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            verdict = self._cells.get(name)
            if verdict is not None and verdict.decided == "outside":
                cell.outputs = _shown(verdict)
                continue
            kept = (outputs.harmless(output) for output in cell.outputs)
            cell.outputs = [output for output in kept if output is not None]


def _reason(cell: NotebookNode) -> str:
    """What the cell raised, if it did."""
    errors = [output for output in cell.get("outputs", []) if output.output_type == "error"]
    return f": {errors[0].ename} {errors[0].evalue}".rstrip() if errors else ""


def _shown(verdict: CellVerdict) -> list[NotebookNode]:
    lines = [f"✓ {e.name}: correct" for e in verdict.exercises if e.passed]
    failed = [e.message for e in verdict.exercises if not e.passed]
    shown = [outputs.shown_text("\n".join(lines))] if lines else []
    return [*shown, outputs.shown_error("CheckFailed", SEPARATOR.join(failed))] if failed else shown


def _without_impossible_scores(cell: NotebookNode) -> None:
    """A number above the maximum would make nbgrader give the submission up."""
    maximum = float(cell.metadata["nbgrader"]["points"])
    for output in list(cell.outputs):
        if output.output_type == "execute_result":
            try:
                possible = 0 <= float(output["data"]["text/plain"]) <= maximum
            except (KeyError, TypeError, ValueError):
                possible = True
            if not possible:
                cell.outputs.remove(output)
                text = f"a score must be from 0 to {maximum:g}"
                cell.outputs.append(outputs.shown_error("ImpossibleScore", text))
