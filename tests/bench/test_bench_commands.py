"""The command ``interp-course bench``: what it measures, and what it installs only if asked to."""

import json

import pytest
from typer.testing import CliRunner, Result

from interp_course import cli
from interp_course.bench import lens, peers, sae
from interp_course.bench.sae import Measurement, Row


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, ["bench", *arguments])


@pytest.fixture
def jobs(monkeypatch):
    """The jobs that would be measured."""
    found = []

    def measure(job, wanted, command, *, repeats, steps, progress):
        progress("something")
        found.append((job, [entry.name for entry in wanted]))
        rows = tuple(Row(entry.name, (1.0,), (1.0,), None, None) for entry in wanted)
        return Measurement(job, rows, {})

    monkeypatch.setattr(sae, "measure", measure)
    monkeypatch.setattr(peers, "ensure", lambda folder: pytest.fail("was not asked for"))
    return found


def test_without_a_subject_methods_are_timed_against_transformer_lens(monkeypatch):
    timings = [lens.Timing("scores", ours=2.0, peer=5.0, peer_name="the obvious way")]
    monkeypatch.setattr(lens, "run", lambda device: timings)
    assert run().output == "scores: 2.0 ms; the obvious way: 5.0 ms; 2.50 times as fast\n"


def test_both_architectures_are_measured_at_both_sizes(jobs):
    assert run("sae").exit_code == 0
    sizes = [(job.d_in, job.d_sae, job.batch, job.architecture) for job, _ in jobs]
    assert sizes == [
        (512, 4096, 2048, "topk"),
        (512, 4096, 2048, "relu"),
        (768, 12288, 2048, "topk"),
        (768, 12288, 2048, "relu"),
    ]


def test_nothing_is_installed_unless_it_is_asked_for(jobs):
    run("sae")
    assert not any("SAELens" in names for _, names in jobs)


def test_peers_are_measured_in_the_folder_that_is_named(jobs, monkeypatch, tmp_path):
    folders = []
    monkeypatch.setattr(peers, "ensure", folders.append)
    assert run("sae", "--peers", "--peers-folder", str(tmp_path)).exit_code == 0
    assert folders == [tmp_path]
    assert all("SAELens" in names for _, names in jobs)


def test_the_table_and_a_file_are_written(jobs, tmp_path):
    file = tmp_path / "sae.json"
    result = run("sae", "--shape", "8x64", "--architecture", "relu", "--json", str(file))
    assert "relu, d_in 8, d_sae 64, batch 2048" in result.output
    (one,) = json.loads(file.read_text())["measurements"]
    assert (one["architecture"], one["d_sae"]) == ("relu", 64)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--device", "cuda:77"), "Error: device 'cuda:77' was asked for, but this machine has"),
        (("--shape", "8"), "Error: a shape is d_in x d_sae, such as 768x12288, got '8'"),
        (("--shape", "8x16"), "Error: sizes must be at least 1, and k at most d_sae"),
        (("--architecture", "gated"), "Error: architecture must be topk or relu, got 'gated'"),
    ],
)
def test_what_cannot_be_measured_is_one_message(jobs, arguments, message):
    result = run("sae", *arguments)
    assert result.exit_code == 2
    assert result.output.startswith(message)
    assert jobs == []


def test_the_help_of_the_subject_has_an_example():
    assert "Example: interp-course bench sae" in " ".join(run("sae", "--help").output.split())
