"""How one quantity is distributed in several groups."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch
from numpy.typing import NDArray

from interp_course import drawing
from interp_course.figure_inputs import Numbers, array
from interp_course.picture import Picture, need_words

_MOST_GROUPS = 8
_MOST_BINS = 200
_OVERLAID = 3  # more outlines than this on top of each other cannot be followed
_HATCHES = ("", "////", "....")
_DASHES = ("-", "--", ":")


def histogram(
    groups: Mapping[str, Numbers],
    *,
    x_label: str,
    y_label: str = "share",
    title: str,
    alt: str,
    marks: Mapping[str, float] | None = None,
    bins: int = 30,
) -> Picture:
    """Distributions of one quantity, as the share of each group that falls into each bin.

    The shares of a group sum to 1, so groups of different sizes can be compared; the sizes are
    written beside the names. All groups have the same bins, from the smallest value of all to
    the largest. Up to three groups lie on top of each other; more stand in rows of one scale.

    For whole numbers choose ``bins`` so that each bin holds equally many of them, or the picture
    shows gaps that are not in the data.

    Args:
        groups: Values by name of the group, 1 to 8 groups.
        x_label: Quantity and unit of the values.
        y_label: What the heights are.
        title: The finding.
        alt: The picture in words.
        marks: Positions on the horizontal axis to point out, by name.
        bins: Number of bins, 200 at most.

    Raises:
        ValueError: If there is no group or too many, a value is not finite, or ``bins`` is out of
            range.
    """
    need_words(x_label=x_label, y_label=y_label)
    values = {name: _values(name, group) for name, group in groups.items()}
    if not 1 <= len(values) <= _MOST_GROUPS:
        raise ValueError(f"groups must hold 1 to {_MOST_GROUPS} groups, got {len(values)}")
    if not 1 <= bins <= _MOST_BINS:
        raise ValueError(f"bins must be between 1 and {_MOST_BINS}, got {bins}")
    edges = np.histogram_bin_edges(np.concatenate(list(values.values())), bins)
    overlaid = len(values) <= _OVERLAID
    names = [f"{name}\nn = {len(group)}" for name, group in values.items()]

    def paint(figure: Figure) -> None:
        rows = 1 if overlaid else len(values)
        column = list(figure.subplots(rows, 1, sharex=True, sharey=True, squeeze=False)[:, 0])
        shapes = [
            _draw(column[0 if overlaid else i], group, edges, i)
            for i, group in enumerate(values.values())
        ]
        for axes in column:
            axes.grid(True, axis="y")
        if overlaid and len(names) > 1:
            drawing.legend(column[0], shapes, names)
        elif not overlaid:
            for axes, shape, name in zip(column, shapes, names, strict=True):
                drawing.legend(axes, [shape], [name])
        figure.supylabel(y_label, fontsize=9)
        column[-1].set_xlabel(x_label)
        drawing.mark(column, marks or {})

    return drawing.draw(paint, title, alt, height=3.4 if overlaid else 1.0 + 0.8 * len(values))


def _values(name: str, group: Numbers) -> NDArray[np.float64]:
    return array(group, f"groups[{name!r}]", ndim=1, gaps=False)


def _draw(axes: Axes, values: NDArray[np.float64], edges: NDArray[np.float64], i: int) -> StepPatch:
    """The outline of one group, with a colour, a dash and a hatching of its own."""
    shares = np.histogram(values, edges)[0] / len(values)
    colour = drawing.COLOURS[i % len(drawing.COLOURS)]
    axes.stairs(shares, edges, fill=True, facecolor=colour, alpha=0.15)
    return axes.stairs(
        shares,
        edges,
        fill=True,
        facecolor="none",
        edgecolor=colour,
        hatch=_HATCHES[i % len(_HATCHES)],
        linestyle=_DASHES[i % len(_DASHES)],
        linewidth=1.6,
    )
