"""Formgrader on a folder of grades, where a person scores the answers in words.

Formgrader shows a submission on a page of the grader's own Jupyter server. nbgrader lets HTML in
a student's text and outputs through as it is, so a script in an answer could change scores, or
run code as the grader. Here such HTML is shown as text, or left out.
"""

from pathlib import Path
from typing import Any

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
    *("a", "blockquote", "br", "code", "del", "details", "div", "em", "h1", "h2", "h3", "h4", "h5"),
    *("h6", "hr", "li", "ol", "p", "pre", "span", "strong", "sub", "summary", "sup", "table"),
    *("tbody", "td", "th", "thead", "tr", "ul"),
)


def write_settings(workspace: Path) -> None:
    """Let Jupyter, started in a folder of grades, find its gradebook; an own file stays."""
    path = workspace / "nbgrader_config.py"
    if not path.exists():
        path.write_text(SETTINGS, encoding="utf-8")


def settings(workspace: Path) -> Config:
    """How Formgrader finds and shows a folder of grades."""
    config = nbgrader_config(workspace)
    config.HTMLExporter.sanitize_html = True
    config.HTMLExporter.filters = {"markdown2html": f"{__name__}.{safe_html.__name__}"}
    return config


def safe_html(text: str) -> str:
    """Markdown as HTML in which nothing runs, and nothing is loaded from elsewhere."""
    import bleach
    from nbconvert.filters import markdown2html

    made: Any = markdown2html(text)
    return bleach.clean(made, tags=TAGS, attributes={"a": ["href", "title"]})
