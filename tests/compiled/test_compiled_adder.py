"""The adding network adds, its heads carry what they should, and no other part matters."""

import pytest
import torch
from compiled_cases import accuracy_of, confidence, contributions, with_edge_changed, without_part

from interp_course import circuits, compiled
from interp_course.circuits import EMBED, POSITIONS
from interp_course.compiled import Total, adder_prompts

N = 27
CASES = pytest.mark.parametrize(("instance", "n_layers"), [(0, 1), (1, 1), (2, 3)])


def value(model, row, name):
    """The value of a variable, from the words of the prompt."""
    return int(next(word[1:] for word in model.to_string(row).split() if word[0] == name))


@pytest.mark.parametrize("rotate", [False, True])
@pytest.mark.parametrize("instance", range(10))
def test_every_prompt_is_answered(instance, rotate):
    assert accuracy_of(compiled.adder(instance=instance, rotate=rotate), n=N) == 1


def test_27_prompts_are_all_there_are_and_more_are_these_again():
    tokens = compiled.adder(instance=3).task.sample(2 * N).tokens
    assert len(tokens[:N].unique(dim=0)) == N
    assert torch.equal(tokens[:N].unique(dim=0), tokens[N:].unique(dim=0))


def test_the_answer_is_a_plus_b():
    built = compiled.adder(instance=4)
    prompts = built.task.sample(N)
    for row, answer in zip(prompts.tokens, prompts.answers, strict=True):
        right = value(built.model, row, "a") + value(built.model, row, "b")
        assert built.model.to_string(answer[None]) == str(right)


@pytest.mark.parametrize("corrupt", adder_prompts.VARIABLES)
def test_the_counterparts_differ_in_one_variable_and_have_the_answers_they_say(corrupt):
    built = compiled.adder(instance=1)
    prompts = built.task.sample(N, corrupt=corrupt)
    differ = prompts.tokens != prompts.corrupted
    assert torch.equal(differ.long().argmax(dim=1), prompts.positions[corrupt])
    assert (differ.sum(dim=1) == 1).all()
    assert compiled.accuracy(built.model, prompts.corrupted, prompts.corrupted_answers) == 1
    assert (prompts.distractors != prompts.answers).all()


@pytest.mark.parametrize("name", adder_prompts.VARIABLES)
def test_the_variables_stand_where_the_positions_say(name):
    built = compiled.adder(instance=2)
    prompts = built.task.sample(8)
    for row, place in zip(prompts.tokens, prompts.positions[name], strict=True):
        assert built.model.to_string(row[place][None])[0] == name


def test_instances_differ_in_their_heads_and_in_the_order_of_the_variables():
    built = [compiled.adder(instance=i) for i in range(12)]
    heads = {(b.part("a + c head"), b.part("b - c head")) for b in built}
    orders = {tuple(b.task.sample(1).positions[name].item() for name in "abc") for b in built}
    assert len(heads) >= 4
    assert len(orders) >= 3


@pytest.mark.parametrize("rotate", [False, True])
@CASES
def test_each_head_writes_its_sum(instance, n_layers, rotate):
    built = compiled.adder(instance=instance, n_layers=n_layers, rotate=rotate)
    tokens = built.task.sample(N).tokens
    written = contributions(built.model, tokens)
    for role, total in (("a + c head", Total(a=1, c=1)), ("b - c head", Total(b=1, c=-1))):
        values, sums = written[built.part(role)][:, -1], total(tokens)
        direction = values[sums == 1][0]
        assert torch.allclose(values, sums[:, None] * direction, atol=1e-4)


@CASES
def test_each_edge_of_the_circuit_is_needed(instance, n_layers):
    built = compiled.adder(instance=instance, n_layers=n_layers)
    prompts, others = built.task.sample(N), built.task.sample(N, seed=1)
    written, new = (contributions(built.model, p.tokens) for p in (prompts, others))
    for edge in built.circuit.edges:
        cut, swapped = -written[edge.source], new[edge.source] - written[edge.source]
        logits = with_edge_changed(built.model, prompts.tokens, edge, cut)
        assert confidence(logits, prompts.answers) < 0.4, str(edge)
        logits = with_edge_changed(built.model, prompts.tokens, edge, swapped)
        assert (confidence(logits, prompts.answers) < 0.6) == (edge.source != POSITIONS)


@CASES
def test_no_other_edge_changes_a_logit(instance, n_layers):
    built = compiled.adder(instance=instance, n_layers=n_layers)
    prompts, others = built.task.sample(N), built.task.sample(N, seed=1)
    written, new = (contributions(built.model, p.tokens) for p in (prompts, others))
    before = built.model(prompts.tokens)
    for edge in set(circuits.edges(built.model)) - built.circuit.edges:
        for change in (-written[edge.source], new[edge.source] - written[edge.source]):
            after = with_edge_changed(built.model, prompts.tokens, edge, change)
            assert (after - before).abs().max() < 1e-4, str(edge)


def test_the_circuit_by_hand():
    built = compiled.adder(instance=5, n_layers=2)
    heads = [built.part(role) for role in ("a + c head", "b - c head")]
    edges = [f"{EMBED} -> {head}.v" for head in heads] + [f"{head} -> logits" for head in heads]
    assert built.circuit == circuits.Circuit.of([*edges, f"{POSITIONS} -> logits"])
    assert built.dormant == circuits.Circuit.of([])


def test_without_one_of_the_heads_sums_are_wrong_and_without_the_mimic_right():
    built = compiled.adder(instance=6, rotate=True)
    prompts = built.task.sample(N)
    for role, lost in (("a + c", True), ("b - c", True), ("decoy: mimics the b - c", False)):
        logits = without_part(built.model, prompts.tokens, built.part(f"{role} head"))
        assert (confidence(logits, prompts.answers) < 0.5) == lost


@pytest.mark.parametrize(
    ("total", "text"),
    [
        (Total(a=1, c=-1), "a - c"),
        (Total(b=-1), "- b"),
        (Total(a=9, b=3, c=1), "9a + 3b + c"),
        (Total(), "0"),
    ],
)
def test_a_total_says_what_it_adds(total, text):
    tokens = compiled.adder().task.sample(N).tokens
    assert str(total) == text
    assert len(total(tokens).unique()) == {"a - c": 5, "- b": 3, "9a + 3b + c": N, "0": 1}[text]


def test_an_unknown_option_is_refused():
    with pytest.raises(ValueError, match="there is no option 'depth'"):
        compiled.adder(depth=2)
