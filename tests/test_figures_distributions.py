"""Histograms compare groups of any size fairly, and tell them apart without colour."""

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch

from interp_course import figures

WORDS = {"x_label": "projection", "title": "They differ", "alt": "Two hills side by side."}


def histogram(groups=None, **options) -> figures.Picture:
    return figures.histogram(groups or {"a": [0, 1, 1, 2], "b": [2, 2]}, **WORDS | options)


def outlines(figure: Figure) -> list[StepPatch]:
    found = [patch for axes in figure.axes for patch in axes.patches]
    return [patch for patch in found if isinstance(patch, StepPatch) and patch.get_edgecolor()[3]]


def edged(figure: Figure) -> list[StepPatch]:
    return [patch for patch in outlines(figure) if patch.get_facecolor()[3] == 0]


def normal(n: int, shift: float = 0.0) -> torch.Tensor:
    return torch.randn(n, generator=torch.Generator().manual_seed(n)) + shift


def test_the_shares_by_hand(drawn):
    histogram(bins=2)
    shares = [patch.get_data().values.tolist() for patch in edged(drawn[0])]
    assert shares == [[0.25, 0.75], [0.0, 1.0]]


def test_all_groups_have_the_same_bins(drawn):
    histogram({"a": [0.0, 1.0], "b": [5.0]}, bins=5)
    edges = [patch.get_data().edges.tolist() for patch in edged(drawn[0])]
    assert edges == [[0, 1, 2, 3, 4, 5]] * 2


def test_the_picture_of_a_group_does_not_depend_on_its_size(drawn):
    for copies in (1, 7):
        histogram({"a": normal(50).repeat(copies)})
    one, seven = (edged(figure)[0].get_data().values for figure in drawn)
    np.testing.assert_allclose(one, seven)


@pytest.mark.parametrize("look", ["get_linestyle", "get_hatch", "get_edgecolor"])
def test_groups_on_top_of_each_other_differ_in_every_way(drawn, look):
    histogram({"a": [1, 2], "b": [1, 2], "c": [1, 2]})
    assert len({getattr(patch, look)() for patch in edged(drawn[0])}) == 3


@pytest.mark.parametrize(("n_groups", "n_rows"), [(1, 1), (3, 1), (4, 4), (8, 8)])
def test_more_than_three_groups_stand_in_rows(drawn, n_groups, n_rows):
    histogram({f"layer {i}": normal(40, i) for i in range(n_groups)})
    assert len(drawn[0].axes) == n_rows


@pytest.mark.parametrize("n_groups", [2, 5])
def test_every_group_is_named_with_its_size(drawn, n_groups):
    histogram({f"layer {i}": normal(40 + i) for i in range(n_groups)})
    legends = [axes.get_legend() for axes in drawn[0].axes]
    names = [text.get_text() for legend in legends if legend for text in legend.get_texts()]
    assert names == [f"layer {i}\nn = {40 + i}" for i in range(n_groups)]


@pytest.mark.parametrize("n_groups", [2, 5])
def test_a_mark_is_named_once(drawn, n_groups):
    histogram({f"{i}": normal(40) for i in range(n_groups)}, marks={"threshold": 0.5})
    words = [text.get_text() for axes in drawn[0].axes for text in axes.texts]
    assert words == ["threshold"]


def test_a_mark_outside_of_the_data_is_in_the_picture(drawn):
    histogram({"a": [0.0, 1.0]}, marks={"far": 9.0})
    assert drawn[0].axes[0].get_xlim()[1] > 9


def test_names_are_shown_as_they_are_written(drawn):
    histogram({"_a $x$": [1, 2], "b": [1]})
    assert drawn[0].axes[0].get_legend().get_texts()[0].get_text() == "_a $x$\nn = 2"


def test_long_names_leave_room_for_the_data(drawn):
    histogram({"a name that takes many words to say " * 3: [1, 2], "b": [1]})
    assert drawn[0].axes[0].get_position().width > 0.5


def test_equal_values_can_be_drawn():
    assert histogram({"a": [2.0, 2.0]}).png


def test_no_groups_are_refused():
    with pytest.raises(ValueError, match="groups must hold 1 to 8 groups, got 0"):
        figures.histogram({}, **WORDS)


def test_too_many_groups_are_refused():
    with pytest.raises(ValueError, match="groups must hold 1 to 8 groups, got 9"):
        histogram({str(i): [1.0] for i in range(9)})


def test_an_empty_group_is_named():
    with pytest.raises(ValueError, match=r"groups\['b'\] must have 1 axis and at least one value"):
        histogram({"a": [1.0], "b": []})


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_value_that_is_not_finite_is_refused(value):
    with pytest.raises(ValueError, match=r"groups\['a'\] has 1 values that are not finite"):
        histogram({"a": [1.0, value]})


@pytest.mark.parametrize("bins", [0, 201])
def test_bins_out_of_range_are_refused(bins):
    with pytest.raises(ValueError, match=f"bins must be between 1 and 200, got {bins}"):
        histogram(bins=bins)


@pytest.mark.parametrize("missing", ["title", "alt", "x_label", "y_label"])
def test_a_histogram_without_words_is_refused_by_name(missing):
    with pytest.raises(ValueError, match=f"^{missing} is empty"):
        histogram(**{missing: " "})
