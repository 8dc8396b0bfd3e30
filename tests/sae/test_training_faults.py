"""The runs of the diagnosis exercise: reproducible, and drawn as announced."""

import pytest

from interp_course import training_faults
from interp_course.training import History

KINDS = training_faults.KINDS


def test_six_of_seven_kinds_occur_each_at_most_once():
    for instance in range(50):
        drawn = training_faults.order(instance)
        assert len(set(drawn)) == len(drawn) == 6
        assert set(drawn) <= set(KINDS)


def test_every_kind_is_left_out_for_somebody():
    left_out = {kind for i in range(60) for kind in KINDS if kind not in training_faults.order(i)}
    assert left_out == set(KINDS)


def test_runs_stand_in_the_order_of_the_instance(monkeypatch):
    made = []

    def run(kind, seed):
        made.append((kind, seed))
        return History([])

    monkeypatch.setattr(training_faults, "run", run)
    assert len(training_faults.runs(9)) == 6
    assert made == [(kind, 9) for kind in training_faults.order(9)]


def test_a_run_can_be_repeated():
    one, other = (training_faults.run("healthy", 3).rows for _ in range(2))
    assert one == other


def test_the_histories_tell_symptoms_and_no_settings():
    row = training_faults.run("dead latents", 1).rows[-1]
    assert set(row) == {"step", "fvu", "held_out_fvu", "l0", "dead"}


def test_an_unknown_kind_names_the_known_ones():
    with pytest.raises(ValueError, match="no kind 'tired'; there are: healthy, learning rate"):
        training_faults.run("tired")
