"""A private JupyterLab, and what a test can ask of a notebook that is open in it."""

import contextlib
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page

REPOSITORY = Path(__file__).parents[2]
COPIED = ("course", "docs", "solutions", "nbgrader_config.py")
TOKEN = "only-for-this-test"
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}

CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # A request that leaves this machine fails at once, and the test still sees it.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]

SHIPPED = json.loads((REPOSITORY / "interp_course" / "jupyter" / "overrides.json").read_text())
"""What the course sets for its students."""
SETTINGS = {
    **SHIPPED,
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
}

# ipywidgets writes this if a widget is used after a test has shut its kernel down.
NOT_OURS = ("Could not send widget sync message Error: Cannot send\n",)

# A second opening, by a command, could come in front of what a test has opened meanwhile.
SHOWN = "(path) => window.jupyterapp?.shell.currentWidget?.context?.path === path"

READY = """
async () => {
  await window.jupyterapp.restored;
  const {context, revealed, sessionContext} = window.jupyterapp.shell.currentWidget;
  await Promise.all([context.ready, revealed, sessionContext.ready]);
}
"""

# A run ends at the first error, but cells after one that may raise still run; the kernel answers
# in order, so when it answers this question it has come to the end.
RUN = """
() => {
  window.runIsOver = false;
  const {kernel} = window.jupyterapp.shell.currentWidget.sessionContext.session;
  window.jupyterapp.commands.execute('notebook:run-all-cells').finally(async () => {
    await kernel.requestKernelInfo();
    window.runIsOver = true;
  });
}
"""

QUIET = """
() => {
  const {content, sessionContext} = window.jupyterapp.shell.currentWidget;
  const running = content.widgets.some(({model}) => model.executionState === 'running');
  return window.runIsOver && !running && sessionContext.session.kernel.status === 'idle';
}
"""

READ = """
() => window.jupyterapp.shell.currentWidget.content.widgets.map(({model}) => {
  const cell = model.toJSON();
  const errors = (cell.outputs ?? []).filter((output) => output.output_type === 'error');
  return {
    id: model.id,
    type: model.type,
    may_raise: (cell.metadata.tags ?? []).includes('raises-exception'),
    count: model.executionCount ?? null,
    errors: errors.map(({ename, evalue}) => ({ename, evalue})),
  };
})
"""


@dataclass(frozen=True)
class Lab:
    """A running server: its address and the folder that it shows."""

    address: str
    root: Path

    def add_notebook(self, name: str, *cells: str) -> str:
        """Write a notebook of code cells (or Markdown, for a text that begins with #)."""
        content = [
            (new_markdown_cell if cell.startswith("# ") else new_code_cell)(cell, id=f"cell-{i}")
            for i, cell in enumerate(cells)
        ]
        nbformat.write(
            new_notebook(cells=content, metadata={"kernelspec": KERNEL}), self.root / name
        )
        return name


@dataclass(frozen=True)
class Cell:
    """A cell after a run."""

    id: str
    type: str
    may_raise: bool
    """Whether its tag says that an error is part of the lesson."""
    count: int | None
    """The execution count; None for a cell that did not run."""
    errors: list[dict[str, str]]


@dataclass
class Visit:
    """A page in which one notebook is open, with a record of everything that went wrong."""

    page: "Page"
    lab: Lab
    external: list[str] = field(default_factory=list)
    """Addresses outside this machine that the page asked for."""
    page_errors: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)
    """What the page said in error, in the console of the browser."""

    def __post_init__(self) -> None:
        """Begin the record."""
        self.page.on("console", self._note_message)
        self.page.on("request", lambda request: self._note(request.url))
        self.page.on("pageerror", lambda error: self.page_errors.append(str(error)))

    def _note(self, url: str) -> None:
        if not url.startswith((self.lab.address, "data:", "blob:")):
            self.external.append(url)

    def _note_message(self, message: "ConsoleMessage") -> None:
        if message.type == "error" and not message.text.startswith(NOT_OURS):
            self.console.append(f"{message.text} ({message.location['url']})")

    def must_be_clean(self) -> None:
        """Fail if the page asked somebody outside, raised an error, or wrote of one."""
        found = {"asked": self.external, "raised": self.page_errors, "wrote": self.console}
        assert not any(found.values()), found

    def forgive(self, words: str) -> None:
        """Leave out the errors so far that contain these words."""
        for record in (self.page_errors, self.console):
            record[:] = [error for error in record if words not in error]

    def open(self, path: str) -> None:
        """Open a notebook alone on the page and wait for its kernel."""
        self.page.goto(f"{self.lab.address}/doc/tree/{path}?token={TOKEN}&reset")
        self.page.wait_for_function(SHOWN, arg=path, timeout=60_000)
        self.page.evaluate(READY)

    def run(self, *, seconds: int = 60) -> list[Cell]:
        """Run all cells up to the first error."""
        self.page.evaluate(RUN)
        self.page.wait_for_function(QUIET, timeout=1000 * seconds)
        return [Cell(**cell) for cell in self.page.evaluate(READ)]


def errors(cells: list[Cell]) -> list[str]:
    """All errors that are not part of the lesson, with their messages, in order."""
    return [
        f"{error['ename']}: {error['evalue']}".removesuffix(": ")
        for cell in cells
        if not cell.may_raise
        for error in cell.errors
    ]


def not_run(cells: list[Cell]) -> list[str]:
    """The ids of the code cells that did not run."""
    return [cell.id for cell in cells if cell.type == "code" and cell.count is None]


def before_first_error(cells: list[Cell]) -> list[Cell]:
    """The cells above the first one with an error that is not part of the lesson."""
    return list(itertools.takewhile(lambda cell: not errors([cell]), cells))


@contextlib.contextmanager
def running_lab(home: Path, root: Path, copied: tuple[str, ...] = COPIED) -> Iterator[Lab]:
    """JupyterLab on a copy of the course, with settings, token and folders of its own."""
    for name in copied:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, root / name, ignore=shutil.ignore_patterns(".ipynb_*"))
        else:
            shutil.copy(source, root / name)
    config = home / "config" / "labconfig"
    config.mkdir(parents=True)
    (config / "default_setting_overrides.json").write_text(json.dumps(SETTINGS))
    port = _free_port()
    address, log = f"http://127.0.0.1:{port}", home / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            _command(root, port),
            cwd=root,
            env=_environment(home),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_for(address, process, log)
        yield Lab(address, root)
    finally:
        _shut_down(address, process)


def _free_port() -> int:
    """A free port that no other process of the same test run chooses at the same time."""
    mine = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    count = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if port // 2 % count == mine:  # Linux offers odd numbers only
            return port


def _command(root: Path, port: int) -> list[str]:
    options = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.root_dir": root,
        "IdentityProvider.token": TOKEN,
        "LabApp.extension_manager": "readonly",
    }
    flags = ["--no-browser", "--allow-root", "--expose-app-in-browser"]
    arguments = [f"--{name}={value}" for name, value in options.items()]
    return [sys.executable, "-m", "jupyterlab", *flags, *arguments]


def _environment(home: Path) -> dict[str, str]:
    folders = {
        "HOME": home,
        "IPYTHONDIR": home / "ipython",
        "JUPYTER_CONFIG_DIR": home / "config",
        "JUPYTER_DATA_DIR": home / "data",
        "JUPYTER_RUNTIME_DIR": home / "runtime",
        "JUPYTERLAB_SETTINGS_DIR": home / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": home / "workspaces",
    }
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    offline = {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "2")}
    return {**os.environ, **{k: str(v) for k, v in folders.items()}, **offline, "PATH": path}


def _wait_for(address: str, process: subprocess.Popen[Any], log: Path) -> None:
    deadline = time.monotonic() + 120
    while True:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"{address}/api/status?token={TOKEN}", timeout=5).close()
            return
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()}")
        time.sleep(0.1)


def _shut_down(address: str, process: subprocess.Popen[Any]) -> None:
    """Ask the server to stop its kernels and itself; end what is left of it."""
    request = urllib.request.Request(f"{address}/api/shutdown?token={TOKEN}", method="POST")
    with contextlib.suppress(OSError):
        urllib.request.urlopen(request, timeout=10).close()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


@contextlib.contextmanager
def visiting(browser: "Browser", lab: Lab, **options: Any) -> Iterator[Visit]:
    """A fresh page, with a window of its own."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000}, **options)
    context.set_default_timeout(float(os.environ.get("INTERP_COURSE_BROWSER_WAITS", "30000")))
    try:
        yield Visit(context.new_page(), lab)
    finally:
        context.close()
