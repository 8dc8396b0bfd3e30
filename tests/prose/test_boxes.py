"""Two kinds of boxes in notebooks, written so that JupyterLab and the site set them off."""

import re

import pytest
from linking import NOTEBOOKS, REPOSITORY, markdown

KINDS = {"Common mistake", "Correction to a common source"}
BOX = re.compile(r"^> \*\*([^*]+)\.\*\*", re.MULTILINE)
ELSEWHERE = re.compile(rf"^(?!> \*\*).*\b({'|'.join(KINDS)})\.", re.MULTILINE | re.IGNORECASE)
TEXTS = {path.relative_to(REPOSITORY): markdown(path) for path in NOTEBOOKS}


@pytest.mark.parametrize("path", TEXTS, ids=str)
def test_a_quotation_that_begins_in_bold_is_one_of_the_two_kinds(path):
    assert set(BOX.findall(TEXTS[path])) <= KINDS


@pytest.mark.parametrize("path", TEXTS, ids=str)
def test_a_box_is_a_quotation_and_no_html(path):
    assert "alert-" not in TEXTS[path]
    assert ELSEWHERE.findall(TEXTS[path]) == []


@pytest.mark.parametrize("path", [path for path in TEXTS if path.stem != "START_HERE"], ids=str)
def test_every_unit_warns_of_a_mistake_or_corrects_a_source(path):
    assert BOX.findall(TEXTS[path])


def test_both_kinds_are_there():
    assert set(BOX.findall("\n".join(TEXTS.values()))) == KINDS
