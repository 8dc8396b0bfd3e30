"""Completeness and minimality of a circuit that is known, and of wrong versions of it."""

import pytest
from patching_cases import INDUCTION, induction_prompts, planted

from interp_course import circuits
from interp_course.circuits import Circuit, edge
from interp_course.patching import criteria, faithfulness, metrics

LIMIT = 1e-4


@pytest.fixture(scope="module")
def job():
    clean, answer = induction_prompts()
    corrupted, _ = induction_prompts(seed=1)
    return planted(), clean, corrupted, metrics.loss(answer)


def apply(function, job, circuit, **options):
    return function(job[0], circuit, *job[1:], **options)


@pytest.mark.parametrize("pieces", ["edges", "parts"])
def test_the_planted_circuit_is_complete(job, pieces):
    assert apply(criteria.completeness, job, INDUCTION, pieces=pieces).worst < LIMIT


@pytest.mark.parametrize("search", [{"n_greedy": 0}, {"n_random": 0}])
def test_a_circuit_that_lacks_an_edge_is_not_complete(job, search):
    circuit = Circuit(INDUCTION.edges - {edge("embed -> L1.H0.q")})
    assert apply(criteria.completeness, job, circuit, **search).worst > 0.2


def test_a_greedy_search_removes_one_piece_more_at_each_step(job):
    found = apply(criteria.completeness, job, INDUCTION, n_random=0, n_greedy=1)
    assert [len(several) for several in found.removed] == [0, 1, 2, 3, 4, 5]


def test_what_is_compared_is_faithfulness_without_the_pieces(job):
    found = apply(criteria.completeness, job, INDUCTION, n_random=4, n_greedy=0)
    for removed, one, other in zip(*found, strict=True):
        left = [
            Circuit(frozenset(edges) - set(removed))
            for edges in (INDUCTION.edges, circuits.edges(job[0]))
        ]
        expected = [apply(faithfulness.faithfulness, job, circuit) for circuit in left]
        assert [one.item(), other.item()] == pytest.approx(expected, abs=1e-5)


def test_every_edge_of_the_planted_circuit_is_needed(job):
    needs = apply(criteria.minimality, job, INDUCTION)
    assert needs.keys() == INDUCTION.edges
    assert min(need.score for need in needs.values()) > 0.2


def test_edges_that_do_nothing_are_not_needed(job):
    idle = {edge("embed -> L0.H0.q"), edge("L0.H0 -> logits")}
    needs = apply(criteria.minimality, job, Circuit(INDUCTION.edges | idle))
    assert {e for e, need in needs.items() if need.score < LIMIT} == idle


def test_both_heads_are_needed(job):
    needs = apply(criteria.minimality, job, INDUCTION, pieces="parts")
    assert {str(part) for part in needs} == {"L0.H0", "L1.H0"}
    assert min(need.score for need in needs.values()) > 0.2


def test_how_much_a_piece_matters_is_measured_without_the_pieces_that_are_named(job):
    needs = apply(criteria.minimality, job, INDUCTION)
    for piece, need in needs.items():
        without = Circuit(INDUCTION.edges - set(need.without))
        both = without, Circuit(without.edges - {piece})
        one, other = (apply(faithfulness.faithfulness, job, circuit) for circuit in both)
        assert abs(one - other) == pytest.approx(need.score, abs=1e-5)


@pytest.mark.parametrize(
    ("circuit", "pieces", "message"),
    [
        (Circuit.of([]), "edges", "the circuit has no edges to remove"),
        (Circuit.of(["embed -> logits"]), "parts", "the circuit has no parts to remove"),
        (INDUCTION, "neurons", "pieces"),
    ],
)
def test_what_has_no_pieces_is_refused(job, circuit, pieces, message):
    with pytest.raises((ValueError, TypeError), match=message):
        apply(criteria.completeness, job, circuit, pieces=pieces)
