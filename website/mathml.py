"""Formulas as MathML, which browsers draw by themselves: no script, no font, no request."""

import re
from typing import Any

from latex2mathml.converter import convert
from sphinx.errors import ExtensionError

UNKNOWN = re.compile(r">\s*(\\[a-zA-Z]+)\s*<")


def mathml(formula: str, *, block: bool) -> str:
    """A formula in LaTeX as a ``<math>`` element, with the LaTeX kept for those who copy it.

    Raises:
        ExtensionError: If the formula has a command that cannot be converted.
    """
    try:
        found = convert(formula, display="block" if block else "inline")
    except Exception as error:  # the converter raises many kinds
        raise ExtensionError(f"this formula cannot be converted: {formula}") from error
    unknown = UNKNOWN.search(found)
    if unknown:
        raise ExtensionError(f"{unknown[1]} cannot be converted in the formula {formula}")
    return found


def _inline(page: Any, node: Any) -> None:
    page.body.append(mathml(node.astext(), block=False))
    raise _skip()


def _block(page: Any, node: Any) -> None:
    page.body.append(f'<div class="math">{mathml(node.astext(), block=True)}</div>')
    raise _skip()


def _skip() -> Exception:
    from docutils.nodes import SkipNode

    return SkipNode()


def setup(app: Any) -> dict[str, bool]:
    """Make this a renderer that ``html_math_renderer`` can name."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
