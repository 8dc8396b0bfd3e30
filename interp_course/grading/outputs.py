"""Outputs of a student's cells, with all that a browser would execute taken out.

Kept are printed text, errors, and what a cell shows as plain text or as a picture of points.
Whatever else it shows (HTML, JavaScript, SVG, LaTeX, Markdown, widgets) could act in the name
of the instructor who reads it, and is dropped; its plain text stays.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_output

PICTURES = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
LONGEST_TEXT, LARGEST_PICTURE = 100_000, 3_000_000


def harmless(output: Mapping[str, Any]) -> NotebookNode | None:
    """The output without anything active; None if nothing is left of it."""
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return new_output("stream", name=name, text=_text(output.get("text")))
    if kind == "error":
        lines = [_text(line) for line in _list(output.get("traceback"))[:200]]
        ename, evalue = _text(output.get("ename")), _text(output.get("evalue"))
        return new_output("error", ename=ename, evalue=evalue, traceback=lines)
    if kind not in ("display_data", "execute_result"):
        return None
    data = output.get("data")
    kept = _data(data if isinstance(data, Mapping) else {})
    if not kept:
        return None
    count = {"execution_count": None} if kind == "execute_result" else {}
    return new_output(kind, data=kept, **count)


def shown_error(name: str, text: str) -> NotebookNode:
    """An error output that says only this."""
    return new_output("error", ename=name, evalue=text, traceback=text.splitlines() or [name])


def shown_text(text: str) -> NotebookNode:
    """A printed text."""
    return new_output("stream", name="stdout", text=f"{text}\n")


def _data(data: Mapping[str, Any]) -> dict[str, str]:
    kept = {}
    if "text/plain" in data:
        kept["text/plain"] = _text(data["text/plain"])
    for kind, start in PICTURES.items():
        picture = _picture(data.get(kind), start)
        if picture is not None:
            kept[kind] = picture
    return kept


def _picture(content: Any, start: bytes) -> str | None:
    if not isinstance(content, str) or len(content) > LARGEST_PICTURE:
        return None
    try:
        raw = base64.b64decode(content)
    except (binascii.Error, ValueError):
        return None
    return base64.b64encode(raw).decode() if raw.startswith(start) else None


def _text(content: Any) -> str:
    text = "".join(map(str, content)) if isinstance(content, list) else str(content)
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}\n…"


def _list(content: Any) -> list:
    return content if isinstance(content, list) else [content]
