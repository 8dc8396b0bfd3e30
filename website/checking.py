"""Whether a built site is whole, keeps to itself, and hides what students must not see."""

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from interp_course.releasing.leaking import leaked

LOADED = {"img": "src", "script": "src", "source": "src", "iframe": "src", "link": "href"}


class Page(HTMLParser):
    """What a page links to, loads and says."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.ids: set[str] = set()
        self.words: list[str] = []
        self.without_alt = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what the tag needs."""
        given: dict[str, Any] = dict(attrs)
        self.ids |= {given[name] for name in ("id", "name") if given.get(name)}
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        if given.get(LOADED.get(tag, "")):
            self.loaded.append(given[LOADED[tag]])
        self.without_alt += tag == "img" and not given.get("alt")

    def handle_data(self, data: str) -> None:
        """Collect the text, whatever tags cut it."""
        self.words.append(data)

    @property
    def text(self) -> str:
        """All text of the page, code without its colours."""
        return "".join(self.words)


def problems(site: Path, root: Path) -> list[str]:
    """What is wrong with a built site, one line each; empty if nothing.

    Args:
        site: The folder with ``index.html``.
        root: The folder of the course, whose solutions and hidden tests must not be in it.
    """
    pages = {path.resolve(): Page(path.read_text("utf-8")) for path in site.rglob("*.html")}
    found = [f"{site} has no page: the build failed"] if not pages else []
    for path, page in sorted(pages.items()):
        name = path.relative_to(site.resolve()).as_posix()
        found += [f"{name}: {problem}" for problem in _of_page(path, page, pages)]
    return found + leaked(root, dict(_texts(site, pages)))


def _of_page(path: Path, page: Page, pages: dict[Path, Page]) -> Iterator[str]:
    if page.without_alt:
        yield f"{page.without_alt} images have no alt text"
    for link in page.loaded:
        parts = urlsplit(link)
        if parts.scheme not in ("", "data") or parts.netloc:
            yield f"it would load {link} from elsewhere"
        elif parts.scheme == "" and not (path.parent / unquote(parts.path)).exists():
            yield f"it would load {link}, which is missing"
    for link in page.links:
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        if not target.exists():
            yield f"the link {link} leads nowhere"
            continue
        ids = pages[target].ids if target in pages else {""}
        if parts.fragment and unquote(parts.fragment) not in ids:
            yield f"the link {link} leads to no heading"


def _texts(site: Path, pages: dict[Path, Page]) -> Iterator[tuple[str, bytes]]:
    """The files by path, pages without their tags."""
    for path in sorted(site.rglob("*")):
        if path.is_file() and "_static" not in path.parts:
            page = pages.get(path.resolve())
            data = page.text.encode() if page else path.read_bytes()
            yield path.relative_to(site).as_posix(), data
