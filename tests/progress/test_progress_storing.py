"""Events survive other kernels, damage, and disks that cannot be written."""

import os
import sqlite3
import subprocess
import sys

import pytest
from progress_cases import write_at_once

from interp_course import progress
from interp_course.progress import storing


def solved(path):
    return [(event.unit, event.exercise, event.passed) for event in storing.events(path)]


def test_what_is_recorded_is_found_again_by_another_process(kept):
    code = "from interp_course import progress; progress.record('circuits', 'edges', True)"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert solved(kept) == [("circuits", "edges", True)]


def test_answers_to_quizzes_come_back_as_they_were(kept):
    progress.record("circuits", "quiz", False, {1: "a"})
    progress.record("circuits", "predictions.depth", None, "b")
    assert [(e.passed, e.answer) for e in storing.events(kept)] == [
        (False, {"1": "a"}),
        (None, "b"),
    ]


def test_an_answer_of_any_length_or_kind_takes_little_room(kept):
    progress.record("circuits", "quiz", False, "long " * 10_000)
    progress.record("circuits", "quiz", False, {1: object()})
    assert [len(str(e.answer)) <= storing.LONGEST_ANSWER for e in storing.events(kept)] == [
        True
    ] * 2


def test_four_kernels_that_write_at_once_lose_nothing(kept):
    write_at_once(processes=4, events=200)
    assert sorted(solved(kept)) == sorted(
        (f"unit {p}", f"exercise {n}", n % 2 == 0) for p in range(4) for n in range(200)
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_writes_beside_the_one_it_comes_from(kept):
    code = """
import os
from interp_course import progress
progress.record("circuits", "before", True)
child = os.fork()
progress.record("circuits", "after", True)
if child:
    os.waitpid(child, 0)
    progress.record("circuits", "last", True)
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    names = [name for _, name, _ in solved(kept)]
    assert names == ["before", "after", "after", "last"]


def test_a_damaged_file_is_set_aside_and_that_is_said_once(kept, capsys):
    kept.parent.mkdir()
    kept.write_bytes(b"no database " * 100)
    progress.record("circuits", "edges", True)
    progress.record("circuits", "sites", True)
    [aside] = kept.parent.glob("progress-damaged-2*.sqlite")
    assert aside.read_bytes() == b"no database " * 100
    assert solved(kept) == [("circuits", "edges", True), ("circuits", "sites", True)]
    assert capsys.readouterr().out.count("was damaged. It is now called progress-damaged-") == 1


def test_a_file_that_is_damaged_in_the_middle_is_set_aside_too(kept):
    for n in range(300):
        progress.record("circuits", f"exercise {n}", True)
    storing.close()
    content = kept.read_bytes()
    kept.write_bytes(content[:4096] + bytes(len(content) - 4096))
    progress.record("circuits", "edges", True)
    assert solved(kept) == [("circuits", "edges", True)]


def test_a_file_that_vanished_is_made_anew(kept):
    progress.record("circuits", "edges", True)
    kept.unlink()
    progress.record("circuits", "sites", True)
    assert solved(kept) == [("circuits", "sites", True)]


def test_where_no_folder_can_be_made_nothing_happens(tmp_path, monkeypatch, kept, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(storing.VARIABLE, str(tmp_path / "file" / "progress.sqlite"))
    progress.record("circuits", "edges", True)
    assert capsys.readouterr().out == ""


def test_a_disk_without_room_loses_the_event_and_nothing_else(kept):
    progress.record("circuits", "edges", True)
    full = storing._connection(kept)
    full.execute("PRAGMA max_page_count = 1")
    for n in range(300):
        progress.record("circuits", f"exercise {n}", True)
    assert solved(kept)[0] == ("circuits", "edges", True)


def test_a_file_that_another_program_holds_loses_the_event_and_nothing_else(kept, monkeypatch):
    monkeypatch.setattr(storing, "PATIENCE_SECONDS", 0.01)
    progress.record("circuits", "edges", True)
    other = sqlite3.connect(kept, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    progress.record("circuits", "sites", True)
    other.close()
    assert solved(kept) == [("circuits", "edges", True)]


def test_a_folder_in_place_of_the_file_is_an_error_that_names_it(kept):
    kept.mkdir(parents=True)
    with pytest.raises(progress.ProgressError, match="cannot be read: unable to open"):
        storing.events(kept)


def test_a_reset_forgets_one_unit_and_keeps_a_copy(kept):
    progress.record("circuits", "edges", True)
    progress.record("features", "used", True)
    copy = progress.reset(kept, "circuits")
    assert solved(kept) == [("features", "used", True)]
    assert solved(copy) == [("circuits", "edges", True), ("features", "used", True)]


def test_two_resets_on_one_day_keep_two_copies(kept):
    progress.record("circuits", "edges", True)
    assert len({kept, progress.reset(kept), progress.reset(kept)}) == 3
    assert solved(kept) == []


def test_what_is_not_there_cannot_be_reset(kept):
    with pytest.raises(progress.ProgressError, match="there is no progress in"):
        progress.reset(kept)
