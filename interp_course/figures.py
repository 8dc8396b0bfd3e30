"""Pictures for the course: one look, and every picture also says in words what it shows.

Fixed here for all notebooks:

* data go in (tensors on any device, numpy arrays or lists) and a `Picture` comes out; nothing
  is computed but the layout;
* categories use the Okabe-Ito colours together with line styles or markers, so that nothing
  rests on colour alone; quantities that cannot be negative use cividis; signed ones use a
  diverging scale centred on 0 (blue positive, red negative);
* the title states the finding, the axes name quantity and unit, ``alt`` says the same in words;
* the same data give the same bytes, and matplotlib's global settings stay as they were.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from interp_course import drawing
from interp_course.figure_inputs import Numbers, Panel, array, colour_range, labels, points
from interp_course.picture import Live, Picture, need_words

__all__ = ["Live", "Panel", "Picture", "bars", "complex_plane", "heatmap", "lines", "patterns"]

_MARKERS = "osD^vPX"


def lines(
    curves: Mapping[str, Numbers] | None = None,
    *,
    x: Numbers | None = None,
    x_label: str,
    y_label: str = "",
    title: str,
    alt: str,
    marks: Mapping[str, float] | None = None,
    panels: Sequence[Panel] = (),
) -> Picture:
    """Curves over a common horizontal axis, in one panel or in several above each other.

    Args:
        curves: One list of values per name; NaN leaves a gap. Give these or ``panels``.
        x: Position of each value; None numbers them 0, 1, 2 and so on.
        x_label: Quantity and unit of the horizontal axis.
        y_label: Quantity and unit of ``curves``.
        title: The finding.
        alt: The picture in words.
        marks: Positions on the horizontal axis to point out, by name.
        panels: Curves with an axis each, from top to bottom.

    Raises:
        ValueError: If there is nothing to draw, or a curve does not fit its ``x``.
    """
    if bool(curves) == bool(panels):
        got = "both" if curves else "neither"
        raise ValueError(f"give curves or panels, and at least one curve; got {got}")
    shown = list(panels) or [Panel(curves or {}, y_label)]
    content = [points(panel, x) for panel in shown]
    need_words(x_label=x_label)

    def paint(figure: Figure) -> None:
        column = list(figure.subplots(len(shown), 1, sharex=True, squeeze=False)[:, 0])
        for axes, panel, drawn in zip(column, shown, content, strict=True):
            for name, (at, values) in drawn.items():
                axes.plot(at, values, label=name, marker="o" if len(values) <= 25 else None)
            axes.set_ylabel(panel.y_label)
            axes.grid(True, axis="y")
            if len(drawn) > 1:
                axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
        column[-1].set_xlabel(x_label)
        drawing.mark(column, marks or {})

    height = 3.4 if len(shown) == 1 else 1.0 + 1.6 * len(shown)
    return drawing.draw(paint, title, alt, height=height)


def heatmap(
    values: Numbers,
    *,
    row_labels: Sequence[str] | None = None,
    col_labels: Sequence[str] | None = None,
    signed: bool = False,
    annotate: bool = False,
    vmin: float | None = None,
    vmax: float | None = None,
    x_label: str,
    y_label: str,
    colour_label: str,
    title: str,
    alt: str,
) -> Picture:
    """A matrix as coloured cells, with row 0 at the top.

    Args:
        values: [rows, columns]; NaN leaves a cell grey.
        row_labels: One per row; None numbers them.
        col_labels: One per column; None numbers them.
        signed: Whether the sign matters; the scale is then centred on 0.
        annotate: Whether to print each value into its cell (300 cells at most).
        vmin: Value of the first colour; None means 0, or ``-vmax`` if ``signed``.
        vmax: Value of the last colour; None means the largest value (or size, if ``signed``).
        x_label: What the columns are.
        y_label: What the rows are.
        colour_label: Quantity and unit of the values.
        title: The finding.
        alt: The picture in words.

    Raises:
        ValueError: If shapes differ, or negative values meet a scale that starts at 0.
    """
    need_words(x_label=x_label, y_label=y_label, colour_label=colour_label)
    cells = array(values, "values", ndim=2)
    rows = labels(row_labels, "row_labels", cells, axis=0)
    columns = labels(col_labels, "col_labels", cells, axis=1)
    low, high = colour_range(cells, signed, vmin, vmax)
    if annotate and cells.size > 300:
        raise ValueError(f"annotate needs at most 300 cells, got values of shape {cells.shape}")
    shape = cells.shape[0] / cells.shape[1]
    square = cells.shape[0] > 8 and 0.4 <= shape <= 2.5

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        aspect, look = "equal" if square else "auto", "RdBu" if signed else "cividis"
        image = axes.imshow(cells, cmap=look, vmin=low, vmax=high, aspect=aspect)
        axes.set_facecolor("#cccccc")
        axes.set(xlabel=x_label, ylabel=y_label)
        drawing.tick(axes, "x", columns)
        drawing.tick(axes, "y", rows)
        figure.colorbar(image, ax=axes, label=colour_label)
        if annotate:
            drawing.write_values(image, cells)

    body = 5.0 * shape if square else 0.36 * cells.shape[0]
    return drawing.draw(paint, title, alt, height=1.2 + min(max(body, 1.0), 5.0))


def patterns(
    pattern: Numbers,
    *,
    names: Sequence[str],
    tokens: Sequence[str] | None = None,
    title: str,
    alt: str,
) -> Picture:
    """Attention patterns side by side, on one scale from 0 to 1.

    Args:
        pattern: [head, query_pos, key_pos], with 1 to 12 heads and weights from 0 to 1.
        names: One per head.
        tokens: One per position; written on the axes where there is room.
        title: The finding.
        alt: The picture in words.

    Raises:
        ValueError: If shapes differ, there are too many heads, or a weight is not in [0, 1].
    """
    weights = array(pattern, "pattern", ndim=3, gaps=False)
    heads = labels(names, "names", weights, axis=0)
    words = labels(tokens, "tokens", weights, axis=2)
    if weights.shape[1] != weights.shape[2] or len(weights) > 12:
        raise ValueError(
            "pattern must be [head, query_pos, key_pos] with as many queries as keys and at most "
            f"12 heads, got shape {weights.shape}; pick the heads to show"
        )
    if weights.min() < -1e-3 or weights.max() > 1 + 1e-3:
        raise ValueError(
            f"pattern must lie in [0, 1], got {weights.min():.3g} to {weights.max():.3g}; "
            "take the pattern after the softmax, not the scores"
        )
    readable = tokens is not None and len(words) <= 24
    best = 2 if readable and len(words) > 12 and len(weights) == 4 else 4
    across = min(len(weights), 3 if len(weights) in (5, 6, 9) else best)
    down = -(-len(weights) // across)
    named = readable and len(words) <= 48 // across

    def paint(figure: Figure) -> None:
        grid = figure.subplots(down, across, sharex=True, sharey=True, squeeze=False)
        for axes in grid.flat[len(weights) :]:
            axes.set_visible(False)
        for axes, head, name in zip(grid.flat, weights, heads, strict=False):
            axes.imshow(head, cmap="cividis", vmin=0, vmax=1)
            axes.set_title(name)
            if named:
                drawing.tick(axes, "x", words, turn=True)
                drawing.tick(axes, "y", words)
        unit = "" if named else " position"
        figure.supxlabel(f"source token (key){unit}", fontsize=9)
        figure.supylabel(f"destination token (query){unit}", fontsize=9)
        figure.colorbar(grid[0, 0].images[0], ax=list(grid.flat), label="attention weight")

    size = {1: 4.4, 2: 2.8, 3: 2.1, 4: 1.6}[across]
    return drawing.draw(paint, title, alt, height=1.0 + down * size)


def bars(
    values: Mapping[str, float],
    *,
    baseline: float | None = None,
    baseline_band: float | None = None,
    y_label: str,
    title: str,
    alt: str,
    horizontal: bool = True,
) -> Picture:
    """One bar per name, with its value beside it.

    Args:
        values: Length of each bar, by name.
        baseline: What to compare with (chance, a random head): a dashed line.
        baseline_band: Half the width of a grey band around ``baseline``, for its spread.
        y_label: Quantity and unit of the values.
        title: The finding.
        alt: The picture in words.
        horizontal: Whether the bars lie (long names stay readable) or stand.

    Raises:
        ValueError: If there is no bar, a value is not finite, or a band has no baseline.
    """
    need_words(y_label=y_label)
    sizes = array([float(value) for value in values.values()], "values", ndim=1, gaps=False)
    if baseline_band is not None and (baseline is None or baseline_band < 0):
        raise ValueError(
            f"baseline_band is half a width around baseline, got {baseline_band} around {baseline}"
        )
    names = labels(list(values), "values", sizes, axis=0)
    largest = np.abs(sizes).max() or 1.0
    digits = max(0, 2 - int(np.floor(np.log10(largest))))  # three significant for the longest bar

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        draw_bars, span, line = (
            (axes.barh, axes.axvspan, axes.axvline)
            if horizontal
            else (axes.bar, axes.axhspan, axes.axhline)
        )
        if baseline is not None:
            band = baseline_band or 0.0
            span(baseline - band, baseline + band, color="#dddddd", zorder=0)
            name = f"baseline {baseline:.{digits}f}"
            line(baseline, color="#555555", linestyle="--", label=name)
            axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
        axes.bar_label(
            draw_bars(range(len(sizes)), sizes, color=drawing.COLOURS[0]), fmt=f" %.{digits}f"
        )
        drawing.tick(axes, "y" if horizontal else "x", names)
        axes.set(**{"xlabel" if horizontal else "ylabel": y_label})
        (axes.set_xmargin if horizontal else axes.set_ymargin)(0.12)
        if horizontal:
            axes.invert_yaxis()

    return drawing.draw(
        paint, title, alt, height=1.1 + 0.27 * max(len(sizes), 3) if horizontal else 3.4
    )


def complex_plane(values: Numbers | Mapping[str, Numbers], *, title: str, alt: str) -> Picture:
    """Complex numbers (such as eigenvalues) as points, with both axes through 0.

    Args:
        values: The numbers, or several groups of them by name.
        title: The finding.
        alt: The picture in words.

    Raises:
        ValueError: If a group is empty, not a list, or not finite.
    """
    groups = values if isinstance(values, Mapping) else {"values": values}
    points = {
        name: array(group, name, ndim=1, gaps=False, dtype=complex)
        for name, group in groups.items()
    }
    if not points:
        raise ValueError("values must hold at least one group, got an empty mapping")

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        axes.axhline(0, color="#999999", linewidth=0.8)
        axes.axvline(0, color="#999999", linewidth=0.8)
        for i, (name, group) in enumerate(points.items()):
            marker = _MARKERS[i % len(_MARKERS)]
            axes.plot(np.real(group), np.imag(group), marker, ls="", alpha=0.7, label=name)
        axes.set(xlabel="real part", ylabel="imaginary part")
        axes.set_aspect("equal", adjustable="datalim")
        if len(points) > 1:
            axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))

    return drawing.draw(paint, title, alt, height=4.2)
