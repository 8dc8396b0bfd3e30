"""The map names cells by token and head, shows both signs, and refuses what it cannot draw."""

import math

import pytest
import torch

from interp_course.widgets import PatchingMap

MINUS = "\N{MINUS SIGN}"
TOKENS = ["<bos>", " Tom", "gave", "Tom"]
EFFECTS = torch.tensor([[0.0, 0.5, -0.25, 0.1], [0.0, -1.0, 0.0, 0.2], [0.001, 0.0, 0.0, 0.75]])
WRONG = (ValueError, TypeError)  # the shape checks of the test run raise TypeErrors


def by_token(**options) -> PatchingMap:
    return PatchingMap(**{"effects": EFFECTS, "tokens": TOKENS} | options)


def by_head(**options) -> PatchingMap:
    return by_token(**{"columns": "head"} | options)


def test_a_cell_is_named_by_layer_and_token():
    assert by_token().sentence(0, 1) == "L0, token 1 “·Tom”: +0.5"


def test_a_cell_is_named_by_layer_and_head():
    assert by_head().sentence(1, 1) == f"L1, H1: {MINUS}1"


def test_the_largest_effect_of_either_sign_is_chosen_first():
    view = by_token()
    assert (view.row, view.column) == (1, 1)


def test_shares_are_of_the_largest_effect_with_their_signs():
    view = by_token(effects=2 * EFFECTS)
    assert view.shares[0] == [0.0, 0.5, -0.25, 0.1]
    assert view.ends == [f"{MINUS}2", "+2"]


def test_nothing_but_zeros_is_drawn_as_zeros():
    view = by_token(effects=torch.zeros(2, 4))
    assert (view.shares, view.texts) == ([[0.0] * 4] * 2, [["0"] * 4] * 2)


def test_columns_may_be_some_of_the_positions():
    view = by_token(effects=EFFECTS[:, :2], positions=[1, -1])
    assert view.positions == [1, 3]
    assert view.column_names == ["token 1 “·Tom”", "token 3 “Tom”"]


def test_rows_may_have_names_of_their_own():
    assert by_head(row_names=["a", "b", "c"]).sentence(2, 3) == "c, H3: +0.75"


def test_the_description_has_the_strongest_cells_and_a_table():
    lines = by_token().describe().splitlines()
    assert lines[0] == "Prompt: <bos> ·Tom gave Tom"
    assert lines[3] == f"L1, token 1 “·Tom”: {MINUS}1"
    assert lines[-4].split() == ["layer,", "position", "0", "1", "2", "3"]
    assert lines[-1].split() == ["L2", "+0.001", "0", "0", "+0.75"]


def test_the_description_follows_the_chosen_cell():
    view = by_head()
    view.row, view.column = 0, -2
    assert f"Chosen: L0, H2: {MINUS}0.25" in view.describe()


def test_the_fallback_is_the_whole_map_with_tokens_as_they_are_written():
    html = by_token()._fallback()
    assert "token 0 “&lt;bos&gt;”" in html
    assert html.count("<tr>") == 4


def test_the_fallback_of_a_wide_map_has_the_strongest_cells():
    html = by_token(effects=torch.eye(2, 20), tokens=["a"] * 20)._fallback()
    assert html.count("<tr>") == 6
    assert "L1, token 1 “a”: +1" in html


def test_effects_in_training_and_in_half_precision_are_accepted():
    assert by_head(effects=EFFECTS.bfloat16().requires_grad_()).texts[1][1] == f"{MINUS}1"


@pytest.mark.parametrize("name", ["row", "column"])
def test_a_choice_out_of_range_is_refused_by_name(name):
    with pytest.raises(ValueError, match=f"{name} must be between 0 and"):
        setattr(by_token(), name, 4)


@pytest.mark.parametrize("shape", [(4,), (2, 3, 4), (0, 4)])
def test_what_is_not_a_matrix_is_refused(shape):
    with pytest.raises(WRONG, match=r"effects must have the axes|Type-check error"):
        by_token(effects=torch.ones(shape))


@pytest.mark.parametrize("shape", [(65, 4), (2, 129)])
def test_a_map_too_large_to_read_is_refused(shape):
    with pytest.raises(ValueError, match="at most 64 rows and 128 columns"):
        by_head(effects=torch.ones(shape))


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_effects_that_are_not_finite_are_refused(bad):
    with pytest.raises(ValueError, match="effects has values that are not finite"):
        by_token(effects=EFFECTS + bad)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"tokens": TOKENS[:3]}, "tokens has 3 entries, but effects has 4 columns; pass columns="),
        ({"positions": [0, 1]}, "positions has 2 entries, but effects has 4 columns$"),
        ({"positions": [0, 1, 2, 4]}, "positions must be between 0 and 3, got 4"),
        ({"row_names": ["a"]}, "row_names has 1 entries, but effects has 3 rows"),
        ({"tokens": ["a"] * 257}, "tokens has 257 entries; at most 256"),
        ({"label": " "}, "label is empty"),
    ],
)
def test_what_does_not_fit_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        by_token(**given)


def test_positions_are_refused_for_heads():
    with pytest.raises(ValueError, match="positions belong to columns='position'"):
        by_head(positions=[0, 1, 2, 3])


def test_columns_are_positions_or_heads():
    with pytest.raises(WRONG, match=r"columns must be 'position' or 'head'|Type-check error"):
        by_token(columns="neuron")


def test_a_saved_map_of_the_largest_size_is_small():
    view = by_head(effects=torch.randn(64, 128), tokens=["token"] * 256)
    assert len(str(view.get_state())) < 300_000
