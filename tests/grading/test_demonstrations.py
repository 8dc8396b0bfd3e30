"""Demonstrations are left out of grading unless something that runs depends on them."""

from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

import interp_course
from interp_course.grading.demonstrations import TAG, names_of, unneeded

NOTEBOOKS = sorted(Path(interp_course.__file__).parents[1].glob("solutions/*/*.ipynb"))


def cells(*sources: str) -> list[NotebookNode]:
    """Code cells; those that begin with ``#`` are demonstrations."""
    tags = ({"tags": [TAG]} if source.startswith("#") else {} for source in sources)
    return [new_code_cell(s, metadata=m) for s, m in zip(sources, tags, strict=True)]


LEFT_OUT = {
    "nothing reads it": ["x = 1", "#\ny = x", "z = x"],
    "what reads it is left out as well": ["#\ny = 1", "#\nz = y", "a = 1"],
    "the name is assigned again before it is read": ["#\ny = 1", "y = 2", "print(y)"],
    "a loop has a variable of the same name": [
        "#\nfor k in range(3): pass",
        "for k in 'ab': print(k)",
    ],
    "a comprehension has one": ["#\nk = 1", "print([k for k in range(3)])"],
    "a function has an argument of the same name": ["#\nk = 1", "def f(k):\n    return k"],
    "it is read before": ["y = 1", "print(y)", "#\ny = 2"],
    "a function reads what is assigned elsewhere, too": ["y = 1", "def f(): return y", "#\ny = 2"],
}
RUN = {
    "a later cell reads it": ["#\ny = 1", "print(y)"],
    "a function reads it": ["#\ny = 1", "def f():\n    return y"],
    "a function that is defined before reads it": ["def f():\n    return y", "#\ny = 1"],
    "a lambda reads it": ["#\ny = 1", "f = lambda: y"],
    "it is read and assigned": ["#\ny = 1", "y += 1"],
    "it may be assigned again": ["#\ny = 1", "if input:\n    y = 2\nprint(y)"],
    "another demonstration that runs reads it": ["#\ny = 1", "#\nz = y", "print(z)"],
    "the notebook's names are looked up": ["#\ny = 1", "print(globals()['y'])"],
    "a cell that cannot be parsed has the word": ["#\ny = 1", "print(y"],
    "a function is defined in it": ["#\ndef g(): pass", "g()"],
    "something is imported in it": ["#\nimport math as m", "m.pi"],
}


@pytest.mark.parametrize("sources", LEFT_OUT.values(), ids=LEFT_OUT)
def test_a_demonstration_is_left_out_where(sources):
    marked = {i for i, source in enumerate(sources) if source.startswith("#")}
    assert unneeded(cells(*sources)) == marked


@pytest.mark.parametrize("sources", RUN.values(), ids=RUN)
def test_every_demonstration_runs_where(sources):
    assert unneeded(cells(*sources)) == set()


def test_of_two_the_one_that_is_read_runs():
    assert unneeded(cells("#\ny = 1", "#\ny = 2", "print(y)")) == {0}


def test_other_cells_are_never_left_out():
    assert unneeded([*cells("x = 1"), new_markdown_cell("y")]) == set()


def test_commands_of_notebooks_are_no_names():
    assert names_of("%matplotlib inline\n!ls\nx = y").read == {"y"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_each_demonstration_of_the_course_is_left_out(path):
    """Otherwise the tag is of no use: give what others read a cell of its own."""
    found = nbformat.read(path, 4).cells
    tagged = {i for i, cell in enumerate(found) if TAG in cell.metadata.get("tags", [])}
    assert unneeded(found) == tagged


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_cell_of_an_exercise_is_a_demonstration(path):
    marked = [c for c in nbformat.read(path, 4).cells if TAG in c.metadata.get("tags", [])]
    assert not any("nbgrader" in cell.metadata for cell in marked)
