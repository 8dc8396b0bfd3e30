"""Directions are what loops in double precision and transformer-lens say, or are refused."""

import math

import pytest
import torch
from torch.nn import functional
from transformer_lens.tools.analysis import interchange

from interp_course import directions, runtime

ACTIVATIONS = torch.randn(40, 7, generator=runtime.generator("test directions"))
DIRECTION = torch.randn(7, generator=runtime.generator("test direction"))
LABELS = torch.tensor([0, 1, 1, 0, 1] * 8)


def loop_unit(direction: torch.Tensor) -> list[float]:
    entries = direction.double().tolist()
    length = math.sqrt(sum(x * x for x in entries))
    return [x / length for x in entries]


def refuses(message: str):
    return pytest.raises((ValueError, TypeError), match=f"(?s){message}|Type-check error")


def test_a_unit_vector_is_the_direction_over_its_length():
    found = directions.unit(DIRECTION).double()
    torch.testing.assert_close(
        found, torch.tensor(loop_unit(DIRECTION)).double(), atol=1e-7, rtol=0
    )


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_a_unit_vector_does_not_depend_on_the_size_of_the_numbers(scale):
    torch.testing.assert_close(directions.unit(DIRECTION * scale), directions.unit(DIRECTION))


def test_several_directions_each_get_length_1():
    found = directions.unit(ACTIVATIONS.reshape(4, 10, 7))
    torch.testing.assert_close(found.norm(dim=-1), torch.ones(4, 10))
    torch.testing.assert_close(found[1, 2], directions.unit(ACTIVATIONS[12]))


def test_the_difference_of_means_is_the_mean_of_ones_minus_the_mean_of_zeros():
    found = directions.difference_of_means(ACTIVATIONS, LABELS)
    for entry in range(7):
        column = ACTIVATIONS[:, entry].double().tolist()
        ones = [x for x, label in zip(column, LABELS.tolist(), strict=True) if label]
        zeros = [x for x, label in zip(column, LABELS.tolist(), strict=True) if not label]
        expected = sum(ones) / len(ones) - sum(zeros) / len(zeros)
        assert found[entry].item() == pytest.approx(expected, abs=1e-6)


def test_true_and_false_are_labels_too():
    found = directions.difference_of_means(ACTIVATIONS, LABELS.bool())
    assert torch.equal(found, directions.difference_of_means(ACTIVATIONS, LABELS))


def test_swapping_the_labels_turns_the_difference_of_means_around():
    found = directions.difference_of_means(ACTIVATIONS, 1 - LABELS)
    torch.testing.assert_close(found, -directions.difference_of_means(ACTIVATIONS, LABELS))


def test_the_difference_of_means_spans_what_transformer_lens_finds():
    basis = interchange.mean_difference_basis(ACTIVATIONS, LABELS.tolist())[:, 0]
    found = directions.difference_of_means(ACTIVATIONS, LABELS)
    assert abs(directions.cosine(found, basis)).item() == pytest.approx(1, abs=1e-6)


def test_adding_the_difference_of_means_moves_one_mean_onto_the_other():
    found = directions.difference_of_means(ACTIVATIONS, LABELS)
    moved = ACTIVATIONS + (1 - LABELS)[:, None] * found
    torch.testing.assert_close(moved[LABELS == 0].mean(dim=0), moved[LABELS == 1].mean(dim=0))


@pytest.mark.parametrize("n", [10, 1001, 30_000])
def test_means_that_differ_by_rounding_only_have_no_direction(n):
    same = (ACTIVATIONS[0] * 100).expand(n, 7)
    found = directions.difference_of_means(same, torch.arange(n) % 3 == 0)
    assert torch.equal(found, torch.zeros(7))


def test_a_small_difference_of_means_is_kept():
    """A hundred thousandth of the activations, a hundred times their rounding."""
    x = torch.ones(100, 7) + 1e-5 * (torch.arange(100) % 2)[:, None]
    found = directions.difference_of_means(x, torch.arange(100) % 2)
    torch.testing.assert_close(found, torch.full((7,), 1e-5), rtol=0.05, atol=0)


def test_a_planted_direction_is_recovered_within_the_noise_of_the_means():
    """Noise s in each of d entries leaves an error of s sqrt(4 d / n), here 0.16 of a length 2.

    The tangent of the angle is at most that share; three times it bounds the angle safely.
    """
    d, n, rng = 64, 10_000, runtime.generator("test planted direction")
    planted = directions.unit(torch.randn(d, generator=rng))
    labels = torch.arange(n) % 2
    noise = torch.randn(n, d, generator=rng)
    found = directions.difference_of_means(noise + 2 * labels[:, None] * planted, labels)
    bound = 3 * math.sqrt(4 * d / n) / 2
    assert math.acos(directions.cosine(found, planted).item()) < math.atan(bound)


def test_a_projection_is_the_inner_product_with_the_unit_vector():
    found = directions.projection(ACTIVATIONS, DIRECTION)
    for row, coordinate in zip(ACTIVATIONS.double().tolist(), found.tolist(), strict=True):
        expected = sum(x * u for x, u in zip(row, loop_unit(DIRECTION), strict=True))
        assert coordinate == pytest.approx(expected, abs=1e-5)


def test_a_projection_does_not_depend_on_the_directions_length_but_on_its_sign():
    found = directions.projection(ACTIVATIONS, -5 * DIRECTION)
    torch.testing.assert_close(found, -directions.projection(ACTIVATIONS, DIRECTION))


def test_a_projection_keeps_all_axes_but_the_last():
    found = directions.projection(ACTIVATIONS.reshape(2, 4, 5, 7), DIRECTION)
    torch.testing.assert_close(found.flatten(), directions.projection(ACTIVATIONS, DIRECTION))


def test_the_cosine_is_that_of_torch():
    found = directions.cosine(ACTIVATIONS[:, None], ACTIVATIONS[None, :9])
    expected = functional.cosine_similarity(ACTIVATIONS[:, None], ACTIVATIONS[None, :9], dim=-1)
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=0)


def test_no_cosine_is_larger_than_1_by_rounding():
    many = torch.randn(2000, 7, generator=runtime.generator("test cosine"))
    assert directions.cosine(many, many).max() <= 1


def test_the_cosine_of_tiny_directions_is_right_too():
    found = directions.cosine(DIRECTION * 1e-20, ACTIVATIONS[0])
    torch.testing.assert_close(found, directions.cosine(DIRECTION, ACTIVATIONS[0]))


@pytest.mark.parametrize("coordinate", [0.0, -2.5])
def test_ablation_sets_the_coordinate(coordinate):
    found = directions.without(ACTIVATIONS, DIRECTION, coordinate)
    expected = torch.full((40,), coordinate)
    torch.testing.assert_close(directions.projection(found, DIRECTION), expected, atol=1e-6, rtol=0)


def test_ablation_leaves_everything_orthogonal_as_it_was():
    along = torch.tensor(loop_unit(DIRECTION))
    rest = torch.eye(7) - torch.outer(along, along)
    found = directions.without(ACTIVATIONS, DIRECTION, 3.0)
    torch.testing.assert_close(found @ rest, ACTIVATIONS @ rest, atol=1e-5, rtol=0)


def test_ablation_is_the_interchange_of_transformer_lens_with_a_source_of_zeros():
    swap = interchange.SubspaceInterchange(directions.unit(DIRECTION)[:, None])
    expected = swap(ACTIVATIONS, torch.zeros_like(ACTIVATIONS))
    torch.testing.assert_close(directions.without(ACTIVATIONS, DIRECTION), expected)


def test_ablation_does_not_write_into_the_activations():
    before = ACTIVATIONS.clone()
    directions.without(ACTIVATIONS, DIRECTION, 1.0)
    assert torch.equal(ACTIVATIONS, before)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32, torch.float64])
def test_results_have_the_format_of_the_activations(dtype):
    x = ACTIVATIONS.to(dtype)
    results = [
        directions.difference_of_means(x, LABELS),
        directions.projection(x, DIRECTION.double()),
        directions.without(x, DIRECTION.double()),
        directions.cosine(x, DIRECTION.double().expand_as(x)),
    ]
    assert {result.dtype for result in results} == {dtype}


def test_bfloat16_costs_no_more_than_its_own_rounding():
    """Sums are taken in float32, so the error is that of rounding once, 2^-8 of the value."""
    x = ACTIVATIONS.bfloat16()
    found, exact = (directions.projection(a, DIRECTION) for a in (x, x.double()))
    assert ((found.double() - exact).abs() <= 2**-8 * exact.abs()).all()


def test_gradients_flow_through_an_ablation():
    x = ACTIVATIONS.clone().requires_grad_()
    directions.without(x, DIRECTION).sum().backward()
    along = torch.tensor(loop_unit(DIRECTION))
    torch.testing.assert_close(x.grad, (1 - along.sum() * along).expand_as(x))


@pytest.mark.parametrize("entry", [math.nan, math.inf])
def test_a_direction_that_is_not_finite_is_refused(entry):
    broken = torch.tensor([1.0, entry])
    for use in (
        lambda: directions.unit(broken),
        lambda: directions.projection(torch.ones(3, 2), broken),
        lambda: directions.without(torch.ones(3, 2), broken),
        lambda: directions.cosine(broken, torch.ones(2)),
    ):
        with pytest.raises(ValueError, match="direction must be finite"):
            use()


def test_a_direction_of_length_0_is_refused():
    with pytest.raises(ValueError, match="direction of length 0 points nowhere"):
        directions.projection(ACTIVATIONS, torch.zeros(7))


@pytest.mark.parametrize("function", [directions.projection, directions.without])
def test_a_direction_of_another_size_is_refused_with_both_shapes(function):
    with refuses(r"direction has the shape \(6,\), the activations \(40, 7\)"):
        function(ACTIVATIONS, DIRECTION[:6])


def test_the_cosine_of_different_sizes_is_refused():
    with refuses("have 7 and 6 entries"):
        directions.cosine(DIRECTION, DIRECTION[:6])


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (torch.ones(40).long(), "both labels must occur, but 40 of 40 labels are 1"),
        (torch.zeros(40).bool(), "both labels must occur, but 0 of 40 labels are 1"),
        (LABELS - 1, r"labels must be 0 or 1, but \[-1\] occur too.*labelled -1"),
        (torch.arange(40), r"labels must be 0 or 1, but \[2, 3, .*labels == k"),
        (LABELS[:39], "40 activations but 39 labels"),
    ],
)
def test_labels_that_make_no_two_classes_are_refused(labels, message):
    with refuses(message):
        directions.difference_of_means(ACTIVATIONS, labels)


def test_activations_that_are_not_finite_have_no_difference_of_means():
    broken = ACTIVATIONS.clone()
    broken[3, 2] = math.nan
    with pytest.raises(ValueError, match="activations must be finite, but nan or infinity"):
        directions.difference_of_means(broken, LABELS)
