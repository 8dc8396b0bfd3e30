"""Circuits, copying and composition equal explicit matrix products and transformer-lens."""

import pytest
import torch

from interp_course import head_weights, models, runtime

MODEL = models.load("induction", seed=4)
W = {
    name: getattr(MODEL, name).detach().double()
    for name in ("W_E", "W_Q", "W_K", "W_V", "W_O", "W_U")
}
HEADS = [(layer, head) for layer in range(2) for head in range(4)]


def ov(layer: int, head: int) -> torch.Tensor:
    return W["W_V"][layer, head] @ W["W_O"][layer, head]


def qk(layer: int, head: int) -> torch.Tensor:
    return W["W_Q"][layer, head] @ W["W_K"][layer, head].T


def close(actual: torch.Tensor, expected: torch.Tensor, scale: float = 1.0) -> bool:
    """Within 1e-5, or 1e-5 of the largest entry where entries are larger than 1."""
    return bool((actual.double() - expected).abs().max() <= 1e-5 * max(1.0, scale))


def random_scores(d_model: int, d_head: int, n: int) -> torch.Tensor:
    rng = runtime.generator("test composition baseline")
    scores = torch.zeros(n)
    for i in range(n):
        a, b, c, d = torch.randn(4, d_model, d_head, generator=rng, dtype=torch.float64)
        first, second = a @ b.T, c @ d.T
        scores[i] = (first @ second).norm() / (first.norm() * second.norm())
    return scores


def test_the_full_ov_circuit_is_the_product_of_its_four_matrices():
    found = head_weights.full_ov_circuit(MODEL).AB
    for layer, head in HEADS:
        expected = W["W_E"] @ ov(layer, head) @ W["W_U"]
        assert close(found[layer, head], expected, expected.abs().max())


def test_the_full_qk_circuit_has_the_query_in_the_rows():
    found = head_weights.full_qk_circuit(MODEL).AB
    for layer, head in HEADS:
        expected = W["W_E"] @ qk(layer, head) @ W["W_E"].T
        assert close(found[layer, head], expected, expected.abs().max())


def test_the_composed_qk_circuit_reads_keys_through_the_writers_ov_circuit():
    expected = W["W_E"] @ qk(1, 2) @ (W["W_E"] @ ov(0, 3)).T
    found = head_weights.composed_qk_circuit(MODEL, writer=(0, 3), reader=(1, 2))
    assert close(found, expected, expected.abs().max())


def test_the_eigenvalues_are_the_largest_of_the_dense_matrix():
    """The dense matrix has rank d_head; its other eigenvalues are rounding errors."""
    found = head_weights.ov_eigenvalues(MODEL).abs().sort(descending=True).values
    for layer, head in HEADS:
        dense = torch.linalg.eigvals(W["W_E"] @ ov(layer, head) @ W["W_U"])
        expected = dense.abs().sort(descending=True).values
        assert close(found[layer, head], expected[:32], expected[0])
        assert expected[32] < 1e-6 * expected[0]


def test_the_copying_score_equals_that_of_dense_eigenvalues_in_double_precision():
    found = head_weights.copying_scores(MODEL)
    for layer, head in HEADS:
        values = torch.linalg.eigvals(W["W_E"] @ ov(layer, head) @ W["W_U"])
        assert close(found[layer, head], values.sum().real / values.abs().sum())


def test_the_sum_of_the_eigenvalues_is_the_trace():
    found = head_weights.ov_eigenvalues(MODEL).sum(dim=-1).real
    for layer, head in HEADS:
        trace = (W["W_E"] @ ov(layer, head) @ W["W_U"]).trace()
        assert close(found[layer, head], trace, trace.abs())


def test_top1_copying_equals_a_count_token_by_token():
    found = head_weights.top1_copying(MODEL)
    for layer, head in HEADS:
        rows = W["W_E"] @ ov(layer, head) @ W["W_U"]
        right = sum(int(rows[token].argmax()) == token for token in range(64))
        assert found[layer, head].item() == pytest.approx(right / 64)


@pytest.mark.parametrize("mode", ["Q", "K", "V"])
def test_composition_scores_equal_norms_of_explicit_products(mode):
    scores = head_weights.composition_scores(MODEL, mode, runtime.generator("x")).scores
    for a in range(4):
        for b in range(4):
            writer, reader = ov(0, a), {"Q": qk(1, b), "K": qk(1, b).T, "V": ov(1, b)}[mode]
            expected = (writer @ reader).norm() / (writer.norm() * reader.norm())
            assert close(scores[0, a, 1, b], expected)


def test_composition_scores_are_those_of_transformer_lens():
    ours = head_weights.composition_scores(MODEL, "K", runtime.generator("x")).scores
    assert torch.equal(ours, MODEL.all_composition_scores("K").scores)


def test_pairs_that_are_not_in_order_have_no_composition():
    scores = head_weights.composition_scores(MODEL, "K", runtime.generator("x")).scores
    assert scores[0, :, 0].abs().max() == scores[1].abs().max() == 0


def test_the_random_baseline_agrees_with_other_random_matrices():
    found = head_weights.composition_scores(MODEL, "K", runtime.generator("x"))
    expected = random_scores(64, 32, 400)
    error = expected.std().item() * (1 / 200 + 1 / 400) ** 0.5
    assert found.baseline_mean == pytest.approx(expected.mean().item(), abs=5 * error)
    assert found.baseline_sd == pytest.approx(expected.std().item(), rel=0.3)


def test_z_counts_standard_deviations_above_the_baseline():
    scores = torch.full((2, 1, 2, 1), 0.5)
    assert head_weights.Composition(scores, 0.1, 0.2).z[0, 0, 1, 0].item() == pytest.approx(2.0)


def test_a_head_that_copies_scores_one_and_one_that_suppresses_minus_one(monkeypatch):
    model = models.wrap(models.build(models.Architecture(1, 2, 8, 8, 8, 8)))
    eye = torch.eye(8)
    for name, value in {"W_E": eye, "W_U": eye, "W_V": eye.expand(1, 2, 8, 8)}.items():
        monkeypatch.setattr(type(model), name, property(lambda self, value=value: value))
    W_O = torch.stack([eye, -eye])[None]
    monkeypatch.setattr(type(model), "W_O", property(lambda self: W_O))
    torch.testing.assert_close(head_weights.copying_scores(model), torch.tensor([[1.0, -1.0]]))
