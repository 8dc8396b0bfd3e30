"""What has to come before what: boxes in rows, from top to bottom."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from interp_course import drawing
from interp_course.picture import Picture, need_words

MAX_STOPS, MAX_ACROSS = 24, 3
_BOX = (0.88, 0.66)
"""Width and height of a box, in columns and rows."""


@dataclass(frozen=True)
class Stop:
    """One box."""

    title: str
    """Drawn bold; short enough for one line of the box, or two."""
    words: str = ""
    """One line below."""
    needs: tuple[int, ...] = ()
    """The places in the list of the boxes that come before it."""
    share: float = 0.0
    """How much of it is done, from 0 to 1: that much of a bar at its foot is filled."""


def paths(stops: Sequence[Stop], *, title: str, alt: str) -> Picture:
    """Boxes with arrows from what is needed to what needs it, and a bar in each.

    A box stands one row below the lowest of those that it needs.

    Args:
        stops: Every one after those that it needs.
        title: The finding.
        alt: The picture in words.

    Raises:
        ValueError: If a box needs one that does not come before it, a share is not in [0, 1],
            or there are too many boxes to read, in all or in one row.
    """
    for i, stop in enumerate(stops):
        need_words(**{f"the title of box {i}": stop.title})
        if not all(0 <= need < i for need in stop.needs):
            raise ValueError(f"box {i} needs {stop.needs}; it may need boxes before it only")
        if not 0 <= stop.share <= 1:
            raise ValueError(f"the share of box {i} must be from 0 to 1, got {stop.share}")
    places = _places(stops)
    across = max((sum(row == other for _, other in places) for _, row in places), default=0)
    if not 1 <= len(stops) <= MAX_STOPS or across > MAX_ACROSS:
        raise ValueError(
            f"1 to {MAX_STOPS} boxes with at most {MAX_ACROSS} in a row can be read, got "
            f"{len(stops)} with {across} in a row"
        )
    n_rows = 1 + max(row for _, row in places)
    size, letters = (10.5, 30) if across < 3 else (9, 22)

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        axes.set_axis_off()
        axes.set(xlim=(-across / 2, across / 2), ylim=(n_rows - 0.55, -0.45))
        for stop, (x, y) in zip(stops, places, strict=True):
            for before in stop.needs:
                start = (places[before][0], places[before][1] + _BOX[1] / 2)
                arrow = {"arrowstyle": "-|>", "color": "#555555", "shrinkA": 0, "shrinkB": 0}
                axes.annotate("", (x, y - _BOX[1] / 2), start, arrowprops=arrow)
        for stop, (x, y) in zip(stops, places, strict=True):
            left, top, (width, height) = x - _BOX[0] / 2, y - _BOX[1] / 2, _BOX
            box = Rectangle((left, top), width, height, fc="#eef4fa", ec="#555555", zorder=2)
            foot = Rectangle((left, top + height - 0.1), width, 0.1, fc="white", ec="#555555")
            done = Rectangle((left, top + height - 0.1), width * stop.share, 0.1, fc="#0072b2")
            for level, patch in enumerate((box, foot, done), start=2):
                patch.set_zorder(level)
                axes.add_patch(patch)
            name = textwrap.fill(stop.title, letters)
            text = {"ha": "center", "va": "center", "parse_math": False, "zorder": 5}
            axes.text(x, y - 0.17, name, fontsize=size, weight="bold", **text)
            axes.text(x, y + 0.09, stop.words, fontsize=size - 1, **text)

    return drawing.draw(paint, title, alt, height=0.6 + 0.85 * n_rows)


def _places(stops: Sequence[Stop]) -> list[tuple[float, int]]:
    """(x, row) of each box; a row is centred, and ordered like what its boxes need."""
    rows: list[int] = []
    for stop in stops:
        rows.append(1 + max((rows[need] for need in stop.needs), default=-1))
    x = [0.0] * len(stops)
    for row in range(1 + max(rows, default=-1)):
        members = [i for i in range(len(stops)) if rows[i] == row]
        members.sort(
            key=lambda i: (sum(x[n] for n in stops[i].needs) / max(1, len(stops[i].needs)), i)
        )
        for place, i in enumerate(members):
            x[i] = place - (len(members) - 1) / 2
    return list(zip(x, rows, strict=True))
