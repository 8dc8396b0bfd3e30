"""A person grades an answer in words: Formgrader, in a browser, on a folder of grades."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from labserver import TOKEN, Lab, Visit, running_lab, visiting
from words_course import MODEL_ANSWER, RUBRIC

from interp_course import course

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

ATTACK = '<script>window.attacked = 1</script><img src="x" onerror="window.attacked = 2">'
ANSWER = f"Two odd ones out make a pair. {ATTACK}"
PRINTS = f"""quiz_answer_of_one = True
from IPython.display import HTML, Javascript
display(HTML('{ATTACK}'), Javascript('window.attacked = 3'))"""
MATHJAX = "https://cdnjs.cloudflare.com/ajax/libs/mathjax/"


@pytest.fixture(scope="module")
def grades(words_course: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of grades with the answer of one student, who tries to run code in it."""
    from interp_course.grading import batch

    work = tmp_path_factory.mktemp("by hand")
    notebook = json.loads(course.unit(words_course, "odd").student(words_course).read_text())
    written = {"why": ANSWER, "quiz": PRINTS}
    for cell in notebook["cells"]:
        cell["source"] = written.get(cell["id"], cell["source"])
    folder = work / "submissions" / "ann" / "01_odd"
    folder.mkdir(parents=True)
    (folder / "odd.ipynb").write_text(json.dumps(notebook))
    return batch.grade(work / "submissions", work / "grades", words_course).out


@pytest.fixture(scope="module")
def formgrader(browser, grades: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    """The page on which the submission is graded, reached as a person would reach it."""
    with (
        running_lab(tmp_path_factory.mktemp("home"), grades, copied=()) as lab,
        visiting(browser, lab) as visit,
    ):
        open_submission(visit.page, lab)
        yield visit


def open_submission(page: "Page", lab: Lab) -> None:
    page.goto(f"{lab.address}/login?token={TOKEN}&next=/formgrader/gradebook/01_odd/odd")
    page.get_by_role("link", name="Submission #1").click()
    page.wait_for_function("() => window.formgrader?.grades?.loaded && formgrader.comments.loaded")


def stored(grades: Path) -> tuple[float | None, str | None, bool]:
    """What the gradebook holds: score by hand, comment, and whether it waits for a person."""
    from nbgrader.api import Gradebook

    from interp_course.grading.runner import gradebook_url

    with Gradebook(gradebook_url(grades)) as book:
        grade = book.find_grade("why", "odd", "01_odd", "ann")
        comment = book.find_comment("why", "odd", "01_odd", "ann")
        return grade.manual_score, comment.manual_comment, grade.needs_manual_grade


def test_the_grader_sees_the_rubric_above_the_answer(formgrader: Visit):
    text = formgrader.page.locator("body").inner_text()
    assert text.index("What is looked for") < text.index(RUBRIC) < text.index("Two odd ones")
    assert MODEL_ANSWER not in text


def test_nothing_of_the_student_runs_on_the_graders_page(formgrader: Visit):
    assert formgrader.page.evaluate("() => window.attacked") is None
    assert "<script>" in formgrader.page.locator("body").inner_text()
    assert [url for url in formgrader.external if not url.startswith(MATHJAX)] == []


def test_a_score_and_a_comment_reach_the_gradebook(formgrader: Visit, grades: Path):
    page = formgrader.page
    assert stored(grades) == (None, None, True)
    with page.expect_response(lambda r: "/api/grade/" in r.url and r.request.method == "PUT"):
        page.locator("input#why").fill("1.5")
        page.locator("input#why").blur()
    with page.expect_response(lambda r: "/api/comment/" in r.url and r.request.method == "PUT"):
        page.locator("#why-comment").fill("Say where the two comes from.")
        page.locator("#why-comment").blur()
    assert stored(grades) == (1.5, "Say where the two comes from.", False)
