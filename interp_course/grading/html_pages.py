"""Static pages that show what strangers wrote, without letting it do anything.

Three things keep a page harmless: every value is escaped by the template engine, characters
that hide or reorder text are made visible, and a Content-Security-Policy in the page itself
forbids scripts and anything that would be loaded.
"""

import re
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from interp_course.grading.report import number

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)
LONGEST_TEXT = 20_000
"""Characters of one text that a page shows; the rest is counted, not shown."""

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)


def render(template: str, **values: Any) -> str:
    """A page from a template of ``grading/pages``; every text in ``values`` is escaped."""
    return _environment().get_template(template).render(policy=POLICY, **values)


def visible(text: str) -> str:
    """A text in which nothing is hidden: no control characters, no change of direction.

    Such a character is written as its number, ``[U+202E]`` (Boucher and Anderson 2021, "Trojan
    Source: invisible vulnerabilities"). Line ends become those of Unix, half characters
    a question mark, and what is too long is cut.
    """
    text = text[: LONGEST_TEXT + 1].replace("\r\n", "\n").replace("\r", "\n")
    text = text.encode("utf-8", "replace").decode("utf-8")
    return _HIDDEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", text[:LONGEST_TEXT])


def percent(share: float) -> str:
    """A share as a whole percentage; only what is complete is 100 %, and only nothing is 0 %."""
    whole = round(100 * share)
    if 0 < share < 1:
        whole = min(max(whole, 1), 99)
    return f"{whole} %"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("interp_course.grading", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(points=number, percent=percent, left_out=_left_out)
    return environment


def _finalize(value: Any) -> Any:
    """Applied to every value that a template writes, before it is escaped."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _left_out(text: str) -> int:
    """How many characters `visible` cuts."""
    return max(0, len(text) - LONGEST_TEXT)
