"""Formgrader on a folder of grades, where a person scores the answers in words.

Formgrader shows a submission on a page of the grader's own Jupyter server. nbgrader lets HTML in
a student's text and outputs through as it is, so a script in an answer could change scores, or
run code as the grader. Here such HTML is shown as text, or left out.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from traitlets.config import Config

from interp_course.grading.runner import nbgrader_config

SETTINGS = '''\
"""nbgrader's settings for this folder of grades: start `jupyter lab` here, open Formgrader."""

from pathlib import Path

from interp_course.grading import formgrader

c = get_config()
c.merge(formgrader.settings(Path(__file__).resolve().parent))
'''
TAGS = (
    *("a", "blockquote", "br", "code", "del", "details", "div", "em", "figure", "h1", "h2", "h3"),
    *("h4", "h5", "h6", "hr", "img", "li", "ol", "p", "pre", "span", "strong", "sub", "summary"),
    *("sup", "table", "tbody", "td", "th", "thead", "tr", "ul"),
)
PICTURES = ("data:image/png;base64,", "data:image/jpeg;base64,")
PROTOCOLS = ("data", "http", "https", "mailto")


def write_settings(workspace: Path) -> None:
    """Let Jupyter, started in a folder of grades, find its gradebook; an own file stays."""
    path = workspace / "nbgrader_config.py"
    if not path.exists():
        path.write_text(SETTINGS, encoding="utf-8")


def settings(workspace: Path) -> Config:
    """How Formgrader finds and shows a folder of grades."""
    config = nbgrader_config(workspace)
    config.HTMLExporter.sanitize_html = True
    config.HTMLExporter.filters = {
        "markdown2html": f"{__name__}.{_markdown_in_page.__name__}",
        "clean_html": f"{__name__}.{safe_html.__name__}",
    }
    return config


def safe_markdown(text: str, attachments: Mapping[str, Any] | None = None) -> str:
    """A text cell as HTML in which nothing runs, and nothing is loaded from elsewhere.

    Args:
        text: Its source.
        attachments: Pictures that lie in the cell, by name, as a notebook keeps them.
    """
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    renderer = IPythonRenderer(escape=False, attachments=_Attachments(attachments or {}))
    return safe_html(MarkdownWithMath(renderer=renderer).render(text))


class _Attachments(dict):
    """Attachments of which none is missing, since that would end the whole page."""

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> dict[str, str]:
        return {"text/plain": ""}


@pass_context
def _markdown_in_page(context: Context, text: str) -> str:
    return safe_markdown(text, context.get("cell", {}).get("attachments"))


def safe_html(html: str | bytes) -> str:
    """The same of an output; pictures that it carries with it are kept, other tags are shown."""
    import bleach

    text = html.decode() if isinstance(html, bytes) else str(html)
    return bleach.clean(text, tags=TAGS, attributes=_may_stay, protocols=PROTOCOLS)


def _may_stay(tag: str, name: str, value: str) -> bool:
    if tag == "img":
        return name == "alt" or (name == "src" and value.startswith(PICTURES))
    return tag == "a" and name in ("href", "title") and not value.startswith("data:")
