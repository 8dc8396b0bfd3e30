"""Values over a common axis: curves, in one panel or in several."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from interp_course import drawing
from interp_course.figure_inputs import Numbers, Panel, points
from interp_course.picture import Picture, need_words


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
