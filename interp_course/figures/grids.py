"""Matrices as coloured cells: heatmaps, and attention patterns side by side."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from interp_course import drawing
from interp_course.figure_inputs import Numbers, array, colour_range, labels
from interp_course.picture import Picture, need_words


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
