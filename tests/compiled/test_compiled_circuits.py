"""The circuit of a compiled network is what it says: each edge is needed, no other one matters."""

import pytest
import torch
from compiled_cases import (
    MAKERS,
    confidence,
    contributions,
    make,
    with_edge_changed,
    without_part,
)

from interp_course import ablation, circuits, compiled

BUILDS = [(name, layers) for name in MAKERS for layers in (None, 4)]
NETWORK = pytest.mark.parametrize(("name", "n_layers"), BUILDS)


def case(name, n_layers, n=24):
    built = make(name, instance=5, n_layers=n_layers)
    return built, built.task.sample(n), built.task.sample(n, seed=1)


@NETWORK
def test_cutting_any_edge_of_the_circuit_breaks_the_task(name, n_layers):
    built, prompts, _ = case(name, n_layers)
    written = contributions(built.model, prompts.tokens)
    for edge in built.circuit.edges:
        logits = with_edge_changed(built.model, prompts.tokens, edge, -written[edge.source])
        assert confidence(logits, prompts.answers) < 0.3, str(edge)


@NETWORK
def test_other_prompts_along_any_edge_of_the_circuit_break_the_task(name, n_layers):
    """All but the positions, which are the same in all prompts."""
    built, prompts, others = case(name, n_layers)
    old, new = (contributions(built.model, p.tokens) for p in (prompts, others))
    for edge in built.circuit.edges:
        change = new[edge.source] - old[edge.source]
        logits = with_edge_changed(built.model, prompts.tokens, edge, change)
        wrong = edge.source != circuits.POSITIONS
        assert (confidence(logits, prompts.answers) < 0.8) == wrong, str(edge)


@NETWORK
def test_cutting_or_resampling_any_other_edge_changes_no_logit(name, n_layers):
    built, prompts, others = case(name, n_layers, n=4)
    old, new = (contributions(built.model, p.tokens) for p in (prompts, others))
    before = built.model(prompts.tokens)
    everything = set(circuits.edges(built.model))
    for edge in everything - built.circuit.edges - built.dormant.edges:
        for value in (torch.zeros(()), new[edge.source]):
            change = value - old[edge.source]
            after = with_edge_changed(built.model, prompts.tokens, edge, change)
            assert (after - before).abs().max() < 1e-5, str(edge)


DORMANT = [(name, {}) for name in MAKERS] + [("inhibition", {"backup": True})]


@pytest.mark.parametrize(("name", "options"), DORMANT)
def test_cutting_a_dormant_edge_leaves_the_answers_sure(name, options):
    built = make(name, instance=5, **options)
    prompts = built.task.sample(24)
    written = contributions(built.model, prompts.tokens)
    for edge in built.dormant.edges:
        logits = with_edge_changed(built.model, prompts.tokens, edge, -written[edge.source])
        assert confidence(logits, prompts.answers) > 0.99, str(edge)


@NETWORK
def test_ablating_a_part_outside_of_the_circuit_changes_no_logit(name, n_layers):
    built, prompts, others = case(name, n_layers)
    before = built.model(prompts.tokens)
    for part in set(circuits.parts(built.model)) - built.circuit.parts - {circuits.POSITIONS}:
        for replacement in (None, others.tokens):
            after = without_part(built.model, prompts.tokens, part, replacement)
            assert (after - before).abs().max() < 1e-5, str(part)


@NETWORK
def test_ablating_any_part_of_the_circuit_breaks_the_task(name, n_layers):
    built, prompts, others = case(name, n_layers)
    for part in built.circuit.parts - {circuits.LOGITS}:
        zeroed = without_part(built.model, prompts.tokens, part)
        assert confidence(zeroed, prompts.answers) < 0.3, str(part)
        if part != circuits.POSITIONS:
            resampled = without_part(built.model, prompts.tokens, part, others.tokens)
            assert confidence(resampled, prompts.answers) < 0.8, str(part)


@NETWORK
def test_the_rotated_network_has_the_same_circuit(name, n_layers):
    built, prompts, _ = case(name, n_layers)
    rotated = make(name, instance=5, n_layers=n_layers, rotate=True)
    written = contributions(rotated.model, prompts.tokens)
    for edge in circuits.edges(rotated.model):
        logits = with_edge_changed(rotated.model, prompts.tokens, edge, -written[edge.source])
        right = confidence(logits, prompts.answers)
        assert right < 0.3 if edge in built.circuit.edges else right > 0.99, str(edge)


def test_the_textbook_circuit_of_induction_by_hand():
    built = make("induction")
    first, second = (built.part(f"{kind} head") for kind in ("previous-token", "induction"))
    by_hand = [f"positions -> {first}.q", f"positions -> {first}.k", f"embed -> {first}.v"]
    by_hand += [f"embed -> {second}.q", f"{first} -> {second}.k", f"embed -> {second}.v"]
    assert built.circuit == circuits.Circuit.of([*by_hand, f"{second} -> logits"])


def test_every_part_has_a_role():
    for name in MAKERS:
        built = make(name)
        assert set(built.roles) == set(circuits.parts(built.model))


def test_a_part_is_found_by_its_role_and_an_unknown_role_is_refused():
    built = make("induction")
    assert built.roles[built.part("induction head")] == "induction head"
    with pytest.raises(ValueError, match="0 parts have the role 'copying head'; the roles are:"):
        built.part("copying head")


@pytest.mark.parametrize("how", ["zero", "mean", "resample"])
def test_the_backup_answers_when_the_name_mover_is_ablated(how):
    built = make("inhibition", instance=2, backup=True, rotate=True)
    prompts, others = (built.task.sample(64, seed) for seed in (0, 1))
    with ablated(built, ["name mover"], how, others.tokens):
        assert compiled.accuracy(built.model, prompts.tokens, prompts.answers) == 1.0
    with ablated(built, ["name mover", "backup name mover"], how, others.tokens):
        assert compiled.accuracy(built.model, prompts.tokens, prompts.answers) < 0.4


def test_with_a_backup_two_edges_are_replaced_and_one_more_is_needed():
    plain, built = make("inhibition", instance=2, n_layers=4), make("inhibition", 2, backup=True)
    prompts, mover = built.task.sample(24), built.part("name mover")
    written = contributions(built.model, prompts.tokens)
    needed = set()
    for edge in built.circuit.edges:
        logits = with_edge_changed(built.model, prompts.tokens, edge, -written[edge.source])
        needed |= {edge} if confidence(logits, prompts.answers) < 0.3 else set()
    replaced = {f"embed -> {mover}.k", f"embed -> {mover}.v"}
    assert {str(edge) for edge in built.circuit.edges - needed} == replaced
    assert len(built.circuit.edges) == len(plain.circuit.edges) + 1


def test_the_backup_writes_nothing_while_the_name_mover_works():
    built = make("inhibition", instance=2, backup=True)
    prompts = built.task.sample(64)
    backup = built.part("backup name mover")
    assert contributions(built.model, prompts.tokens)[backup][:, -1].norm(dim=-1).max() < 1e-5
    without = without_part(built.model, prompts.tokens, backup)
    assert (without - built.model(prompts.tokens))[:, -1].abs().max() < 1e-4


def ablated(built, roles, how, reference):
    heads = [(part.layer, part.head) for part in map(built.part, roles)]
    return ablation.ablated(built.model, heads, how, reference)
