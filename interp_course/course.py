"""The course folder: where it is and which units it has (``course/course.toml``)."""

import re
import tomllib
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

START = "START_HERE"
UNNAMED = "interp-course"


class CourseError(RuntimeError):
    """Something about the course folder is not as expected; the message says what to do."""


@dataclass(frozen=True)
class Unit:
    """One line of the manifest, and where its files lie below the course's root."""

    number: int
    slug: str
    title: str
    question: str
    minutes: int
    points: int
    needs: tuple[str, ...] = ()
    by_hand: int = 0
    """How many of the points a person gives, for answers in words."""

    @property
    def folder(self) -> str:
        """The folder's name, which is also the name of the nbgrader assignment."""
        return f"{self.number:02d}_{self.slug}"

    def source(self, root: Path) -> Path:
        """The text from which both notebooks are made."""
        return root / "solutions" / self.folder / f"{self.slug}.py"

    def solution(self, root: Path) -> Path:
        """The executed reference notebook."""
        return self.source(root).with_suffix(".ipynb")

    def student(self, root: Path) -> Path:
        """The notebook that students open."""
        return root / "course" / self.folder / f"{self.slug}.ipynb"

    def answers(self, root: Path) -> Path:
        """The folder of wrong answers that must fail and right ones that must pass."""
        return root / "tests" / "answers" / self.slug


def find_root(start: Path | None = None) -> Path:
    """The folder that contains ``course/course.toml``.

    Looked for upwards from ``start`` (the current folder), then above the package itself.

    Raises:
        CourseError: If there is none.
    """
    here = (start or Path.cwd()).resolve()
    package = Path(__file__).resolve().parent
    for folder in (here, *here.parents, package.parent):
        if (folder / "course" / "course.toml").is_file():
            return folder
    raise CourseError(
        f"no course/course.toml in {here} or above it: change into the course's folder first"
    )


def units(root: Path) -> list[Unit]:
    """The units in the manifest's order.

    Raises:
        CourseError: If the manifest cannot be read or lacks a field.
    """
    path = root / "course" / "course.toml"
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))["unit"]
        return [Unit(**{**entry, "needs": tuple(entry.get("needs", ()))}) for entry in entries]
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise CourseError(f"{path} is not a valid course manifest: {error}") from error


def name(root: Path) -> str:
    """The course's name in the manifest, of which files are made; `UNNAMED` if it has none.

    Raises:
        CourseError: If the manifest cannot be read, or the name is no name for a file.
    """
    path = root / "course" / "course.toml"
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8")).get("name", UNNAMED)
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise CourseError(f"{path} is not a valid course manifest: {error}") from error
    if not isinstance(found, str) or not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,60}", found):
        raise CourseError(
            f"{path}: the name must be made of a-z, 0-9, - and _, as in 'interp-course', "
            f"got {found!r}"
        )
    return found


def unit(root: Path, name: str) -> Unit:
    """The unit with this slug or folder name.

    Raises:
        CourseError: If there is none; the message names close ones.
    """
    known = {name: unit for unit in units(root) for name in (unit.slug, unit.folder)}
    if name in known:
        return known[name]
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"units: {', '.join(sorted(known))}"
    raise CourseError(f"there is no unit {name!r}; {hint}")


def overview(root: Path) -> str:
    """The units that are there to be opened, as a Markdown table with links from ``course/``."""
    lines = ["| Unit | Its question | Time | Points |", "|:--|:--|--:|--:|"]
    for item in units(root):
        if item.student(root).exists():
            link = f"[{item.number:02d} · {item.title}]({item.folder}/{item.slug}.ipynb)"
            lines.append(f"| {link} | {item.question} | {item.minutes} min | {item.points} |")
    return "\n".join(lines)
