"""A tree of boxes: what reads what."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from interp_course import drawing
from interp_course.picture import Picture, need_words

MAX_LEAVES = 16


def tree(
    branches: Sequence[tuple[str, int | None, str]],
    *,
    title: str,
    alt: str,
) -> Picture:
    """Boxes that are joined by arrows, leaves below and the root on top.

    Args:
        branches: (label, index of the one above or None for the root, words on the arrow),
            every one after the one above it; see `scrubbing.branches`.
        title: The finding.
        alt: The picture in words.

    Raises:
        ValueError: If there is not one root that comes first, an index points to a later box,
            or the tree is too wide to read.
    """
    parents = [parent for _, parent, _ in branches]
    if not parents or parents[0] is not None or None in parents[1:]:
        raise ValueError("branches need one root, with parent None, and it comes first")
    for i, parent in enumerate(parents):
        if parent is not None and not 0 <= parent < i:
            raise ValueError(f"box {i} hangs from {parent}, which does not come before it")
    for label, _, _ in branches:
        need_words(label=label)
    places = _places(parents)
    n_leaves = 1 + round(max(x for x, _ in places))
    if n_leaves > MAX_LEAVES:
        raise ValueError(f"at most {MAX_LEAVES} leaves fit beside each other, got {n_leaves}")
    depth = max(level for _, level in places)

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        axes.set_axis_off()
        axes.set(xlim=(-0.6, n_leaves - 0.4), ylim=(-depth - 0.4, 0.4))
        size = 9 if n_leaves <= 4 else 7.5 if n_leaves <= 8 else 5.5
        for (label, parent, words), (x, level) in zip(branches, places, strict=True):
            axes.text(
                x,
                -level,
                label,
                ha="center",
                va="center",
                fontsize=size,
                parse_math=False,
                bbox={"boxstyle": "round", "facecolor": "#eef4fa", "edgecolor": "#555555"},
                zorder=3,
            )
            if parent is None:
                continue
            above_x, above = places[parent]
            axes.annotate(
                "",
                (above_x, -above - 0.14),
                (x, -level + 0.14),
                arrowprops={"arrowstyle": "->", "color": "#555555"},
            )
            middle = ((x + above_x) / 2, -(level + above) / 2)
            box = {"facecolor": "white", "edgecolor": "none", "pad": 1}
            text = axes.text(*middle, words, ha="center", va="center", fontsize=size, bbox=box)
            text.set_parse_math(False)

    return drawing.draw(paint, title, alt, height=1.0 + 1.1 * depth)


def _places(parents: Sequence[int | None]) -> list[tuple[float, int]]:
    """Leaves side by side from the left, everything else above the middle of its children."""
    below: list[list[int]] = [[] for _ in parents]
    level = [0] * len(parents)
    for i, parent in enumerate(parents):
        if parent is not None:
            below[parent].append(i)
            level[i] = level[parent] + 1
    across = [0.0] * len(parents)
    order, waiting = [], [0]
    while waiting:  # depth first, children from the left
        order.append(waiting.pop())
        waiting += reversed(below[order[-1]])
    for place, leaf in enumerate(i for i in order if not below[i]):
        across[leaf] = float(place)
    for i in reversed(order):
        if below[i]:
            across[i] = (across[below[i][0]] + across[below[i][-1]]) / 2
    return list(zip(across, level, strict=True))
