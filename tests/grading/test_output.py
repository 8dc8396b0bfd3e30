"""What `interp-course grade` leaves behind, from submissions to pages."""

import csv
import json
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote

import pytest
from test_feedback import Parsed

from interp_course import course
from interp_course.grading import batch, flags, output, workspace
from interp_course.grading.results import Batch, Result
from interp_course.grading.runner import UnsandboxedRunner

OWN = """
def square(x):
    total, step, odd = 0, 0, 1
    while step < abs(x):
        total, odd, step = total + odd, odd + 2, step + 1
    if total < 0 or odd % 2 == 0:
        raise ValueError(f"{total} is not a square, {odd} is not odd")
    bits = [digit for digit in bin(total)[2:] if digit in "01"]
    return sum(int(digit) << place for place, digit in enumerate(reversed(bits)))
"""
COPY = OWN.replace("total", "s").replace("step", "i").replace("odd", "o").replace("digit", "d")
ANSWERS = {
    "ann": OWN,
    "bob": f"# all mine{COPY}",
    "cleo": "def square(x):\n    return 4",
    "dan": "def square(x):\n    return x * x",
    "eve": "def square(x):\n    raise ValueError(f'secret {x}')",
    "<b>&": "def square(x):\n    return [x**2 for _ in '</pre><script>'][0]",
}


@dataclass
class Run:
    """A graded class and what was written from it."""

    root: Path
    before: Batch
    written: output.Output

    def page(self, student: str) -> Parsed:
        folder = self.written.feedback / batch.folder_name(student)
        return Parsed((folder / "01_tiny.html").read_text(encoding="utf-8"))

    def result(self, student: str) -> Result:
        return next(r for r in self.written.batch.results if r.student == student)


@pytest.fixture(scope="module")
def run(tiny_course: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    work = tmp_path_factory.mktemp("output")
    (work / "release").mkdir()
    unit = course.unit(tiny_course, "tiny")
    release = workspace.prepare(work / "release", tiny_course, unit)
    for student, answer in ANSWERS.items():
        notebook = json.loads(json.dumps(release))
        next(c for c in notebook["cells"] if c["id"] == "square")["source"] = answer
        hand_in(work / "subs" / student, json.dumps(notebook))
    hand_in(work / "subs" / "fay", "{")
    graded = batch.grade(work / "subs", work / "out", tiny_course, runner=UnsandboxedRunner())
    return Run(tiny_course, graded, output.write(graded, tiny_course, "canvas"))


def hand_in(folder: Path, text: str) -> None:
    (folder / "01_tiny").mkdir(parents=True)
    (folder / "01_tiny" / "tiny.ipynb").write_text(text, encoding="utf-8")


def test_every_submission_has_its_page(run: Run):
    names = {path.parent.name for path in run.written.feedback.rglob("*.html")}
    assert names == {batch.folder_name(student) for student in [*ANSWERS, "fay"]}


def test_a_page_shows_the_students_own_answer(run: Run):
    assert ANSWERS["cleo"] in run.page("cleo").texts


@pytest.mark.parametrize("student", [*ANSWERS, "fay"])
def test_no_page_shows_a_hidden_test_or_the_reference(run: Run, student: str):
    text = run.page(student).text
    assert "== 25" not in text
    assert "secret 5" not in text
    assert ("x * x" in text) == (student == "dan")


def test_what_a_student_wrote_runs_on_no_page(run: Run):
    assert "script" not in run.page("<b>&").tags


def test_a_renamed_copy_is_flagged_on_both_sides(run: Run):
    flagged = [r.student for r in run.written.batch.results if flags.NEAR_IDENTICAL in r.flags]
    assert flagged == ["ann", "bob"]


def test_the_flags_are_in_the_table_of_scores(run: Run):
    with run.written.scores.open(newline="", encoding="utf-8") as file:
        found = {row["student"]: row["flags"] for row in csv.DictReader(file)}
    assert (found["bob"], found["fay"], found["dan"]) == ("near-identical", "refused", "")


def test_the_results_that_were_handed_over_stay_as_they_are(run: Run):
    assert not [r for r in run.before.results if flags.NEAR_IDENTICAL in r.flags]


def test_the_scores_for_the_system_have_units_only(run: Run):
    assert run.written.for_lms is not None
    with run.written.for_lms.open(newline="", encoding="utf-8") as file:
        head = next(csv.reader(file))
    assert head == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "01_tiny"]


def test_every_link_of_the_report_leads_to_a_file_of_the_run(run: Run):
    attributes = Parsed(run.written.report.read_text(encoding="utf-8")).attributes
    links = [v for name, v in attributes if name == "href" and v and not v.startswith("#")]
    assert len(links) >= 4
    assert all((run.written.batch.out / unquote(link)).is_file() for link in links)


def test_writing_again_gives_the_same_files(run: Run):
    files = [run.written.scores, run.written.report, *run.written.feedback.rglob("*.html")]
    before = [path.read_bytes() for path in files]
    output.write(run.before, run.root)
    assert [path.read_bytes() for path in files] == before


def test_a_second_submission_to_a_unit_does_not_replace_the_first_page(run: Run):
    twice = replace(run.result("ann"), status="refused", notes=("the same unit",), flags=())
    again = replace(run.before, results=(*run.before.results, twice))
    folder = output.write(again, run.root).feedback / "ann"
    assert sorted(path.name for path in folder.iterdir()) == ["01_tiny 2.html", "01_tiny.html"]
    assert "You earned" in (folder / "01_tiny.html").read_text(encoding="utf-8")


def test_all_places_are_told(run: Run):
    assert list(run.written.paths()) == ["scores", "feedback", "report", "scores for your LMS"]
