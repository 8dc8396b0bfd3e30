"""The benchmark of circuit search compares like with like, and its command."""

import pytest
import torch
from typer.testing import CliRunner

from interp_course import cli, runtime
from interp_course.bench import circuits, lens, scrubbing
from interp_course.models import Architecture

TINY = Architecture(2, 2, 8, 4, 11, 8, d_mlp=12)
TOKENS = torch.randint(11, (2, 3, 6), generator=runtime.generator("test bench circuits"))
CASE = circuits.Case("tiny", TINY, TOKENS[0], TOKENS[1])
CPU = torch.device("cpu")


@pytest.mark.parametrize("comparison", circuits.COMPARISONS)
def test_both_sides_of_each_comparison_agree_and_take_time(comparison):
    timing = circuits.compare(comparison(CASE), CPU, repeats=1)
    assert timing.ours > 0
    assert timing.peer > 0


def test_a_comparison_of_different_results_is_refused():
    sides = lambda: torch.ones(2), "theirs", lambda: torch.tensor([1.0, 1.1])
    with pytest.raises(AssertionError, match="the two ways differ by"):
        circuits.compare(circuits.Comparison("x", *sides), CPU, repeats=1)


def test_every_model_is_timed_with_every_number_of_prompts(monkeypatch):
    monkeypatch.setattr(circuits, "SMALL", {"tiny": TINY})
    monkeypatch.setattr(circuits, "LENGTH", 6)
    names = [timing.name for timing in circuits.run("cpu", repeats=1)]
    assert len(names) == len(circuits.BATCHES) * len(circuits.COMPARISONS)
    assert names[0] == "heads by position, tiny, batch 1"


def run(*arguments: str):
    return CliRunner().invoke(cli.app, ["bench", "circuits", *arguments])


def test_the_command_prints_a_line_for_each_comparison(monkeypatch):
    timing = lens.Timing("sweep", ours=2.0, peer=5.0, peer_name="patching")
    for subject in (circuits, scrubbing):
        monkeypatch.setattr(subject, "run", lambda device, repeats: [timing] * repeats)
    line = "sweep: 2.0 ms; patching: 5.0 ms; 2.50 times as fast\n"
    assert run("--repeats", "2").output == 4 * line


def test_a_device_that_is_not_there_is_one_message():
    result = run("--device", "cuda:77")
    assert result.exit_code == 2
    assert result.output.startswith("Error: device 'cuda:77' was asked for, but this machine has")
