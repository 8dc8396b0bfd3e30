"""Points in a plane."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from interp_course import drawing
from interp_course.figure_inputs import Numbers, array
from interp_course.picture import Picture

_MARKERS = "osD^vPX"


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
