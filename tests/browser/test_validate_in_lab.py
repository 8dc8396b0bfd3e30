"""nbgrader's Validate button: before handing in, a student learns what is still wrong."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from labserver import REPOSITORY, Lab, Visit

from interp_course import course
from interp_course.bench.made_submissions import answer_name, hand_in
from interp_course.progress.storing import VARIABLE

if TYPE_CHECKING:
    from playwright.sync_api import Locator

pytestmark = pytest.mark.browser

UNIT = course.unit(REPOSITORY, "residual_stream")
WARNS = """import warnings
def attention_scores(q, k):
    warnings.warn("about to be removed")
    return torch.einsum("bihd,bjhd->bhij", q, k) / q.shape[-1] ** 0.5
"""
NOT_SCALED = 'def attention_scores(q, k):\n    return torch.einsum("bihd,bjhd->bhij", q, k)\n'
SUCCESS = "Success! Your notebook passes all the tests."


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


@pytest.fixture(scope="module")
def answered(lab: Lab) -> str:
    """A student's notebook with the answers of the reference."""
    student, solution = read(UNIT.student(REPOSITORY)), read(UNIT.solution(REPOSITORY))
    hand_in(lab.root / "made", UNIT, solution, student, 1)
    return f"made/student-000/{UNIT.folder}/{UNIT.slug}.ipynb"


def with_lines(lab: Lab, path: str, lines: str) -> str:
    """A copy of a notebook in which these lines stand below the answer about attention."""
    notebook = read(lab.root / path)
    (cell,) = (cell for cell in notebook.cells if answer_name(cell) == "attention")
    cell.source += f"\n{lines}"
    nbformat.write(notebook, lab.root / "changed.ipynb")
    return "changed.ipynb"


def validated(visit: Visit, path: str) -> "Locator":
    """The dialog that appears after the button was pressed."""
    visit.open(path)
    visit.page.get_by_role("button", name="Validate").click()
    dialog = visit.page.get_by_role("dialog").filter(has_text="Validation Results")
    dialog.wait_for(timeout=300_000)
    return dialog


@pytest.fixture(scope="module")
def blank(shared_visit: Visit) -> "Locator":
    """The dialog for a notebook in which nothing was answered."""
    return validated(shared_visit, f"course/{UNIT.folder}/{UNIT.slug}.ipynb")


def test_every_exercise_of_a_blank_notebook_is_listed_with_its_message(blank):
    shown = [text.strip() for text in blank.locator("pre").all_inner_texts()]
    cells, messages = shown[::2], shown[1::2]
    graded = [c for c in read(UNIT.student(REPOSITORY)).cells if c.id.endswith("-test")]
    assert cells == [cell.source for cell in graded]
    assert all(message.startswith("✗ ") and "→ " in message for message in messages)
    assert messages[0].splitlines()[1].strip().startswith("not written yet: replace")
    assert messages[-1].split("\n")[1].strip().startswith("questions 1, 2, 3, 4, 5 and 6 are not")


def test_the_messages_are_words_without_tracebacks_or_codes_of_colours(blank):
    text = blank.inner_text()
    assert [mark for mark in ("Traceback", "\x1b", "[0;31m", "<span", "&gt;") if mark in text] == []


def test_every_line_of_a_message_fits_into_the_dialog(blank):
    for box in blank.locator("pre").all():
        assert box.evaluate("(pre) => pre.scrollWidth - pre.clientWidth") <= 0


def test_the_dialog_tells_no_line_of_the_reference(blank):
    text, secrets = blank.inner_text(), set()
    given = {
        line for cell in read(UNIT.student(REPOSITORY)).cells for line in cell.source.split("\n")
    }
    for cell in read(UNIT.solution(REPOSITORY)).cells:
        if answer_name(cell) or cell.id.endswith("-test"):
            secrets |= set(cell.source.split("\n")) - given
    assert len(secrets) > 30
    assert [line for line in secrets if line.strip() in text and len(line.strip()) > 8] == []


def test_right_answers_pass_and_leave_the_progress_alone(visit: Visit, lab: Lab, answered: str):
    kept = lab.root / "kept.sqlite"
    named = f"import os\nos.environ['{VARIABLE}'] = {str(kept)!r}"  # a test keeps none otherwise
    assert SUCCESS in validated(visit, with_lines(lab, answered, named)).inner_text()
    assert not kept.exists()


def test_an_answer_that_warns_passes_as_it_does_in_grading(visit: Visit, lab: Lab, answered: str):
    assert SUCCESS in validated(visit, with_lines(lab, answered, WARNS)).inner_text()


def test_one_mistake_is_named_and_nothing_else_fails(visit: Visit, lab: Lab, answered: str):
    dialog = validated(visit, with_lines(lab, answered, NOT_SCALED))
    assert dialog.locator("pre").count() == 2
    assert "This is what comes out when" in dialog.inner_text()
