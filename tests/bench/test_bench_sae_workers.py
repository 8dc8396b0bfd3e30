"""Workers compute what they say, on the same weights, and wait for their turn."""

import json
import subprocess
import sys
from dataclasses import asdict, replace

import pytest
import torch
from bench_cases import JOB

from interp_course.bench import sae, sae_ours, sae_worker
from interp_course.bench.sae_worker import Turns

SMALL = replace(JOB, d_in=12, d_sae=64, batch=32, gradients="somewhere")


def turns(*commands: str) -> tuple[Turns, list[dict]]:
    """Batches for these commands, and what is answered."""
    answers: list[dict] = []
    asked = iter([*commands, ""])
    x = torch.arange(20.0)[:, None]
    return Turns(x, 10, lambda: next(asked), lambda **answer: answers.append(answer)), answers


def test_batches_are_handed_out_as_often_as_was_asked():
    batches, answers = turns("steps 3\n", "steps 2\n")
    assert len(list(drawn(batches))) == 5
    assert len(answers) == 2
    assert all(answer["cpu"] >= 0 and answer["peak"] > 0 for answer in answers)


def drawn(batches: Turns):
    """Everything until the process would end."""
    try:
        yield from batches
    except SystemExit:
        return


def test_batches_come_round_again():
    batches, _ = turns("steps 4\n")
    first = [int(x[0]) for x in drawn(batches)]
    assert first == [10, 0, 10, 0]


def test_nothing_is_answered_before_steps_were_taken():
    batches, answers = turns()
    assert list(drawn(batches)) == []
    assert answers == []


def test_the_rows_of_the_decoder_have_length_1():
    made = sae_worker.draw(SMALL)
    torch.testing.assert_close(made["W_dec"].norm(dim=1), torch.ones(64))


def test_rounding_cannot_decide_which_latents_are_compared():
    made = sae_worker.draw(SMALL)
    pre = (made["x"] - made["b_dec"]) @ made["W_enc"] + made["b_enc"]
    ordered = pre.sort(descending=True).values
    assert made["x"].shape == (64, 12)
    assert (ordered[:, 2] - ordered[:, 3]).min() > 0.9 * sae_worker.MARGIN


@pytest.mark.parametrize("path", ["sparse", "dense"])
def test_our_gradients_are_those_of_the_formula(path):
    made = sae_worker.draw(SMALL)
    found = sae_ours.ours(replace(SMALL, path=path), made, None)
    weights = {k: v.clone().requires_grad_() for k, v in made.items() if k != "x"}
    pre = (made["x"] - weights["b_dec"]) @ weights["W_enc"] + weights["b_enc"]
    latents = torch.where(pre >= pre.topk(3).values[:, -1:], pre, 0.0).relu()
    error = made["x"] - latents @ weights["W_dec"] - weights["b_dec"]
    error.square().sum(dim=1).mean().backward()
    for name, values in weights.items():
        assert sae._relative(found[name], values.grad) < 1e-5


@pytest.mark.parametrize("architecture", ["topk", "relu"])
@pytest.mark.parametrize("bf16", [False, True])
def test_our_loop_trains_and_waits(architecture, bf16):
    batches, answers = turns("steps 2\n", "steps 1\n")
    job = replace(SMALL, architecture=architecture, bf16=bf16, gradients=None)
    made = sae_worker.draw(job)
    batches.batches = made["x"].split(32)
    with pytest.raises(SystemExit):
        sae_ours.ours(job, made, batches)
    assert len(answers) == 2


@pytest.mark.parametrize("path", ["encoder", "auto"])
def test_products_alone_wait_for_their_turn_too(path):
    batches, answers = turns("steps 2\n")
    made = sae_worker.draw(SMALL)
    batches.batches = made["x"].split(32)
    with pytest.raises(SystemExit):
        sae_ours.products(replace(SMALL, path=path, bf16=True), made, batches)
    assert len(answers) == 1


def test_a_library_that_is_not_installed_is_an_error_of_its_worker():
    with pytest.raises(ModuleNotFoundError, match="dictionary_learning"):
        sae_worker.load_peer("dictionary_learning")


def test_the_worker_of_peers_needs_nothing_of_the_course():
    job = json.dumps(asdict(replace(JOB, implementation="no_such_library")))
    command = [sys.executable, "-P", sae_worker.__file__, job]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/")
    assert "No module named 'no_such_library'" in done.stderr
    assert done.stdout == ""


@pytest.mark.slow
def test_our_paths_are_measured_in_their_own_processes():
    wanted = [
        e for e in sae.entries("topk", "cpu", peers=False) if e.name in (sae.REFERENCE, "ours")
    ]
    job = replace(JOB, d_in=12, d_sae=256, batch=32)
    found = sae.measure(job, wanted, sae.commands(None), repeats=1, steps=1)
    assert found.differences["ours"] < sae.TOLERANCE
    assert found.ratio("ours", "ours") == 1.0
    assert all(row.peak > row.base > 0 for row in found.rows)
