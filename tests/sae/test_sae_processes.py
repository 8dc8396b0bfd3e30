"""Two processes with half of each batch train what one process trains with the whole."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from train_in_processes import RUNS, trained

SCRIPT = Path(__file__).parent / "train_in_processes.py"


@pytest.fixture(scope="module")
def one():
    """What this process trains alone."""
    return {name: trained(name) for name in RUNS}


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """What two processes train together; they fail if they come apart."""
    folder = tmp_path_factory.mktemp("processes")
    commands = [[sys.executable, str(SCRIPT), str(folder), str(rank), "2"] for rank in range(2)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    running = [subprocess.Popen(command, **pipes) for command in commands]
    told = [process.communicate()[0] for process in running]
    assert [process.returncode for process in running] == [0, 0], "\n".join(told)
    return torch.load(folder / "trained.pt", weights_only=True)


@pytest.mark.parametrize("name", RUNS)
def test_two_processes_train_what_one_trains(one, two, name):
    assert one[name].keys() == two[name].keys()
    for key in one[name]:
        torch.testing.assert_close(two[name][key], one[name][key], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["topk", "batchtopk", "resampling"])
def test_the_runs_had_dead_latents_to_agree_on(one, name):
    assert one[name]["row dead"].max() > 0
