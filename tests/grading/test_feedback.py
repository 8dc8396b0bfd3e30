"""A student's page: complete, harmless, and silent about hidden tests."""

import itertools
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import made_class
import pytest
from made_class import EXERCISES, HOSTILE

from interp_course.grading import flags
from interp_course.grading.exercises import Exercise
from interp_course.grading.feedback import feedback_page
from interp_course.grading.html_pages import LONGEST_TEXT, visible
from interp_course.grading.results import Result
from interp_course.grading.scores import CellScore

SOURCES = {"double": "def double(x):\n    return 2 * x", "square": "def square(x):\n    return 4"}
NAMED = made_class.result("ann", (2.0, 0.0), error=made_class.NAMED, mistake="x is doubled")
EVERYWHERE = made_class.result(HOSTILE, (0.0, 0.0), error=f"CheckFailed: ✗ {HOSTILE}:\n  {HOSTILE}")


class Parsed(HTMLParser):
    """All tags, attributes and texts of a page."""

    def __init__(self, page: str):
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        if self.cdata_elem is None:  # not in a style sheet
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def page(result=NAMED, sources=SOURCES, title: str = "01 · Tiny") -> Parsed:
    return Parsed(feedback_page(result, title, EXERCISES, sources))


def test_it_shows_total_and_points_of_each_exercise():
    text = page().text
    assert "You earned 2 of 5 points" in text
    assert "Exercise 1 · Double 2 of 2" in text
    assert "Exercise 2 · Square 0 of 3" in text


def test_it_shows_the_named_mistake_and_the_hint():
    assert "This is what comes out when x is doubled. → read section 2 again" in page().text


def test_it_shows_the_students_own_answer():
    assert SOURCES["square"] in page().texts


def test_it_does_not_show_what_the_hidden_test_expected():
    text = page().text
    assert "81" not in text
    assert "case 9" not in text


def test_partial_points_are_called_so():
    text = page(made_class.result("ann", (1.0, 3.0), error=None)).text
    assert "Partly correct · 1 of 2 points" in text


def test_notes_are_shown():
    assert (
        "cell a was removed: put back"
        in page(replace(NAMED, notes=("cell a was removed: put back",))).text
    )


def test_a_refusal_comes_with_its_reason():
    refused = made_class.result("ann", (0.0, 0.0), "refused", notes=("not valid JSON",))
    text = page(refused, {}).text
    assert "Not graded. This could not be read as a submission" in text
    assert "Why it was refused not valid JSON" in text


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        (flags.KERNEL_DIED, "kernel died"),
        (flags.TIMEOUT, "time limit"),
        (flags.CRASH, "to the end"),
    ],
)
def test_a_failure_is_told_in_our_words(flag, words):
    reason = "could not be run to the end: assert square(5) == 25  # hidden"
    text = page(made_class.result("a", (0.0, 0.0), "failed", notes=(reason,), flags=(flag,))).text
    assert words in text
    assert "hidden" not in text


def test_an_unknown_unit_gets_a_page_without_exercises():
    lost = replace(made_class.result("ann", status="refused"), cells=(), assignment="01_tinny")
    assert "01_tinny" in Parsed(feedback_page(lost, "01_tinny", (), {})).text


@pytest.mark.parametrize("where", ["student", "title", "source", "note", "message"])
def test_nothing_that_a_student_wrote_becomes_markup(where):
    plain, hostile = (
        page(),
        {
            "student": lambda: page(replace(NAMED, student=HOSTILE)),
            "title": lambda: page(title=HOSTILE),
            "source": lambda: page(sources={**SOURCES, "square": HOSTILE}),
            "note": lambda: page(replace(NAMED, notes=(HOSTILE,))),
            "message": lambda: page(replace(EVERYWHERE, student="ann")),
        }[where](),
    )
    assert set(hostile.tags) <= {*plain.tags, "ul", "li", "section"}
    assert "script" not in hostile.tags
    assert HOSTILE.split("<script>")[0] in hostile.text


def test_no_attribute_runs_or_loads_anything():
    names = {
        name for name, _ in page(EVERYWHERE, {"double": HOSTILE, "square": HOSTILE}).attributes
    }
    assert not {name for name in names if name.startswith("on")} | names & {
        "src",
        "srcset",
        "style",
    }


def test_links_lead_to_the_page_itself_only():
    addresses = [value for name, value in page(EVERYWHERE).attributes if name == "href"]
    assert addresses == ["#exercise-1", "#exercise-2"]


def test_the_policy_forbids_scripts_and_loading():
    values = [value or "" for _, value in page().attributes]
    strict = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert any(value.startswith(strict) for value in values)


def test_the_policy_comes_before_anything_else_that_counts():
    html = feedback_page(NAMED, "Tiny", EXERCISES, SOURCES)
    assert html.index("Content-Security-Policy") < html.index("<title>")


@pytest.mark.parametrize(
    "character", "\u202e\u202a\u2066\u2069\u200b\u200f\u061c\x00\x1b\x7f\x85\ufeff"
)
def test_characters_that_hide_or_reorder_are_shown_as_numbers(character):
    assert visible(f"a{character}b") == f"a[U+{ord(character):04X}]b"


@pytest.mark.parametrize("text", ["naïve", "数学", "שלום", "a\n\tb", "👩\u200d🔬", "∑ᵢ xᵢ"])
def test_ordinary_text_of_any_language_stays(text):
    assert visible(text) == text


def test_half_characters_can_be_written():
    assert page(sources={"double": "\ud800", "square": ""}).text.encode()


def test_no_override_reaches_the_page():
    html = feedback_page(
        replace(NAMED, student="a\u202eb"), "\u2067", EXERCISES, {"double": "\u202e"}
    )
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", html)


def test_a_source_of_a_megabyte_is_cut_and_the_rest_counted():
    html = feedback_page(NAMED, "Tiny", EXERCISES, {"double": "x" * 1_000_000})
    assert len(html) < LONGEST_TEXT + 20_000
    assert f"{1_000_000 - LONGEST_TEXT} more characters are not shown" in html


def test_headings_go_down_one_step_at_a_time():
    levels = [int(tag[1]) for tag in page().tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_the_page_has_its_landmarks_and_its_language():
    parsed = page()
    assert [tag for tag in parsed.tags if tag in ("header", "main", "footer")] == [
        *("header", "main", "footer")
    ]
    assert ("lang", "en") in parsed.attributes


def test_what_is_labelled_by_an_id_exists_once():
    attributes = page(replace(NAMED, notes=("a",))).attributes
    ids = [value for name, value in attributes if name == "id"]
    labels = [value for name, value in attributes if name == "aria-labelledby"]
    assert len(set(ids)) == len(ids)
    assert set(labels) <= set(ids)


def test_what_waits_for_a_person_says_so_and_is_no_mistake():
    cells = (CellScore("essay", 0.0, 2.0, waiting=True),)
    about = Exercise("essay", "In words", 2.0, ("essay",))
    page = feedback_page(Result("ann", "01_tiny", "graded", cells), "Tiny", [about], {"essay": "x"})
    assert "Waits for a person" in page
    assert "2 more are given by a person" in page
    assert "no reason is recorded" not in page


def test_the_comment_of_a_person_is_shown():
    cells = (CellScore("essay", 1.0, 2.0, comment="Name <b>both</b> heads."),)
    about = Exercise("essay", "In words", 2.0, ("essay",))
    page = feedback_page(Result("ann", "01_tiny", "graded", cells), "Tiny", [about], {"essay": "x"})
    assert "Name &lt;b&gt;both&lt;/b&gt; heads." in page
