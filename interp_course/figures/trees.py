"""A tree of boxes: what reads what."""

import textwrap
from collections.abc import Sequence

from matplotlib.figure import Figure

from interp_course import drawing
from interp_course.picture import Picture, need_words

MAX_LEAVES, MAX_DEPTH = 24, 5
_LETTERS = 66
"""That fit beside each other across the picture, in boxes and between them."""


def tree(
    branches: Sequence[tuple[str, int | None, str]],
    *,
    title: str,
    alt: str,
) -> Picture:
    """Boxes that are joined by arrows: leaves on the left, the root on the right.

    Args:
        branches: (label, index of the box that it points to or None for the root, words on the
            arrow), every one after the one it points to; see `scrubbing.branches`.
        title: The finding.
        alt: The picture in words.

    Raises:
        ValueError: If there is not one root that comes first, an index points to a later box,
            or the tree is too large to read.
    """
    parents = [parent for _, parent, _ in branches]
    if not parents or parents[0] is not None or None in parents[1:]:
        raise ValueError("branches need one root, with parent None, and it comes first")
    for i, parent in enumerate(parents):
        if parent is not None and not 0 <= parent < i:
            raise ValueError(f"box {i} points to {parent}, which does not come before it")
    for label, _, _ in branches:
        need_words(label=label)
    places = _places(parents)
    n_leaves = 1 + round(max(row for row, _ in places))
    depth = max(level for _, level in places)
    if n_leaves > MAX_LEAVES or depth > MAX_DEPTH:
        raise ValueError(
            f"at most {MAX_LEAVES} leaves and {MAX_DEPTH} levels below the root can be read, "
            f"got {n_leaves} and {depth}"
        )
    width = _LETTERS // (depth + 1) - 4

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        axes.set_axis_off()
        axes.set(xlim=(-depth - 0.5, 0.5), ylim=(n_leaves - 0.4, -0.6))
        boxes = []
        for (label, _, _), (row, level) in zip(branches, places, strict=True):
            text = "\n".join(textwrap.fill(line, width) for line in label.splitlines())
            box = {"boxstyle": "round", "facecolor": "#eef4fa", "edgecolor": "#555555"}
            boxes.append(axes.text(-level, row, text, **_TEXT, bbox=box).get_bbox_patch())
        for i, ((_, parent, words), (row, level)) in enumerate(zip(branches, places, strict=True)):
            if parent is None:
                continue
            start, end = (-level, row), (-places[parent][1], places[parent][0])
            ends = {"patchA": boxes[i], "patchB": boxes[parent], "shrinkA": 1, "shrinkB": 1}
            arrow = {"arrowstyle": "->", "color": "#555555", **ends}
            axes.annotate("", end, start, arrowprops=arrow, zorder=1)
            middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
            plain = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
            axes.text(*middle, words, **_TEXT, bbox=plain, zorder=2)

    return drawing.draw(paint, title, alt, height=0.9 + 0.5 * n_leaves)


_TEXT = {"ha": "center", "va": "center", "fontsize": 7.5, "parse_math": False}


def _places(parents: Sequence[int | None]) -> list[tuple[float, int]]:
    """(row, level): leaves below each other, everything else in the middle of its children."""
    below: list[list[int]] = [[] for _ in parents]
    level = [0] * len(parents)
    for i, parent in enumerate(parents):
        if parent is not None:
            below[parent].append(i)
            level[i] = level[parent] + 1
    rows = [0.0] * len(parents)
    order, waiting = [], [0]
    while waiting:  # depth first
        order.append(waiting.pop())
        waiting += reversed(below[order[-1]])
    for place, leaf in enumerate(i for i in order if not below[i]):
        rows[leaf] = float(place)
    for i in reversed(order):
        if below[i]:
            rows[i] = (rows[below[i][0]] + rows[below[i][-1]]) / 2
    return list(zip(rows, level, strict=True))
