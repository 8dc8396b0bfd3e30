"""Points in a plane: groups of pairs, and complex numbers."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from interp_course import drawing
from interp_course.figure_inputs import Numbers, array
from interp_course.figures.point_labels import write_beside
from interp_course.picture import Picture, need_words

_MARKERS = "osD^vPX"
_MOST_WORDS = 40
_MANY = 300  # points in a picture, from which on they are smaller and fainter
_TURNS = 20  # groups then take turns, or the last one would hide the others


def scatter(
    groups: Mapping[str, Numbers],
    *,
    x_label: str,
    y_label: str,
    title: str,
    alt: str,
    names: Mapping[str, Sequence[str]] | Sequence[str] | None = None,
    equal: bool = False,
    arrows: Mapping[str, tuple[float, float]] | None = None,
) -> Picture:
    """Points in a plane, each group with a marker of its own.

    Args:
        groups: [point, 2] by name of the group, 1 to 7 groups.
        x_label: Quantity and unit of the first coordinate.
        y_label: Quantity and unit of the second coordinate.
        title: The finding.
        alt: The picture in words.
        names: Words to write beside points: one per point, by name of the group (groups may be
            left out) or in one list over all groups. An empty one is not written. At most 40,
            arrows included.
        equal: Whether both axes have the same scale, so that angles and distances are true.
        arrows: Directions to draw as arrows from the origin, by the name written at their tip.

    Raises:
        ValueError: If a group is not a list of pairs, there are too many groups or words, or
            ``names`` does not fit the points.
    """
    need_words(x_label=x_label, y_label=y_label)
    points = {name: _pairs(f"groups[{name!r}]", group) for name, group in groups.items()}
    if not 1 <= len(points) <= len(_MARKERS):
        raise ValueError(f"groups must hold 1 to {len(_MARKERS)} groups, got {len(points)}")
    tips = _tips(arrows or {})
    words = [*_words(names, points), *tips]
    written = sum(word != "" for word in words)
    if written > _MOST_WORDS:
        raise ValueError(
            f"names and arrows hold {written} words, but at most {_MOST_WORDS} can be read; "
            "replace the less important ones by ''"
        )
    spots = np.concatenate([*points.values(), *(tip[None] for tip in tips.values())])
    shafts = [np.linspace(0, 1, 30)[:, None] * tip for tip in tips.values()]

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        axes.margins(0.1 if written else 0.05)
        if tips:
            _cross(axes)
        samples = _draw(axes, points, turns=_TURNS if len(spots) > _MANY else 1)
        for tip in tips.values():
            _arrow(axes, tip)
        axes.set(xlabel=x_label, ylabel=y_label)
        if equal:
            axes.set_aspect("equal", adjustable="datalim")
        if len(points) > 1:
            drawing.legend(axes, samples, list(points))
        write_beside(axes, spots, words, avoid=np.concatenate([spots, *shafts]))

    return drawing.draw(paint, title, alt, height=4.2)


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
    numbers = {
        name: array(group, name, ndim=1, gaps=False, dtype=complex)
        for name, group in groups.items()
    }
    if not numbers:
        raise ValueError("values must hold at least one group, got an empty mapping")
    points = {name: np.stack([np.real(z), np.imag(z)], axis=1) for name, z in numbers.items()}

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        _cross(axes)
        samples = _draw(axes, points)
        axes.set(xlabel="real part", ylabel="imaginary part")
        axes.set_aspect("equal", adjustable="datalim")
        if len(points) > 1:
            axes.legend(handles=samples, loc="upper left", bbox_to_anchor=(1.0, 1.0))

    return drawing.draw(paint, title, alt, height=4.2)


def _pairs(name: str, group: Numbers) -> NDArray[np.float64]:
    pairs = array(group, name, ndim=2, gaps=False)
    if pairs.shape[1] != 2:
        raise ValueError(
            f"{name} must have shape [point, 2], got {pairs.shape}; choose two coordinates"
        )
    return pairs


def _tips(arrows: Mapping[str, tuple[float, float]]) -> dict[str, NDArray[np.float64]]:
    tips = {
        name: array(tip, f"arrows[{name!r}]", ndim=1, gaps=False) for name, tip in arrows.items()
    }
    for name, tip in tips.items():
        if tip.shape != (2,) or not tip.any():
            raise ValueError(
                f"arrows[{name!r}] must be a pair (dx, dy) that is not zero, got {tip.tolist()}"
            )
    return tips


def _words(
    names: Mapping[str, Sequence[str]] | Sequence[str] | None,
    points: Mapping[str, NDArray[np.float64]],
) -> list[str]:
    """One word per point, in the order of the groups; an empty one where there is none."""
    total = sum(map(len, points.values()))
    if names is None:
        return [""] * total
    if not isinstance(names, Mapping):
        if len(names) != total:
            raise ValueError(f"names has {len(names)} entries, but groups hold {total} points")
        return [str(word) for word in names]
    words: list[str] = []
    for name, group in points.items():
        own = names.get(name, [""] * len(group))
        if len(own) != len(group):
            raise ValueError(
                f"names[{name!r}] has {len(own)} entries, but the group has shape {group.shape}"
            )
        words += [str(word) for word in own]
    if strangers := set(names) - set(points):
        raise ValueError(f"names are given for {sorted(strangers)}, but groups are {list(points)}")
    return words


def _cross(axes: Axes) -> None:
    axes.axhline(0, color="#999999", linewidth=0.8)
    axes.axvline(0, color="#999999", linewidth=0.8)


def _draw(axes: Axes, points: Mapping[str, NDArray[np.float64]], *, turns: int = 1) -> list[Line2D]:
    """Each group with a colour and a marker of its own; returns samples for a legend."""
    look: dict[str, Any] = {"alpha": 0.7}
    if turns > 1:
        look = {"alpha": 0.5, "markersize": 3.6, "markeredgewidth": 0}
    samples = []
    for i, name in enumerate(points):
        colour, marker = drawing.COLOURS[i % len(drawing.COLOURS)], _MARKERS[i % len(_MARKERS)]
        style = {"color": colour, "marker": marker, "linestyle": "", "alpha": 0.7}
        samples.append(Line2D([], [], label=name, **style))
    for turn in range(turns):
        for group, sample in zip(points.values(), samples, strict=True):
            axes.plot(*group[turn::turns].T, sample.get_marker(), color=sample.get_color(), **look)
    return samples


def _arrow(axes: Axes, tip: NDArray[np.float64]) -> None:
    axes.annotate(
        "",
        tuple(tip.tolist()),
        xytext=(0, 0),
        arrowprops={"arrowstyle": "-|>", "color": "#222222", "lw": 1.6, "shrinkA": 0, "shrinkB": 0},
    )
    axes.update_datalim(np.stack([np.zeros(2), tip]))  # annotations do not count for the limits
    axes.autoscale_view()
