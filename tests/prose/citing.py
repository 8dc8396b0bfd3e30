"""Which sources a text cites, as "Author et al. (year)", and what the bibliography knows."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
BIBLIOGRAPHY = tomllib.loads((REPOSITORY / "docs" / "bibliography.toml").read_text("utf-8"))
MONTHS = "January February March April May June July August September October November December"
NAME = r"(?:[A-Z]\. )*(?:[A-Z][\w'-]+)"
NAMES = rf"({NAME}(?:, {NAME})*)(?: et al\.|,? and {NAME})?"
IN_TEXT = re.compile(rf"(?:{NAMES}|(nostalgebraist)),? \(?(\d{{4}})\b")
MORE_YEARS = re.compile(rf"{NAMES}(?:,? \(?\d{{4}}[;,] )(\d{{4}})\b")
LISTED = re.compile(r"\((\d{4})\),\s\*([^*]+)\*")


def flat(text: str) -> str:
    """The text on one line, without the marks of comments."""
    return re.sub(r"\s*\n(?:[ \t]*#)?\s*", " ", text)


def surname(authors: str) -> str:
    """What a citation calls the first author, in small letters."""
    first = re.split(r",| and | et al\.", authors)[0]
    return re.sub(r"^(?:\w\. )+", "", first.strip()).lower()


def cited(text: str) -> Iterator[tuple[str, int]]:
    """Each (first author, year) that a text cites."""
    for pattern in (IN_TEXT, MORE_YEARS):
        for found in pattern.finditer(flat(text)):
            *names, year = found.groups()
            authors = next(filter(None, names))
            if 1900 <= int(year) <= 2100 and authors not in MONTHS:
                yield surname(authors), int(year)


def listed(text: str) -> Iterator[tuple[int, str]]:
    """Each (year, title) of a list of sources."""
    for year, title in LISTED.findall(flat(text)):
        yield int(year), title


def keys(author: str, year: int) -> set[str]:
    """The entries that "author et al. (year)" can mean."""
    return {
        key
        for key, entry in BIBLIOGRAPHY.items()
        if (surname(entry["authors"]), entry["year"]) == (author, year)
    }


def key_of_title(year: int, title: str) -> str | None:
    """The entry with this title, or this beginning of one."""
    for key, entry in BIBLIOGRAPHY.items():
        if entry["year"] == year and entry["title"].lower().startswith(title.lower()):
            return key
    return None
