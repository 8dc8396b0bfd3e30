"""Where the number arrives: exchange by hooks and scrubbing give one answer, far from the bars."""

import pytest

from interp_course.checks.causal_scrubbing import agreement
from interp_course.checks.causal_scrubbing.arrivals import (
    ENOUGH,
    alone,
    held,
    onward,
    truth,
    turned,
)
from interp_course.models import load
from interp_course.scrubbing import Scrubber, Stream

RUNS = range(4)
TRUTH = {0: (3, (2, 2)), 1: (3, (2, 3)), 2: (3, (2, 1)), 3: (2, (1, 1))}


@pytest.mark.parametrize("run", RUNS)
def test_the_layer_and_the_head_of_each_training_run(run):
    assert truth(run, run) == TRUTH[run]


@pytest.mark.parametrize("run", RUNS)
def test_no_layer_is_near_the_bar(run):
    assert all(not 0.8 < held(run, run, layer) < 0.99 for layer in range(4))


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("layer", [2, 3])
def test_scrubbing_a_stream_says_what_its_exchange_says(run, layer):
    asked = agreement(run)
    scrubber = Scrubber(load("world", seed=run, device="cpu"), asked.tokens, asked.labels)
    report = scrubber.test(onward(Stream(layer), asked.number), 500)
    kept = asked.kept(report.logits, report.plan.references).double().mean().item()
    assert (kept >= ENOUGH) == (held(run, run, layer) >= ENOUGH)


@pytest.mark.parametrize("run", RUNS)
def test_the_head_that_turns_most_verbs_is_the_one_that_alone_keeps_most(run):
    heads = [place for place in turned(run, run) if place[0] > 0]
    kept = sorted(heads, key=lambda place: alone(run, run, place))
    assert kept[-1] == TRUTH[run][1]
    assert alone(run, run, kept[-1]) - alone(run, run, kept[-2]) > 0.08
