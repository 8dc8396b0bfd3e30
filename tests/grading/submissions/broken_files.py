"""What is no notebook, or none that can be read."""

import json
import os
from pathlib import Path

import checked_course
import nbformat
from checked_course import FOLDER, SLUG

from submissions.making import Entry, Expected, Places, content, data, put, refused

UNIT = f"{FOLDER}/{SLUG}.ipynb"


def _nothing(folder: Path, places: Places) -> None:
    pass


def _empty_unit(folder: Path, places: Places) -> None:
    (folder / FOLDER).mkdir()


def _folder(folder: Path, places: Places) -> None:
    (folder / UNIT).mkdir(parents=True)


def _pipe(folder: Path, places: Places) -> None:
    (folder / FOLDER).mkdir()
    os.mkfifo(folder / UNIT)


def _large(folder: Path, places: Places) -> None:
    os.truncate(put(folder, ""), 100_000_000)


def _linked_solution(folder: Path, places: Places) -> None:
    (folder / FOLDER).mkdir()
    (folder / UNIT).symlink_to(places.root / "solutions" / UNIT)


def _linked_folder(folder: Path, places: Places) -> None:
    (folder / FOLDER).symlink_to(places.root / "solutions" / FOLDER)


def _linked_beside(folder: Path, places: Places) -> None:
    _reference(folder, places)
    (folder / FOLDER / "data.csv").symlink_to(places.home / ".netrc")


def _reference(folder: Path, places: Places) -> None:
    put(folder, nbformat.writes(checked_course.reference(places.root)))


def _not_utf8_beside(folder: Path, places: Places) -> None:
    _reference(folder, places)
    Path(os.fsdecode(os.fsencode(folder / FOLDER) + b"/caf\xe9.txt")).write_text("")


def _format_3(text: str) -> str:
    return json.dumps({"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": []})


def _deep(found: dict) -> None:
    nest: list = []
    for _ in range(900):
        nest = [nest]
    found["cells"][1]["metadata"]["deep"] = nest


def _many_cells(found: dict) -> None:
    found["cells"] += [found["cells"][0]] * 50_000


def _half_character(found: dict) -> None:
    found["cells"][1]["source"] = "# \ud83d"


def _windows_lines(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode("utf-8-sig")


ENTRIES = (
    Entry("empty folder", "nothing", _nothing, refused("the folder is empty", known=False)),
    Entry("empty unit", "a unit without a notebook", _empty_unit, refused("is missing")),
    Entry("folder as notebook", "a folder of that name", _folder, refused("is a folder")),
    Entry(
        "pipe as notebook", "a pipe, on which a reader waits for ever", _pipe, refused("missing")
    ),
    Entry("huge file", "a file of 100 MB", _large, refused("100 MB, the limit is 20 MB")),
    Entry(
        "linked solution",
        "a link to the solutions",
        _linked_solution,
        refused("is a symbolic link: hand in the file itself"),
    ),
    Entry(
        "linked folder",
        "a link to the folder of the solutions",
        _linked_folder,
        refused("the folder is a symbolic link", known=False),
    ),
    Entry(
        "linked secret",
        "a link to a file of the grader beside the notebook",
        _linked_beside,
        Expected(notes=("not taken: data.csv",)),
    ),
    Entry("invalid JSON", "half a file", content(lambda t: t[:200]), refused("not valid JSON")),
    Entry(
        "endless brackets",
        "JSON that overflows a reader's stack",
        content(lambda t: "[" * 100_000),
        refused("not valid JSON"),
    ),
    Entry(
        "deep metadata",
        "valid JSON that overflows whoever copies it",
        data(_deep),
        refused("notebook format"),
    ),
    Entry(
        "long number",
        "a number of 100,000 digits",
        content(lambda t: t.replace('"nbformat": 4', '"nbformat": ' + "4" * 100_000)),
        refused("not valid JSON"),
    ),
    Entry("UTF-16", "another encoding", content(lambda t: t.encode("utf-16")), refused("UTF-8")),
    Entry(
        "half a character",
        "valid JSON that cannot be written as UTF-8",
        data(_half_character),
        refused("surrogates not allowed"),
    ),
    Entry("format 3", "an old format", content(_format_3), refused("too old notebook format 3")),
    Entry(
        "format 99",
        "a format to come",
        data(lambda found: found.update(nbformat=99)),
        refused("too new notebook format 99"),
    ),
    Entry("many cells", "50,000 cells", data(_many_cells), refused("cells, the limit is 2,000")),
    Entry(
        "no cells", "cells that are none", data(lambda f: f.update(cells=[1])), refused("cell 1")
    ),
    Entry("Windows lines", "CRLF and a byte order mark", content(_windows_lines), Expected()),
    Entry(
        "not UTF-8 beside",
        "a file beside the notebook whose name is no text",
        _not_utf8_beside,
        Expected(notes=(r"not taken: caf\xe9.txt",)),
    ),
)
