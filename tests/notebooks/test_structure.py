"""Each rule of a notebook's layout names the notebook that breaks it."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from small_course import BUILT, REPOSITORY, replace

from interp_course import notebooks
from interp_course.notebooks.structure import is_compared, lint_notebook

AVAILABLE = [t.name for t in notebooks.targets(REPOSITORY) if t.source.exists()]
TASK, SOLUTION, LOOK, SELF_CHECK, HINTS, GRADED, QUIZ = range(6, 13)


def html(text):
    output = new_output("display_data", {"text/html": text})
    return new_code_cell("show()", outputs=[output], execution_count=1)


def warning():
    output = new_output("stream", name="stderr", text="UserWarning: old\n  old()\n")
    return new_code_cell("old()", outputs=[output], execution_count=1)


@pytest.fixture
def notebook(built_once):
    return nbformat.read(built_once / BUILT[0], as_version=4)


@pytest.mark.parametrize("name", AVAILABLE)
def test_the_courses_own_notebooks_are_laid_out_as_they_should(name):
    assert notebooks.lint(REPOSITORY, name) == []


def test_the_small_course_breaks_no_rule(built_once):
    assert notebooks.lint(built_once) == []


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (new_code_cell("x = 1\n" * 31), "has 31 lines; allowed are 30"),
        (new_markdown_cell("text\n\n" * 13), "has 26 lines; allowed are 25"),
        (new_markdown_cell("# Another title"), "2 headings of level 1"),
        (new_markdown_cell("> [!NOTE]\n> text"), "call-out, which JupyterLab does not render"),
        (new_markdown_cell("As shown[^1]."), "a footnote"),
        (new_markdown_cell('<img src="a.png">'), "image without alt text"),
        (new_markdown_cell('<img src="a.png" alt="">'), "image without alt text"),
        (new_markdown_cell("![](a.png)"), "image without alt text"),
        (html('<figure><img src="data:,x"></figure>'), "image without alt text"),
        (new_code_cell("plot();"), "ends in `;`, which nbval ignores"),
        (warning(), "shows a warning: UserWarning: old"),
    ],
)
def test_a_cell_that_breaks_a_rule_is_named(notebook, cell, message):
    notebook.cells.append(cell)
    [problem] = lint_notebook(notebook)
    assert message in problem


@pytest.mark.parametrize(
    "cell",
    [
        new_markdown_cell("```python\n# a comment, no title\n```"),
        new_markdown_cell("The entry `x[^1]`, and $x^2$."),
        new_markdown_cell('<img alt="Two heads light up." src="a.png">'),
        html('<img src="data:,x" alt="A falling curve.">'),
        new_code_cell("# Not a heading"),
    ],
)
def test_a_cell_that_breaks_no_rule_passes(notebook, cell):
    notebook.cells.append(cell)
    assert lint_notebook(notebook) == []


def test_more_than_80_cells_are_too_many(notebook):
    notebook.cells += [new_markdown_cell("text")] * (81 - len(notebook.cells))
    assert lint_notebook(notebook) == ["there are 81 cells; allowed are 80"]


@pytest.mark.parametrize("place", [SOLUTION, LOOK, SELF_CHECK, HINTS, GRADED])
def test_an_exercise_without_one_of_its_parts_is_refused(notebook, place):
    del notebook.cells[place]
    assert any("Exercise 1 consists of task, " in problem for problem in lint_notebook(notebook))


@pytest.mark.parametrize("place", [SOLUTION, LOOK, SELF_CHECK, HINTS])
def test_an_exercise_with_two_parts_swapped_is_refused(notebook, place):
    cells = notebook.cells
    cells[place], cells[place + 1] = cells[place + 1], cells[place]
    assert any("Exercise 1 consists of task, " in problem for problem in lint_notebook(notebook))


def test_an_exercise_may_have_two_look_cells_and_end_with_a_demonstration(notebook):
    notebook.cells.insert(GRADED + 1, new_markdown_cell("Why?"))
    notebook.cells.insert(GRADED + 2, new_code_cell("print('because')"))
    notebook.cells.insert(LOOK, new_code_cell("print(1)"))
    assert lint_notebook(notebook) == []


def test_a_graded_cell_that_is_not_locked_is_refused(notebook):
    notebook.cells[GRADED].metadata.nbgrader.locked = False
    assert any("Exercise 1 consists of" in problem for problem in lint_notebook(notebook))


def test_a_graded_cell_outside_exercises_and_quiz_is_refused(notebook):
    notebook.cells[QUIZ].source = "### Something else"
    problems = lint_notebook(notebook)
    assert "the cell 'quiz' is graded, but in no exercise and in no quiz" in problems


def test_the_points_in_the_task_are_those_of_the_graded_cell(notebook):
    notebook.cells[GRADED].metadata.nbgrader.points = 3
    assert lint_notebook(notebook) == ["Exercise 1 says 2 points and is graded with 3"]


def test_an_exercise_may_open_a_section_in_the_same_cell(notebook):
    notebook.cells[TASK].source = "## 3 · Numbers\n\n" + notebook.cells[TASK].source
    assert lint_notebook(notebook) == []
    del notebook.cells[LOOK]
    assert any("Exercise 1 consists of" in problem for problem in lint_notebook(notebook))


def test_exercises_are_numbered_from_one(notebook):
    notebook.cells[TASK].source = notebook.cells[TASK].source.replace("Exercise 1", "Exercise 2")
    assert lint_notebook(notebook) == ["Exercise 2 should have the number 1"]


def test_a_grade_id_used_twice_is_named(notebook):
    notebook.cells[GRADED].metadata.nbgrader.grade_id = "double"
    assert "the grade_id 'double' is used 2 times" in lint_notebook(notebook)


def test_a_notebook_of_which_nbval_compares_little_is_refused(notebook):
    notebook.cells += [new_code_cell("x = 1", execution_count=1)] * 10
    [problem] = lint_notebook(notebook)
    assert "at least 40%" in problem


@pytest.mark.parametrize(
    ("source", "tags", "count", "compared"),
    [
        ("print(1)", [], 1, True),
        ("print(1)", [], None, False),
        ("print(1)", ["nbval-ignore-output"], 1, False),
        ("print(1)", ["nbval-skip"], 1, False),
        ("# NBVAL_IGNORE_OUTPUT\nprint(1)", [], 1, False),
    ],
)
def test_a_cell_counts_as_compared_only_if_nbval_compares_it(source, tags, count, compared):
    cell = new_code_cell(source, metadata={"tags": tags}, execution_count=count)
    cell.outputs = [new_output("stream", text="1\n")]
    assert is_compared(cell) is compared


def test_a_cell_without_text_output_does_not_count_as_compared():
    picture = new_output("display_data", {"image/png": "", "text/plain": "<Figure>"})
    cell = new_code_cell("draw()", execution_count=1, outputs=[picture])
    assert not is_compared(cell)
    assert not is_compared(new_code_cell("x = 1", execution_count=1))


def test_points_that_differ_from_the_manifest_are_refused(built):
    replace(built / "course" / "course.toml", "points = 3", "points = 4")
    assert "small.py: the graded cells give 3 points, the manifest says 4" in notebooks.lint(built)


def test_a_unit_without_quiz_is_refused(built):
    replace(built / BUILT[0], "### Quiz", "### Questions")
    assert "small.py: there is no section `### Quiz`" in notebooks.lint(built, "small")


def test_a_students_cell_has_a_place_to_fill_in(built):
    replace(built / BUILT[1], "    raise NotImplementedError()", "    return x + x")
    [problem] = notebooks.lint(built)
    assert problem == "small.py: the student's cell 'double' has no place to fill in"


def test_a_large_notebook_is_refused(built):
    replace(built / BUILT[1], "# A small unit", "# A small unit" + " " * 2**18)
    assert any("student notebook has 26" in problem for problem in notebooks.lint(built))


def test_a_unit_that_is_not_built_is_named(built):
    (built / BUILT[0]).unlink()
    assert notebooks.lint(built) == ["small is not built: run `interp-course build small`"]
