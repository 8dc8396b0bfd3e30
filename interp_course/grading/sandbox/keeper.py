"""The first process of a sandbox: starts kernels, watches over them and ends with them.

It runs inside, started by `launching`, and takes its orders from an inherited socket, which no
kernel ever holds. Cold, it becomes the keeper of one kernel. Warm, it imports libraries once
and forks for every order; it does not even read the orders, so that no submission's memory
holds what belonged to an earlier one.
"""

import contextlib
import gc
import importlib
import json
import os
import random
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from interp_course.grading.sandbox import sealing, walls
from interp_course.grading.sandbox.limits import MIB, Limits

STARTED, READY = b"started", b"ready"
LARGEST_ORDER = 1 << 17
BETWEEN_LOOKS = 0.25
MOST_INBOX_FILES = 1000


def main(control: str, *libraries: str) -> None:
    """Serve the socket with this number: one order, or as many as come if there are libraries."""
    orders = socket.socket(fileno=int(control))
    if not libraries:
        _serve_one(orders, warm=False)
    _preload(libraries)
    orders.send(READY)
    while _next_order(orders):
        child = os.fork()
        if child == 0:
            _serve_one(orders, warm=True)
        os.waitpid(child, 0)


def _preload(libraries: Sequence[str]) -> None:
    for name in libraries:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # what the collector does not touch stays shared with the kernels


def _next_order(orders: socket.socket) -> bool:
    """Wait for one, burying ended kernels meanwhile; False when whoever sends them is gone."""
    poll = select.poll()
    poll.register(orders, select.POLLIN)
    while True:
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        for _, event in poll.poll(1000):
            return not event & (select.POLLHUP | select.POLLERR)


def _serve_one(orders: socket.socket, *, warm: bool) -> None:
    """Start what the next order asks for; never returns."""
    message, numbers, _, _ = socket.recv_fds(orders, LARGEST_ORDER, 1)
    orders.close()
    if not message:
        os._exit(0)
    line = socket.socket(fileno=numbers[0])
    try:
        order = json.loads(message)
        limits, inbox, work = Limits(**order["limits"]), Path(order["inbox"]), Path(order["work"])
        if warm:
            shown = [Path(path) for path in order["shown"]]
            walls.separate(Path(order["jobs"]), inbox, work, shown, limits.folder_size)
            first = os.fork()
            if first:
                _report_start(line, first)
                os._exit(0)
            walls.close()
        else:
            walls.copy_work(work)
            sealing.first_to_go()
            _report_start(line, os.getpid())
        _keep(order, limits, inbox, line)
    except BaseException:
        with contextlib.suppress(OSError):
            line.send(traceback.format_exc().encode()[-2000:])
        os._exit(1)


def _report_start(line: socket.socket, process: int) -> None:
    number = os.pidfd_open(process)
    socket.send_fds(line, [STARTED], [number])
    os.close(number)


def _keep(order: dict[str, Any], limits: Limits, inbox: Path, line: socket.socket) -> None:
    """Run the kernel until it ends or must be ended; as process 1, this one takes all along."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    sealing.drop_privileges()
    sealing.refuse_calls()
    kernel = os.fork()
    if kernel == 0:
        _run_kernel(order, limits, inbox)
    reason = _watch(kernel, limits, inbox, line)
    with contextlib.suppress(OSError):
        line.send(reason.encode())
    os._exit(0)


def _watch(kernel: int, limits: Limits, inbox: Path, line: socket.socket) -> str:
    """Wait for the kernel's end; returns its reason."""
    last = time.monotonic() + limits.wall_seconds
    poll = select.poll()
    poll.register(line, 0)
    while True:
        signal.sigtimedwait({signal.SIGCHLD}, BETWEEN_LOOKS)
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if ended[0] == kernel:
                    return _how_it_ended(os.waitstatus_to_exitcode(ended[1]), limits)
        if time.monotonic() > last:
            return f"it ran longer than {limits.wall_seconds} seconds"
        if poll.poll(0):
            return "the grader is gone"
        if excess := _excess(limits, inbox):
            return excess


def _how_it_ended(code: int, limits: Limits) -> str:
    if code == -signal.SIGXCPU:
        return f"it used more than {limits.cpu_seconds} seconds of processor time"
    if code == -signal.SIGKILL:
        return "it was killed, perhaps because the machine had no memory left"
    return f"the kernel ended by itself, with {code}"


def _excess(limits: Limits, inbox: Path) -> str | None:
    """What goes beyond the limits that Linux does not keep by itself."""
    processes = [name for name in os.listdir("/proc") if name.isdigit() and name != "1"]
    if len(processes) > limits.processes:
        return f"it started more than {limits.processes} processes"
    # The quick sum counts the pages that processes share for each; the exact one takes longer.
    sums = (sum(map(measure, processes)) for measure in (_resident, _share_of_memory))
    if all(held > limits.memory_in_all for held in sums):
        return f"it used more than {limits.memory_in_all // MIB} MB of memory in all"
    held, files = 0, 0
    for folder, _, names in os.walk(inbox):
        files += len(names) + 1
        for name in names[:MOST_INBOX_FILES]:
            with contextlib.suppress(OSError):
                held += os.lstat(os.path.join(folder, name)).st_blocks * 512
        if files > MOST_INBOX_FILES or held > limits.folder_size:
            return "it filled the folder of its messages"
    return None


def _resident(process: str) -> int:
    try:
        text = Path("/proc", process, "statm").read_text()
        return int(text.split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):  # it has just ended
        return 0


def _share_of_memory(process: str) -> int:
    try:
        lines = Path("/proc", process, "smaps_rollup").read_text().splitlines()
    except OSError:  # it hides, or has just ended
        return _resident(process)
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def _run_kernel(order: dict[str, Any], limits: Limits, inbox: Path) -> None:
    """Become the kernel; from here on the submission's code may run. Never returns."""
    try:
        os.setsid()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        log = os.open(inbox / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for standard, number in enumerate((nothing, log, log)):
            os.dup2(number, standard)
        os.closerange(3, 1 << 16)
        sealing.show_to_own_user()
        sealing.limit(limits)
        os.environ.update(order["environment"])
        _as_new()
        sys.argv = ["kernel", *order["arguments"]]
        from interp_course.grading import inside

        inside.main(order["arguments"])
        sys.stdout.flush()
        os._exit(0)
    except SystemExit as ended:
        os._exit(ended.code if isinstance(ended.code, int) else 1)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)


def _as_new() -> None:
    """New random numbers, as in a process that was not forked."""
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    if "torch" in sys.modules:
        sys.modules["torch"].seed()
