"""Every link in a page or a notebook leads to a file, and to a heading in it."""

import pytest
from linking import NOTEBOOKS, PAGES, REPOSITORY, anchors, broken, links, markdown

HERE = REPOSITORY / "docs" / "glossary.md"


@pytest.mark.parametrize(
    "path", PAGES + NOTEBOOKS, ids=lambda path: str(path.relative_to(REPOSITORY))
)
def test_no_link_is_broken(path):
    assert broken(path) == []


def test_there_are_links_in_pages_and_in_notebooks():
    assert sum(len(list(links(markdown(path)))) for path in PAGES) > 20
    assert sum(len(list(links(markdown(path)))) for path in NOTEBOOKS) > 80


@pytest.mark.parametrize(
    "text",
    [
        "see [there](nowhere.md)",
        "see [there](notation.md#no-such-heading)",
        "see [below](#nothing-below)",
        "![a picture](missing.png)",
        '<a href="nowhere.md">there</a>',
    ],
)
def test_a_broken_link_is_found(text):
    assert len(broken(HERE, text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "## Below\n\nsee [below](#below)",
        "see [there](notation.md#words-for-axes)",
        "`[not](a-link.md)`",
        "```\n[not](a-link.md)\n```",
        "[outside](https://example.org/nowhere.md)",
    ],
)
def test_a_link_that_leads_somewhere_is_not(text):
    assert broken(HERE, text) == []


def test_an_anchor_is_the_heading_in_small_letters_without_its_marks():
    assert anchors("# A `b` *c* [d](e.md): 5 · f") == {"a-b-c-d-5--f"}
