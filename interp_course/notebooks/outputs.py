"""What a notebook's stored outputs keep: what was found, not when and where it was run.

Two runs of the same notebook differ in object addresses, random element ids, progress bars,
live widgets and the folder they ran in. `normalise` takes these out, so that a notebook built
twice is the same file, byte for byte, and a diff shows what really changed.
"""

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from itertools import groupby
from pathlib import Path
from typing import Any

WIDGET = "application/vnd.jupyter.widget-view+json"
IGNORED_BY_NBVAL = frozenset({"nbval-ignore-output", "nbval-skip"})
MAY_RAISE = "raises-exception"
NOT_STORED = "output-not-stored"
"""A tag for cells whose output belongs to one machine or one moment, such as free memory."""

ADDRESS = re.compile(r"(?<= at )0x[0-9a-fA-F]{6,16}\b")
RANDOM_ID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}(?:-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12})?\b")
KERNEL_FILE = re.compile(r"\S*ipykernel_\d+/\d+\.py")
PROGRESS = re.compile(r"\d+%\|.*\||\d+\S* \[\d\d:\d\d")


def tags(cell: Any) -> list[str]:
    """The tags in a cell's metadata."""
    return list(cell.metadata.get("tags", []))


def normalise(cells: Iterable[Any], root: Path) -> list[str]:
    """Take everything out of the outputs, in place, that another run would not repeat.

    Returns:
        The ids of the cells whose outputs lost something that nbval would compare (a
        progress bar, a widget, a path) although they are not tagged ``nbval-ignore-output``.
    """
    ids: dict[str, str] = {}
    return [
        cell.id
        for cell in cells
        if cell.cell_type == "code"
        and _normalise_cell(cell, root, ids)
        and not IGNORED_BY_NBVAL & set(tags(cell))
    ]


def _normalise_cell(cell: Any, root: Path, ids: dict[str, str]) -> bool:
    """Normalise the outputs of a cell and say whether nbval would miss something in them."""
    before = [_compared(output) for output in cell.outputs if not _only_a_widget(output)]
    stored = [] if NOT_STORED in tags(cell) else cell.outputs
    still = [output for output in map(_without_live_parts, stored) if output is not None]
    kept = [_rewritten(output, lambda text: _no_paths(text, root)) for output in still]
    lost = before != [_compared(output) for output in kept]
    cell.outputs = list(
        _merged(_rewritten(output, lambda text: _no_ids(text, ids)) for output in kept)
    )
    return lost


def _without_live_parts(output: Any) -> Any:
    """A copy of an output without progress bars and widgets; None if nothing is left."""
    output = deepcopy(output)
    if output.output_type == "stream" and output.name == "stderr":
        lines = [line for line in re.split(r"[\r\n]+", output.text) if line.strip()]
        rest = [line for line in lines if not PROGRESS.search(line)]
        if len(rest) < len(lines):
            output.text = "".join(f"{line}\n" for line in rest)
        return output if rest else None
    data = output.get("data", {})
    was_widget = data.pop(WIDGET, None) is not None
    return None if was_widget and "text/html" not in data else output


def _only_a_widget(output: Any) -> bool:
    """Whether there is nothing in an output that nbval would compare."""
    return output.get("data", {}).keys() == {WIDGET}


def _compared(output: Any) -> dict[str, Any]:
    """What nbval compares of an output: all but tracebacks, pictures and widgets."""
    data = output.get("data", {})
    compared = {kind: data[kind] for kind in data if kind != WIDGET and kind[:6] != "image/"}
    rest = {key: output[key] for key in output if key not in ("data", "traceback")}
    return {**rest, "data": compared}


def _rewritten(value: Any, rewrite: Callable[[str], str]) -> Any:
    """The same value with every text in it rewritten, except in pictures."""
    if isinstance(value, str):
        return rewrite(value)
    if isinstance(value, list):
        return [_rewritten(item, rewrite) for item in value]
    if isinstance(value, dict):
        items = {
            key: item if key.startswith("image/") else _rewritten(item, rewrite)
            for key, item in value.items()
        }
        return type(value)(items)
    return value


def _no_paths(text: str, root: Path) -> str:
    text = KERNEL_FILE.sub("<cell>", text)
    for folder in sorted({str(root), str(root.resolve()), sys.prefix}, key=len, reverse=True):
        text = text.replace(f"{folder}/", "").replace(folder, ".")
    return text


def _no_ids(text: str, ids: dict[str, str]) -> str:
    """Number random ids in the order in which the notebook first shows them."""

    def numbered(match: re.Match[str]) -> str:
        old = match.group()
        number = f"{len(ids):012d}"
        zeros = "00000000-0000-4000-8000-" if len(old) == 36 else "00000000-"
        return ids.setdefault(old, zeros + (number if len(old) == 36 else number[-4:]))

    return RANDOM_ID.sub(numbered, ADDRESS.sub("0x000000000000", text))


def _merged(outputs: Iterable[Any]) -> Iterator[Any]:
    """Join neighbouring pieces of one stream; where it was cut depends on timing."""

    def stream(output: Any) -> str | int:
        return output.name if output.output_type == "stream" else id(output)

    for _, group in groupby(list(outputs), stream):
        first, *more = group
        if more:
            first.text = "".join([first.text, *(output.text for output in more)])
        yield first
