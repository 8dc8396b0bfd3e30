"""What `check` says when source, reference and student notebook no longer belong together."""

import json

import pytest
from small_course import BUILT, REPOSITORY, replace

from interp_course import notebooks
from interp_course.notebooks.leaks import split
from interp_course.notebooks.source import read_source

SOURCE = "solutions/01_small/small.py"
SOLUTION, STUDENT, START_SOLUTION, START = BUILT
AVAILABLE = [t.name for t in notebooks.targets(REPOSITORY) if t.source.exists()]


def edit(path, change):
    """Change a notebook's cells as a person in JupyterLab would."""
    notebook = json.loads(path.read_text())
    change(notebook["cells"])
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False))


def restamp(root, name, change):
    """Change a built notebook so that its digest is still right."""
    from interp_course.notebooks.files import digest, from_text

    edit(root / name, change)
    text = (root / name).read_text()
    notebook = from_text(text)
    old = notebook.metadata.interp_course["digest"]
    (root / name).write_text(text.replace(old, digest(notebook)))


@pytest.mark.parametrize("name", AVAILABLE)
def test_the_courses_own_notebooks_are_fresh(name):
    assert notebooks.check(REPOSITORY, name) == []


def test_nothing_leaks_from_this_course_and_no_file_is_extra():
    names = [target.name for target in notebooks.targets(REPOSITORY)]
    of_units = {problem for name in names for problem in notebooks.check(REPOSITORY, name)}
    assert [p for p in notebooks.check(REPOSITORY) if p not in of_units] == []


def test_a_course_that_was_just_built_is_fine(built_once):
    assert notebooks.check(built_once) == []


def test_a_source_that_changed_is_noticed(built):
    replace(built / SOURCE, "Is 4 twice 2?", "Is 6 twice 3?")
    [problem] = notebooks.check(built, "small")
    assert "is older than small.py" in problem
    assert "'### Quiz'" in problem
    assert "run `interp-course build small`" in problem


def test_a_cell_added_at_the_end_of_the_source_is_noticed(built):
    with (built / SOURCE).open("a") as file:
        file.write("\n# %%\nprint('new')\n")
    [problem] = notebooks.check(built, "small")
    assert "they differ from cell" in problem


@pytest.mark.parametrize("name", BUILT)
def test_a_notebook_edited_by_hand_is_noticed(built, name):
    edit(built / name, lambda cells: cells[0].update(source=["# Another title"]))
    problems = notebooks.check(built)
    assert any(name in problem and "edited by hand" in problem for problem in problems)


def test_an_output_edited_by_hand_is_noticed(built):
    replace(built / SOLUTION, "yours: 7.0", "yours: 7.1")
    assert any("edited by hand" in problem for problem in notebooks.check(built, "small"))


def test_a_cell_that_was_not_run_is_refused(built):
    edit(built / SOLUTION, lambda cells: cells[7].update(execution_count=None))
    assert any("nbval would compare nothing" in problem for problem in notebooks.check(built))


def test_an_error_in_the_reference_is_refused(built):
    error = {"output_type": "error", "ename": "E", "evalue": "", "traceback": []}
    restamp(built, SOLUTION, lambda cells: cells[1].update(outputs=[error]))
    assert any("shows an error" in problem for problem in notebooks.check(built))


def test_a_meant_exception_that_is_not_raised_is_noticed(built):
    restamp(built, SOLUTION, lambda cells: cells[-1].update(outputs=[]))
    assert any("raises nothing" in problem for problem in notebooks.check(built))


def test_a_student_notebook_of_an_older_reference_is_noticed(built):
    text = (built / STUDENT).read_text()
    (built / STUDENT).write_text(text.replace('"locked": true', '"locked":  true'))
    [problem] = notebooks.check(built, "small")
    assert "is not what nbgrader makes" in problem


@pytest.mark.parametrize("name", BUILT)
def test_a_missing_notebook_is_named(built, name):
    (built / name).unlink()
    assert any(f"{name} is missing" in problem for problem in notebooks.check(built))


def test_a_missing_source_is_named(built):
    (built / SOURCE).unlink()
    assert any("small.py cannot be read" in problem for problem in notebooks.check(built))


@pytest.mark.parametrize("secret", ["the_secret_answer = x + x", "assert double(-1234.5) == -2469"])
def test_an_answer_anywhere_in_the_course_folder_is_a_leak(built, secret):
    replace(built / START, "# Start here", f"# Start here: {secret}")
    problems = notebooks.check(built)
    assert any(f"{START} contains {secret!r}" in problem for problem in problems)


def test_an_answer_with_quotes_is_found_in_spite_of_jsons_escapes(built):
    replace(built / SOURCE, "the_secret_answer = x + x", 'secret = {"a\\n": x}["a\\n"]')
    edit(built / START, lambda cells: cells[1].update(source=['secret = {"a\\n": x}["a\\n"]\n']))
    assert any("contains 'secret = {" in problem for problem in notebooks.check(built))


def test_a_marker_in_the_course_folder_is_a_leak(built):
    replace(built / START, "# Start here", "### BEGIN SOLUTION")
    assert any("contains 'BEGIN SOLUTION'" in problem for problem in notebooks.check(built))


def test_a_line_that_is_also_shown_outside_a_solution_is_no_leak(built):
    replace(built / SOURCE, "# Think of addition.", "# the_secret_answer = x + x")
    [target, _] = notebooks.targets(built)
    hidden, shown = split(read_source(target).cells)
    assert "the_secret_answer = x + x" in hidden
    assert "the_secret_answer = x + x" in shown


def test_a_solution_cell_without_markers_is_hidden_as_a_whole(source):
    root = source('# %% nbgrader={"grade_id": "a", "solution": true}\nanswer = "layer 1"\n')
    [target, _] = notebooks.targets(root)
    assert split(read_source(target).cells) == ({'answer = "layer 1"'}, "")


def test_a_file_beside_the_students_notebook_is_noticed(built):
    (built / "course/01_small/small.py").write_text("print(1)\n")
    [problem] = notebooks.check(built)
    assert "course/01_small/small.py is in no manifest" in problem


def test_what_jupyter_leaves_behind_is_no_extra_file(built):
    folder = built / "course" / "01_small" / ".ipynb_checkpoints"
    folder.mkdir()
    (folder / "small-checkpoint.ipynb").write_text("{}")
    assert notebooks.check(built) == []
