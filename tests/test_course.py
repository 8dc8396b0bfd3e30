"""The manifest names the units, and mistakes in it are explained."""

from pathlib import Path

import pytest

from interp_course import course
from interp_course.course import CourseError

ROOT = Path(__file__).parents[1]
ENTRY = '[[unit]]\nnumber = 4\nslug = "circuits"\ntitle = "Circuits"\nquestion = "Why?"\n'
ENTRY += "minutes = 90\npoints = 20\n"


@pytest.fixture
def folder(tmp_path):
    """A course with one unit, in a folder with a space."""
    root = tmp_path / "my course"
    (root / "course").mkdir(parents=True)
    (root / "course" / "course.toml").write_text(ENTRY)
    return root


def test_the_root_is_found_from_a_folder_deep_inside(folder):
    deep = folder / "course" / "a" / "b"
    deep.mkdir(parents=True)
    assert course.find_root(deep) == folder


def test_the_root_is_found_above_the_package_from_anywhere(tmp_path):
    assert course.find_root(tmp_path) == ROOT


def test_the_current_folder_is_where_the_search_starts(folder, monkeypatch):
    monkeypatch.chdir(folder)
    assert course.find_root() == folder


def test_a_missing_course_says_where_it_was_looked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(course, "__file__", str(tmp_path / "package" / "course.py"))
    with pytest.raises(CourseError, match="above it: change into the course's folder first"):
        course.find_root(tmp_path)


def test_a_unit_is_found_by_slug_and_by_folder(folder):
    assert course.unit(folder, "circuits") == course.unit(folder, "04_circuits")


def test_an_unknown_unit_gets_the_near_one(folder):
    with pytest.raises(CourseError, match="no unit 'circiuts'; did you mean 'circuits'"):
        course.unit(folder, "circiuts")


def test_an_unknown_unit_without_a_near_one_gets_the_list(folder):
    with pytest.raises(CourseError, match="units: 04_circuits, circuits"):
        course.unit(folder, "zzz")


def test_the_files_of_a_unit_lie_where_nbgrader_looks(folder):
    unit = course.units(folder)[0]
    assert unit.source(folder) == folder / "solutions/04_circuits/circuits.py"
    assert unit.solution(folder) == folder / "solutions/04_circuits/circuits.ipynb"
    assert unit.student(folder) == folder / "course/04_circuits/circuits.ipynb"
    assert unit.answers(folder) == folder / "tests/answers/circuits"


@pytest.mark.parametrize(
    "text", ["", "[[unit]", ENTRY.replace("points = 20\n", ""), ENTRY + "colour = 1\n"]
)
def test_a_manifest_that_cannot_be_read_is_named(folder, text):
    (folder / "course" / "course.toml").write_text(text)
    with pytest.raises(CourseError, match=r"course.toml is not a valid course manifest"):
        course.units(folder)


def test_the_overview_lists_units_that_can_be_opened_and_no_others(folder):
    assert "Circuits" not in course.overview(folder)
    student = course.units(folder)[0].student(folder)
    student.parent.mkdir(parents=True)
    student.touch()
    line = "| [04 · Circuits](04_circuits/circuits.ipynb) | Why? | 90 min | 20 |"
    assert course.overview(folder).endswith(line)


def test_every_unit_of_the_real_course_has_its_source_and_needs_units_that_exist():
    units = course.units(ROOT)
    slugs = {unit.slug for unit in units}
    assert units
    assert len(slugs) == len(units)
    for unit in units:
        assert unit.source(ROOT).is_file()
        assert set(unit.needs) <= slugs


def test_the_name_of_the_course_is_that_of_the_manifest(tmp_path):
    (tmp_path / "course").mkdir()
    manifest = tmp_path / "course" / "course.toml"
    manifest.write_text("")
    assert course.name(tmp_path) == course.UNNAMED
    manifest.write_text('name = "interp-2027"')
    assert course.name(tmp_path) == "interp-2027"


@pytest.mark.parametrize("text", ['name = "../else"', 'name = ""', "name = 3", "name ="])
def test_a_name_that_is_no_name_for_a_file_is_refused(tmp_path, text):
    (tmp_path / "course").mkdir()
    (tmp_path / "course" / "course.toml").write_text(text)
    with pytest.raises(course.CourseError, match=r"the name must be made of|not a valid course"):
        course.name(tmp_path)
