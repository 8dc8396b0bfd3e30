"""The glossary: short entries with their units and sources, which the units link to."""

import re

import pytest
from citing import BIBLIOGRAPHY, REPOSITORY

TEXT = (REPOSITORY / "docs" / "glossary.md").read_text("utf-8")
ENTRIES = dict(entry.split("\n\n", maxsplit=1) for entry in TEXT.split("\n### ")[1:])
LAST_LINE = re.compile(r"\*Units? (\d\d(?:, \d\d)*) · (`[\w-]+`(?:, `[\w-]+`)*)\*")
UNITS = {path.parent.name[:2]: path for path in sorted(REPOSITORY.glob("solutions/0*/*.py"))}
LINK = re.compile(r"\(\.\./\.\./docs/glossary\.md#([\w-]+)\)")


def parts(term):
    *text, last = ENTRIES[term].strip().split("\n\n")
    return "\n\n".join(text), LAST_LINE.fullmatch(last)


def test_the_terms_are_sorted_and_different():
    assert list(ENTRIES) == sorted(set(re.findall(r"^### (.+)", TEXT, re.MULTILINE)))


@pytest.mark.parametrize("term", ENTRIES)
def test_a_term_is_written_so_that_every_viewer_makes_the_same_anchor_of_it(term):
    assert re.fullmatch(r"[a-z]+([ -][a-z]+)*", term)


@pytest.mark.parametrize("term", ENTRIES)
def test_an_entry_is_one_to_four_sentences(term):
    text, _ = parts(term)
    assert "\n\n" not in text
    assert 1 <= len(re.findall(r"[.:](?=\s|$)", text)) <= 5
    assert len(text) <= 450


@pytest.mark.parametrize("term", ENTRIES)
def test_an_entry_names_units_and_sources_that_exist(term):
    _, last = parts(term)
    assert last
    assert set(last[1].split(", ")) <= set(UNITS)
    assert set(re.findall(r"`([\w-]+)`", last[2])) <= set(BIBLIOGRAPHY)


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_links_to_the_glossary_where_its_terms_first_stand(unit):
    assert len(set(LINK.findall(UNITS[unit].read_text("utf-8")))) >= 3


@pytest.mark.parametrize("unit", UNITS)
def test_a_term_that_a_unit_links_to_names_the_unit(unit):
    linked = [term.replace("-", " ") for term in LINK.findall(UNITS[unit].read_text("utf-8"))]
    terms = {term.replace("-", " "): term for term in ENTRIES}
    without = [term for term in linked if unit not in parts(terms[term])[1][1]]
    assert without == []


def test_a_term_is_linked_once_in_a_unit():
    for path in UNITS.values():
        linked = LINK.findall(path.read_text("utf-8"))
        assert len(linked) == len(set(linked)), path.name
