"""The progress as bars, for notebooks of either theme and for a terminal."""

import html
from dataclasses import dataclass
from pathlib import Path

from interp_course import course
from interp_course.progress import storing
from interp_course.progress.reading import UnitProgress, summary

_FILL = "#3a7fc4"
"""More than 3 : 1 against JupyterLab's white as against its black."""
_BAR = 16


@dataclass(frozen=True)
class Bars:
    """One bar for each unit, with the same in words."""

    units: tuple[UnitProgress, ...]
    remark: str = ""
    """Why there is nothing to show, or where it is kept."""

    def __repr__(self) -> str:
        width = max((len(unit.title) for unit in self.units), default=0)
        lines = [f"{u.title:{width}}  {_blocks(u)}  {_words(u)}" for u in self.units]
        return "\n".join([*lines, *([self.remark] if self.remark else [])])

    def _repr_html_(self) -> str:
        rows = "".join(map(_row, self.units))
        remark = f"<p>{html.escape(self.remark)}</p>" if self.remark else ""
        left = 'style="text-align:left"'
        head = f'<tr><th {left}>Unit</th><th {left} colspan="2">Solved</th></tr>'
        return f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>{remark}"

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/html": self._repr_html_(), "text/plain": repr(self)}


def show(root: Path | None = None) -> Bars:
    """How far you are, one bar for each unit; display it in a notebook.

    Args:
        root: The course's folder; None looks for it from the current folder.

    Raises:
        CourseError: If there is no course here.
    """
    root = root or course.find_root()
    path = storing.where(root)
    if path is None:
        return Bars(tuple(summary(root)), "No progress is kept here.")
    try:
        return Bars(tuple(summary(root)), f"Kept on this computer only, in {path}.")
    except storing.ProgressError as error:
        return Bars((), f"{error}. The checks work without it.")


def _exercises(unit: UnitProgress) -> str:
    return f"{unit.solved} of {len(unit.exercises)} exercise{'s' * (len(unit.exercises) != 1)}"


def _words(unit: UnitProgress) -> str:
    points = f", {unit.points:g} of {unit.most_points:g} points" if unit.most_points else ""
    by_hand = f", and {unit.by_hand:g} that a person grades" if unit.by_hand else ""
    return f"{_exercises(unit)}{points}{by_hand}"


def _share(unit: UnitProgress) -> float:
    return unit.solved / max(1, len(unit.exercises))


def _blocks(unit: UnitProgress) -> str:
    full = int(_BAR * _share(unit))
    return "█" * full + "░" * (_BAR - full)


def _row(unit: UnitProgress) -> str:
    name = html.escape(unit.title)
    bar = (
        f'<div role="img" aria-label="{_exercises(unit)} solved" style="width:10em;height:0.8em;'
        'border:1px solid currentColor;border-radius:0.3em;overflow:hidden">'
        f'<div style="width:{_share(unit):.0%};height:100%;background:{_FILL}"></div></div>'
    )
    left = 'style="text-align:left"'
    return f"<tr><td {left}>{name}</td><td>{bar}</td><td {left}>{_words(unit)}</td></tr>"
