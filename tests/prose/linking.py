"""The links of a text, and whether they lead somewhere."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
PAGES = [*sorted(REPOSITORY.glob("docs/**/*.md")), *sorted(REPOSITORY.glob("*.md"))]
NOTEBOOKS = [*sorted(REPOSITORY.glob("course/**/*.ipynb"))]
NOTEBOOKS += sorted(REPOSITORY.glob("solutions/**/*.ipynb"))
CODE = re.compile(r"^(```|~~~).*?^\1|`[^`\n]*`", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"""\]\(\s*<?([^)\s>]+)>?[^)]*\)|\b(?:href|src)\s*=\s*["']([^"']+)""")
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)
OUTSIDE = re.compile(r"(?!\w:)[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def markdown(path: Path) -> str:
    """The text of a page, or of the text cells of a notebook."""
    text = path.read_text("utf-8")
    if path.suffix != ".ipynb":
        return text
    cells = json.loads(text)["cells"]
    return "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")


def links(text: str) -> Iterator[str]:
    """The targets of links and images within the course."""
    for found in LINK.finditer(CODE.sub("", text)):
        target = found[1] or found[2]
        if not OUTSIDE.match(target):
            yield target


def anchors(text: str) -> set[str]:
    """What can stand behind `#`: the headings, as GitHub and the site write them."""
    plain = re.sub(r"^(```|~~~).*?^\1", "", text, flags=re.MULTILINE | re.DOTALL)
    words = [re.sub(r"[*`]|\]\([^)]*\)|\[", "", heading) for heading in HEADING.findall(plain)]
    return {re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", word).lower()) for word in words}


def broken(path: Path, text: str | None = None) -> list[str]:
    """The links of a page that lead to no file or to no heading."""
    text = markdown(path) if text is None else text
    return [link for link in links(text) if not _leads_somewhere(link, path, text)]


def _leads_somewhere(link: str, path: Path, text: str) -> bool:
    name, _, anchor = link.partition("#")
    target = path.parent / name if name else path
    if not target.exists():
        return False
    return not anchor or anchor in anchors(text if target == path else markdown(target))
