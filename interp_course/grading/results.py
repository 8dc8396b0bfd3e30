"""What became of submissions."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from interp_course.grading.scores import CellScore

Status = Literal["graded", "refused", "failed"]


@dataclass(frozen=True)
class Result:
    """What became of one submission."""

    student: str
    assignment: str
    """The unit's folder name, or the name the student used if there is no such unit."""
    status: Status
    """Refused at intake, or failed while it ran: both score zero and say why in ``notes``."""
    cells: tuple[CellScore, ...] = ()
    """One per graded cell, in the notebook's order; empty for an unknown unit."""
    notes: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    """Why a person should look at it; see ``grading.flags``."""

    @property
    def total(self) -> float:
        """The points earned."""
        return sum((cell.score for cell in self.cells), start=0.0)

    @property
    def maximum(self) -> float:
        """The points to be had."""
        return sum((cell.maximum for cell in self.cells), start=0.0)


@dataclass(frozen=True)
class Batch:
    """The results of one run."""

    out: Path
    results: tuple[Result, ...]
    remarks: tuple[str, ...] = field(default=())
    """What else lay in the folder of submissions and was left out."""

    @property
    def problems(self) -> int:
        """The number of submissions without a grade."""
        return sum(result.status != "graded" for result in self.results)


def result_from(data: dict[str, Any]) -> Result:
    """A result from what ``dataclasses.asdict`` made of it, possibly by way of JSON."""
    cells = tuple(CellScore(**cell) for cell in data["cells"])
    words = {name: tuple(v) for name, v in data.items() if isinstance(v, list | tuple)}
    return Result(**{**data, **words, "cells": cells})
