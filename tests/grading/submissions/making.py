"""What an entry of the catalogue is made of, and ways to make what a student hands in."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import checked_course
import nbformat
from checked_course import FOLDER, SLUG, WRONG
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

MAXIMUM = (1, 2)
"""Points for the two exercises of `checked_course`."""
GOT_THROUGH = "GOT THROUGH"
"""What an attack prints that was not held back."""
TRY = f"""
def attempt(name, do):
    try:
        print({GOT_THROUGH!r}, name, str(do())[:200])
    except BaseException as error:
        print("held back:", name, type(error).__name__)
"""


@dataclass(frozen=True)
class Places:
    """Where things lie on the grader's side; a submission is told, so that it need not guess."""

    root: Path
    submissions: Path
    out: Path
    home: Path
    """Of the grader."""
    common: Path
    """A folder that everybody may write."""
    grader: int = 0
    """The process that grades."""
    port: int = 0
    """Of this machine, on which somebody listens."""
    abstract: str = ""
    """A socket without a file, on which somebody listens."""

    def code(self) -> str:
        """Python that gives these names to a submission's code."""
        paths = (self.root, self.submissions, self.out, self.home, self.common)
        values = [*map(str, paths), self.grader, self.port, self.abstract]
        return f"ROOT, SUBMISSIONS, OUT, HOME, COMMON, GRADER, PORT, ABSTRACT = {values!r}\n"


@dataclass(frozen=True)
class Expected:
    """What must become of a submission."""

    points: tuple[float, ...] = MAXIMUM
    """Of each exercise; empty where no unit is known."""
    status: str = "graded"
    flags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """Words in the notes for the instructor; there are none without."""
    shown: tuple[str, ...] = ()
    """Words in what the notebook's cells printed: they tell that an attack did take place."""

    @property
    def outcome(self) -> str:
        """In a few words."""
        if self.status != "graded":
            return f"{self.status}: {self.notes[0]}"
        points = " + ".join(f"{value:g}" for value in self.points)
        held = any("held back" in words for words in self.shown)
        return ", ".join((*(["held back"] if held else []), f"{points} points", *self.flags))


Write = Callable[[Path, Places], None]
"""Makes what a student hands in; the student's folder is there and empty."""


@dataclass(frozen=True)
class Entry:
    """One submission."""

    name: str
    """Of the student."""
    tries: str
    """What is handed in, and what for."""
    write: Write
    expected: Expected
    kind: str = ""


def refused(*notes: str, known: bool = True) -> Expected:
    """What becomes of a submission that is not run; ``known`` if it is of a unit."""
    return Expected((0, 0) if known else (), "refused", ("refused",), notes)


def notebook(change: Callable[[NotebookNode], NotebookNode | None]) -> Write:
    """The reference with a change, in place or returned."""

    def write(folder: Path, places: Places) -> None:
        found = checked_course.reference(places.root)
        changed = change(found)
        put(folder, json.dumps(found if changed is None else changed))

    return write


def content(change: Callable[[str], str | bytes]) -> Write:
    """A file that is made from the text of the reference notebook."""
    return lambda folder, places: put(
        folder, change(nbformat.writes(checked_course.reference(places.root)))
    )


def data(change: Callable[[dict], object]) -> Write:
    """A notebook that is made from the reference as JSON data, changed in place."""

    def changed(text: str) -> str:
        found = json.loads(text)
        change(found)
        return json.dumps(found)

    return content(changed)


def before(code: str, *, right: bool = True) -> Write:
    """Code in a cell before the first graded one, with right answers or one wrong one."""

    def write(folder: Path, places: Places) -> None:
        found = checked_course.reference(places.root)
        if not right:
            found.cells[1].source = WRONG
        found.cells.insert(2, new_code_cell(places.code() + TRY + code, id="attack"))
        put(folder, json.dumps(found))

    return write


def answer(code: str) -> Write:
    """Code in the place of the first answer."""

    def write(folder: Path, places: Places) -> None:
        found = checked_course.reference(places.root)
        found.cells[1].source = places.code() + TRY + code
        put(folder, json.dumps(found))

    return write


def put(folder: Path, text: str | bytes, name: str = f"{FOLDER}/{SLUG}.ipynb") -> Path:
    """Write a file below a student's folder."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path
