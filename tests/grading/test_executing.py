"""A class of honest and forging students, graded in ordinary kernels: who gets what."""

from pathlib import Path

import checked_course
import nbformat
import pytest
from checked_course import WRONG
from forging import FORGERIES
from nbformat.v4 import new_code_cell

from interp_course import runtime
from interp_course.grading import batch, executing, verdicts
from interp_course.grading.batch import Batch, Result
from interp_course.grading.runner import UnsandboxedRunner

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("unhooked")]
HARMS_ITSELF = {
    "the kernel does nothing and says that it did",
    "replying is replaced",
    "two replies",
}
"""Forgeries after which honest answers no longer work either."""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course whose one unit has the name, and so the checks, of a real one."""
    odd = checked_course.cell("odd-test", "x = check.relations", 0)
    return checked_course.make(tmp_path_factory.mktemp("course"), [odd])


def hand_in(root: Path, folder: Path, answer: str | None = None, forgery: str = "") -> None:
    """The reference, with another answer, or with a cell before the first graded one."""
    notebook = checked_course.reference(root)
    if answer is not None:
        notebook.cells[1].source = answer
    if forgery:
        notebook.cells.insert(2, new_code_cell(forgery, id="forgery"))
    target = folder / "02_superposition"
    target.mkdir(parents=True)
    nbformat.write(notebook, target / "superposition.ipynb")


@pytest.fixture(scope="module")
def graded(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Batch:
    work = tmp_path_factory.mktemp("class")
    hand_in(root, work / "subs" / "honest")
    hand_in(root, work / "subs" / "wrong", WRONG)
    hand_in(root, work / "subs" / "shows", None, SHOWN)
    for place, forgery in enumerate(FORGERIES.values()):
        hand_in(root, work / "subs" / f"forger {place}", WRONG, forgery)
    return batch.grade(work / "subs", work / "out", root, runner=UnsandboxedRunner(30))


SHOWN = """from IPython.display import HTML, Javascript, SVG, Latex, display
display(HTML("<script>alert(1)</script>"), Javascript("alert(1)"), Latex("$x$"))
display(SVG("<svg onload='alert(1)' xmlns='http://www.w3.org/2000/svg'></svg>"))
"""


def result(graded: Batch, student: str) -> Result:
    return next(r for r in graded.results if r.student == student)


def scores(graded: Batch, student: str) -> list[float]:
    found = result(graded, student)
    assert found.status == "graded", found.notes
    return [cell.score for cell in found.cells]


def stored(graded: Batch, student: str) -> verdicts.NotebookVerdicts:
    folder = graded.out / "autograded" / student / "02_superposition"
    return verdicts.load(verdicts.path_of(folder / "superposition.ipynb"))


def test_right_answers_earn_all_points(graded):
    assert scores(graded, "honest")[:2] == [1, 2]


def test_a_wrong_answer_earns_nothing_and_says_why(graded):
    assert scores(graded, "wrong")[:2] == [0, 2]
    assert "welch_bound" in (result(graded, "wrong").cells[0].error or "")


@pytest.mark.parametrize("place", range(len(FORGERIES)), ids=list(FORGERIES))
def test_a_forged_score_is_zero_and_honest_answers_keep_their_points(graded, place):
    honest = 0 if list(FORGERIES)[place] in HARMS_ITSELF else 2
    found = scores(graded, f"forger {place}")
    assert found[0] == 0
    assert found[1] == honest


def test_verdicts_are_kept_with_seeds_and_with_where_they_were_decided(graded):
    found = stored(graded, "honest").cells["welch-test"]
    assert (found.passed, found.decided, len(found.exercises[0].seeds)) == (True, "outside", 3)


def test_two_replies_are_suspicious(graded):
    place = list(FORGERIES).index("two replies")
    assert "tampering suspected" in stored(graded, f"forger {place}").cells["welch-test"].flags


def test_a_dead_kernel_is_named(graded):
    place = list(FORGERIES).index("the exercise ends the process")
    assert "KernelDied" in stored(graded, f"forger {place}").cells["welch-test"].flags


def test_a_graded_cell_that_cannot_be_judged_outside_is_flagged(graded):
    assert stored(graded, "honest").cells["odd-test"].flags == ("cell of an unknown form",)


def test_nothing_active_is_left_in_outputs(graded):
    path = graded.out / "autograded/shows/02_superposition/superposition.ipynb"
    kinds = {
        kind
        for cell in nbformat.read(path, 4).cells
        for output in cell.get("outputs", [])
        for kind in output.get("data", {})
    }
    assert kinds == {"text/plain"}


def test_a_class_is_asked_the_same_questions_in_one_run(graded):
    honest, wrong = (
        stored(graded, student).cells["welch-test"].exercises[0] for student in ("honest", "wrong")
    )
    assert honest.seeds == wrong.seeds


def test_another_run_asks_other_questions(graded, root, tmp_path):
    hand_in(root, tmp_path / "subs" / "honest")
    other = batch.grade(tmp_path / "subs", tmp_path / "out", root)
    before, after = (
        stored(run, "honest").cells["welch-test"].exercises[0].seeds for run in (graded, other)
    )
    assert not set(before) & set(after)


def test_grading_again_asks_the_same_questions(graded, root, tmp_path):
    before = stored(graded, "honest")
    hand_in(root, tmp_path / "honest")
    batch.grade(tmp_path, graded.out, root)
    assert stored(graded, "honest") == before


def test_nobody_else_can_read_the_secret(tmp_path):
    secret = executing.read_secret(tmp_path / "secret")
    assert executing.read_secret(tmp_path / "secret") == secret
    assert (tmp_path / "secret").stat().st_mode & 0o077 == 0


def test_every_student_can_have_an_instance_of_their_own():
    assert runtime.instance_of("ann") == runtime.instance_of("ann")
    assert runtime.instance_of("ann") != runtime.instance_of("bob")
