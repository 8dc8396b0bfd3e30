"""Where does patching change the answer? One cell per layer and position, or layer and head."""

import json
from collections.abc import Sequence
from typing import Any, Literal

import torch
import traitlets
from jaxtyping import Float
from torch import Tensor

from interp_course.picture import need_words
from interp_course.widgets.described import (
    DescribedWidget,
    html_table,
    index_within,
    shared_sources,
    text_table,
    visible,
)

MAX_ROWS, MAX_COLUMNS, MAX_TOKENS = 64, 128, 256
N_STRONGEST = 5
"""How many cells the description names."""
_WIDE = 16
"""More columns than these are not shown where no widgets run, only the strongest cells."""


class PatchingMap(DescribedWidget):
    """Shows the effects of patching as a map, with the tokens of the prompt.

    Hover over a cell, or use the keys: arrows move between cells, Home and End go to the ends of
    a row, page up and page down to the first and last row. The cell is kept in ``row`` and
    ``column``, which can also be set. If the columns are positions, the token of the cell is
    marked in the prompt, and a click on a token chooses its column.

    Blue is positive and orange negative, in proportion to the largest effect of either sign;
    negative cells also carry a minus sign.
    """

    _esm, _css = shared_sources(__file__)

    tokens = traitlets.List(traitlets.Unicode(), read_only=True).tag(sync=True)
    row_names = traitlets.List(traitlets.Unicode(), read_only=True).tag(sync=True)
    column_names = traitlets.List(traitlets.Unicode(), read_only=True).tag(sync=True)
    positions = traitlets.List(traitlets.Int(), read_only=True).tag(sync=True)
    """The position of each column in the prompt; empty if columns are heads."""
    shares = traitlets.List(read_only=True).tag(sync=True)
    """Each effect as a share of the largest one, with its sign."""
    texts = traitlets.List(read_only=True).tag(sync=True)
    """Each effect as text."""
    ends = traitlets.List(traitlets.Unicode(), read_only=True).tag(sync=True)
    """What the ends of the colour scale stand for."""
    label = traitlets.Unicode(read_only=True).tag(sync=True)
    row = traitlets.Int().tag(sync=True)
    column = traitlets.Int().tag(sync=True)

    def __init__(
        self,
        effects: Float[Tensor, "layer place"],
        tokens: Sequence[str],
        columns: Literal["position", "head"] = "position",
        *,
        positions: Sequence[int] | None = None,
        row_names: Sequence[str] | None = None,
        label: str = "effect (0 as corrupted, 1 as clean)",
    ) -> None:
        """Show ``effects``, beginning with the largest one.

        Args:
            effects: As `patching.sweeps` returns them: a row for each layer or stream, a column
                for each position or head.
            tokens: One prompt, a text per position.
            columns: Whether columns are positions of the prompt or heads.
            positions: Those of the columns, if not all were patched.
            row_names: One per row; ``L0``, ``L1``, ... if left out.
            label: Quantity and unit of the effects.

        Raises:
            ValueError: If shapes differ, an effect is not finite, or there is too much to read.
        """
        need_words(label=label)
        words = [visible(str(token)) for token in tokens]
        values = _matrix(effects)
        n_rows, n_columns = values.shape
        places = _positions(positions, columns, len(words), n_columns)
        rows = [f"L{i}" for i in range(n_rows)] if row_names is None else list(map(str, row_names))
        if len(rows) != n_rows:
            raise ValueError(f"row_names has {len(rows)} entries, but effects has {n_rows} rows")
        heads = [f"H{i}" for i in range(n_columns)]
        names = [f"token {i} “{words[i]}”" for i in places] or heads
        extent = values.abs().max().item() or 1.0
        strongest = int(values.abs().argmax())
        self._values, self._by_position = values, columns == "position"
        traits = {
            "tokens": words,
            "row_names": rows,
            "column_names": names,
            "positions": places,
            "shares": [[round(v / extent, 3) for v in row] for row in values.tolist()],
            "texts": [[_signed(v) for v in row] for row in values.tolist()],
            "ends": [_signed(-extent), _signed(extent)],
            "label": label,
        }
        start = {"row": strongest // n_columns, "column": strongest % n_columns}
        super().__init__(json.dumps(traits).encode(), **start)
        for name, content in traits.items():
            self.set_trait(name, content)

    @traitlets.validate("row", "column")
    def _in_range(self, proposal: Any) -> int:
        name = proposal["trait"].name
        return index_within(proposal["value"], name, self._values.shape[name == "column"])

    def sentence(self, row: int, column: int) -> str:
        """The effect of one cell, as the widget says it."""
        return f"{self.row_names[row]}, {self.column_names[column]}: {self.texts[row][column]}"

    def describe(self) -> str:
        """The chosen cell, the strongest ones, and all effects as a table."""
        header = [str(p) for p in self.positions] or self.column_names
        table = [[self._kind, *header]]
        table += [[name, *row] for name, row in zip(self.row_names, self.texts, strict=True)]
        lines = [f"Prompt: {' '.join(self.tokens)}", f"Chosen: {self._chosen}", "Strongest:"]
        return "\n".join([*lines, *self._strongest(), f"{self.label}:", *text_table(table)])

    @property
    def _kind(self) -> str:
        return "layer, position" if self._by_position else "layer, head"

    @property
    def _chosen(self) -> str:
        return self.sentence(self.row, self.column)

    def _strongest(self) -> list[str]:
        """Sentences about the largest effects of either sign, the largest first."""
        n = self._values.shape[1]
        order = self._values.abs().flatten().argsort(descending=True, stable=True)
        return [self.sentence(cell // n, cell % n) for cell in order[:N_STRONGEST].tolist()]

    def _summary(self) -> str:
        n_rows, n_columns = self._values.shape
        kind = "positions" if self._by_position else "heads"
        return (
            f"Patching map, {n_rows} layers x {n_columns} {kind}. Largest: {self._strongest()[0]}"
        )

    def _fallback(self) -> str:
        caption = f"{self.label}. Prompt: {' '.join(self.tokens)}. Run the cell to walk the map."
        if len(self.column_names) > _WIDE:
            return html_table(caption, ["strongest cells"], [[text] for text in self._strongest()])
        rows = [[name, *row] for name, row in zip(self.row_names, self.texts, strict=True)]
        return html_table(caption, [self._kind, *self.column_names], rows)


def _matrix(effects: Tensor) -> Tensor:
    """``effects`` in double precision on the CPU, if they can be drawn."""
    values = effects.detach().to("cpu", torch.float64)
    if values.ndim != 2 or 0 in values.shape:
        raise ValueError(
            f"effects must have the axes [layer, place], got shape {tuple(values.shape)}; choose "
            "one head of a sweep that has heads and positions"
        )
    if values.shape[0] > MAX_ROWS or values.shape[1] > MAX_COLUMNS:
        raise ValueError(
            f"at most {MAX_ROWS} rows and {MAX_COLUMNS} columns can be read, got "
            f"{tuple(values.shape)}"
        )
    if not values.isfinite().all():
        raise ValueError(
            "effects has values that are not finite; do the clean and the corrupted prompts "
            "differ in the metric?"
        )
    return values


def _positions(
    positions: Sequence[int] | None, columns: str, n_tokens: int, n_columns: int
) -> list[int]:
    """The position of each column; none for heads."""
    if columns not in ("position", "head"):
        raise ValueError(f"columns must be 'position' or 'head', got {columns!r}")
    if n_tokens > MAX_TOKENS:
        raise ValueError(f"tokens has {n_tokens} entries; at most {MAX_TOKENS} can be shown")
    if columns == "head":
        if positions is not None:
            raise ValueError("positions belong to columns='position'; leave them out for heads")
        return []
    given = range(n_tokens) if positions is None else positions
    places = [index_within(position, "positions", n_tokens) for position in given]
    if len(places) != n_columns:
        what = "tokens" if positions is None else "positions"
        hint = "; pass columns='head' if columns are heads" if positions is None else ""
        raise ValueError(
            f"{what} has {len(places)} entries, but effects has {n_columns} columns{hint}"
        )
    return places


def _signed(value: float) -> str:
    """A number with its sign; the minus is one that screen readers do not leave out."""
    text = f"{value:+.3g}" if abs(value) >= 0.0005 else "0"
    return text.replace("-", "\N{MINUS SIGN}")
