"""Where does each head look? An attention pattern to be read with the mouse or the keyboard."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import traitlets
from jaxtyping import Float
from torch import Tensor

from interp_course.widgets.described import (
    DescribedWidget,
    html_table,
    index_within,
    shared_sources,
    visible,
)

MAX_TOKENS = 256
_ROW_TOLERANCE = 0.01  # patterns in bfloat16 are off by nearly as much


class AttentionExplorer(DescribedWidget):
    """Shows which earlier tokens each token of a text attends to, head by head.

    Hover over a token, or use the keys: left and right choose the destination token, up and
    down the head, page up and page down the layer, Home and End the first and the last token.
    The choice is kept in ``layer``, ``head`` and ``position``, which can also be set.

    Weights are shown to the nearest 1/255, here and on the screen.
    """

    _esm, _css = shared_sources(__file__)

    tokens = traitlets.List(traitlets.Unicode(), read_only=True).tag(sync=True)
    shape = traitlets.List(traitlets.Int(), read_only=True).tag(sync=True)
    """Numbers of layers and heads."""
    data = traitlets.Bytes(read_only=True).tag(sync=True)
    """The weights times 255, in the order layer, head, query_pos, key_pos."""
    layer = traitlets.Int().tag(sync=True)
    head = traitlets.Int().tag(sync=True)
    position = traitlets.Int().tag(sync=True)
    """The destination token."""

    def __init__(
        self,
        tokens: Sequence[str],
        patterns: Float[Tensor, "layer head query_pos key_pos"],
        layer: int = 0,
        head: int = 0,
        position: int = -1,
    ) -> None:
        """Show ``patterns`` over ``tokens``, beginning with one head and one destination token.

        Args:
            tokens: One text per position, 256 at most.
            patterns: Attention weights after the softmax; each row sums to 1.
            layer: The layer shown first.
            head: The head shown first.
            position: The destination token chosen first; -1 is the last one.

        Raises:
            ValueError: If shapes differ, a row is not a distribution, or an index is out of range.
        """
        words = [str(token) for token in tokens]
        weights = _checked(words, patterns)
        choice = {
            "layer": index_within(layer, "layer", weights.shape[0]),
            "head": index_within(head, "head", weights.shape[1]),
            "position": index_within(position, "position", weights.shape[2]),
        }
        self._weights = np.rint(255 * weights.numpy()).astype(np.uint8)
        data = self._weights.tobytes()
        super().__init__(json.dumps([words, choice]).encode() + data, **choice)
        self.set_trait("tokens", words)
        self.set_trait("shape", list(weights.shape[:2]))
        self.set_trait("data", data)

    @traitlets.validate("layer", "head", "position")
    def _in_range(self, proposal: Any) -> int:
        sizes = dict(zip(("layer", "head", "position"), self._weights.shape, strict=False))
        return index_within(
            proposal["value"], proposal["trait"].name, sizes[proposal["trait"].name]
        )

    def sentence(self, layer: int, head: int, position: int) -> str:
        """What one head attends to from one destination token, as the widget says it."""
        first, *others = self._targets(layer, head, position)
        then = f", then to {' and '.join(others)}" if others else ""
        return f"L{layer}.H{head}: {self._name(position)} attends most to {first}{then}."

    def describe(self) -> str:
        """One line per head: what the chosen destination token attends to most."""
        return "\n".join(self.sentence(*head, self.position) for head in self._heads())

    def _heads(self) -> list[tuple[int, int]]:
        return list(np.ndindex(*self._weights.shape[:2]))

    def _targets(self, layer: int, head: int, position: int) -> list[str]:
        """Up to three source tokens with their weights, the strongest first."""
        row = self._weights[layer, head, position].astype(int)
        first, *others = np.argsort(-row, kind="stable")[:3].tolist()
        shown = [first] + [i for i in others if row[i] > 2]  # 2/255 is shown as 0.01 at most
        return [f"{self._name(i)} ({row[i] / 255:.2f})" for i in shown]

    def _name(self, position: int) -> str:
        return f"token {position} “{visible(self.tokens[position])}”"

    def _summary(self) -> str:
        n_layers, n_heads, n_tokens = self._weights.shape[:3]
        size = f"{n_layers} x {n_heads} heads, {n_tokens} tokens"
        return f"Attention explorer, {size}. {self.sentence(self.layer, self.head, self.position)}"

    def _fallback(self) -> str:
        caption = f"Attention from {self._name(self.position)}. Run the cell to explore the others."
        rows = [
            [f"L{layer}.H{head}", ", ".join(self._targets(layer, head, self.position))]
            for layer, head in self._heads()
        ]
        return html_table(caption, ["head", "attends most to (weight)"], rows)


def _checked(tokens: list[str], patterns: Tensor) -> Tensor:
    """``patterns`` as float32 on the CPU, if they are attention patterns over ``tokens``."""
    shape = tuple(patterns.shape)
    if len(shape) != 4 or shape[2] != shape[3] or 0 in shape:
        raise ValueError(
            "patterns must have the axes [layer, head, query_pos, key_pos] with as many queries "
            f"as keys, got shape {shape}; take one text out of a batch, and stack the layers"
        )
    if len(tokens) != shape[2]:
        raise ValueError(f"tokens has {len(tokens)} entries, but patterns has shape {shape}")
    if len(tokens) > MAX_TOKENS:
        raise ValueError(f"tokens has {len(tokens)} entries; at most {MAX_TOKENS} can be shown")
    weights = patterns.detach().to("cpu", torch.float32)
    low, high = weights.min().item(), weights.max().item()
    if not (low >= -1e-4 and high <= 1 + _ROW_TOLERANCE):  # also refuses NaN
        raise ValueError(
            f"patterns must lie in [0, 1], got {low:.3g} to {high:.3g}; "
            "take the pattern after the softmax, not the scores"
        )
    off = (weights.sum(dim=-1) - 1).abs().max().item()
    if off > _ROW_TOLERANCE:
        raise ValueError(
            f"each row of patterns must sum to 1, but one is off by {off:.3g}; "
            "rows are destination tokens (queries): are the last two axes swapped?"
        )
    return weights.clamp(0, 1)
