"""The map shows every unit that is there, what it builds on, and how far one is."""

import re
import shutil

import pytest

from interp_course import course, course_map, progress
from interp_course.course import CourseError
from interp_course.progress import storing

ROOT = course.find_root()


@pytest.fixture
def kept(tmp_path, monkeypatch):
    monkeypatch.setenv(storing.VARIABLE, str(tmp_path / "progress.sqlite"))
    yield
    storing.close()


@pytest.fixture
def changed(tmp_path):
    """The course's notebooks for students, to be changed."""
    shutil.copytree(ROOT / "course", tmp_path / "course")
    return tmp_path


def test_every_unit_is_in_the_picture_and_in_its_words(drawn):
    alt = course_map.draw(ROOT).alt
    shown = {text.get_text() for text in drawn[0].axes[0].texts}
    for unit in course.units(ROOT):
        assert f"{unit.number:02d} · {unit.title}" in shown
        assert f"Unit {unit.number:02d}, {unit.title}, " in alt


def test_the_words_say_what_builds_on_what():
    alt = course_map.draw(ROOT).alt
    assert "Unit 00, The residual stream, needs no other unit; 75 minutes, 21 points." in alt
    assert "Unit 04, Circuits, builds on unit 03;" in alt


def test_every_unit_can_be_reached_from_the_first():
    units = course.units(ROOT)
    reached = {units[0].slug}
    for unit in units[1:]:
        assert unit.needs
        assert set(unit.needs) <= reached
        reached.add(unit.slug)


def test_what_is_solved_is_shown_and_said(kept, drawn):
    progress.record("circuits", "replaced", True)
    alt = course_map.draw(ROOT).alt
    assert "26 points; 1 of 10 exercises solved." in alt
    assert "110 min, 26 points, 1 of 10 solved" in {t.get_text() for t in drawn[0].axes[0].texts}


def test_a_unit_that_was_not_handed_out_is_left_out(changed):
    shutil.rmtree(changed / "course" / "03_induction_heads")
    alt = course_map.draw(changed).alt
    assert "Induction heads" not in alt
    assert "Unit 04, Circuits, needs no other unit;" in alt


def test_a_course_without_units_says_what_to_do(changed):
    for folder in (changed / "course").glob("0*"):
        shutil.rmtree(folder)
    with pytest.raises(CourseError, match="has no notebook of a unit: get it anew"):
        course_map.draw(changed)


def test_a_unit_that_needs_a_later_one_is_refused(changed):
    manifest = changed / "course" / "course.toml"
    text = manifest.read_text()
    manifest.write_text(text.replace("needs = []", 'needs = ["circuits"]'))
    with pytest.raises(CourseError, match=re.escape("it may need boxes before it only")):
        course_map.draw(changed)


def test_a_file_of_progress_that_cannot_be_read_leaves_the_map(tmp_path, monkeypatch):
    monkeypatch.setenv(storing.VARIABLE, str(tmp_path))
    assert "solved" not in course_map.draw(ROOT).alt
