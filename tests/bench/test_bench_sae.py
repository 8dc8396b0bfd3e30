"""A benchmark of training steps takes turns, compares medians, and only what is the same."""

import io

import pytest
import torch
from bench_cases import JOB, entry, fake
from rich.console import Console

from interp_course.bench import processes, sae, sae_table
from interp_course.bench.sae import DisagreementError, Entry, Measurement, Row

GRADIENTS = {"loss": torch.tensor(2.0), "W_dec": torch.tensor([1.0, -4.0])}
OURS, PEER = entry("ours", implementation="ours"), entry("peer")
LOW = entry("ours, bf16 encoder", implementation="ours", bf16=True)


@pytest.fixture(autouse=True)
def computed(monkeypatch):
    """What each implementation computes, by its name; the same unless it is changed."""
    values = {sae.REFERENCE: GRADIENTS}
    monkeypatch.setattr(
        processes, "gradients", lambda name, command, job: values.get(name, GRADIENTS)
    )
    return values


def measured(tmp_path, *, seconds=("1,1,1", "1,1,1"), wanted=(OURS, PEER), job=JOB):
    """A measurement of workers that pretend, two steps in each of three turns."""
    times = dict(zip((entry.name for entry in wanted), seconds, strict=True))
    notes = tmp_path / "notes"
    return sae.measure(
        job,
        wanted,
        lambda e: fake("works", notes, e.name, times.get(e.name, "")),
        repeats=3,
        steps=2,
    )


def test_workers_take_turns_after_their_warm_up(tmp_path):
    measured(tmp_path)
    lines = (tmp_path / "notes").read_text().splitlines()
    assert lines == ["ours steps 2", "peer steps 2"] * 4


def test_times_are_those_of_one_step(tmp_path):
    found = measured(tmp_path, seconds=("2,4,12", "1,1,1"))
    assert found.row("ours").cpu == (1.0, 2.0, 6.0)
    assert found.row("ours").wall == (10.0, 20.0, 60.0)


def test_the_ratio_is_that_of_medians_whatever_the_outliers(tmp_path):
    found = measured(tmp_path, seconds=("2,1,100", "1000,6,6"))
    assert found.ratio("peer", "ours") == 3.0
    assert found.ratio("ours", "peer") == 1 / 3


def test_memory_is_kept_with_what_was_there_before(tmp_path):
    row = measured(tmp_path).row("peer")
    assert (row.peak, row.base) == (300, 100)


def test_a_peer_that_computes_something_else_stops_the_benchmark(tmp_path, computed):
    computed["peer"] = {**GRADIENTS, "W_dec": torch.tensor([1.001, -4.0])}
    with pytest.raises(DisagreementError, match=r"gradients of peer differ .* by 2\.5e-04"):
        measured(tmp_path)


def test_our_paths_must_agree_more_closely_than_peers(tmp_path, computed):
    computed["ours"] = {**GRADIENTS, "W_dec": torch.tensor([1.0, -4.00002])}
    with pytest.raises(DisagreementError, match=r"of ours differ .* more than 1e-06"):
        measured(tmp_path)
    computed["peer"] = computed.pop("ours")
    assert measured(tmp_path).differences["peer"] == pytest.approx(5e-6, rel=0.1)


def test_a_gradient_that_is_not_a_number_is_a_disagreement(tmp_path, computed):
    computed["peer"] = {**GRADIENTS, "loss": torch.tensor(torch.nan)}
    with pytest.raises(DisagreementError, match="peer differ"):
        measured(tmp_path)


def test_the_difference_in_low_precision_is_reported_not_refused(tmp_path, computed):
    computed[LOW.name] = {**GRADIENTS, "loss": torch.tensor(2.2)}
    found = measured(tmp_path, wanted=(OURS, LOW))
    assert found.differences[LOW.name] == pytest.approx(0.1)


def test_a_worker_that_crashes_is_named_and_the_others_end(tmp_path):
    def command(e):
        return fake("crashes" if e is PEER else "works", tmp_path / "notes", e.name)

    with pytest.raises(processes.WorkerError, match="worker of peer ended"):
        sae.measure(JOB, [OURS, PEER], command)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"architecture": "gated"}, "architecture must be topk or relu, got 'gated'"),
        ({"k": 17}, "k at most d_sae, got .*k=17"),
        ({"device": "mps"}, "timed on cpu or cuda, not on 'mps'"),
        ({"batch": 0}, "at least 1.*batch=0"),
    ],
)
def test_a_job_that_cannot_be_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        sae.check(type(JOB)(**{**vars(JOB), **changes}))


@pytest.mark.parametrize("repeats", [0, -1])
def test_at_least_one_turn_is_needed(repeats):
    with pytest.raises(ValueError, match="repeats and steps must be at least 1"):
        sae.measure(JOB, [OURS], lambda entry: [], repeats=repeats)


@pytest.mark.parametrize("device", ["cpu", "cuda"])
@pytest.mark.parametrize("architecture", ["topk", "relu"])
def test_peers_are_measured_only_when_they_are_asked_for(architecture, device):
    alone = sae.entries(architecture, device, peers=False)
    beside = sae.entries(architecture, device, peers=True)
    assert not any(entry.is_peer for entry in alone)
    assert beside[: len(alone)] == alone
    assert {"SAELens", "dictionary_learning"} <= {entry.name for entry in beside}


def test_on_a_gpu_gradients_are_compared_only_in_single_precision():
    compared = [e for e in sae.entries("topk", "cuda", peers=True) if e.computes_gradients]
    assert {e.name for e in compared if not e.bf16} == {
        *("ours", sae.REFERENCE),
        *("SAELens", "SAELens, sparse activations", "dictionary_learning"),
    }
    assert not any(e.bf16 and e.is_peer for e in compared)


def test_only_workers_of_peers_run_in_their_environment(tmp_path):
    command = sae.commands(tmp_path / "python")
    assert command(PEER)[0] == str(tmp_path / "python")
    assert command(OURS)[1:] == ["-m", "interp_course.bench.sae_ours"]


def test_the_job_of_an_entry_says_how_to_compute():
    job = Entry("x", "ours", bf16=True, path="dense").job(JOB)
    assert (job.implementation, job.bf16, job.path, job.d_sae) == ("ours", True, "dense", 16)


def rows(*costs: float) -> tuple[Row, ...]:
    names = ("five products, bf16", "ours", "ours, bf16 autocast", "peer")
    made = zip(names, costs, strict=True)
    return tuple(Row(n, (c,), (2 * c,), 3 * 2**20, None) for n, c in made)


def shown(device: str) -> list[str]:
    """The line of the peer in the table."""
    job = type(JOB)(**{**vars(JOB), "device": device})
    out = io.StringIO()
    found = Measurement(job, rows(1.0, 4.0, 2.0, 8.0), {"peer": 2e-7})
    Console(file=out, width=200).print(sae_table.table(found))
    (line,) = (line for line in out.getvalue().splitlines() if "peer" in line)
    return [cell.strip() for cell in line.strip("│").split("│")]


def test_the_table_shows_times_ratios_memory_and_agreement():
    assert shown("cpu") == ["peer", "8", "16", "2.00", "4.00", "3", "-", "2e-07"]


def test_on_a_gpu_the_table_shows_the_share_of_the_rate_of_products():
    assert shown("cuda") == ["peer", "8", "16", "2.00", "4.00", "12%", "3", "-", "2e-07"]


def test_what_is_written_holds_every_turn_and_the_machine(tmp_path):
    found = sae_table.as_json([measured(tmp_path, seconds=("2,4,6", "8,8,8"))])
    (one,) = found["measurements"]
    assert one["rows"][0]["cpu_seconds"] == (1.0, 2.0, 3.0)
    assert one["rows"][1]["times"] == {"ours": 2.0}
    assert found["machine"]["torch"] == torch.__version__
