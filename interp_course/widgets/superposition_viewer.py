"""How do features share a plane? The directions of one toy model after the other."""

import itertools
import json
import math
from collections.abc import Sequence
from typing import Any

import traitlets
from jaxtyping import Float
from torch import Tensor

from interp_course import superposition
from interp_course.picture import need_words
from interp_course.widgets.described import (
    DescribedWidget,
    html_table,
    index_within,
    shared_sources,
    text_table,
)

MAX_STEPS = 60
MAX_FEATURES = 12
REPRESENTED = 0.5
"""The length from which a direction counts as represented, as in `superposition.represented`."""


class SuperpositionViewer(DescribedWidget):
    """Shows the directions of features in a plane, for one toy model of a series at a time.

    Everything is computed beforehand, so the slider answers at once. Move it with the mouse or
    the keys: arrows for one step, page up and page down for about a tenth of the way, Home and
    End for the ends. The choice is kept in ``index``, which can also be set.

    Each column of W is an arrow, on the same scale at every step. An arrow shorter than 0.5 is
    dashed: its feature is not represented. The bars beside are the dimensionalities
    D_i = |W_i|^2 / sum_j (unit(W_i) . W_j)^2. That of a very short arrow says little: it is small
    next to arrows along it, yet 1 where nothing else points.

    Source: Elhage et al. (2022), "Toy Models of Superposition", section "The Geometry of
    Superposition".
    """

    _esm, _css = shared_sources(__file__)

    label = traitlets.Unicode(read_only=True).tag(sync=True)
    """What the values are of, or in which unit."""
    names = traitlets.List(traitlets.Unicode(), read_only=True).tag(sync=True)
    """The features."""
    importance = traitlets.List(traitlets.Float(), read_only=True).tag(sync=True)
    """The weight of each feature in the loss; empty if it is not known."""
    steps = traitlets.List(traitlets.Dict(), read_only=True).tag(sync=True)
    """What to show at each value."""
    extent = traitlets.Float(read_only=True).tag(sync=True)
    """The largest length at any step, at least 1."""
    index = traitlets.Int().tag(sync=True)
    """Which of the values is shown."""

    def __init__(
        self,
        W: Float[Tensor, "step 2 n_features"],
        values: Sequence[float],
        importance: Sequence[float] | None = None,
        names: Sequence[str] | None = None,
        label: str = "probability of being active",
        value: float | None = None,
    ) -> None:
        """Show the columns of ``W`` at one of the ``values``.

        Args:
            W: Directions of 1 to 12 features at each of 2 to 60 steps, such as the ``W`` of a
                `toy_models.ToyModel` with one instance per step.
            values: What differs between the steps, increasing or decreasing.
            importance: Weight of each feature in the loss; makes arrows thicker.
            names: Of the features; their numbers from 0 if left out.
            label: Name and unit of the values.
            value: What to begin with; the nearest one of ``values`` is shown. The first if left
                out.

        Raises:
            ValueError: If W is not a plane per step, lengths differ, values are not in order, or
                a number is not finite.
        """
        need_words(label=label)
        W = _planes(W)
        self._values = _ordered(values, len(W))
        self._numbers = _numbers(self._values)
        self._names = _distinct(names, W.shape[2])
        weights = _weights(importance, W.shape[2])
        if value is not None and not math.isfinite(value):
            raise ValueError(f"value must be finite, got {value}")
        start = self._values[0] if value is None else value
        lengths = superposition.feature_norms(W)
        self._steps = [
            _step(f"{label} {number}", self._names, columns)
            for number, columns in zip(self._numbers, W, strict=True)
        ]
        for step, number in zip(self._steps, self._numbers, strict=True):
            step["value"] = number
        traits = {
            "label": label,
            "names": self._names,
            "importance": weights,
            "steps": self._steps,
            "extent": max(1.0, round(lengths.max().item(), 4)),
        }
        distances = [abs(other - start) for other in self._values]
        key = json.dumps([start, self._values, traits])
        super().__init__(key.encode(), index=distances.index(min(distances)))
        for name, content in traits.items():
            self.set_trait(name, content)

    @property
    def value(self) -> float:
        """The value that is shown."""
        return self._values[self.index]

    @traitlets.validate("index")
    def _in_range(self, proposal: Any) -> int:
        return index_within(proposal["value"], "index", len(self._values))

    def sentence(self, index: int) -> str:
        """How many features are represented at one step, as the widget says it."""
        return self._steps[index_within(index, "index", len(self._values))]["sentence"]

    def describe(self) -> str:
        """A table with one line per step, and one with the arrows of the chosen step."""
        chosen = self._steps[self.index]
        header = ["feature", "length", "angle", "dimensionality"]
        columns = [self._names, chosen["lengths"], chosen["angles"], chosen["shares"]]
        if self.importance:
            header.append("importance")
            columns.append([f"{weight:g}" for weight in self.importance])
        arrows = [header, *map(list, zip(*columns, strict=True))]
        return "\n".join([*text_table(self._table()), "", self.sentence(self.index)]) + "".join(
            f"\n{line}" for line in text_table(arrows)
        )

    def _table(self) -> list[list[str]]:
        header = [self.label, "represented", *(f"D({name})" for name in self._names)]
        return [header] + [
            [step["value"], f"{sum(step['kept'])} of {len(self._names)}", *step["shares"]]
            for step in self._steps
        ]

    def _summary(self) -> str:
        size = f"{len(self._values)} steps from {self._numbers[0]} to {self._numbers[-1]}"
        return f"Superposition viewer, {size}. {self.sentence(self.index)}"

    def _fallback(self) -> str:
        header, *rows = self._table()
        caption = (
            f"{len(self._names)} features share a plane, at {len(rows)} steps; a feature is "
            f"represented if its direction has a length of at least {REPRESENTED}; D is its "
            "dimensionality, the share of a dimension that it has for itself. Run the cell to "
            "see the directions."
        )
        return html_table(caption, header, rows)


def _planes(W: Tensor) -> Tensor:
    """``W`` in double precision, if it has two rows at each step."""
    if W.ndim != 3 or W.shape[1] != 2:
        raise ValueError(
            "W must have shape [step, 2, n_features], because the picture is a plane; got "
            f"{list(W.shape)}"
        )
    if not 2 <= W.shape[0] <= MAX_STEPS:
        raise ValueError(f"W must hold 2 to {MAX_STEPS} steps, got {W.shape[0]}; show fewer")
    if not 1 <= W.shape[2] <= MAX_FEATURES:
        raise ValueError(
            f"W must hold 1 to {MAX_FEATURES} features (columns), got {W.shape[2]}; more cannot "
            "be told apart in a plane"
        )
    if not W.isfinite().all():
        raise ValueError("W has values that are not finite; did the training diverge?")
    return W.detach().double().cpu()


def _ordered(values: Sequence[float], n_steps: int) -> list[float]:
    numbers = [float(value) for value in values]
    if len(numbers) != n_steps:
        raise ValueError(f"values has {len(numbers)} entries, but W has {n_steps} steps")
    if not all(map(math.isfinite, numbers)):
        raise ValueError(f"values must be finite, got {numbers}")
    rising = numbers[0] < numbers[-1]
    for before, after in itertools.pairwise(numbers):
        if before == after or (before < after) != rising:
            raise ValueError(
                f"values must increase or decrease all the way, but {after:g} comes after "
                f"{before:g}; sort them together with the steps of W, and leave out repeats"
            )
    return numbers


def _distinct(names: Sequence[str] | None, n_features: int) -> list[str]:
    if names is None:
        return [str(i) for i in range(n_features)]
    if isinstance(names, str):
        raise ValueError("names must be a list with one name per feature, got one text")
    if len(names) != n_features:
        raise ValueError(f"names has {len(names)} entries, but W has {n_features} features")
    shown = [" ".join(str(name).split()) for name in names]
    for name in shown:
        need_words(names=name)
        if shown.count(name) > 1:
            raise ValueError(f"names must differ, but {name!r} is there twice")
    return shown


def _weights(importance: Sequence[float] | None, n_features: int) -> list[float]:
    if importance is None:
        return []
    weights = [float(weight) for weight in importance]
    if len(weights) != n_features:
        raise ValueError(f"importance has {len(weights)} entries, but W has {n_features} features")
    if not all(0 <= weight < math.inf for weight in weights):  # also refuses NaN
        raise ValueError(f"importance must be finite and not below 0, got {weights}")
    return weights


def _numbers(values: Sequence[float]) -> list[str]:
    """The values as texts that differ; the minus is one that screen readers do not leave out."""
    short = [f"{value:g}" for value in values]
    texts = short if len(set(short)) == len(short) else [repr(value) for value in values]
    return [f"\N{MINUS SIGN}{text[1:]}" if text.startswith("-") else text for text in texts]


def _step(place: str, names: Sequence[str], columns: Tensor) -> dict[str, Any]:
    """What to show of the columns of one W."""
    lengths = superposition.feature_norms(columns)
    kept = (lengths >= REPRESENTED).tolist()
    shares = superposition.feature_dimensionality(columns)
    texts = [f"{share:.2f}" for share in shares.tolist()]
    n_kept = int(superposition.represented(columns, REPRESENTED))
    lost = [name for name, is_kept in zip(names, kept, strict=True) if not is_kept]
    missing = f" (not represented: {', '.join(lost)})" if lost and n_kept else ""
    return {
        "tips": [[round(x, 4) for x in tip] for tip in columns.mT.tolist()],
        "kept": kept,
        "lengths": [f"{length:.2f}" for length in lengths.tolist()],
        "angles": [_angle(*tip) for tip in columns.mT.tolist()],
        "dimensionalities": [round(share, 4) for share in shares.tolist()],
        "shares": texts,
        "sentence": f"{place}: {n_kept} of {len(names)} features "
        f"{'is' if n_kept == 1 else 'are'} represented{missing}; "
        f"dimensionalities {' '.join(texts)}",
    }


def _angle(x: float, y: float) -> str:
    """Degrees from the first axis, anticlockwise; a dash for a column of no visible length."""
    if math.hypot(x, y) < 0.005:
        return "\N{EN DASH}"
    return f"{round(math.degrees(math.atan2(y, x))) % 360}°"
