"""The page about a class: numbers first, names only where a person must look."""

import io
from dataclasses import replace

import made_class
import numpy as np
import pytest
from made_class import EXERCISES, HOSTILE
from PIL import Image
from test_feedback import Parsed

from interp_course.grading import flags
from interp_course.grading.class_report import (
    SHOWN_MISTAKES,
    Link,
    UnitResults,
    class_report,
    score_histogram,
)
from interp_course.grading.likeness import Pair

RNG = np.random.default_rng(1)
SOLVED = RNG.random((12, 2)) < [0.7, 0.4]
RIGHT = [made_class.result(f"s{i}", (2.0 * a, 3.0 * b)) for i, (a, b) in enumerate(SOLVED)]
CRASHED = made_class.result("zoe", (0.0, 0.0), "failed", notes=("it broke",), flags=(flags.CRASH,))
NAMED = made_class.result("yan", (2.0, 0.0), error=made_class.NAMED, mistake="x is doubled")


def report(*results, pairs=(), links=None, title: str = "01 · Tiny") -> Parsed:
    return Parsed(class_report([UnitResults(title, EXERCISES, results, pairs)], (), links))


def test_it_counts_submissions_by_what_became_of_them():
    text = report(*RIGHT, CRASHED).text
    assert "13 submissions by 13 students. 12 graded, 0 refused, 1 failed." in text


def test_difficulty_is_the_share_of_full_marks():
    text = report(*RIGHT).text
    shares = [f"{round(100 * share)} %" for share in SOLVED.mean(axis=0)]
    assert f"Exercise 1 · Double 2 {shares[0]} {shares[0]}" in text
    assert f"Exercise 2 · Square 3 {shares[1]} {shares[1]}" in text


def test_discrimination_is_shown_as_numpy_computes_it():
    expected = np.corrcoef(SOLVED[:, 0], SOLVED[:, 1])[0, 1]
    digits = f"{expected:.2f}".replace("-", "\N{MINUS SIGN}")
    assert report(*RIGHT).text.count(f"% {digits} ") == 2


def test_a_small_class_has_no_discrimination():
    assert report(*RIGHT[:9]).text.count("% n/a") == 2


def test_failed_submissions_do_not_count_among_the_scores():
    assert report(*RIGHT, CRASHED).text.count("12 graded submissions") == 2


def test_a_mistake_is_counted_by_submission():
    other = replace(NAMED, student="xia")
    assert "x is doubled Exercise 2 · Square 2" in report(*RIGHT, NAMED, other).text


def test_the_commonest_mistakes_come_first():
    rare = made_class.result("w", (2.0, 0.0), mistake="x is halved")
    text = report(rare, NAMED, replace(NAMED, student="xia")).text
    assert text.index("x is doubled") < text.index("x is halved")


def test_mistakes_beyond_the_list_are_counted():
    many = [
        made_class.result(f"s{i}", (2.0, 0.0), mistake=f"m{i}") for i in range(SHOWN_MISTAKES + 2)
    ]
    assert "2 more mistakes were named." in report(*many).text


def test_a_flagged_submission_comes_with_its_reason_and_its_files():
    links = {("zoe", "01_tiny"): [Link("feedback", "./feedback/zoe/01_tiny.html")]}
    parsed = report(*RIGHT, CRASHED, links=links)
    assert "zoe · 01_tiny: crash ( feedback of zoe ) it broke" in parsed.text
    assert ("href", "./feedback/zoe/01_tiny.html") in parsed.attributes


def test_a_result_of_no_unit_is_listed():
    lost = replace(CRASHED, assignment="01_tinny", flags=(flags.REFUSED,))
    page = Parsed(class_report([UnitResults("Tiny", EXERCISES, RIGHT)], [lost]))
    assert "zoe · 01_tinny: refused" in page.text


def test_likeness_alone_is_listed_among_the_pairs_only():
    like = [replace(r, flags=(flags.NEAR_IDENTICAL,)) for r in RIGHT[:2]]
    text = report(*like, pairs=[Pair("s0", "s1", 0.956, 200.0)]).text
    assert "Need a person: 0" in text
    assert "s0 and s1 01 · Tiny 96 %" in text


def test_the_wording_about_pairs_is_careful():
    text = report(*RIGHT, pairs=[Pair("s0", "s1", 0.9, 200.0)]).text
    assert "a person must decide" in text
    assert not [word for word in ("cheat", "plagiar", "copied", "guilty") if word in text.lower()]


def test_students_who_need_nobody_are_not_named():
    students = [made_class.result(f"Student-{i}") for i in range(12)]
    assert "Student-" not in report(*students, CRASHED).text


def test_names_come_after_all_aggregates():
    text = report(*RIGHT, CRASHED, pairs=[Pair("s0", "s1", 0.9, 200.0)]).text
    assert text.index("Commonest named mistakes") < text.index("zoe") < text.index("s0 and s1")


def test_a_unit_without_a_graded_submission_says_so():
    assert "No submission to this unit could be graded." in report(CRASHED).text


def test_nothing_that_a_student_wrote_becomes_markup():
    hostile = replace(CRASHED, student=HOSTILE, notes=(HOSTILE,), assignment=HOSTILE)
    wrong = made_class.result("w", (0.0, 0.0), mistake=HOSTILE, error=f"{HOSTILE}: {HOSTILE}")
    parsed = report(hostile, wrong, pairs=[Pair(HOSTILE, "w", 0.9, 99.0)], title=HOSTILE)
    assert "script" not in parsed.tags
    assert not [name for name, _ in parsed.attributes if name.startswith("on")]
    assert parsed.tags.count("img") == 1


def test_the_only_picture_is_in_the_page_and_has_words():
    attributes = report(*RIGHT).attributes
    sources = [value for name, value in attributes if name == "src"]
    assert [source[:22] for source in sources] == ["data:image/png;base64,"]
    assert next(value for name, value in attributes if name == "alt").startswith("Histogram of")


def test_the_histogram_says_in_words_what_it_shows():
    picture = score_histogram([0.0, 1.0, 5.0, 5.0], 5.0, "Tiny")
    assert picture.alt == (
        "Histogram of the scores of 4 submissions to Tiny. Submissions by score: "
        "0 to 10 %: 1; 20 to 30 %: 1; 90 to 100 %: 2."
    )


def test_the_histogram_says_the_median_as_its_finding():
    assert score_histogram([1.0, 4.0], 5.0, "Tiny").title.startswith(
        "Half of the submissions have 50 %"
    )


def test_where_most_have_nothing_the_title_says_so():
    assert score_histogram([0.0, 0.0, 5.0], 5.0, "Tiny").title.endswith("have no points")


def test_the_histogram_is_a_picture():
    picture = score_histogram([1.0] * 1000, 5.0, "Tiny")
    assert Image.open(io.BytesIO(picture.png)).size == (720, 280)


def test_a_histogram_of_nothing_is_refused():
    with pytest.raises(ValueError, match="got 0 and"):
        score_histogram([], 5.0, "Tiny")
