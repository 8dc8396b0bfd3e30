"""A notebook with one widget, open on a page: what the tests of a widget share."""

from typing import TYPE_CHECKING, Literal

from labserver import Visit, errors, not_run

if TYPE_CHECKING:
    from playwright.sync_api import Page

KERNEL = "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"

# The page holds a move back while the one before is under way, and JupyterLab sends the moves of
# widgets over a shell of their own: a cell may run before a move that was made earlier.
NOTHING_UNDER_WAY = f"""() => [...{KERNEL}._futures.values()]
  .every(({{msg}}) => msg.header.msg_type !== 'comm_msg')"""

ASK = f"""async (code) => {{
  const future = {KERNEL}.requestExecute({{code}});
  let text = '';
  future.onIOPub = (message) => {{ text += message.content.text ?? ''; }};
  await future.done;
  return text;
}}"""

DRAWN = """() => {
  const cells = window.jupyterapp.shell.currentWidget.content.widgets;
  const outputs = cells.flatMap(({model}) => model.toJSON().outputs ?? []);
  const views = outputs.filter(({data}) => data?.['application/vnd.jupyter.widget-view+json']);
  return document.querySelectorAll('.course-widget').length === views.length;
}"""

# The name changes first; the style sheet of the theme comes after it.
THEMED = """(name) => document.body.dataset.jpThemeName === name
  && (getComputedStyle(document.body).getPropertyValue('--jp-layout-color0').trim() === '#111')
    === name.endsWith('Dark')"""


def shown(visit: Visit, name: str, title: str, *cells: str) -> "Page":
    """The page of a notebook with this title and these cells, run, with its widgets drawn."""
    visit.open(visit.lab.add_notebook(name, title, *cells))
    ran = visit.run()
    assert not errors(ran), errors(ran)
    assert not not_run(ran), not_run(ran)
    visit.page.wait_for_function(DRAWN)
    return visit.page


def in_kernel(page: "Page", code: str) -> str:
    """What some code prints in the kernel, once it knows everything that the page has done."""
    page.wait_for_function(NOTHING_UNDER_WAY)
    return page.evaluate(ASK, code).strip()


def use_theme(page: "Page", scheme: Literal["light", "dark"]) -> None:
    """Let the system ask for light or dark; the theme follows, as the course has set it.

    A theme that changes while the one before is still loading makes JupyterLab fail (in
    ``removeChild``), so this waits for the style sheet.
    """
    page.emulate_media(color_scheme=scheme)
    page.wait_for_function(THEMED, arg=f"JupyterLab {scheme.capitalize()}", timeout=30_000)
