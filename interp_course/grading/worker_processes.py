"""Processes of this machine that run submissions and leave nothing behind.

They are forked from one process that has imported what all of them need. Their temporary files
lie in one folder. A worker that is told to end, or whose main process is gone, even killed,
clears up in a thread of its own: an exception raised by a signal can get lost in the code that
it interrupts, and the worker would go on for ever.
"""

import atexit
import contextlib
import importlib.util
import multiprocessing
import os
import pkgutil
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import connection, forkserver, util
from pathlib import Path
from typing import Any

from interp_course.grading.runner import Runner
from interp_course.grading.work import Delivery, Kit, Order, do

PRELOADED = (
    "interp_course.grading.executing",
    "interp_course.grading.sandbox.running",
    "nbgrader.converters",
)
PATIENCE = 10
"""Seconds that a worker gets to clear up."""


def import_ahead() -> None:
    """Let the imports begin that `pool` would wait for, in a process of their own."""
    if _context().get_start_method() == "forkserver":
        forkserver.ensure_running()


@contextlib.contextmanager
def pool(jobs: int, kit: Kit, runner: Runner) -> Iterator[ProcessPoolExecutor]:
    """So many workers, which take an `Order` through `perform`; afterwards they are gone."""
    folder = Path(tempfile.mkdtemp(prefix="grade-"))
    context = _context()
    folders = (str(folder), util.get_temp_dir())
    given = (kit, runner, folders, dict(os.environ))
    executor = ProcessPoolExecutor(jobs, context, initializer=_begin, initargs=given)
    try:
        yield executor
    finally:
        _end(executor)
        shutil.rmtree(folder, ignore_errors=True)


def perform(order: Order) -> Delivery:
    """What a worker does with an order."""
    return do(order, *_HELD)


_HELD: list[Any] = []
"""In a worker: the kit and the runner."""


def _context() -> Any:
    """How workers are started: on Linux by a process that has imported everything."""
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    found = importlib.util.find_spec("interp_course.checks")
    assert found is not None, "it is part of this package"
    checks = pkgutil.iter_modules(found.submodule_search_locations, f"{found.name}.")
    context.set_forkserver_preload([*PRELOADED, *(module.name for module in checks)])
    return context


def _begin(kit: Kit, runner: Runner, folders: tuple[str, str], environment: dict[str, str]) -> None:
    """Let the main process alone answer Ctrl-C, and end when it ends, however it ends.

    The folders are that of the workers and the one in which ``multiprocessing`` has its socket.
    """
    os.environ.clear()
    os.environ.update(environment)
    tempfile.tempdir = folders[0]
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    told, tell = os.pipe()
    signal.signal(signal.SIGTERM, lambda *_: os.write(tell, b"."))
    threading.Thread(target=_end_when_told, args=(told, folders), daemon=True).start()
    _HELD[:] = [kit, runner]


def _end_when_told(told: int, folders: tuple[str, str]) -> None:
    main = multiprocessing.parent_process()
    assert main is not None, "a worker was started by another process"
    connection.wait([told, main.sentinel])
    try:
        atexit._run_exitfuncs()
    finally:
        main_is_gone = bool(connection.wait([main.sentinel], timeout=0))
        worker = os.getpid()
        if main_is_gone and os.fork() == 0:  # the worker's main thread goes on until it ends
            _clear_up_after(worker, folders)
        os._exit(1)


def _clear_up_after(worker: int, folders: tuple[str, str]) -> None:
    """Remove the folders once a worker has ended; the last worker's turn leaves nothing."""
    while os.getppid() == worker:
        time.sleep(0.01)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


def _end(executor: ProcessPoolExecutor) -> None:
    """End the workers without waiting for what they have in hand."""
    running = list((executor._processes or {}).values())
    executor.shutdown(wait=False, cancel_futures=True)
    for process in running:
        process.terminate()
    for process in running:
        process.join(timeout=PATIENCE)
        process.kill()
