"""Pictures carry their words, refuse data that cannot be drawn, and never change."""

import io
from html.parser import HTMLParser

import matplotlib
import numpy as np
import pytest
import torch
from PIL import Image

from interp_course import figures
from interp_course.figures import Live, Panel, Picture

WORDS = {"title": "It goes down", "alt": "A line from 3 down to 1."}
AXES = {"x_label": "step", "y_label": "loss (nats)"}
CELLS = {"x_label": "head", "y_label": "layer", "colour_label": "score", **WORDS}


def size(picture: Picture) -> tuple[int, int]:
    return Image.open(io.BytesIO(picture.png)).size


def line(values=(3.0, 2.0, 1.0), **options) -> Picture:
    return figures.lines({"loss": values}, **AXES | WORDS | options)


EXAMPLES = {
    "lines": line,
    "panels": lambda: figures.lines(
        panels=[Panel({"a": [1, 2]}, "a"), Panel({"b": [1, 2, 3]}, "b", x=[0, 5, 9])],
        x_label="step",
        marks={"drop": 4.0, "end": 5.0},
        **WORDS,
    ),
    "heatmap": lambda: figures.heatmap(torch.rand(2, 4), annotate=True, **CELLS),
    "patterns": lambda: figures.patterns(torch.eye(3)[None], names=["L0.H0"], **WORDS),
    "bars": lambda: figures.bars({"L0.H0": 0.5, "L0.H1": 0.1}, y_label="score", **WORDS),
    "complex_plane": lambda: figures.complex_plane(torch.tensor([1 + 1j, -1j]), **WORDS),
    "histogram": lambda: figures.histogram({"a": [1, 2, 2], "b": [2, 3]}, x_label="x", **WORDS),
    "tree": lambda: figures.tree([("a", None, ""), ("b", 0, "q"), ("c", 0, "k")], **WORDS),
    "scatter": lambda: figures.scatter({"a": [[1, 2]]}, names=["p"], **AXES, **WORDS),
}


class Images(HTMLParser):
    """Collects the attributes of every <img>."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag == "img":
            self.found.append(dict(attrs))


@pytest.mark.parametrize("kind", EXAMPLES)
def test_every_picture_has_the_same_width(kind):
    assert size(EXAMPLES[kind]())[0] == 720


@pytest.mark.parametrize("kind", EXAMPLES)
def test_every_picture_is_a_small_png(kind):
    assert len(EXAMPLES[kind]().png) < 60_000


@pytest.mark.parametrize("kind", [kind for kind in EXAMPLES if kind != "heatmap"])
def test_the_same_data_give_the_same_bytes(kind):
    assert EXAMPLES[kind]().png == EXAMPLES[kind]().png


def test_the_png_names_neither_its_maker_nor_a_date():
    assert set(Image.open(io.BytesIO(line().png)).info) <= {"dpi"}


@pytest.mark.parametrize("kind", EXAMPLES)
def test_drawing_leaves_the_settings_of_matplotlib_alone(kind):
    before = dict(matplotlib.rcParams)
    EXAMPLES[kind]()
    assert dict(matplotlib.rcParams) == before


def test_settings_of_the_user_do_not_change_the_picture():
    expected = line().png
    with matplotlib.rc_context({"axes.facecolor": "black", "font.size": 20}):
        assert line().png == expected


def test_alt_text_survives_as_it_was_written():
    alt = "Token \"<bos>\" & 'a' at <b>3</b>"
    (image,) = Images(line(alt=alt)._repr_html_()).found
    assert image["alt"] == alt


def test_the_plain_form_is_the_alt_text():
    bundle = line()._repr_mimebundle_()
    assert bundle["text/plain"] == "Picture: A line from 3 down to 1."


def test_the_stored_output_holds_the_picture_once():
    assert set(line()._repr_mimebundle_()) == {"text/html", "text/plain"}


@pytest.mark.parametrize("missing", ["title", "alt", "x_label", "y_label"])
def test_a_picture_without_words_is_refused_by_name(missing):
    with pytest.raises(ValueError, match=f"^{missing} is empty"):
        line(**{missing: "  "})


@pytest.mark.parametrize("form", [list, np.array, torch.tensor])
def test_lists_arrays_and_tensors_draw_the_same(form):
    assert line(form([3.0, 2.0, 1.0])).png == line().png


def test_tensors_that_need_gradients_can_be_drawn():
    assert line(torch.tensor([3.0, 2.0, 1.0], requires_grad=True)).png == line().png


def test_half_precision_can_be_drawn():
    assert line(torch.tensor([3.0, 2.0, 1.0], dtype=torch.bfloat16)).png == line().png


def test_a_gap_in_a_curve_is_allowed():
    assert line([3.0, float("nan"), 1.0]).png != line().png


def test_infinite_values_are_refused_by_the_name_of_the_curve():
    with pytest.raises(ValueError, match=r"curves\['loss'\] has 1 values that are not finite"):
        line([1.0, float("inf")])


def test_a_curve_that_does_not_fit_its_positions_names_both_shapes():
    with pytest.raises(ValueError, match=r"x has shape \(2,\) but curves\['loss'\] .* \(3,\)"):
        line(x=[0, 1])


def test_curves_and_panels_together_are_refused():
    with pytest.raises(ValueError, match=r"curves or panels.*got both"):
        line(panels=[Panel({"a": [1]}, "a")])


def test_no_curves_at_all_are_refused():
    with pytest.raises(ValueError, match=r"curves or panels.*got neither"):
        figures.lines({}, **AXES, **WORDS)


def test_a_panel_without_curves_is_refused():
    with pytest.raises(ValueError, match="curves of the panel 'a' is empty"):
        figures.lines(panels=[Panel({}, "a")], x_label="step", **WORDS)


def test_more_panels_make_a_taller_picture():
    panel = Panel({"a": [1, 2]}, "a")
    heights = [size(figures.lines(panels=[panel] * n, x_label="x", **WORDS))[1] for n in (2, 3)]
    assert heights[0] < heights[1]


def test_a_long_title_stays_inside_the_picture():
    picture = line(title="A finding that takes many words to say " * 4)
    pixels = np.asarray(Image.open(io.BytesIO(picture.png)).convert("L"))
    assert pixels[:, -3:].min() == 255


def test_complex_values_are_refused_where_a_line_is_drawn():
    with pytest.raises(ValueError, match=r"curves\['loss'\] is complex"):
        line(torch.tensor([1j, 2.0]))


def test_words_are_not_numbers():
    with pytest.raises(ValueError):  # noqa: PT011 (numpy's own words)
        line(["a", "b"])


def test_a_heatmap_wants_a_matrix():
    with pytest.raises(ValueError, match=r"values must have 2 axes.*\(3,\)"):
        figures.heatmap([1, 2, 3], **CELLS)


def test_negative_cells_need_a_signed_scale():
    with pytest.raises(ValueError, match="pass signed=True"):
        figures.heatmap([[1.0, -1.0]], **CELLS)


def test_zero_is_white_on_a_signed_scale():
    picture = figures.heatmap(torch.zeros(9, 9), signed=True, vmax=3.0, **CELLS)
    middle = np.asarray(Image.open(io.BytesIO(picture.png)).convert("RGB"))[250, 300]
    assert middle.min() > 240


def test_a_signed_scale_must_be_centred():
    with pytest.raises(ValueError, match=r"vmin must be -2\.0, got 0\.0"):
        figures.heatmap([[1.0]], signed=True, vmin=0.0, vmax=2.0, **CELLS)


def test_an_upside_down_colour_range_is_refused():
    with pytest.raises(ValueError, match="vmax must be larger than vmin"):
        figures.heatmap([[1.0]], vmin=2.0, vmax=1.0, **CELLS)


@pytest.mark.parametrize("matrix", [[[0.0, 0.0]], [[float("nan"), 0.0]], [[float("nan")]]])
def test_a_heatmap_of_nothing_still_draws(matrix):
    assert figures.heatmap(matrix, annotate=True, **CELLS).png


def test_annotating_a_large_heatmap_is_refused():
    with pytest.raises(ValueError, match=r"at most 300 cells.*\(20, 20\)"):
        figures.heatmap(torch.rand(20, 20), annotate=True, **CELLS)


@pytest.mark.parametrize("name", ["row_labels", "col_labels"])
def test_labels_must_match_the_cells(name):
    with pytest.raises(ValueError, match=rf"{name} has 3 entries.*\(2, 2\)"):
        figures.heatmap([[1, 2], [3, 4]], **{name: ["a", "b", "c"]}, **CELLS)


@pytest.mark.parametrize("n_heads", range(1, 13))
def test_one_to_twelve_patterns_fit(n_heads):
    names = [f"L0.H{head}" for head in range(n_heads)]
    picture = figures.patterns(torch.eye(5).expand(n_heads, 5, 5), names=names, **WORDS)
    assert size(picture)[0] == 720


def test_thirteen_patterns_are_too_many():
    with pytest.raises(ValueError, match=r"at most 12 heads.*\(13, 2, 2\)"):
        figures.patterns(torch.eye(2).expand(13, 2, 2), names=["x"] * 13, **WORDS)


def test_scores_are_not_a_pattern():
    with pytest.raises(ValueError, match="after the softmax"):
        figures.patterns(torch.full((1, 2, 2), 3.0), names=["a"], **WORDS)


def test_tokens_must_match_the_pattern():
    with pytest.raises(ValueError, match=r"tokens has 2 entries.*\(1, 3, 3\)"):
        figures.patterns(torch.eye(3)[None], names=["a"], tokens=["x", "y"], **WORDS)


def test_tokens_with_dollar_signs_are_not_read_as_formulas():
    tokens = ["$", r"\frac", "$"]
    assert figures.patterns(torch.eye(3)[None], names=["a"], tokens=tokens, **WORDS).png


@pytest.mark.parametrize("horizontal", [True, False])
def test_a_baseline_shows_in_the_picture(horizontal):
    def draw(**options):
        return figures.bars({"a": 1.0}, y_label="y", horizontal=horizontal, **WORDS, **options)

    assert len({draw().png, draw(baseline=0.5).png, draw(baseline=0.5, baseline_band=0.1).png}) == 3


def test_a_band_needs_a_baseline():
    with pytest.raises(ValueError, match="baseline_band"):
        figures.bars({"a": 1.0}, baseline_band=0.1, y_label="y", **WORDS)


def test_no_bars_are_refused():
    with pytest.raises(ValueError, match="values must have 1 axis and at least one value"):
        figures.bars({}, y_label="y", **WORDS)


def test_groups_of_complex_numbers_are_told_apart():
    groups = {"L0.H0": torch.tensor([1j]), "L0.H1": np.array([1.0])}
    assert figures.complex_plane(groups, **WORDS).png != EXAMPLES["complex_plane"]().png


def test_an_empty_group_of_complex_numbers_is_named():
    with pytest.raises(ValueError, match=r"L0\.H1 must have 1 axis"):
        figures.complex_plane({"L0.H1": []}, **WORDS)


def test_a_live_picture_is_replaced_in_place(monkeypatch):
    events = []

    class Handle:
        def update(self, picture):
            events.append(("update", picture.alt))

    def display(picture, display_id):
        events.append(("display", picture.alt))
        return Handle()

    monkeypatch.setattr("IPython.display.display", display)
    with Live() as live:
        live.show(line(alt="one"))
        live.show(line(alt="two"))
    assert events == [("display", "one"), ("update", "two")]


def test_a_live_picture_ends_with_its_block():
    with Live() as live:
        pass
    with pytest.raises(RuntimeError, match="with Live"):
        live.show(line())


def test_errors_inside_a_live_block_are_not_swallowed():
    with pytest.raises(ZeroDivisionError), Live():
        1 / 0  # noqa: B018
