"""One JupyterLab and one Chromium for all browser tests."""

import os
import shutil
from collections.abc import Iterator

import pytest
from labserver import CHROMIUM_OPTIONS, Lab, Visit, running_lab, visiting

CHROMIUM = "INTERP_COURSE_CHROMIUM"


def chromium_path() -> str:
    """The browser to drive. One that is asked for by name must be there."""
    named = os.environ.get(CHROMIUM)
    path = shutil.which(named or "chromium")
    if path is None and named:
        pytest.fail(f"{CHROMIUM} names {named}, which cannot be run")
    if path is None:
        pytest.skip(f"there is no chromium on the PATH; install one, or name it in {CHROMIUM}")
    return path


@pytest.fixture(scope="session")
def browser() -> Iterator:
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="playwright is missing: pip install 'interp-course[test]'"
    )
    path = chromium_path()
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=path, args=CHROMIUM_OPTIONS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def lab(browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    home, root = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("course folder")
    with running_lab(home, root) as server:
        yield server


@pytest.fixture
def unchecked_visit(browser, lab: Lab) -> Iterator[Visit]:
    """A page for tests of the harness itself, in which things may go wrong."""
    with visiting(browser, lab) as visit:
        yield visit


@pytest.fixture
def visit(unchecked_visit: Visit) -> Iterator[Visit]:
    """A page that must ask nobody outside, and must not fail."""
    yield unchecked_visit
    unchecked_visit.must_be_clean()


@pytest.fixture(scope="module")
def shared_visit(browser, lab: Lab) -> Iterator[Visit]:
    """The same for tests that only read a page, or put it back first."""
    with visiting(browser, lab) as visit:
        yield visit
        visit.must_be_clean()
