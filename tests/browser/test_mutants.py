"""The list of faults is up to date: each can still be made, and there are some for every widget."""

import ast
from collections import Counter
from pathlib import Path

import mutants
import pytest
from mutants import REPOSITORY, TESTS, Mutant

MUTANTS = mutants.read()
WIDGETS = REPOSITORY / "interp_course" / "widgets"
SCRIPTS = sorted(path for path in WIDGETS.glob("*.js") if path.stem != "shared")
every_mutant = pytest.mark.parametrize("mutant", MUTANTS, ids=[m.name for m in MUTANTS])


def functions(path: Path) -> set[str]:
    """The names of the tests in a file."""
    found = ast.walk(ast.parse(path.read_text("utf-8")))
    return {node.name for node in found if isinstance(node, ast.FunctionDef)}


@every_mutant
def test_a_fault_can_be_made(mutant: Mutant):
    text = (REPOSITORY / mutant.file).read_text("utf-8")
    assert mutant.applied(text) != text


@every_mutant
def test_the_tests_that_notice_a_fault_exist(mutant: Mutant):
    for test in mutant.tests:
        file, _, name = test.partition("::")
        assert name.partition("[")[0] in functions(REPOSITORY / TESTS / file)


def test_no_two_faults_have_one_name():
    assert [name for name, count in Counter(m.name for m in MUTANTS).items() if count > 1] == []


@pytest.mark.parametrize("script", SCRIPTS, ids=[path.stem for path in SCRIPTS])
def test_every_widget_has_three_faults(script: Path):
    assert sum(Path(mutant.file).stem == script.stem for mutant in MUTANTS) >= 3


def test_every_browser_test_file_notices_a_fault():
    named = {test.partition("::")[0] for mutant in MUTANTS for test in mutant.tests}
    written = {path.name for path in (REPOSITORY / TESTS).glob("test_*.py")}
    assert written - named == {Path(__file__).name}


def test_tests_run_in_the_order_of_their_files():
    first = "test_the_text_fits_into_its_cell"
    last = "test_running_the_cells_brings_the_widgets_back"
    tests = [f"test_reopened_in_lab.py::{name}" for name in (last, f"{first}[700]", last)]
    assert mutants.in_order(tests) == [tests[1], tests[0]]


@pytest.mark.parametrize("text", ["", "right right"])
def test_a_text_that_does_not_stand_there_once_is_refused(text: str):
    with pytest.raises(ValueError, match="instead of once; choose another text in"):
        Mutant("a fault", "file.js", "right", "wrong", ()).applied(text)
