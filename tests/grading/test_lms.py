"""Scores as a learning management system reads them."""

import csv
from pathlib import Path

import made_class
import pytest

from interp_course.grading import lms
from interp_course.grading.results import Result

ANN = made_class.result("ann@example.org", (2.0, 1 / 3))
BOB = made_class.result("bob", (0.0, 3.0))
BOB_TWO = made_class.result("bob", (1.0, 0.0), unit="02_other")
CLASS = made_class.batch(BOB_TWO, ANN, BOB)
ALL = ["01_tiny", "01_tiny double", "01_tiny square"]
HOSTILE = [
    *("=1+1", "+1", "-1", "@SUM(1)", "  =1", "\t=1", "\r=1", "\n=1", "|calc", "%1"),
    *("＝1+1", "＋1", "－1", "＠x", "\x00=1"),  # noqa: RUF001
]


def table(tmp_path: Path, batch=CLASS, system: lms.Lms = "plain", **options) -> list[list[str]]:
    lms.write_scores(batch, tmp_path / "scores.csv", system, **options)
    with (tmp_path / "scores.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_plain_has_one_line_per_student(tmp_path: Path):
    assert [row[0] for row in table(tmp_path)] == ["student", "bob", "ann@example.org"]


def test_units_come_in_order_each_with_its_exercises(tmp_path: Path):
    assert table(tmp_path)[0][1:] == [*ALL, "02_other", "02_other double", "02_other square"]


def test_the_units_alone_can_be_had(tmp_path: Path):
    assert table(tmp_path, exercises=False)[0] == ["student", "01_tiny", "02_other"]


def test_what_was_not_handed_in_is_empty(tmp_path: Path):
    assert table(tmp_path, exercises=False)[2] == ["ann@example.org", "2.33333333333333", ""]


def test_points_keep_their_digits(tmp_path: Path):
    assert {row[3] for row in table(tmp_path)[1:]} == {"0.333333333333333", "3"}


def test_sums_show_no_noise_of_the_machine():
    assert [lms.points(x) for x in (0.1 + 0.2, 2.0, 0.0, 1 / 3)] == [
        *("0.3", "2", "0", "0.333333333333333")
    ]


def test_moodle_gets_a_number_or_an_address_to_map_users_by(tmp_path: Path):
    rows = [row[:2] for row in table(tmp_path, system="moodle")]
    assert rows == [["ID number", "Email address"], ["bob", ""], ["", "ann@example.org"]]


def test_canvas_gets_the_head_of_its_gradebook(tmp_path: Path):
    head = table(tmp_path, system="canvas", exercises=False)[0]
    assert head[:5] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    assert head[5:] == ["01_tiny", "02_other"]


def test_canvas_gets_a_line_of_points_possible(tmp_path: Path):
    line = table(tmp_path, system="canvas", exercises=False)[1]
    assert line == ["    Points Possible", "", "", "", "", "5", "5"]


def test_canvas_finds_students_by_their_login_and_not_by_a_made_up_number(tmp_path: Path):
    assert table(tmp_path, system="canvas")[2][:5] == ["bob", "", "", "bob", ""]


def test_canvas_assignments_can_carry_their_number(tmp_path: Path):
    rows = table(tmp_path, system="canvas", exercises=False, assignment_ids={"01_tiny": 4711})
    assert rows[0][5:] == ["01_tiny (4711)", "02_other"]


@pytest.mark.parametrize(
    ("system", "name", "hint"),
    [("canvas", "1_tiny", "columns: 01_tiny"), ("moodle", "01_tiny", "only Canvas has them")],
)
def test_numbers_that_cannot_be_used_are_refused(tmp_path: Path, system, name, hint):
    with pytest.raises(ValueError, match=hint):
        table(tmp_path, system=system, assignment_ids={name: 1})


def test_an_unknown_system_is_refused(tmp_path: Path):
    message = "lms must be one of plain, moodle, canvas"
    with pytest.raises((ValueError, TypeError), match=f"{message}|Type-check error"):
        lms.write_scores(CLASS, tmp_path / "scores.csv", "blackboard")  # pyright: ignore


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_is_taken_for_a_formula(name):
    assert lms.not_a_formula(name).startswith("'")


@pytest.mark.parametrize("name", ["Ann", "O'Neil", "jane-doe", "a=b", "ann@example.org", "Ağaoğlu"])
def test_ordinary_names_stay_as_they_are(name):
    assert lms.not_a_formula(name) == name


@pytest.mark.parametrize("system", ["plain", "moodle", "canvas"])
@pytest.mark.parametrize("name", ['a,b "c"', "a;b", "a\nb", "a\r\n\u2028b", "\udcff"])
def test_odd_names_stay_in_one_field_on_one_line(tmp_path: Path, system, name):
    rows = table(tmp_path, made_class.batch(made_class.result(name)), system)
    lines = (tmp_path / "scores.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(rows)
    assert {len(row) for row in rows} == {len(rows[0])}


def test_of_a_unit_handed_in_twice_the_graded_submission_counts(tmp_path: Path):
    refused = made_class.result("bob", (0.0, 0.0), "refused")
    rows = table(tmp_path, made_class.batch(BOB, refused), exercises=False)
    assert rows[1:] == [["bob", "3"]]


def test_a_refused_submission_scores_zero(tmp_path: Path):
    refused = made_class.result("bob", (0.0, 0.0), "refused")
    assert table(tmp_path, made_class.batch(ANN, refused))[2] == ["bob", "0", "0", "0"]


def test_a_student_with_nothing_but_an_unknown_unit_has_an_empty_line(tmp_path: Path):
    lost = Result("cleo", "01_tinny", "refused")
    assert table(tmp_path, made_class.batch(BOB, lost), exercises=False)[2] == ["cleo", ""]
