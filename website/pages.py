"""The texts of the site: what students get, with a front page and a page of sources."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from interp_course import course
from interp_course.releasing.contents import collect

BIBLIOGRAPHY = "docs/bibliography.toml"
GLOSSARY = "docs/glossary.md"
FRONT = "README.md"
_INDEX = """
```{{toctree}}
:hidden:
:caption: Course
{course}
```

```{{toctree}}
:hidden:
:caption: Reference
{docs}
```
"""


def pages(root: Path) -> dict[str, bytes]:
    """The sources of all pages by path, from the files of a release."""
    files = collect(root, course.units(root)).files
    found = {path: data for path, data in files.items() if _is_page(path)}
    found["docs/bibliography.md"] = sources(files[BIBLIOGRAPHY].decode()).encode()
    glossary = found[GLOSSARY].decode().replace("(bibliography.toml)", "(bibliography.md)")
    found[GLOSSARY] = with_keys(glossary, tomllib.loads(files[BIBLIOGRAPHY].decode())).encode()
    found["index.md"] = front(found.pop(FRONT).decode(), found, root).encode()
    return dict(sorted(found.items()))


def _is_page(path: str) -> bool:
    kept = path.startswith(("course/", "docs/")) or path == FRONT
    return kept and PurePosixPath(path).suffix in (".md", ".ipynb")


def front(readme: str, found: Mapping[str, bytes], root: Path) -> str:
    """The front page: the students' README, the map of the units, and what the menu lists."""
    title, rest = readme.split("\n", maxsplit=1)
    units = course.overview(root).replace("](", "](course/")
    chapters = [f"course/{course.START}"]
    chapters += [str(PurePosixPath(path).with_suffix("")) for path in found if _is_unit(path)]
    docs = [path.removesuffix(".md") for path in found if path.startswith("docs/")]
    menu = _INDEX.format(course="\n".join(chapters), docs="\n".join(sorted(docs)))
    return f"{title}\n{rest}\n## The units\n\n{units}\n{menu}"


def _is_unit(path: str) -> bool:
    return path.endswith(".ipynb") and course.START not in path


def sources(text: str) -> str:
    """The bibliography as a page with a heading for each key."""
    lines = ["# Bibliography", ""]
    for key, entry in tomllib.loads(text).items():
        places = " · ".join(_places(entry))
        lines += [f"### {key}", "", f"{entry['authors']} ({entry['year']}), *{entry['title']}*."]
        lines += [f"{entry['venue']}.{' ' + places if places else ''}", ""]
    return "\n".join(lines)


def _places(entry: Mapping[str, Any]) -> Iterator[str]:
    if "doi" in entry:
        yield f"[doi:{entry['doi']}](https://doi.org/{entry['doi']})"
    if "arxiv" in entry:
        yield f"[arXiv:{entry['arxiv']}](https://arxiv.org/abs/{entry['arxiv']})"
    if "url" in entry:
        yield f"[online]({entry['url']})"


def with_keys(text: str, entries: Mapping[str, Any]) -> str:
    """The text with every key of the bibliography as a link to its entry."""
    keys = "|".join(map(re.escape, entries))
    return re.sub(rf"`({keys})`", r"[\1](bibliography.md#\1)", text)
