"""Full disks, damaged gradebooks and colliding names: said clearly, and nothing else is lost."""

import errno
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError
from tiny_class import expected, hand_in, stored, totals

from interp_course.course import CourseError
from interp_course.grading import batch, journal, scores, workspace
from interp_course.grading.results import Batch
from interp_course.grading.runner import Job, Outcome, UnsandboxedRunner

STUDENTS = 2
FULL = OSError(errno.ENOSPC, "No space left on device")
LOCKED = OperationalError("insert", None, sqlite3.OperationalError("database or disk is full"))


@pytest.fixture
def handed_in(tiny_course: Path, tmp_path: Path) -> Path:
    return hand_in(tmp_path, tiny_course, STUDENTS)


def once(monkeypatch: pytest.MonkeyPatch, module: object, name: str, error: Exception) -> None:
    """Let a function fail the first time it is called."""
    works, failed = getattr(module, name), []

    def function(*arguments, **options):
        if not failed:
            failed.append(True)
            raise error
        return works(*arguments, **options)

    monkeypatch.setattr(module, name, function)


@pytest.mark.parametrize(
    ("module", "name", "error"),
    [
        (scores, "store", LOCKED),
        (scores, "store", FULL),
        (scores, "forget", LOCKED),
        (journal, "write", FULL),
        (batch, "_write_log", FULL),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_on_a_full_disk_a_submission_fails_with_the_reason_and_the_next_run_completes(
    handed_in: Path,
    tiny_course: Path,
    monkeypatch: pytest.MonkeyPatch,
    module: object,
    name: str,
    error: Exception,
) -> None:
    once(monkeypatch, module, name, error)
    out = handed_in.parent / "out"
    first = batch.grade(handed_in, out, tiny_course)
    assert [result.status for result in first.results] == ["failed", "graded"]
    assert "the disk is full" in first.results[0].notes[0]
    assert totals(first) == [0.0, 5.0]
    again = batch.grade(handed_in, out, tiny_course)
    assert totals(again) == stored(again, tiny_course) == expected(STUDENTS)


class Killed(BaseException):
    pass


class Killing:
    """Ends the whole run over the first submission."""

    def run(self, job: Job) -> Outcome:
        raise Killed


def test_a_second_run_over_everything_may_be_killed_too(handed_in: Path, tiny_course: Path) -> None:
    out = handed_in.parent / "out"
    batch.grade(handed_in, out, tiny_course)
    with pytest.raises(Killed):
        batch.grade(handed_in, out, tiny_course, runner=Killing(), again=True)
    assert totals(batch.grade(handed_in, out, tiny_course)) == expected(STUDENTS)


@pytest.fixture
def graded(handed_in: Path, tiny_course: Path) -> Batch:
    return batch.grade(handed_in, handed_in.parent / "out", tiny_course)


def refused(graded: Batch, tiny_course: Path, message: str) -> None:
    """The gradebook is refused with this message and stays, byte by byte, as it is."""
    before = (graded.out / "gradebook.db").read_bytes()
    with pytest.raises(CourseError, match=message):
        batch.grade(graded.out.parent / "class", graded.out, tiny_course)
    assert (graded.out / "gradebook.db").read_bytes() == before


@pytest.mark.parametrize("damage", [0, 5000], ids=["first page", "a later page"])
def test_a_damaged_gradebook_is_refused_and_left_as_it_is(
    graded: Batch, tiny_course: Path, damage: int
) -> None:
    with (graded.out / "gradebook.db").open("r+b") as file:
        file.seek(damage)
        file.write(b"x" * 20000)
    refused(graded, tiny_course, r"gradebook.db is damaged \(.*\) and was left as it is")


@pytest.mark.parametrize(
    "change", ["update alembic_version set version_num = 'older'", "drop table alembic_version"]
)
def test_a_gradebook_of_another_version_is_refused_with_the_way_out(
    graded: Batch, tiny_course: Path, change: str
) -> None:
    with closing(sqlite3.connect(graded.out / "gradebook.db")) as book:
        book.execute(change)
        book.commit()
    refused(graded, tiny_course, "another version of nbgrader .* `nbgrader db upgrade`")


def test_two_students_with_one_name_for_nbgrader_are_told_apart(
    handed_in: Path, tiny_course: Path
) -> None:
    odd = "ann, b"
    (handed_in / "student 000").rename(handed_in / odd)
    (handed_in / "student 001").rename(handed_in / batch.folder_name(odd))
    graded = batch.grade(handed_in, handed_in.parent / "out", tiny_course)
    assert {result.status for result in graded.results[:2]} == {"graded"}
    names = {batch.folder_name(result.student) for result in graded.results[:2]}
    assert all((graded.out / "autograded" / name).is_dir() for name in names)
    assert len(names) == 2


def test_a_unit_that_does_not_exist_is_named(handed_in: Path, tiny_course: Path) -> None:
    with pytest.raises(CourseError, match="tinny"):
        batch.grade(handed_in, handed_in.parent / "out", tiny_course, only=["tinny"])


@pytest.mark.parametrize("out", ["/proc/grades", "/dev/null/grades"])
def test_a_folder_that_cannot_be_made_is_named(
    handed_in: Path, tiny_course: Path, out: str
) -> None:
    with pytest.raises(CourseError, match=f"{out} cannot be written .*: choose another folder"):
        batch.grade(handed_in, Path(out), tiny_course)


def test_a_folder_that_cannot_be_written_is_named() -> None:
    with (
        pytest.raises(CourseError, match="cannot be written"),
        workspace.locked(Path("/proc/self/task")),
    ):
        pytest.fail("the lock cannot be there")


def test_a_worker_without_room_says_so(handed_in: Path, tiny_course: Path, monkeypatch) -> None:
    once(monkeypatch, UnsandboxedRunner, "run", FULL)
    graded = batch.grade(handed_in, handed_in.parent / "out", tiny_course)
    assert [result.status for result in graded.results] == ["failed", "graded"]
    assert "the disk is full" in graded.results[0].notes[0]
