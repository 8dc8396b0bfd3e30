"""Fixtures shared by all tests: a tiny course that needs no model, and figures as drawn."""

from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from words_course import make_words_course

# Files that take about a minute or more. Begun last, one of them would leave other workers idle.
LONGEST = (
    "test_solutions_in_lab.py",
    "test_course_in_lab.py",
    "test_mishaps.py",
    "test_killed.py",
    "test_crew.py",
    "test_submissions.py",
    "test_dictionaries.py",
    "test_recipes.py",
)

TINY_MANIFEST = """
[[unit]]
number = 1
slug = "tiny"
title = "Tiny"
question = "What is twice two?"
minutes = 5
points = 5
"""

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files; xdist keeps this with ``--no-loadscope-reorder``."""
    items.sort(key=lambda item: item.path.name not in LONGEST)


def answer_cell(name: str, code: str) -> NotebookNode:
    """A cell that students fill in."""
    return _cell(name, f"def {name}(x):\n    ### BEGIN SOLUTION\n    {code}\n    ### END SOLUTION")


def test_cell(name: str, points: int, shown: str, hidden: str) -> NotebookNode:
    """A locked cell that earns points, with a hidden part."""
    source = f"{shown}\n### BEGIN HIDDEN TESTS\n{hidden}\n### END HIDDEN TESTS"
    return _cell(f"{name}-test", source, points)


test_cell.__test__ = False  # pyright: ignore[reportFunctionMemberAccess]


def _cell(name: str, source: str, points: int | None = None) -> NotebookNode:
    graded = points is not None
    entry = {"grade_id": name, "grade": graded, "locked": graded, "solution": not graded}
    entry |= {"task": False, "schema_version": 3} | ({"points": points} if graded else {})
    return new_code_cell(source, id=name, metadata={"nbgrader": entry})


@pytest.fixture(scope="session")
def tiny_course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root of a course in a path with a space; its unit has two exercises, 2 + 3 points."""
    root = tmp_path_factory.mktemp("a course")
    cells = [
        new_markdown_cell("# Tiny", id="title"),
        new_code_cell("import math", id="setup"),
        answer_cell("double", "return 2 * x"),
        test_cell("double", 2, "assert double(2) == 4", "assert double(5) == 10"),
        answer_cell("square", "return x * x"),
        test_cell("square", 3, "assert square(2) == 4", "assert square(5) == 25"),
    ]
    notebook = new_notebook(cells=cells, metadata={"kernelspec": KERNEL})
    folder = root / "solutions" / "01_tiny"
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / "tiny.ipynb")
    (folder / "tiny.py").write_text("# the source, with the solutions\n")
    (root / "course").mkdir()
    (root / "course" / "course.toml").write_text(TINY_MANIFEST)
    return root


@pytest.fixture(scope="session")
def words_course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root of a built course with an answer in words, 2 points, and a quiz, 1 point."""
    from interp_course import notebooks

    root = make_words_course(tmp_path_factory.mktemp("words") / "a course")
    notebooks.build(root)
    return root


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list:
    """Every matplotlib figure that was turned into a picture during a test, in order."""
    from matplotlib.figure import Figure

    found, save = [], Figure.savefig

    def keep(figure, *arguments, **options):
        found.append(figure)
        return save(figure, *arguments, **options)

    monkeypatch.setattr(Figure, "savefig", keep)
    return found
