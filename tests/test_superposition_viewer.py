"""The viewer says how features share a plane, and refuses what it cannot draw."""

import math

import pytest
import torch

from interp_course.superposition import feature_dimensionality
from interp_course.widgets import SuperpositionViewer

MINUS = "\N{MINUS SIGN}"
VALUES = [0.05, 0.2, 1.0]


def pentagon() -> torch.Tensor:
    angles = torch.arange(5) * 2 * math.pi / 5
    return torch.stack([angles.cos(), angles.sin()])


def two_axes() -> torch.Tensor:
    """Two features with an axis each, one too short to count, two without any length."""
    return torch.tensor([[1.0, 0.0, 0.0, 0.0, 0.0], [0.0, 1.0, -0.4, 0.0, 0.0]])


def planes() -> torch.Tensor:
    return torch.stack([pentagon(), 0.5 * pentagon(), two_axes()])


def viewer(**options) -> SuperpositionViewer:
    return SuperpositionViewer(**{"W": planes(), "values": VALUES} | options)


def test_the_sentence_of_a_pentagon():
    expected = "probability 0.05: 5 of 5 features are represented; dimensionalities 0.40 0.40 0.40"
    assert viewer(label="probability").sentence(0) == f"{expected} 0.40 0.40"


def test_the_sentence_names_what_is_not_represented():
    said = viewer(label="p", names=["a", "b", "c", "d", "e"]).sentence(2)
    expected = "p 1: 2 of 5 features are represented (not represented: c, d, e); dimensionalities"
    assert said == f"{expected} 1.00 0.86 0.14 0.00 0.00"


def test_nothing_is_listed_when_nothing_is_represented():
    said = viewer(W=0.1 * planes(), label="p").sentence(0)
    assert said.startswith("p 0.05: 0 of 5 features are represented; dimensionalities 0.40")


def test_one_feature_is_represented_in_the_singular():
    said = SuperpositionViewer(torch.ones(2, 2, 1), [0.0, 1.0], label="p").sentence(0)
    assert said == "p 0: 1 of 1 features is represented; dimensionalities 1.00"


def test_a_feature_counts_from_a_length_of_one_half():
    W = torch.tensor([[0.5, 0.4999], [0.0, 0.0]]).expand(2, 2, 2)
    assert SuperpositionViewer(W, [0.0, 1.0]).steps[0]["kept"] == [True, False]


def test_dimensionalities_are_those_of_the_course():
    W = torch.randn(2, 2, 7, generator=torch.Generator().manual_seed(0))
    shown = [step["dimensionalities"] for step in SuperpositionViewer(W, [0.0, 1.0]).steps]
    torch.testing.assert_close(torch.tensor(shown), feature_dimensionality(W), atol=1e-4, rtol=0)


def test_the_tips_are_the_columns_in_order():
    assert viewer().steps[2]["tips"] == two_axes().mT.double().round(decimals=4).tolist()


def test_the_scale_is_the_longest_arrow_of_all_steps():
    assert viewer(W=planes() * torch.tensor([1.0, 6.0, 2.0])[:, None, None]).extent == 3.0


def test_the_scale_always_has_room_for_the_unit_circle():
    assert viewer(W=0.1 * planes()).extent == 1.0


def test_angles_run_anticlockwise_from_the_first_axis():
    assert viewer().steps[0]["angles"] == ["0°", "72°", "144°", "216°", "288°"]


def test_a_column_without_length_has_no_angle():
    assert viewer().steps[2]["angles"] == ["0°", "90°", "270°", "–", "–"]  # noqa: RUF001


def test_the_description_has_a_line_for_each_step_and_each_feature():
    firsts = [line.split()[0] for line in viewer(label="p").describe().splitlines() if line]
    assert firsts == ["p", "0.05", "0.2", "1", "p", "feature", *"01234"]


def test_the_description_follows_the_chosen_step():
    view = viewer(names=["a", "b", "c", "d", "e"])
    view.index = 2
    assert "c        0.40    270°   0.14" in view.describe()


def test_the_description_names_importance_only_where_it_is_known():
    known = viewer(importance=[1.0, 0.9, 0.81, 0.729, 0.6561]).describe()
    assert [("importance" in text, "0.6561" in text) for text in (known, viewer().describe())] == [
        (True, True),
        (False, False),
    ]


def test_the_fallback_has_a_row_for_each_step():
    assert viewer()._fallback().count("<tr>") == 1 + len(VALUES)


def test_the_first_value_comes_first():
    assert viewer().value == 0.05


def test_the_value_nearest_to_the_one_asked_for_comes_first():
    assert viewer(value=0.9).value == 1.0


def test_the_value_follows_the_index():
    view = viewer()
    view.index = -2
    assert (view.index, view.value) == (1, 0.2)


def test_an_index_out_of_range_is_refused():
    with pytest.raises(ValueError, match="index must be between 0 and 2, got 3"):
        viewer().index = 3


def test_values_may_decrease():
    view = viewer(values=[1.0, 0.5, -2.0])
    assert [step["value"] for step in view.steps] == ["1", "0.5", f"{MINUS}2"]


def test_values_that_are_close_are_told_apart():
    view = viewer(values=[1.0, 1.0000001, 1.0000002])
    assert len({step["value"] for step in view.steps}) == 3


def test_weights_in_training_and_in_half_precision_are_accepted():
    W = planes().to(torch.bfloat16).requires_grad_()
    assert viewer(W=W).steps[0]["shares"] == ["0.40"] * 5


@pytest.mark.parametrize("shape", [(3, 5), (3, 3, 5), (3, 5, 2), (1, 3, 2, 5)])
def test_what_is_not_a_plane_per_step_is_refused(shape):
    with pytest.raises((ValueError, TypeError), match=r"W must have shape|Type-check error"):
        viewer(W=torch.ones(shape))


@pytest.mark.parametrize("n", [0, 1, 61])
def test_too_few_or_too_many_steps_are_refused(n):
    with pytest.raises(ValueError, match=f"W must hold 2 to 60 steps, got {n}"):
        SuperpositionViewer(torch.ones(n, 2, 3), [float(i) for i in range(n)])


@pytest.mark.parametrize("n", [0, 13])
def test_no_features_and_too_many_are_refused(n):
    with pytest.raises(ValueError, match=f"W must hold 1 to 12 features .*got {n}"):
        viewer(W=torch.ones(3, 2, n))


@pytest.mark.parametrize("bad", [math.nan, math.inf])
@pytest.mark.parametrize("name", ["W", "values", "importance", "value"])
def test_numbers_that_are_not_finite_are_refused_by_name(name, bad):
    given = {"W": bad * torch.ones(3, 2, 5), "values": [0.0, 1.0, bad], "value": bad}
    given["importance"] = [1.0] * 4 + [bad]
    with pytest.raises(ValueError, match=f"{name} .*finite"):
        viewer(**{name: given[name]})


@pytest.mark.parametrize("values", [[0.0, 0.0, 1.0], [0.0, 2.0, 1.0], [1.0, 2.0, 0.0], [1.0] * 3])
def test_values_out_of_order_are_refused(values):
    with pytest.raises(ValueError, match="values must increase or decrease all the way, but"):
        viewer(values=values)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"values": [0.0, 1.0]}, "values has 2 entries, but W has 3 steps"),
        ({"names": ["a"]}, "names has 1 entries, but W has 5 features"),
        ({"importance": [1.0]}, "importance has 1 entries, but W has 5 features"),
    ],
)
def test_lengths_that_differ_are_refused(given, message):
    with pytest.raises(ValueError, match=message):
        viewer(**given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"names": ["a", "b", "c", "d", " a"]}, "names must differ, but 'a' is there twice"),
        ({"names": ["a", "b", "c", "d", " "]}, "names is empty"),
        ({"names": "abcde"}, "one name per feature, got one text"),
        ({"label": " "}, "label is empty"),
        ({"importance": [1.0, 1.0, 1.0, 1.0, -0.5]}, "importance must be finite and not below 0"),
    ],
)
def test_names_and_weights_that_say_nothing_are_refused(given, message):
    with pytest.raises(ValueError, match=message):
        viewer(**given)
