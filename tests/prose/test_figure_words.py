"""What is written above a figure of a notebook, and what stands for it when it is not seen."""

import ast
import re

import nbformat
import pytest
from linking import REPOSITORY

SOURCES = sorted(REPOSITORY.glob("solutions/*/*.py"))
REFERENCES = sorted(REPOSITORY.glob("solutions/*/*.ipynb"))
ALT = re.compile(r'<img alt="([^"]*)"')


def words(node):
    """The words of a text in the code, those of an f-string as far as they are fixed."""
    texts = [n.value for n in ast.walk(node) if isinstance(n, ast.Constant)]
    return re.findall(r"\w+", " ".join(str(text) for text in texts).lower())


def figures(source):
    """The arguments with texts of every call that has a title."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            given = {item.arg: item.value for item in node.keywords}
            if "title" in given:
                yield {name: words(value) for name, value in given.items() if name}


def says_nothing(figure):
    """Whether a title is a bare name, or repeats the axes."""
    axes = {*figure.get("x_label", ()), *figure.get("y_label", ()), "by", "vs", "versus", "and"}
    return len(figure["title"]) < 4 or set(figure["title"]) <= axes


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_a_title_says_more_than_the_axes(path):
    found = list(figures(path.read_text("utf-8")))
    assert found
    assert [figure["title"] for figure in found if says_nothing(figure)] == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_a_figure_is_described_in_other_words_than_its_title(path):
    for figure in figures(path.read_text("utf-8")):
        assert len(figure["alt"]) >= 6  # and what it computes
        assert figure["alt"] != figure["title"]


@pytest.mark.parametrize("path", REFERENCES, ids=lambda path: path.stem)
def test_a_picture_in_a_notebook_has_a_description_of_some_length(path):
    cells = nbformat.read(path, as_version=4).cells
    shown = [o.get("data", {}) for cell in cells for o in cell.get("outputs", [])]
    assert [data for data in shown if any(kind.startswith("image/") for kind in data)] == []
    pictures = [alt for data in shown for alt in ALT.findall(data.get("text/html", ""))]
    assert [alt for alt in pictures if len(alt) < 40] == []


def test_a_title_that_only_names_the_axes_is_found():
    call = 'figures.lines(title="Loss by training step", x_label="training step", y_label="loss")'
    [figure] = figures(call)
    assert says_nothing(figure)
