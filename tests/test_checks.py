"""Every check accepts its oracle and names every mistake that it claims to know."""

import re
from pathlib import Path

import nbformat
import pytest

from interp_course import course
from interp_course.bench.made_submissions import answer_name
from interp_course.checking import Check, CheckFailed, Finding
from interp_course.checks import (
    causal_scrubbing,
    circuits,
    features,
    induction_heads,
    residual_stream,
    sparse_autoencoders,
    superposition,
)

ROOT = Path(__file__).parents[1]
UNITS = [
    *(residual_stream, features, superposition, induction_heads),
    *(circuits, causal_scrubbing, sparse_autoencoders),
]
CHECKS = {
    name: check for unit in UNITS for name, check in vars(unit).items() if isinstance(check, Check)
}
MISTAKES = [
    (name, meaning, wrong)
    for name, check in CHECKS.items()
    for meaning, ways in check.mistakes.items()
    for wrong in (ways if isinstance(ways, tuple) else (ways,))
]


@pytest.mark.parametrize("name", [name for name, check in CHECKS.items() if check.oracle])
@pytest.mark.parametrize("seed", range(3))
def test_a_check_accepts_its_oracle(name, seed):
    assert CHECKS[name].verdict(CHECKS[name].oracle, seed).passed


@pytest.mark.parametrize(
    ("name", "meaning", "wrong"), MISTAKES, ids=[f"{n}-{m[:40]}" for n, m, _ in MISTAKES]
)
@pytest.mark.parametrize("seed", range(2))
def test_a_check_names_the_mistake(name, meaning, wrong, seed):
    verdict = CHECKS[name].verdict(wrong, seed)
    assert not verdict.passed
    assert verdict.mistake == meaning


@pytest.mark.parametrize("name", CHECKS)
def test_the_cases_depend_on_the_seed_alone(name):
    first, again, other = (repr(CHECKS[name].cases(seed)) for seed in (0, 0, 1))
    steady = re.compile(r"TransformerBridge\(.*?\n\)", re.DOTALL)
    assert steady.sub("", first) == steady.sub("", again)
    assert first != other or name == "induction_weights"


@pytest.mark.parametrize("name", CHECKS)
def test_a_failed_check_says_what_to_read_again(name):
    with pytest.raises(CheckFailed, match=re.escape(CHECKS[name].reread)):
        CHECKS[name](lambda *args: None)


def lines(notebook: Path) -> set[str]:
    """The lines of the cells that students fill in, without `return` and remarks."""
    cells = nbformat.read(notebook, as_version=4).cells
    text = "\n".join(cell.source for cell in cells if answer_name(cell))
    return {line.strip().removeprefix("return ").split("  #")[0] for line in text.splitlines()}


@pytest.mark.parametrize("checks", UNITS, ids=lambda checks: checks.__name__.split(".")[-1])
def test_what_to_read_again_is_no_line_of_the_reference(checks):
    unit = course.unit(ROOT, checks.__name__.split(".")[-1])
    answers = lines(unit.solution(ROOT)) - lines(unit.student(ROOT))
    said = [check.reread for check in vars(checks).values() if isinstance(check, (Check, Finding))]
    assert len(answers) > 10
    assert [
        (line, text) for line in answers for text in said if len(line) > 8 and line in text
    ] == []
