"""The catalogue of what students may hand in by accident or on purpose, and what becomes of it.

One module for each kind. An entry says how the submission is made and what must come of it.
"""

from dataclasses import replace
from types import ModuleType

from submissions import (
    broken_files,
    changed_cells,
    exhausting,
    forged,
    honest,
    odd_names,
    reaching_out,
    showing,
    spying,
)
from submissions.making import Entry, Places

KINDS: dict[str, ModuleType] = {
    "honest": honest,
    "broken file": broken_files,
    "odd name": odd_names,
    "changed cells": changed_cells,
    "forged points": forged,
    "spying": spying,
    "reaching out": reaching_out,
    "using everything up": exhausting,
    "active content": showing,
}
CATALOGUE: dict[str, Entry] = {
    entry.name: replace(entry, kind=kind)
    for kind, module in KINDS.items()
    for entry in module.ENTRIES
}


def hand_in(places: Places) -> None:
    """Write every submission."""
    for entry in CATALOGUE.values():
        folder = places.submissions / entry.name
        folder.mkdir(parents=True)
        entry.write(folder, places)


def table() -> str:
    """The catalogue as a table in Markdown."""
    head = ["| kind | what is handed in | what becomes of it |", "|---|---|---|"]
    lines = [f"| {e.kind} | {e.tries} | {e.expected.outcome} |" for e in CATALOGUE.values()]
    return "\n".join([*head, *dict.fromkeys(lines)])
