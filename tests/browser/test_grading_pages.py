"""Pages made from hostile submissions, opened in a browser: nothing runs, nothing is asked for."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from interp_course.grading.class_report import Link, UnitResults, class_report
from interp_course.grading.exercises import Exercise
from interp_course.grading.feedback import feedback_page
from interp_course.grading.likeness import Pair
from interp_course.grading.results import Result
from interp_course.grading.scores import CellScore

if TYPE_CHECKING:
    from playwright.sync_api import Page, Request

pytestmark = pytest.mark.browser

RUN = "document.documentElement.dataset.ran='yes'"
ATTACKS = [
    f"</code></pre><script>{RUN}</script>",
    f'<img src="https://example.org/x.png" onerror="{RUN}">',
    f'"><svg onload="{RUN}"><style>@import "https://example.org/x.css"</style>',
    f"<iframe srcdoc='<script>parent.{RUN}</script>'></iframe>",
    f'<a href="javascript:{RUN}" autofocus onfocus="{RUN}">x</a>',
    '<meta http-equiv="refresh" content="0;url=https://example.org/">',
    '<link rel="stylesheet" href="https://example.org/x.css"><base href="https://example.org/">',
    "{{ ''.__class__.__mro__ }}{% for x in y %}",
    "\u202e\u2066 evil \x00\x1b[31m \ud800",
]
ALL = "\n".join(ATTACKS)
EXERCISE = Exercise("a-test", ALL, 2.0, ("a",))


@dataclass
class Record:
    """What a page did while it was open."""

    page: "Page"
    requests: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    """Addresses that the policy of the page did not let out."""

    def open(self, folder: Path, html: str) -> None:
        path = folder / "page.html"
        path.write_text(html, encoding="utf-8")
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("requestfailed", self._note_failure)
        self.page.goto(path.as_uri(), wait_until="load")
        self.page.wait_for_timeout(300)

    def _note_failure(self, request: "Request") -> None:
        if request.failure == "csp":
            self.stopped.append(request.url)

    @property
    def asked(self) -> list[str]:
        """Addresses outside the page, whether they were reached or not."""
        return [url for url in self.requests if not url.startswith(("file:", "data:"))]

    def ran(self) -> bool:
        return self.page.evaluate("document.documentElement.dataset.ran === 'yes'")


@pytest.fixture
def record(browser) -> Iterator[Record]:
    page = browser.new_page(viewport={"width": 320, "height": 700})
    yield Record(page)
    page.close()


def hostile_result() -> Result:
    error = f"CheckFailed: ✗ {ATTACKS[0]}:\n  {ATTACKS[1]}\n  → {ATTACKS[2]}"
    cells = (CellScore("a-test", 0.0, 2.0, error, ALL),)
    return Result(ALL, "00_a", "graded", cells, tuple(ATTACKS), ("crash",))


def hostile_feedback() -> str:
    return feedback_page(hostile_result(), ALL, [EXERCISE], {"a": ALL})


def hostile_report() -> str:
    unit = UnitResults(ALL, [EXERCISE], [hostile_result()], [Pair(ALL, "b", 0.9, 99.0)])
    return class_report([unit], [], {(ALL, "00_a"): [Link("feedback", "./x.html")]})


PAGES = {"feedback": hostile_feedback, "report": hostile_report}


@pytest.mark.parametrize("kind", PAGES)
def test_no_script_runs(record: Record, tmp_path: Path, kind: str):
    record.open(tmp_path, PAGES[kind]())
    assert not record.ran()
    assert record.page.locator("main script, iframe, svg, [onerror], [onload]").count() == 0


@pytest.mark.parametrize("kind", PAGES)
def test_no_request_leaves(record: Record, tmp_path: Path, kind: str):
    record.open(tmp_path, PAGES[kind]())
    assert record.asked == []


@pytest.mark.parametrize("kind", PAGES)
def test_the_page_fits_a_narrow_screen(record: Record, tmp_path: Path, kind: str):
    record.open(tmp_path, PAGES[kind]())
    assert record.page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("attack", ATTACKS[:3])
def test_without_escaping_the_policy_still_stops_it(record: Record, tmp_path: Path, attack: str):
    record.open(tmp_path, hostile_feedback().replace("</main>", f"{attack}</main>"))
    assert not record.ran()
    assert record.asked == record.stopped


def test_without_policy_and_escaping_it_would_have_run(record: Record, tmp_path: Path):
    unsafe = hostile_feedback().replace("Content-Security-Policy", "x-none")
    record.open(tmp_path, unsafe.replace("</main>", f"{ATTACKS[0]}</main>"))
    assert record.ran()


def test_what_was_written_is_readable_as_text(record: Record, tmp_path: Path):
    record.open(tmp_path, hostile_feedback())
    assert ATTACKS[0] in record.page.locator("pre").inner_text()


CONTRAST = """() => {
  const light = c => { const p = c.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * p[0] + 0.7152 * p[1] + 0.0722 * p[2]; };
  const behind = e => { const c = getComputedStyle(e).backgroundColor;
    return c === 'rgba(0, 0, 0, 0)' ? behind(e.parentElement) : c; };
  const texts = [...document.querySelectorAll('body *')]
    .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()));
  return Math.min(...texts.map(e => {
    const [a, b] = [light(getComputedStyle(e).color), light(behind(e))];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05); }));
}"""


@pytest.mark.parametrize("kind", PAGES)
def test_every_text_has_enough_contrast(record: Record, tmp_path: Path, kind: str):
    record.open(tmp_path, PAGES[kind]())
    assert record.page.evaluate(CONTRAST) >= 4.5, "WCAG 2.2, criterion 1.4.3"
