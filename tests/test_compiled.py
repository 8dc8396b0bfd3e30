"""Hand-set weights end up where they belong, and a textbook circuit solves its task."""

import pytest
import torch

from interp_course import attention, compiled, hooks, runtime, sequences

LAYOUT = compiled.SlotLayout(d_vocab=7, n_ctx=11)


def textbook(layout: compiled.SlotLayout, sharp: float = 100.0) -> dict[str, torch.Tensor]:
    """Previous-token head, then induction head; each matrix copies one slot."""

    def reads(slot: str, scale: float = 1.0) -> torch.Tensor:
        matrix = torch.zeros(layout.d_model, layout.d_head)
        width = layout.slot(slot).stop - layout.slot(slot).start
        matrix[layout.slot(slot), :width] = scale * torch.eye(width)
        return matrix

    weights = {"W_K_0": reads("position"), "W_V_0": reads("token"), "W_O_0": reads("previous").T}
    weights["W_Q_0"] = sharp * reads("position").roll(-1, dims=1)
    weights |= {"W_Q_1": reads("token", sharp), "W_K_1": reads("previous")}
    return weights | {"W_V_1": reads("token"), "W_O_1": reads("output").T}


def test_the_slots_fill_the_residual_stream_without_overlap():
    covered = [place for slot in compiled.SLOTS for place in range(50)[LAYOUT.slot(slot)]]
    assert covered == list(range(LAYOUT.d_model)) == list(range(3 * 7 + 11))


def test_an_unknown_slot_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match="the slots are token, position, previous, output"):
        LAYOUT.slot("future")


def test_the_embedding_writes_token_and_position_and_nothing_else():
    model = compiled.assemble(LAYOUT, textbook(LAYOUT))
    tokens = torch.tensor([[0, 5, 2]])
    stream = hooks.capture(model, tokens, [hooks.resid_pre(0)])[1][hooks.resid_pre(0)][0]
    for position, token in enumerate((0, 5, 2)):
        expected = torch.zeros(LAYOUT.d_model)
        expected[token] = expected[7 + position] = 1.0
        assert torch.equal(stream[position], expected)


def test_the_model_holds_the_matrices_it_was_given():
    rng = runtime.generator("test compiled")
    weights = {k: torch.randn(w.shape, generator=rng) for k, w in textbook(LAYOUT).items()}
    model = compiled.assemble(LAYOUT, weights)
    for name, matrix in weights.items():
        assert torch.equal(getattr(model, name[:3])[int(name[-1]), 0], matrix)


def test_there_are_no_biases():
    model = compiled.assemble(LAYOUT, textbook(LAYOUT))
    assert all(getattr(model, name).abs().max() == 0 for name in ("b_Q", "b_K", "b_V", "b_O"))


@pytest.mark.parametrize("period", [3, 5, 6])
def test_the_textbook_circuit_predicts_every_token_of_the_second_copy(period):
    layout = compiled.SlotLayout(d_vocab=7, n_ctx=15)
    model = compiled.assemble(layout, textbook(layout))
    tokens = sequences.repeated_random(8, period, 7, runtime.generator("test textbook"))
    guesses = model(tokens)[:, period + 1 : -1].argmax(dim=-1)
    assert torch.equal(guesses, tokens[:, period + 2 :])


def test_the_scores_find_the_two_heads_that_were_built_in():
    layout = compiled.SlotLayout(d_vocab=12, n_ctx=23)
    model = compiled.assemble(layout, textbook(layout))
    scores = attention.head_scores(model, periods=(5, 8, 11), batch=4)
    assert scores.previous[0, 0] > 0.99
    assert scores.induction[1, 0] > 0.95
    assert scores.induction[0, 0] < 0.01


def test_a_missing_matrix_is_named():
    weights = textbook(LAYOUT)
    del weights["W_K_1"]
    with pytest.raises(ValueError, match="the weights lack W_K_1; there are W_K_0, W_O_0"):
        compiled.assemble(LAYOUT, weights)


def test_a_matrix_of_the_wrong_shape_is_named_with_both_shapes():
    weights = textbook(LAYOUT)
    weights["W_O_1"] = weights["W_O_1"].T
    with pytest.raises(ValueError, match=r"W_O_1 must have the shape \(11, 32\), got \(32, 11\)"):
        compiled.assemble(LAYOUT, weights)
