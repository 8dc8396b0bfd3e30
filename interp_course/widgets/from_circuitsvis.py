"""Views of the CircuitsVis library, made to work offline, repeatedly and with any token.

Compared with calling ``circuitsvis`` directly: nothing asks the network, the library (1.3 MB)
reaches the notebook once per session and is never stored in it, tokens such as ``<bos>`` are
shown as they are written, and each view says in words what it shows.
"""

import importlib.resources
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ipywidgets
import numpy as np
import traitlets
from jaxtyping import Float
from torch import Tensor

from interp_course.widgets.described import (
    DescribedWidget,
    html_table,
    shared_sources,
    visible,
)

ELEMENTS = (
    "AttentionHeads",
    "AttentionPattern",
    "ColoredTokens",
    "ColoredTokensMulti",
    "TextNeuronActivations",
    "TokenLogProbs",
    "TopkSamples",
    "TopkTokens",
)
_DRAWN_ON_A_CANVAS = ("AttentionHeads", "AttentionPattern")
_SOURCES = str(Path(__file__).with_name("circuitsvis_view"))


class _Library(ipywidgets.Widget):
    """Carries the script of CircuitsVis to the browser, without a view of its own."""

    source = traitlets.Unicode().tag(sync=True)


class CircuitsVisView(DescribedWidget):
    """One CircuitsVis element with a text equivalent; made by the functions below."""

    _esm, _css = shared_sources(_SOURCES)

    element = traitlets.Unicode(read_only=True).tag(sync=True)
    props = traitlets.Unicode(read_only=True).tag(sync=True)
    """The properties of the element as JSON."""
    label = traitlets.Unicode(read_only=True).tag(sync=True)
    library = traitlets.Instance(_Library).tag(sync=True, **ipywidgets.widget_serialization)

    def __init__(
        self,
        element: str,
        props: Mapping[str, Any],
        *,
        label: str,
        header: Sequence[str] = (),
        rows: Sequence[Sequence[str]] = (),
    ) -> None:
        """Show an element; ``header`` and ``rows`` are the same content as a table."""
        self._header, self._rows = tuple(header), [tuple(row) for row in rows]
        text = json.dumps({name: _plain(value) for name, value in props.items()}, allow_nan=False)
        super().__init__(f"{element} {label} {text}".encode(), library=_library())
        self.set_trait("element", element)
        self.set_trait("props", text)
        self.set_trait("label", label)

    def describe(self) -> str:
        """What the view shows, and its content row by row."""
        return "\n".join([self.label, *(": ".join(row) for row in self._rows)])

    def _summary(self) -> str:
        return f"CircuitsVis view: {self.label}"

    def _fallback(self) -> str:
        return html_table(self.label, self._header, self._rows)


def attention_heads(
    tokens: Sequence[str],
    attention: Float[Tensor, "head query_pos key_pos"],
    *,
    names: Sequence[str] | None = None,
) -> CircuitsVisView:
    """The patterns of several heads as small maps, one of them enlarged.

    Args:
        tokens: One text per position.
        attention: Attention weights after the softmax.
        names: One per head; None numbers them.

    Raises:
        ValueError: If the shapes do not match.
    """
    words = _words(tokens)
    weights = _array(attention, "attention", "[head, query_pos, key_pos]", 3)
    if weights.shape[1:] != (len(words), len(words)):
        raise ValueError(f"tokens has {len(words)} entries, but attention {weights.shape}")
    heads = [f"Head {i}" for i in range(len(weights))] if names is None else _words(names)
    if len(heads) != len(weights):
        raise ValueError(f"names has {len(heads)} entries, but attention {weights.shape}")
    props = {
        "tokens": words,
        "attention": weights,
        "attentionHeadNames": heads,
        "maskUpperTri": not np.triu(weights, k=1).any(),
    }
    best = weights[:, -1].argmax(axis=-1)
    rows = [
        [name, f"{visible(words[i])} (token {i}), {weight:.2f}"]
        for name, i, weight in zip(heads, best, weights[:, -1].max(axis=-1), strict=True)
    ]
    label = (
        f"Attention patterns of {len(heads)} heads over {len(words)} tokens; "
        f"for each head: what the last token, “{visible(words[-1])}”, attends to most."
    )
    return CircuitsVisView(
        "AttentionHeads", props, label=label, header=["head", "token, weight"], rows=rows
    )


def colored_tokens(
    tokens: Sequence[str], values: Float[Tensor, " pos"], *, quantity: str = "value"
) -> CircuitsVisView:
    """A text whose tokens are coloured by a value: blue for positive, red for negative.

    Args:
        tokens: One text per position.
        values: One value per token.
        quantity: What the values are, for the text equivalent.

    Raises:
        ValueError: If the shapes do not match or a value is not finite.
    """
    words = _words(tokens)
    numbers = _array(values, "values", "[pos]", 1)
    if len(numbers) != len(words):
        raise ValueError(f"tokens has {len(words)} entries, but values {numbers.shape}")
    largest = float(np.abs(numbers).max()) or 1.0
    props = {
        "tokens": [_literal(word) for word in words],
        "values": numbers,
        "minValue": -largest,
        "maxValue": largest,
    }
    rows = [[visible(word), f"{x:.3g}"] for word, x in zip(words, numbers, strict=True)]
    low, high = numbers.min(), numbers.max()
    label = f"{len(words)} tokens coloured by {quantity}, from {low:.3g} to {high:.3g}."
    return CircuitsVisView(
        "ColoredTokens", props, label=label, header=["token", quantity], rows=rows
    )


def circuitsvis_view(element: str, props: Mapping[str, Any], *, label: str) -> CircuitsVisView:
    """Any other element of CircuitsVis.

    Args:
        element: Its name, such as ``"ColoredTokensMulti"``.
        props: Its properties by their names in JavaScript, such as ``tokens`` and ``values``;
            tensors, arrays, lists, texts and numbers are allowed.
        label: What the view shows, in words.

    Raises:
        ValueError: If there is no such element, it is deprecated, or ``label`` is empty.
    """
    if element == "AttentionPatterns":
        raise ValueError("AttentionPatterns is deprecated (and red on green): use attention_heads")
    if element not in ELEMENTS:
        raise ValueError(f"element must be one of {', '.join(ELEMENTS)}, got {element!r}")
    if not label.strip():
        raise ValueError("label is empty; say in words what the view shows")
    shown = dict(props)
    if "tokens" in shown and element not in _DRAWN_ON_A_CANVAS:
        shown["tokens"] = _literal(shown["tokens"])
    return CircuitsVisView(element, shown, label=label)


_shared: list[_Library] = []


def _library() -> _Library:
    """The one library of this session; a new one if somebody closed all widgets."""
    if not _shared or _shared[-1].comm is None:
        bundle = importlib.resources.files("circuitsvis").joinpath("dist/cdn/iife.js")
        source = bundle.read_text(encoding="utf-8").rsplit("//# sourceMappingURL", 1)[0]
        _shared.append(_Library(source=source))
    return _shared[-1]


def _words(texts: Sequence[str]) -> list[str]:
    return [str(text) for text in texts]


def _array(values: Tensor, name: str, axes: str, ndim: int) -> np.ndarray:
    """``values`` as an array on the CPU, rounded to what a reader can use."""
    array = np.asarray(_plain(values), dtype=float)
    if array.ndim != ndim or array.size == 0:
        raise ValueError(f"{name} must have the axes {axes}, got shape {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} has values that are not finite; remove them first")
    return array.round(4)


def _plain(value: Any) -> Any:
    """Tensors and arrays as nested lists, anywhere in ``value``."""
    if isinstance(value, Tensor):
        return value.detach().cpu().tolist()
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _literal(tokens: Any) -> Any:
    """Tokens that mean themselves even where CircuitsVis reads them as HTML.

    An invisible word joiner after ``<`` and ``&`` stops a browser from seeing a tag or an
    entity; unlike ``&lt;`` it also reads well in the labels that are not HTML.
    """
    if isinstance(tokens, str):
        return tokens.replace("<", "<\u2060").replace("&", "&\u2060")
    return [_literal(token) for token in tokens]
