"""Start kernels in sandboxes; runs outside, and is all that the grader's side holds of them.

`Cold` puts up a sandbox for each kernel. `Warm` puts up one, whose first process imports the
libraries once and forks the kernels, each behind inner walls. Both are told of a kernel by a
file descriptor for its first process: killing that process ends everything behind its walls.
"""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from interp_course.grading.sandbox import room as rooms
from interp_course.grading.sandbox.backend import Backend, SandboxError
from interp_course.grading.sandbox.keeper import READY
from interp_course.grading.sandbox.kernels import (
    START_SECONDS,
    Job,
    KeeperGone,
    Running,
    received,
    start,
)
from interp_course.grading.sandbox.limits import Limits

KEEPER = "interp_course.grading.sandbox.keeper"
LIBRARIES = (
    *("torch", "transformer_lens", "sklearn.linear_model"),
    *("ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.debugger"),
    *("IPython.core.completerlib", "IPython.extensions.storemagic", "sqlite3", "tornado.queues"),
    *(f"interp_course.{name}" for name in ("models", "figures", "widgets", "world", "scrubbing")),
    *(f"interp_course.grading.{name}" for name in ("inside", "replying")),
)
LONGEST_FOLDER = 60
"""A socket's path has room for 107 characters, and these folders are at its beginning."""


class Cold:
    """Starts each kernel in a new sandbox."""

    def __init__(
        self, backend: Backend, limits: Limits | None = None, hidden: Iterable[Path] = ()
    ) -> None:
        """Make the folders; nothing runs yet.

        Args:
            backend: What builds the sandboxes.
            limits: How much each submission may use.
            hidden: Folders to be kept out of sight, such as the course with its solutions.

        Raises:
            SandboxError: If no sandbox can be made here.
        """
        if reason := backend.missing():
            raise SandboxError(reason)
        self.backend, self.limits = backend, limits or Limits()
        self._scratch = _short_folder()
        self._jobs = self._scratch / "jobs"
        self._jobs.mkdir()
        self._room = rooms.build(self._scratch, (*hidden,))
        backend.give(self._scratch)
        self._number = 0
        self._lock = threading.RLock()
        self._running: list[Running] = []

    @property
    def folder(self) -> Path:
        """Where its files lie, those of all jobs among them."""
        return self._scratch

    def prepare(self, source: Path | str | None) -> Job:
        """The folders of a new job, with the submission's files but no notebooks or links."""
        with self._lock:
            self._number += 1
            folder = self._jobs / str(self._number)
        job = Job(folder / "inbox", folder / "work")
        job.inbox.mkdir(parents=True)
        if source is None:
            job.work.mkdir()
        else:
            _copy_files(Path(source), job.work)
        return job

    def launch(self, job: Job, arguments: Sequence[str], environment: Mapping[str, str]) -> Running:
        """Start a kernel.

        Args:
            job: Its folders.
            arguments: Those of the kernel's program.
            environment: Variables besides those that every kernel has.

        Raises:
            SandboxError: If it does not start.
        """
        self.backend.give(job.inbox.parent)
        order = {"jobs": str(self._jobs), "inbox": str(job.inbox), "work": str(job.work)}
        order |= {"arguments": list(arguments), "environment": dict(environment)}
        order |= {"limits": self.limits.as_dict(), "shown": [*map(str, self._room.shown)]}
        with self._lock:
            running = self._start(job, json.dumps(order).encode())
            self._running = [*(r for r in self._running if r.poll() is None), running]
        return running

    def remove(self, job: Job) -> None:
        """Delete the folders of a job."""
        _delete(job.inbox.parent)

    def close(self) -> None:
        """End all that runs, and delete all folders."""
        for running in self._running:
            running.kill()
            running.wait()
        _delete(self._scratch)

    def __enter__(self) -> "Cold":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _start(self, job: Job, order: bytes) -> Running:
        room = replace(
            self._room, shown={**self._room.shown, job.work: job.work}, writable=(job.inbox,)
        )
        outer, control = self._sandbox(room, (), warm=False)
        with control:
            return start(control, order, outer)

    def _sandbox(
        self, room: rooms.Room, libraries: Sequence[str], *, warm: bool
    ) -> tuple["subprocess.Popen[bytes]", socket.socket]:
        """Start the keeper in a sandbox; returns its process and the socket for orders."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        program = rooms.python(KEEPER, str(theirs.fileno()), *libraries)
        command = self.backend.command(room, self.limits, program, warm=warm)
        with theirs, open(self._scratch / "log", "ab") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[theirs.fileno()],
                env={"PATH": os.environ.get("PATH", os.defpath)},
                cwd="/",
            )
        return process, ours


class Warm(Cold):
    """Forks kernels in one sandbox, from a process that has imported the libraries."""

    def __init__(
        self,
        backend: Backend,
        limits: Limits | None = None,
        hidden: Iterable[Path] = (),
        libraries: Sequence[str] = LIBRARIES,
    ) -> None:
        """Start to import; `launch` waits for it.

        Raises:
            SandboxError: If no such sandbox can be made here.
        """
        if reason := backend.missing_for_warm():
            raise SandboxError(reason)
        super().__init__(backend, limits, hidden)
        self._libraries = libraries
        self._server, self._control = self._new_server()
        self._ready = False

    @property
    def process(self) -> int:
        """The process outside that the sandbox was started with."""
        return self._server.pid

    def close(self) -> None:
        """End all that runs, and delete all folders."""
        self._stop_server()
        super().close()

    def _new_server(self) -> tuple["subprocess.Popen[bytes]", socket.socket]:
        room = replace(self._room, writable=(self._jobs,))
        return self._sandbox(room, self._libraries, warm=True)

    def _stop_server(self) -> None:
        self._control.close()
        self._server.kill()
        self._server.wait()

    def _start(self, job: Job, order: bytes) -> Running:
        if self._server.poll() is None:
            try:
                return self._order(order)
            except KeeperGone:
                self._server.wait(START_SECONDS)
        self._restart()
        return self._order(order)

    def _order(self, order: bytes) -> Running:
        if not self._ready:
            self._control.settimeout(START_SECONDS)
            if received(self._control, 64)[0] != READY:
                self._server.wait()
                raise SandboxError(f"the libraries could not be imported: {self._log()}")
            self._ready = True
        return start(self._control, order)

    def _restart(self) -> None:
        self._stop_server()
        self._ready = False
        self._server, self._control = self._new_server()

    def _log(self) -> str:
        return (self._scratch / "log").read_text(errors="replace")[-2000:].strip()


def _short_folder() -> Path:
    usual = Path(tempfile.mkdtemp(prefix="kernels-"))
    if len(str(usual)) <= LONGEST_FOLDER:
        return usual
    usual.rmdir()
    return Path(tempfile.mkdtemp(prefix="kernels-", dir="/tmp"))


def _delete(folder: Path) -> None:
    """Remove a folder in which folders may be nested deeper than `shutil.rmtree` can go."""
    subprocess.run(["rm", "-rf", "--", folder], stderr=subprocess.DEVNULL, check=False)


def _copy_files(source: Path, target: Path) -> None:
    """Copy a folder without notebooks, links and whatever is neither file nor folder."""
    target.mkdir()
    for entry in sorted(source.iterdir()):
        if entry.is_symlink() or entry.suffix == ".ipynb":
            continue
        if entry.is_dir():
            _copy_files(entry, target / entry.name)
        elif entry.is_file():
            shutil.copyfile(entry, target / entry.name)
