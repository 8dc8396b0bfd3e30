"""The whole catalogue of broken and hostile submissions, graded in one run in the sandbox."""

import os
import re
import shutil
import socket
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from html.parser import HTMLParser
from multiprocessing import util
from pathlib import Path

import checked_course
import footprint
import nbformat
import pytest
from checked_course import FOLDER, SLUG
from nbformat import NotebookNode
from sandboxed import needs_sandbox
from submissions import CATALOGUE, hand_in, making
from submissions.making import Entry, Places

from interp_course.grading import batch, crew, formgrader, intake, output
from interp_course.grading.batch import Batch, folder_name
from interp_course.grading.results import Result
from interp_course.grading.sandbox.limits import MIB, Limits
from interp_course.grading.sandbox.running import SandboxedRunner

REPOSITORY = Path(__file__).parents[2]
LIMITS = Limits(
    memory=2048 * MIB,
    memory_in_all=3072 * MIB,
    processes=100,
    cpu_seconds=60,
    wall_seconds=120,
    file_size=20 * MIB,
    folder_size=64 * MIB,
)
pytestmark = [needs_sandbox, pytest.mark.slow]


@dataclass(frozen=True)
class Run:
    """One graded class, and what it left behind."""

    places: Places
    batch: Batch
    before: footprint.Files
    after: footprint.Files
    left: list[str]
    """Processes."""
    rest: list[str]
    """Files in the folder for temporary ones."""
    heard: list[str]
    """Sockets of the grader that somebody reached."""

    def result(self, entry: Entry) -> Result:
        name = intake.shown(entry.name)
        return next(r for r in self.batch.results if r.student == name)

    def notebook(self, entry: Entry) -> NotebookNode:
        student = folder_name(intake.shown(entry.name))
        path = self.places.out / "autograded" / student / FOLDER / f"{SLUG}.ipynb"
        return nbformat.read(path, 4)

    def printed(self, entry: Entry) -> str:
        outputs = [o for c in self.notebook(entry).cells for o in c.get("outputs", [])]
        return "".join(o.get("text", "") for o in outputs)


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    util.get_temp_dir()  # the socket in it serves the tests after these too
    with ExitStack() as stack:
        own, temporary = (Path(tempfile.mkdtemp(prefix="c-", dir="/tmp")) for _ in range(2))
        for folder in (own, temporary):
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        unnamed = stack.enter_context(socket.socket(socket.AF_UNIX))
        unnamed.bind(f"\0{own.name}")
        unnamed.listen()
        places = _places(own, listening.getsockname()[1])
        hand_in(places)
        patch.setenv("HOME", str(places.home))
        patch.setenv("TMPDIR", str(temporary))
        patch.setenv("MPLCONFIGDIR", str(own / "matplotlib"))
        patch.setenv("GRADER_TOKEN", "s3cret")
        patch.setattr(tempfile, "tempdir", None)
        watched = (REPOSITORY, places.home, places.common, places.submissions, places.root)
        before = footprint.files(*watched)
        runner = SandboxedRunner(LIMITS, (places.root, own), cell_timeout=6)
        graded = batch.grade(
            places.submissions, places.out, places.root, runner=runner, crew=crew.processes(2)
        )
        graded = output.write(graded, places.root).batch
        left = footprint.processes(own.name, temporary.name)
        rest = [p.name for p in temporary.iterdir() if not p.name.startswith(OF_THIS_PROCESS)]
        heard = [s.getsockname() for s in (listening, unnamed) if _reached(s)]
        yield Run(places, graded, before, footprint.files(*watched), left, rest, heard)


def _places(own: Path, port: int) -> Places:
    folders = [own / name for name in ("course", "subs", "grades", "home", "common")]
    for folder in folders[3:]:
        folder.mkdir()
    folders[4].chmod(0o777)
    (own / "home" / ".netrc").write_text("password s3cret\n")
    (own / "home" / ".bashrc").write_text("")
    checked_course.make(folders[0])
    return Places(*folders, grader=os.getpid(), port=port, abstract=own.name)


def _reached(listening: socket.socket) -> bool:
    listening.setblocking(False)
    try:
        listening.accept()[0].close()
    except BlockingIOError:
        return False
    return True


OF_THIS_PROCESS = "torchinductor"
"""A temporary folder that this process has until it ends: a command would have ended by then."""
ENTRIES = [pytest.param(entry, id=intake.shown(name)[:60]) for name, entry in CATALOGUE.items()]
RUN = [p for p in ENTRIES if p.values[0].expected.status == "graded"]  # type: ignore[union-attr]


@pytest.mark.parametrize("entry", ENTRIES)
def test_each_submission_gets_its_points_and_flags(run: Run, entry: Entry) -> None:
    found, expected = run.result(entry), entry.expected
    scored = (found.status, [c.score for c in found.cells])
    assert scored == (expected.status, [*expected.points]), found
    alike = {"near-identical"}
    assert set(found.flags) - alike == set(expected.flags), found.notes


@pytest.mark.parametrize("entry", ENTRIES)
def test_the_notes_say_what_happened_and_nothing_else(run: Run, entry: Entry) -> None:
    notes = run.result(entry).notes
    assert all(any(words in note for note in notes) for words in entry.expected.notes), notes
    assert bool(notes) == bool(entry.expected.notes), notes
    assert all(len(note) < 1_000 for note in notes)


@pytest.mark.parametrize("entry", RUN)
def test_no_attack_got_through_and_each_was_tried(run: Run, entry: Entry) -> None:
    text = run.printed(entry)
    assert making.GOT_THROUGH not in text
    assert all(words in text for words in entry.expected.shown), text


def test_nothing_outside_the_folder_of_grades_changed(run: Run) -> None:
    changed = {p for p in run.before | run.after if run.before.get(p) != run.after.get(p)}
    assert changed == set()


def test_nothing_runs_or_lies_about_when_the_run_is_over(run: Run) -> None:
    assert run.left == []
    assert run.rest == []


def test_nobody_reached_a_socket_of_this_machine(run: Run) -> None:
    assert run.heard == []


def test_the_gradebook_is_sound(run: Run) -> None:
    with closing(sqlite3.connect(run.places.out / "gradebook.db")) as book:
        assert book.execute("pragma integrity_check").fetchall() == [("ok",)]


def test_the_gradebook_holds_the_same_points(run: Run) -> None:
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{run.places.out / 'gradebook.db'}") as book:
        found = {s.student.id: s.score for s in book.assignment_submissions(FOLDER)}
    graded = [r for r in run.batch.results if r.status == "graded"]
    assert found == {folder_name(r.student): r.total for r in graded}


class _Tags(HTMLParser):
    """Collects what could act."""

    def __init__(self) -> None:
        super().__init__()
        self.active: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Of the pages' own parts none is a script, a frame or an event."""
        if tag in ("script", "iframe", "object", "embed", "svg", "link", "base"):
            self.active.append(tag)
        for name, value in attrs:
            if name.startswith("on") or "script:" in (value or ""):
                self.active.append(f"{tag} {name}={value}")


def _active(text: str) -> list[str]:
    tags = _Tags()
    tags.feed(text)
    return tags.active


def test_no_page_holds_anything_active(run: Run) -> None:
    pages = [run.places.out / "report.html", *(run.places.out / "feedback").rglob("*.html")]
    assert len(pages) == len(CATALOGUE) + 1
    assert [found for page in pages for found in _active(page.read_text())] == []


def test_no_page_holds_hidden_tests_or_secrets(run: Run) -> None:
    for page in (run.places.out / "feedback").rglob("*.html"):
        assert not re.search("HIDDEN TESTS|seed in|s3cret", page.read_text()), page


@pytest.mark.parametrize("entry", RUN)
def test_no_executed_notebook_shows_anything_active(run: Run, entry: Entry) -> None:
    cells = run.notebook(entry).cells
    kinds = {k for c in cells for o in c.get("outputs", []) for k in o.get("data", {})}
    assert kinds <= {"text/plain", "image/png", "image/jpeg"}
    texts = [cell.source for cell in cells if cell.cell_type == "markdown"]
    assert [found for text in texts for found in _active(formgrader.safe_markdown(text))] == []
