"""A notebook with one widget, open on a page: what the tests of a widget share."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from labserver import Visit, errors, not_run

if TYPE_CHECKING:
    from playwright.sync_api import Page

KERNEL = "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"

ASK = f"""async (code) => {{
  const future = {KERNEL}.requestExecute({{code}});
  let text = '';
  future.onIOPub = (message) => {{ text += message.content.text ?? ''; }};
  await future.done;
  return text;
}}"""


@dataclass(frozen=True)
class Shown:
    """A page on which all cells of a notebook have run."""

    page: "Page"
    console: list[str]
    """What the page said in error, in the console of the browser, since it was opened."""


def shown(visit: Visit, name: str, title: str, *cells: str) -> Shown:
    """Write a notebook with this title and these cells, open it and run it."""
    found = Shown(visit.page, visit.console)
    visit.open(visit.lab.add_notebook(name, title, *cells))
    ran = visit.run()
    assert not errors(ran), errors(ran)
    assert not not_run(ran), not_run(ran)
    return found


def in_kernel(page: "Page", code: str) -> str:
    """What some code prints in the kernel of the notebook."""
    return page.evaluate(ASK, code).strip()
