"""What every picture of the course has in common: its look, its width, its labels.

``figures`` holds one function per kind of picture; this module turns what they paint into a
`Picture` without touching matplotlib's global settings.
"""

import io
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
from cycler import cycler
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from numpy.typing import NDArray

from interp_course.picture import Picture, need_words

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
"""The Okabe-Ito colours for categories, without the yellow, which is faint on white."""

_WIDTH = 7.2
_DOTS_PER_INCH = 100
_DASHES = ("-", "--", "-.", ":")
_LOOK: dict[Any, Any] = {
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.prop_cycle": cycler(
        color=[COLOURS[i % 7] for i in range(28)], linestyle=[_DASHES[i % 4] for i in range(28)]
    ),
    "grid.color": "#e4e4e4",
    "hatch.linewidth": 0.6,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "lines.markersize": 4,
    "figure.constrained_layout.h_pad": 0.06,
    "figure.constrained_layout.w_pad": 0.1,
    "figure.facecolor": "white",
    "image.interpolation": "nearest",
}


def draw(paint: Callable[[Figure], None], title: str, alt: str, *, height: float) -> Picture:
    """Let ``paint`` fill a figure of the common width, and finish it as a `Picture`.

    Args:
        paint: Receives the empty figure.
        title: The finding; long ones are wrapped.
        alt: The picture in words.
        height: In inches.

    Raises:
        ValueError: If ``title`` or ``alt`` is empty.
    """
    need_words(title=title, alt=alt)
    file = io.BytesIO()
    with matplotlib.rc_context():  # puts matplotlib's settings back afterwards
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_LOOK)
        figure = Figure(figsize=(_WIDTH, height), layout="constrained")
        figure.suptitle(textwrap.fill(title, 76), x=0.01, ha="left", fontsize=11, weight="bold")
        paint(figure)
        figure.savefig(
            file,
            dpi=_DOTS_PER_INCH,
            metadata={"Software": None},
            pil_kwargs={"optimize": True},
        )
    return Picture(file.getvalue(), alt, title)


def tick(axes: Axes, which: str, names: Sequence[str], *, turn: bool = False) -> None:
    """Label the integer positions of one axis, as many as are readable."""
    every = -(-len(names) // 48)
    at = range(0, len(names), every)
    size = 8 if len(names) <= 24 else 6.5
    crowded = turn or (which == "x" and sum(len(name) + 2 for name in names[::every]) > 80)
    ticks = axes.set_xticks if which == "x" else axes.set_yticks
    rotation = 90 if crowded and which == "x" else 0
    ticks(at, [names[i] for i in at], fontsize=size, rotation=rotation)


def legend(axes: Axes, handles: Sequence[Artist], names: Sequence[str]) -> None:
    """Name what is drawn, to the right of ``axes``, in words that are shown as they are written."""
    key = axes.legend(handles, map(str, range(len(names))), loc="upper left", bbox_to_anchor=(1, 1))
    for text, name in zip(key.get_texts(), names, strict=True):
        lines = [textwrap.fill(line, 24) for line in name.splitlines()]
        text.set(text="\n".join(lines), parse_math=False)


def mark(column: Sequence[Axes], marks: Mapping[str, float]) -> None:
    """Dashed lines through all panels; names above, on two levels so that they do not overlap."""
    for i, (name, position) in enumerate(sorted(marks.items(), key=lambda mark: mark[1])):
        for axes in column:
            axes.axvline(position, color="#555555", linewidth=1, linestyle=(0, (2, 2)))
        column[0].annotate(
            name,
            (position, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(0, 2 + 11 * (i % 2)),
            textcoords="offset points",
            ha="center",
            fontsize=8,
            color="#333333",
        )


def write_values(image: AxesImage, cells: NDArray[Any]) -> None:
    """Print each value into its cell of ``image``, in black or white, whichever reads better."""
    for (row, column), value in np.ndenumerate(cells):
        red, green, blue, _ = image.cmap(image.norm(value))
        ink = "black" if 0.3 * red + 0.59 * green + 0.11 * blue > 0.5 else "white"
        text = "" if np.isnan(value) else f"{value:.2f}"
        image.axes.text(column, row, text, ha="center", va="center", color=ink, fontsize=8)
