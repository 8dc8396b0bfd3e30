"""The benchmark of scrubbing compares equal results, with several numbers of samples and nodes."""

import pytest
import torch

from interp_course.bench import circuits, scrubbing

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(scrubbing, "ROWS", 60)
    monkeypatch.setattr(scrubbing, "SAMPLES", (10, 20))


@pytest.mark.parametrize("kind", [scrubbing.first_plan, scrubbing.further_plan])
@pytest.mark.parametrize("case", [scrubbing.trained, scrubbing.written])
def test_both_sides_agree_and_take_time(case, kind):
    timing = circuits.compare(kind(case(CPU), 20), CPU, repeats=1)
    assert timing.ours > 0
    assert timing.peer > 0


def test_every_number_of_samples_and_nodes_is_timed():
    names = [timing.name for timing in scrubbing.run("cpu", repeats=1)]
    assert names[::2] == [
        "trained induction, 17 nodes, 10 samples, first plan",
        "trained induction, 17 nodes, 20 samples, first plan",
        "trained induction, 5 nodes, 20 samples, first plan",
        "written induction, 5 nodes, 20 samples, first plan",
    ]


def test_a_further_plan_is_another_one():
    """Otherwise the time would not be that of new draws."""
    case = scrubbing.trained(CPU)
    first, further = scrubbing.first_plan(case, 20), scrubbing.further_plan(case, 20)
    assert not torch.equal(first.ours(), further.ours())


def test_a_claim_has_a_node_for_every_input_of_every_head():
    case = scrubbing.trained(CPU, n_heads=1)
    assert scrubbing.first_plan(case, 5).name == "trained induction, 5 nodes, 5 samples, first plan"
