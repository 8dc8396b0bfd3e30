"""Every source that is cited is in the bibliography, and the other way round."""

import re

import pytest
from citing import BIBLIOGRAPHY, REPOSITORY, cited, key_of_title, keys, listed, surname

SOURCES = "# ## Sources"
PAGES = [*sorted(REPOSITORY.glob("docs/**/*.md")), REPOSITORY / "README.md"]
UNITS = sorted(REPOSITORY.glob("solutions/*/*.py"))
CODE = sorted(REPOSITORY.glob("interp_course/**/*.py"))
TEXTS = {path.relative_to(REPOSITORY): path.read_text("utf-8") for path in PAGES + UNITS + CODE}
FORMS = {
    "arxiv": r"\d{4}\.\d{4,5}|[a-z-]+/\d{7}",
    "doi": r"10\.\d{4,9}/\S+",
    "url": r"https://[^\s/]+/\S*",
}


def one_name(path):
    return path.name


@pytest.mark.parametrize("path", TEXTS, ids=one_name)
def test_what_a_text_cites_is_in_the_bibliography(path):
    assert [source for source in cited(TEXTS[path]) if not keys(*source)] == []


def test_no_entry_is_idle():
    used = [keys(*source) for text in TEXTS.values() for source in cited(text)]
    assert set(BIBLIOGRAPHY) == set().union(*used)


@pytest.mark.parametrize("path", UNITS, ids=one_name)
def test_a_notebook_lists_what_its_text_cites(path):
    text, sources = path.read_text("utf-8").split(SOURCES)
    found = {key_of_title(*source) for source in listed(sources)}
    assert [source for source in cited(text) if not keys(*source) & found] == []


@pytest.mark.parametrize("path", UNITS, ids=one_name)
def test_the_list_of_a_notebook_has_titles_and_years_of_the_bibliography(path):
    sources = list(listed(path.read_text("utf-8").split(SOURCES)[1]))
    assert sources
    assert [source for source in sources if key_of_title(*source) is None] == []


@pytest.mark.parametrize("key", BIBLIOGRAPHY)
def test_an_entry_is_complete_and_its_identifiers_are_well_formed(key):
    entry = BIBLIOGRAPHY[key]
    assert {"authors", "year", "title", "venue"} <= set(entry)
    assert set(entry) <= {"authors", "year", "title", "venue", *FORMS}
    for kind in FORMS.keys() & entry.keys():
        assert re.fullmatch(FORMS[kind], entry[kind])


@pytest.mark.parametrize("key", BIBLIOGRAPHY)
def test_an_entry_can_be_found_outside(key):
    entry = BIBLIOGRAPHY[key]
    assert FORMS.keys() & entry.keys() or re.search(r"\d", entry["venue"])


@pytest.mark.parametrize("key", BIBLIOGRAPHY)
def test_a_key_is_the_first_author_and_the_year(key):
    entry = BIBLIOGRAPHY[key]
    assert re.fullmatch(rf"{surname(entry['authors'])}{entry['year']}[a-z]*", key)


def test_the_entries_are_sorted_and_nothing_is_there_twice():
    titles = [entry["title"].lower() for entry in BIBLIOGRAPHY.values()]
    assert list(BIBLIOGRAPHY) == sorted(BIBLIOGRAPHY)
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("as Nobody et al. (2031) say", ("nobody", 2031)),
        ("(Nobody and Else 2031, section 2)", ("nobody", 2031)),
        ("(winnowing: Nobody, Else and Third 2031)", ("nobody", 2031)),
        ("# Nobody et\n# al. 2031", ("nobody", 2031)),
    ],
)
def test_a_citation_is_found_however_it_is_written(text, source):
    assert list(cited(text)) == [source]
    assert keys(*source) == set()


def test_two_years_of_one_author_are_two_sources():
    assert set(cited("Nobody et al. 2031, 2032")) == {("nobody", 2031), ("nobody", 2032)}
