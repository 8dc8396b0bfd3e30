"""Words beside the points of a plane, placed where they cover least."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

_SIDES = ((1, 1), (1, -1), (-1, 1), (-1, -1), (1, 0), (-1, 0), (0, 1), (0, -1))
_DISTANCES = (3.0, 10.0, 18.0, 28.0)  # in points, from the spot to its label
_ROUNDS = 4
_GAP = 2.0  # pixels between a label and a point
_PER_POINT = 40.0  # what it costs to cover a point, in pixels of another label


def write_beside(
    axes: Axes,
    spots: NDArray[np.float64],
    words: Sequence[str],
    avoid: NDArray[np.float64],
) -> None:
    """Write each of ``words`` beside its spot, on the side where it covers least.

    Each label takes the best of 32 places around its spot, given those of the others, a few
    times over. One that does not stand next to its spot gets a thin line to it. Call this last:
    places are counted in pixels, so the layout must be settled.

    Args:
        axes: Where everything else is drawn already.
        spots: [label, 2], in data coordinates.
        words: One label per spot; an empty one is not written.
        avoid: [point, 2], what labels should not cover, in data coordinates.
    """
    labels = [
        axes.annotate(
            word,
            spot,
            xytext=(0, 0),
            textcoords="offset points",
            fontsize=8,
            color="#222222",
            parse_math=False,
            in_layout=False,
        )
        for spot, word in zip(spots.tolist(), words, strict=True)
        if word
    ]
    figure = axes.get_figure(root=True)
    if not labels or figure is None:
        return
    figure.draw_without_rendering()
    pixels = figure.dpi / 72  # per point
    anchors = axes.transData.transform([label.xy for label in labels])
    sizes = np.array([label.get_window_extent().size for label in labels])
    frame = np.array(axes.get_window_extent().extents)
    boxes = _arrange(anchors, sizes, frame, axes.transData.transform(avoid), pixels)
    for label, box, anchor in zip(labels, boxes, anchors, strict=True):
        label.set_position(tuple((box[:2] - anchor) / pixels))
        nearest = (np.clip(anchor, box[:2], box[2:]) - anchor) / pixels
        if np.linalg.norm(nearest) > _DISTANCES[0] + 1:
            axes.annotate(
                "",
                label.xy,
                xytext=tuple(nearest),
                textcoords="offset points",
                arrowprops={"arrowstyle": "-", "color": "#777777", "lw": 0.6, "shrinkA": 0},
                in_layout=False,
            )


def _arrange(
    anchors: NDArray[np.float64],
    sizes: NDArray[np.float64],
    frame: NDArray[np.float64],
    dots: NDArray[np.float64],
    pixels: float,
) -> NDArray[np.float64]:
    """A box [left, bottom, right, top] for each label, in pixels."""
    places = [_places(*label, pixels) for label in zip(anchors, sizes, strict=True)]
    fixed = [_cost(boxes, frame, dots) for boxes in places]
    chosen = np.array([boxes[cost.argmin()] for boxes, cost in zip(places, fixed, strict=True)])
    for _ in range(_ROUNDS):
        for i, boxes in enumerate(places):
            others = np.delete(chosen, i, axis=0)
            cost = fixed[i] + 2 * _common(boxes, others).sum(axis=1)
            chosen[i] = boxes[cost.argmin()]
    return chosen


def _places(
    anchor: NDArray[np.float64], size: NDArray[np.float64], pixels: float
) -> NDArray[np.float64]:
    """The boxes that a label may take, the nearest first."""
    sides = np.array(_SIDES)
    shift = np.where(sides < 0, -size, np.where(sides == 0, -size / 2, 0))
    reach = sides / np.linalg.norm(sides, axis=1, keepdims=True)
    corners = [anchor + distance * pixels * reach + shift for distance in _DISTANCES]
    low = np.concatenate(corners)
    return np.concatenate([low, low + size], axis=1)


def _cost(
    boxes: NDArray[np.float64], frame: NDArray[np.float64], dots: NDArray[np.float64]
) -> NDArray[np.float64]:
    """How bad each place of a label is, whatever the other labels do, in pixels covered."""
    width, height = (boxes[:, 2:] - boxes[:, :2]).T
    outside = width * height - _common(boxes, frame[None])[:, 0]
    low, high = boxes[:, None, :2] - _GAP, boxes[:, None, 2:] + _GAP
    covered = ((dots > low) & (dots < high)).all(axis=2).sum(axis=1)
    far = np.repeat(_DISTANCES, len(_SIDES)) * height
    return 4 * outside + _PER_POINT * covered + 0.2 * far


def _common(boxes: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pixels that each of ``boxes`` shares with each of ``others``."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    return np.clip(high - low, 0, None).prod(axis=2)
