"""What goes into a picture, checked: every message names the argument and both shapes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from interp_course.picture import need_words

Numbers = Tensor | NDArray[Any] | Sequence[Any]
"""Data to draw: a tensor on any device, an array or (nested) lists of numbers."""


@dataclass(frozen=True)
class Panel:
    """One of several line plots that stand above each other and share the horizontal axis."""

    curves: Mapping[str, Numbers]
    y_label: str
    x: Numbers | None = None
    """Positions of the points of these curves; None means those of the whole picture."""


def array(
    values: Numbers, name: str, *, ndim: int, gaps: bool = True, dtype: type = float
) -> NDArray[Any]:
    """``values`` as a numpy array on the CPU with ``ndim`` axes.

    Args:
        values: What to convert.
        name: What the caller calls it, for the message.
        ndim: Number of axes it must have.
        gaps: Whether NaN is allowed, as "nothing here".
        dtype: ``float`` or ``complex``.

    Raises:
        ValueError: If the number of axes is wrong, it is empty, or a value is not finite.
    """
    if isinstance(values, Tensor):
        values = values.detach().cpu().resolve_conj()
        values = (values if values.is_complex() else values.double()).numpy()
    try:
        converted = np.asarray(values)
        if np.iscomplexobj(converted) and dtype is not complex:
            raise ValueError(f"{name} is complex; draw its real part, its size, or complex_plane")
        converted = converted.astype(dtype)
    except TypeError as error:
        raise ValueError(f"{name} must hold numbers, got {type(values).__name__}") from error
    if converted.ndim != ndim or converted.size == 0:
        raise ValueError(
            f"{name} must have {ndim} {'axis' if ndim == 1 else 'axes'} and at least one value, "
            f"got shape {converted.shape}"
        )
    bad = ~np.isfinite(converted)
    if gaps:
        bad &= ~np.isnan(converted)
    if bad.any():
        raise ValueError(f"{name} has {bad.sum()} values that are not finite; remove them first")
    return converted


def labels(given: Sequence[str] | None, name: str, values: NDArray[Any], *, axis: int) -> list[str]:
    """One label per index of an axis of ``values``: those given, or 0, 1, 2 and so on.

    Raises:
        ValueError: If there are more or fewer labels than indices.
    """
    if given is None:
        return [str(i) for i in range(values.shape[axis])]
    if len(given) != values.shape[axis]:
        raise ValueError(
            f"{name} has {len(given)} entries, but axis {axis} of the data has "
            f"{values.shape[axis]} (shape {values.shape}); give one label each"
        )
    return [str(label).replace("$", r"\$") for label in given]


def points(panel: Panel, x: Numbers | None) -> dict[str, tuple[NDArray[Any], NDArray[Any]]]:
    """Positions and values of each curve of a panel; ``x`` where the panel has none of its own.

    Raises:
        ValueError: If there is no curve, no label, or a curve does not fit its positions.
    """
    need_words(y_label=panel.y_label)
    if not panel.curves:
        raise ValueError(f"curves of the panel {panel.y_label!r} is empty; give at least one")
    own = x if panel.x is None else panel.x
    checked = {}
    for name, curve in panel.curves.items():
        values = array(curve, f"curves[{name!r}]", ndim=1)
        at = np.arange(len(values)) if own is None else array(own, "x", ndim=1, gaps=False)
        if at.shape != values.shape:
            raise ValueError(
                f"x has shape {at.shape} but curves[{name!r}] has shape {values.shape}; "
                "give one position for each value"
            )
        checked[name] = (at, values)
    return checked


def colour_range(
    cells: NDArray[Any], signed: bool, vmin: float | None, vmax: float | None
) -> tuple[float, float]:
    """Values of the first and the last colour of a heatmap of ``cells``.

    Raises:
        ValueError: If a signed range is not centred on 0, or the range does not fit the values.
    """
    low, high = (0.0, 0.0) if np.isnan(cells).all() else (np.nanmin(cells), np.nanmax(cells))
    if signed:
        top = vmax if vmax is not None else max(-low, high) or 1.0
        if vmin is not None and vmin != -top:
            raise ValueError(f"a signed scale is centred on 0: vmin must be {-top}, got {vmin}")
        return -top, top
    if vmin is None and low < 0:
        raise ValueError(
            f"values go down to {low:.3g}; pass signed=True, or vmin to say it is fine"
        )
    bottom = 0.0 if vmin is None else vmin
    top = vmax if vmax is not None else max(high, bottom) or 1.0
    if top <= bottom:
        raise ValueError(f"vmax must be larger than vmin, got vmin {bottom} and vmax {top}")
    return bottom, top
