"""One amount per name: bars."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from interp_course import drawing
from interp_course.figure_inputs import array, labels
from interp_course.picture import Picture, need_words


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
