"""What an instructor wants to know about a class, on one static page.

Aggregates come first. Names of students stand only in the lists of what a person must look at.
"""

import base64
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from interp_course.grading import flags, html_pages, item_statistics
from interp_course.grading.exercises import Exercise
from interp_course.grading.item_statistics import FEWEST, Item
from interp_course.grading.likeness import Pair
from interp_course.grading.results import Result
from interp_course.picture import Picture

SHOWN_MISTAKES = 15
_BANDS = 10


@dataclass(frozen=True)
class UnitResults:
    """One unit of the course with what the class did there."""

    title: str
    exercises: Sequence[Exercise]
    results: Sequence[Result]
    pairs: Sequence[Pair] = ()
    """Submissions that look alike."""


@dataclass(frozen=True)
class Link:
    """A file of the same run, by its address relative to the report."""

    text: str
    address: str


Links = Mapping[tuple[str, str], Sequence[Link]]
"""By student and assignment; the page of feedback first."""


def class_report(
    units: Sequence[UnitResults], others: Sequence[Result] = (), links: Links | None = None
) -> str:
    """The HTML page about a class.

    Args:
        units: Each unit with the results of its submissions.
        others: Results that belong to no unit.
        links: Where feedback and log of a submission are.
    """
    links = links or {}
    results = [*(result for unit in units for result in unit.results), *others]
    status = Counter(result.status for result in results)
    return html_pages.render(
        "class_report.html",
        submissions=len(results),
        students=len({result.student for result in results}),
        graded=status["graded"],
        refused=status["refused"],
        failed=status["failed"],
        units=[_unit(unit) for unit in units],
        people=[_person(r, links) for r in results if set(r.flags) - {flags.NEAR_IDENTICAL}],
        pairs=[_pair(pair, unit, links) for unit in units for pair in unit.pairs],
        fewest=FEWEST,
    )


def score_histogram(totals: Sequence[float], maximum: float, unit: str) -> Picture:
    """How many submissions reached which tenth of the points.

    Args:
        totals: Points of each graded submission.
        maximum: The points to be had.
        unit: The unit's title.

    Raises:
        ValueError: If there is no submission, or nothing to be had.
    """
    if not totals or maximum <= 0:
        raise ValueError(f"expected scores and a positive maximum, got {len(totals)} and {maximum}")
    from interp_course import drawing

    shares = 100 * np.asarray(totals, dtype=float) / maximum
    counts, edges = np.histogram(np.clip(shares, 0, 100), _BANDS, (0, 100))
    bands = zip(edges[:-1], edges[1:], counts, strict=True)
    told = "; ".join(f"{low:.0f} to {high:.0f} %: {n}" for low, high, n in bands if n)

    def paint(figure: Any) -> None:
        axes = figure.subplots()
        bars = axes.bar(edges[:-1], counts, 100 / _BANDS, align="edge", edgecolor="white")
        axes.bar_label(bars, [str(n) if n else "" for n in counts])
        axes.set(xlabel="score (% of the points)", ylabel="submissions", xticks=edges)
        axes.set_ylim(0, 1.15 * counts.max())
        axes.yaxis.get_major_locator().set_params(integer=True)

    median = np.median(shares)
    title = f"Half of the submissions have {median:.0f} % of the points or more"
    title = title if median > 0 else "At least half of the submissions have no points"
    alt = f"Histogram of the scores of {len(totals)} submissions to {unit}. Submissions by score: "
    return drawing.draw(paint, title, f"{alt}{told}.", height=2.8)


def _unit(unit: UnitResults) -> dict[str, Any]:
    graded = [result for result in unit.results if result.status == "graded" and result.cells]
    known: dict[str, Any] = {"title": unit.title, "graded": len(graded)}
    if not graded:
        return known
    totals = [result.total for result in graded]
    picture = score_histogram(totals, graded[0].maximum, html_pages.visible(unit.title))
    rows, named = _rows(unit, graded), _mistakes(unit, graded)
    return known | {
        "maximum": graded[0].maximum,
        "mean": float(np.mean(totals)),
        "median": float(np.median(totals)),
        "lowest": min(totals),
        "highest": max(totals),
        "picture": picture,
        # Our own picture: neither to be escaped nor cut like a text.
        "picture_data": Markup(base64.b64encode(picture.png).decode("ascii")),
        "rows": rows,
        "waiting": _waiting(unit, graded),
        "mistakes": named[:SHOWN_MISTAKES],
        "more_mistakes": max(0, len(named) - SHOWN_MISTAKES),
    }


def _rows(unit: UnitResults, graded: Sequence[Result]) -> list[dict[str, Any]]:
    late = _late(graded)
    cells = [cell for cell in graded[0].cells if cell.name not in late]
    scores = np.array([[c.score for c in r.cells if c.name not in late] for r in graded])
    found = item_statistics.items(scores, [cell.maximum for cell in cells])
    titles = _titles(unit)
    return [
        {
            "title": titles.get(cell.name, cell.name),
            "maximum": cell.maximum,
            "item": item,
            "discrimination": _in_digits(item),
        }
        for cell, item in zip(cells, found, strict=True)
    ]


def _late(graded: Sequence[Result]) -> set[str]:
    """What a person has still to grade, in one submission or another."""
    return {cell.name for result in graded for cell in result.cells if cell.waiting}


def _waiting(unit: UnitResults, graded: Sequence[Result]) -> list[str]:
    titles, late = _titles(unit), _late(graded)
    return [titles.get(c.name, c.name) for c in graded[0].cells if c.name in late]


def _in_digits(item: Item) -> str:
    if item.discrimination is None:
        return "n/a"
    return f"{item.discrimination:.2f}".replace("-", "\N{MINUS SIGN}")


def _mistakes(unit: UnitResults, graded: Sequence[Result]) -> list[dict[str, Any]]:
    titles = _titles(unit)
    named = Counter((c.name, c.mistake) for result in graded for c in result.cells if c.mistake)
    return [
        {"title": titles.get(name, name), "mistake": mistake, "count": count}
        for (name, mistake), count in named.most_common()
    ]


def _titles(unit: UnitResults) -> dict[str, str]:
    return {exercise.name: exercise.title for exercise in unit.exercises}


def _person(result: Result, links: Links) -> dict[str, Any]:
    errors = [f"{cell.name}: {cell.error}" for cell in result.cells if cell.error is not None]
    unjudged = [error for error in errors if "CheckFailed: " not in error]
    return {
        "student": result.student,
        "unit": result.assignment or "no unit",
        "flags": ", ".join(result.flags),
        "reasons": [*result.notes, *(error[:200] for error in unjudged[:3])],
        "links": links.get((result.student, result.assignment), ()),
    }


def _pair(pair: Pair, unit: UnitResults, links: Links) -> dict[str, Any]:
    assignment = unit.results[0].assignment
    addresses = [links.get((name, assignment), ()) for name in (pair.first, pair.second)]
    return {
        "unit": unit.title,
        "share": pair.share,
        "links": [
            Link(name, found[0].address if found else "#pairs")
            for name, found in zip((pair.first, pair.second), addresses, strict=True)
        ],
    }
