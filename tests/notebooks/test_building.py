"""From a source to two notebooks: the same bytes each time, and nothing lost."""

import subprocess
import sys

import nbformat
import pytest
from small_course import BUILT, make_course, replace

from interp_course import notebooks
from interp_course.course import CourseError
from interp_course.notebooks import BuildError
from interp_course.notebooks.source import read_source


def unit(root, kind="solutions"):
    return nbformat.read(root / kind / "01_small" / "small.ipynb", as_version=4)


def outputs(root):
    return [output for cell in unit(root).cells for output in cell.get("outputs", [])]


@pytest.fixture(scope="session")
def built_elsewhere(tmp_path_factory):
    root = make_course(tmp_path_factory.mktemp("elsewhere") / "a longer path" / "two")
    notebooks.build(root)
    return root


@pytest.mark.parametrize("name", BUILT)
def test_two_builds_in_two_folders_give_the_same_bytes(built_once, built_elsewhere, name):
    assert (built_once / name).read_bytes() == (built_elsewhere / name).read_bytes()


def test_prints_and_pictures_are_kept(built_once):
    assert any("ready\nagain\n" in output.get("text", "") for output in outputs(built_once))
    assert any("image/png" in output.get("data", {}) for output in outputs(built_once))


def test_an_objects_address_is_made_the_same(built_once):
    texts = [output.get("data", {}).get("text/plain", "") for output in outputs(built_once)]
    assert "<object at 0x000000000000>" in texts


def test_progress_bars_and_widgets_leave_nothing_behind(built_once):
    text = (built_once / BUILT[0]).read_text()
    assert "stderr" not in text
    assert "widget" not in text.replace("ipywidgets", "")


def test_the_students_notebook_has_no_outputs_and_no_answers(built_once):
    text = (built_once / BUILT[1]).read_text()
    assert all(not cell.get("outputs") for cell in unit(built_once, "course").cells)
    assert "the_secret_answer" not in text
    assert "-2469" not in text


def test_the_course_folder_gets_no_source(built_once):
    files = {path.name for path in (built_once / "course").rglob("*") if path.is_file()}
    assert files == {"course.toml", "small.ipynb", "START_HERE.ipynb"}


@pytest.mark.slow
def test_nbgraders_own_command_gives_the_same_bytes(built):
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", "01_small"]
    expected = (built / BUILT[1]).read_bytes()
    (built / BUILT[1]).write_text("overwrite me")
    subprocess.run([*command, "--force", "--no-db"], cwd=built, check=True, capture_output=True)
    assert (built / BUILT[1]).read_bytes() == expected
    assert not list((built / "course").rglob("*.py"))


def test_a_failing_cell_is_named_with_its_lines(source):
    root = source("# %%\nprint(1)\n\n# %%\nx = 0\n1 / x\n")
    with pytest.raises(BuildError, match="ZeroDivisionError: division by zero") as failed:
        notebooks.build(root, "small")
    assert "small.py: the cell '" in str(failed.value)
    assert "->    6  1 / x" in str(failed.value)


def test_a_failing_cell_leaves_both_notebooks_as_they_were(built):
    before = [(built / name).read_bytes() for name in BUILT]
    replace(built / "solutions/01_small/small.py", 'print("ready")', "assert False")
    with pytest.raises(BuildError):
        notebooks.build(built)
    assert [(built / name).read_bytes() for name in BUILT] == before


def test_an_exception_that_is_meant_may_not_be_a_slip(source):
    root = source('# %% tags=["raises-exception"]\nfrom nowhere import check\n')
    with pytest.raises(BuildError, match="ModuleNotFoundError"):
        notebooks.build(root, "small")


def test_an_unstable_output_must_be_tagged(source):
    root = source("# %%\nimport os\n\nprint(os.getcwd())\n")
    with pytest.raises(BuildError, match="nbval-ignore-output"):
        notebooks.build(root, "small")


def test_progress_is_told_after_each_code_cell(source):
    told = []
    root = source("# %%\n1\n\n# %% [markdown]\n# text\n\n# %%\n2\n")
    notebooks.build(root, "small", progress=lambda *step: told.append(step))
    assert told == [("small", 1, 2), ("small", 2, 2)]


@pytest.mark.parametrize("name", BUILT)
def test_a_notebook_edited_by_hand_is_not_overwritten(built, name):
    replace(built / name, "print(", "my_own_print(")
    mine = (built / name).read_bytes()
    with pytest.raises(BuildError, match=r"edited since it was built: .*--force"):
        notebooks.build(built)
    assert (built / name).read_bytes() == mine


def test_force_overwrites_an_edited_notebook(built_once, built):
    replace(built / BUILT[1], "# YOUR CODE HERE", "return x + x")
    notebooks.build(built, force=True)
    assert (built / BUILT[1]).read_bytes() == (built_once / BUILT[1]).read_bytes()


def test_a_file_that_is_no_notebook_is_not_overwritten(built):
    (built / BUILT[1]).write_text("notes of mine")
    with pytest.raises(BuildError, match="answers may be in there"):
        notebooks.build(built, "small")


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ('tag=["x"]', "unknown metadata: tag"),
        ('nbgrader={"grade": true, "points": 1}', "without a grade_id"),
        ('nbgrader={"grade_id": "a", "point": 1}', "unknown metadata: point"),
    ],
)
def test_metadata_that_is_not_understood_is_refused(source, header, message):
    [target, _] = notebooks.targets(source(f"# %% {header}\nprint(1)\n"))
    with pytest.raises(BuildError, match=message):
        read_source(target)


def test_a_grade_id_used_twice_is_refused(source):
    cell = '# %% nbgrader={"grade_id": "a", "solution": true}\nx = 1\n'
    [target, _] = notebooks.targets(source(f"{cell}\n{cell}"))
    with pytest.raises(BuildError, match="'a' is used twice"):
        read_source(target)


def test_a_cell_keeps_its_id_when_it_moves(source):
    [target, _] = notebooks.targets(source("# %%\na = 1\n\n# %%\nb = 2\n\n# %%\na = 1\n"))
    before = {cell.id: cell.source for cell in read_source(target).cells}
    target.source.write_text("# %%\nb = 2\n\n# %%\na = 1\n\n# %%\na = 1\n")
    assert {cell.id: cell.source for cell in read_source(target).cells} == before


def test_graded_cells_are_locked_and_answers_are_not(built_once):
    [target, _] = notebooks.targets(built_once)
    cells = [cell for cell in read_source(target).cells if "nbgrader" in cell.metadata]
    assert [cell.metadata.nbgrader.locked for cell in cells] == [False, True, False, True]


def test_nbgraders_complaint_reaches_the_reader(source):
    root = source("# %%\n### BEGIN SOLUTION\nx = 1\n### END SOLUTION\n")
    with pytest.raises(BuildError, match="non-solution cell"):
        notebooks.build(root, "small")


def test_importing_the_builder_is_cheap():
    heavy = "{'torch', 'nbgrader', 'nbformat', 'jupytext', 'nbclient'}"
    code = f"import sys, interp_course.notebooks; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_an_unknown_unit_is_named(built_once):
    with pytest.raises(CourseError, match="did you mean 'small'"):
        notebooks.build(built_once, "smal")
