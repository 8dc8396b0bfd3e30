"""What the widgets of the course share: words for every view, and the same output every run.

A widget needs the kernel that made it. A notebook that is opened later, with another kernel, an
untrusted notebook and an exported page show the same content as plain HTML with inline styles,
which every viewer keeps. JupyterLab's own way, to save the state of widgets in the notebook, is not
used: it drops that state again when such a notebook is saved a second time.
"""

import hashlib
import html
import operator
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anywidget
from IPython.display import display

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
_QUIET = (
    "<style>.jp-OutputArea-child:has(.course-static) + "
    ".jp-OutputArea-child:not(:has(.jp-OutputArea-output *)) { display: none; }</style>"
)
"""Hides what JupyterLab says of a widget that is gone, which is a text without any element."""

_instances: Counter[str] = Counter()


class DescribedWidget(anywidget.AnyWidget):
    """A widget that can say in words what it shows.

    Its model id follows from its content and from how many equal ones were made before in this
    session, not from chance: a notebook that runs twice is stored with the same bytes, and a
    stored output can never be mistaken for a widget with other content.
    """

    def __init__(self, content: bytes, **traits: Any) -> None:
        key = hashlib.sha256(type(self).__name__.encode() + content).hexdigest()[:16]
        _instances[key] += 1
        super().__init__(model_id=f"{key}-{_instances[key]}", **traits)

    def describe(self) -> str:
        """The content of the view as text."""
        raise NotImplementedError

    def _summary(self) -> str:
        """One line for viewers that show plain text only."""
        raise NotImplementedError

    def _fallback(self) -> str:
        """The view as HTML without scripts or style sheets."""
        raise NotImplementedError

    def _static(self) -> dict[str, str]:
        """What viewers get that run no widgets, by its kind."""
        return {"text/plain": self._summary(), "text/html": self._fallback()}

    def __repr__(self) -> str:
        return self._summary()

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict] | None:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is not None:
            bundle[0].update(self._static())
        return bundle

    def _ipython_display_(self) -> None:
        """Show the plain HTML, and below it the widget, whose style sheet hides the HTML.

        As one output of both kinds, a notebook that is opened without the kernel that made the
        widget would show an error message only.
        """
        bundle, static = self._repr_mimebundle_(), self._static()
        static["text/html"] = f'<div class="course-static">{static["text/html"]}</div>{_QUIET}'
        display(static, raw=True)
        if bundle is not None:
            display({WIDGET_VIEW: bundle[0][WIDGET_VIEW]}, raw=True)


def shared_sources(module: str) -> tuple[str, str]:
    """Script and style sheet of a widget, each behind what several widgets share.

    Args:
        module: The ``__file__`` of the widget; its script and style sheet lie beside it.
    """
    path, shared = Path(module), Path(__file__).with_name("shared")
    script, style = (
        shared.with_suffix(kind).read_text("utf-8") + path.with_suffix(kind).read_text("utf-8")
        for kind in (".js", ".css")
    )
    return script, style


def visible(token: str) -> str:
    """``token`` with its white space made visible; an empty one becomes the empty-set sign."""
    return token.replace("\n", "⏎").replace("\t", "⇥").replace(" ", "·") or "∅"


def index_within(value: int, name: str, size: int) -> int:
    """``value`` counted from 0, if it is an index into ``size`` things.

    Raises:
        ValueError: If it is out of range, by its ``name``.
    """
    value = operator.index(value)
    if not -size <= value < size:
        raise ValueError(f"{name} must be between 0 and {size - 1}, got {value}")
    return value % size


def html_table(caption: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in plain HTML; all texts are escaped."""
    cell = 'style="text-align:left;padding:1px 12px 1px 0"'
    head = "".join(f'<th scope="col" {cell}>{html.escape(text)}</th>' for text in header)
    body = "".join(
        "<tr>" + "".join(f"<td {cell}>{html.escape(text)}</td>" for text in row) + "</tr>"
        for row in rows
    )
    return (
        f'<div style="max-height:24em;overflow:auto"><p>{html.escape(caption)}</p>'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def text_table(table: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a table in plain text, its columns aligned at the left."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    ]
