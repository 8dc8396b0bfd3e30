"""Norms, interference, dimensionalities and recovered features are those of slow calculations."""

import itertools
import math

import pytest
import torch
from torch import Tensor

from interp_course import runtime, superposition

W = torch.randn(2, 3, 4, 6, generator=runtime.generator("test superposition"))
EMPTY = torch.zeros(4, 6)


def refuses(message: str):
    return pytest.raises((ValueError, TypeError), match=f"(?s){message}|Type-check error")


def polygon(corners: int, length: float = 1.0) -> Tensor:
    angle = 2 * math.pi / corners * torch.arange(corners)
    return length * torch.stack([angle.cos(), angle.sin()])


def columns(matrix: Tensor) -> list[list[float]]:
    return matrix.double().T.tolist()


def dot(a: list[float], b: list[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


def test_norms_are_the_lengths_of_columns():
    found = superposition.feature_norms(W)
    expected = [math.sqrt(dot(c, c)) for c in columns(W[1, 2])]
    assert found.shape == (2, 3, 6)
    assert found[1, 2].tolist() == pytest.approx(expected, abs=1e-6)


def test_interference_is_that_of_a_double_loop():
    matrix, total = superposition.interference(W)
    c = columns(W[1, 2])
    for i in range(6):
        row = [0.0 if i == j else dot(c[i], c[j]) / math.sqrt(dot(c[i], c[i])) for j in range(6)]
        assert matrix[1, 2, i].tolist() == pytest.approx(row, abs=1e-5)
        assert total[1, 2, i].item() == pytest.approx(sum(x * x for x in row), abs=1e-5)


def test_dimensionality_is_that_of_a_double_loop():
    found = superposition.feature_dimensionality(W)
    c = columns(W[1, 2])
    for i in range(6):
        norm = math.sqrt(dot(c[i], c[i]))
        shared = sum((dot(c[i], other) / norm) ** 2 for other in c)
        assert found[1, 2, i].item() == pytest.approx(norm**2 / shared, abs=1e-6)


@pytest.mark.parametrize("length", [1.0, 0.01, 30.0])
@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (torch.eye(4), 1),
        (torch.tensor([[1.0, -1.0]]), 1 / 2),
        (torch.cat([torch.eye(3), -torch.eye(3)], dim=1), 1 / 2),
        (polygon(3), 2 / 3),
        (polygon(5), 2 / 5),
        (polygon(8), 1 / 4),
        (torch.eye(4) - 1 / 4, 3 / 4),
    ],
    ids=["orthogonal", "antipodal", "octahedron", "triangle", "pentagon", "octagon", "tetrahedron"],
)
def test_known_shapes_have_known_dimensionalities(shape, expected, length):
    found = superposition.feature_dimensionality(length * shape)
    torch.testing.assert_close(found, torch.full_like(found, expected))


def test_features_of_separate_shapes_do_not_count_for_each_other():
    both = torch.block_diag(polygon(5), torch.tensor([[1.0, -1.0]]))
    found = superposition.feature_dimensionality(both)
    torch.testing.assert_close(found, torch.tensor([0.4] * 5 + [0.5] * 2))


@pytest.mark.parametrize("scale", [0.0, 1e-8])
def test_a_feature_without_a_direction_has_no_dimensionality_and_no_interference(scale):
    matrix = torch.cat([polygon(5), scale * torch.ones(2, 1)], dim=1)
    assert superposition.feature_dimensionality(matrix)[5] == 0
    assert superposition.interference(matrix).total[5] == 0
    assert superposition.feature_dimensionality(EMPTY).tolist() == [0] * 6


def test_dimensionalities_are_shares_that_add_up_to_at_most_the_dimensions():
    many = torch.randn(200, 4, 9, generator=runtime.generator("test sums"))
    found = superposition.feature_dimensionality(many)
    assert ((found > 0) & (found <= 1 + 1e-6)).all()
    assert (found.sum(dim=1) <= 4 + 1e-5).all()


def test_a_rotation_changes_nothing():
    turned = torch.linalg.qr(torch.randn(4, 4, generator=runtime.generator("turn")))[0] @ W
    for function in (superposition.feature_norms, superposition.feature_dimensionality):
        torch.testing.assert_close(function(turned), function(W), atol=1e-5, rtol=0)
    before, after = superposition.interference(W), superposition.interference(turned)
    torch.testing.assert_close(after.matrix, before.matrix, atol=1e-5, rtol=0)


def test_gradients_flow_through_the_dimensionality_even_of_missing_features():
    matrix = torch.cat([polygon(5), torch.zeros(2, 1)], dim=1).requires_grad_()
    superposition.feature_dimensionality(matrix)[0].backward()
    assert matrix.grad is not None
    assert matrix.grad.isfinite().all()


def test_represented_counts_the_norms_at_or_above_the_threshold():
    matrix = torch.diag(torch.tensor([1.0, 0.5, 0.49, 0.0]))
    assert superposition.represented(torch.stack([matrix, 0 * matrix])).tolist() == [2, 0]
    assert superposition.represented(matrix, 0.1).item() == 3


@pytest.mark.parametrize(
    "shape",
    [torch.tensor([[1.0, -1.0]]), polygon(3), torch.eye(4) - 1 / 4],
    ids=["antipodal", "triangle", "tetrahedron"],
)
def test_simplices_reach_the_welch_bound(shape):
    unit = shape / shape.norm(dim=0)
    largest = (unit.T @ unit - torch.eye(unit.shape[1])).abs().max().item()
    d_hidden = int(torch.linalg.matrix_rank(shape))
    assert superposition.welch_bound(shape.shape[1], d_hidden) == pytest.approx(largest, abs=1e-6)


def test_no_random_vectors_are_below_the_welch_bound():
    many = torch.randn(500, 3, 5, generator=runtime.generator("test welch"))
    unit = many / many.norm(dim=1, keepdim=True)
    largest = (unit.mT @ unit - torch.eye(5)).abs().amax(dim=(1, 2))
    assert largest.min() > superposition.welch_bound(5, 3)


def test_the_welch_bound_is_0_where_there_is_room_for_all():
    assert superposition.welch_bound(3, 3) == superposition.welch_bound(1, 5) == 0


def planted(n_active: int, n: int = 20) -> tuple[Tensor, Tensor]:
    """Directions of 12 features in 8 dimensions, and features of which few are active."""
    rng = runtime.generator("test recover", n_active)
    directions = torch.randn(8, 12, generator=rng) * torch.linspace(0.5, 2, 12)
    features = torch.zeros(n, 12)
    for row in features:
        row[torch.randperm(12, generator=rng)[:n_active]] = 1.0 + torch.rand(
            n_active, generator=rng
        )
    return directions, features


@pytest.mark.parametrize("method", ["omp", "lasso"])
@pytest.mark.parametrize("n_active", [0, 1])
def test_one_feature_is_always_recovered(method, n_active):
    directions, features = planted(n_active)
    found = superposition.recover(directions, features @ directions.T, 1, method=method)
    torch.testing.assert_close(found, features, atol=1e-4, rtol=0)


@pytest.mark.parametrize("method", ["omp", "lasso"])
def test_no_recovery_is_better_than_the_best_of_all_supports_and_most_are_as_good(method):
    directions, features = (part.double() for part in planted(2))
    hidden = features @ directions.T
    found = superposition.recover(directions, hidden, 2, method=method)
    left = (hidden - found @ directions.T).norm(dim=1)
    for row, known in enumerate(hidden):
        parts = [directions[:, list(s)] for s in itertools.combinations(range(12), 2)]
        least = min(_left_over(part, known) for part in parts)
        assert (found[row] != 0).sum() <= 2
        assert left[row] >= least - 1e-9
    assert (left < 1e-9).double().mean() > 0.6


def _left_over(part: Tensor, known: Tensor) -> float:
    solution = torch.linalg.lstsq(part, known[:, None], driver="gelsd").solution
    return (known - (part @ solution)[:, 0]).norm().item()


@pytest.mark.parametrize("method", ["omp", "lasso"])
def test_one_sample_and_many_give_the_same(method):
    directions, features = planted(2)
    hidden = features @ directions.T
    many = superposition.recover(directions, hidden, 2, method=method)
    one = superposition.recover(directions, hidden[3:4], 2, method=method)
    torch.testing.assert_close(one[0], many[3])


@pytest.mark.parametrize("method", ["omp", "lasso"])
def test_recovery_goes_from_always_to_never_as_more_features_are_active(method):
    directions = torch.randn(24, 64, generator=runtime.generator("test sensing"))
    rates = [superposition.recovery_rate(directions, k, method=method) for k in (1, 4, 16)]
    assert rates[0] == 1
    assert rates[1] > 0.5
    assert rates[2] < 0.05


def test_every_feature_is_recovered_where_there_is_room_for_all():
    square = torch.linalg.qr(torch.randn(8, 8, generator=runtime.generator("test square")))[0]
    assert superposition.recovery_rate(square, 8, trials=20) == 1


def test_the_recovery_rate_depends_on_the_seed_alone():
    directions = torch.randn(10, 40, generator=runtime.generator("test sensing"))
    rates = [superposition.recovery_rate(directions, 3, seed=seed) for seed in (0, 0, 1)]
    assert rates[0] == rates[1] != rates[2]


def test_antipodal_features_cannot_be_recovered_from_signed_data():
    """+1 of one and -1 of the other look the same."""
    matrix = torch.cat([torch.eye(6), -torch.eye(6)], dim=1)
    assert superposition.recovery_rate(matrix, 2) < 0.6


@pytest.mark.parametrize("n_active", [0, 9])
def test_an_impossible_number_of_active_features_is_refused(n_active):
    with refuses(f"n_active must lie between 1 and 8: .* in 8 dimensions; got {n_active}"):
        superposition.recover(*planted(1), n_active)


def test_an_unknown_method_is_refused():
    with refuses("method must be omp or lasso, got 'magic'"):
        superposition.recovery_rate(planted(1)[0], 1, method="magic")


def test_a_welch_bound_of_nothing_is_refused():
    with refuses("n_features and d_hidden must be at least 1, got 0 and 2"):
        superposition.welch_bound(0, 2)
