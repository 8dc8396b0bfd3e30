"""Names of parts and edges, and what can be an edge."""

import pytest

from interp_course import circuits, models
from interp_course.circuits import EMBED, LOGITS, POSITIONS, Circuit, Edge, head, mlp

NAMES = ["embed", "positions", "L0.H1", "L2.MLP", "L11.H10", "logits"]
EDGES = ["embed -> L0.H0.q", "L0.H1 -> L1.H3.k", "L0.H1 -> L0.MLP", "L1.MLP -> logits"]


@pytest.mark.parametrize("name", NAMES)
def test_a_part_is_found_by_its_name(name):
    assert str(circuits.part(name)) == name


@pytest.mark.parametrize("name", EDGES)
def test_an_edge_is_found_by_its_name(name):
    assert str(circuits.edge(name)) == name


@pytest.mark.parametrize("name", ["L0", "H1", "l0.h1", "L0.H1.q", "", "L0.MLP0"])
def test_what_is_no_part_is_refused(name):
    with pytest.raises(ValueError, match="is no part"):
        circuits.part(name)


def test_an_edge_without_an_arrow_is_refused():
    with pytest.raises(ValueError, match="is no edge: write it as"):
        circuits.edge("L0.H1, L1.H0.q")


@pytest.mark.parametrize(
    "name",
    ["L1.H0 -> L1.H1.q", "L1.H0 -> L0.MLP", "L0.MLP -> L0.H0.v", "logits -> L0.H0.q"],
)
def test_a_source_that_is_not_upstream_is_refused(name):
    with pytest.raises(ValueError, match="is not upstream of"):
        circuits.edge(name)


@pytest.mark.parametrize("name", ["L0.H0 -> L1.H0", "embed -> positions"])
def test_an_input_that_does_not_exist_is_refused(name):
    with pytest.raises(ValueError, match="has the inputs"):
        circuits.edge(name)


def test_an_mlp_reads_the_attention_of_its_own_layer():
    assert Edge(head(3, 0), mlp(3)).slot == "in"


def test_the_parts_of_a_model_stand_in_the_order_of_computation():
    found = circuits.parts(models.load("world"))
    assert found[:2] == [EMBED, POSITIONS]
    assert found[-1] == LOGITS
    assert len(found) == 3 + 3 * (4 + 1)
    assert [p.depth for p in found] == sorted(p.depth for p in found)


def test_a_model_without_mlps_has_no_mlp():
    names = [str(p) for p in circuits.parts(models.load("induction"))]
    assert len(names) == 3 + 2 * 4
    assert not any("MLP" in name for name in names)


def test_the_edges_of_a_model_are_counted_by_hand():
    # 2 layers of 4 heads: 4 * 3 slots read 2 writers, then 6, and the logits read 10.
    assert len(circuits.edges(models.load("induction"))) == 12 * 2 + 12 * 6 + 10


def test_the_parts_of_a_circuit_are_the_ends_of_its_edges():
    circuit = Circuit.of(["embed -> L0.H0.v", "L0.H0 -> logits"])
    assert circuit.parts == {EMBED, head(0, 0), LOGITS}


def test_f1_of_circuits():
    one, other = Circuit.of(EDGES[:3]), Circuit.of(EDGES[2:])
    assert one.f1(other) == pytest.approx(2 / 5)
    assert one.f1(one) == 1


def test_two_empty_circuits_are_not_compared():
    with pytest.raises(ValueError, match="two empty circuits"):
        Circuit.of([]).f1(Circuit.of([]))
