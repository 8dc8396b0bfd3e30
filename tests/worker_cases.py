"""Work that a new process can import by its name."""

import multiprocessing
import os
import signal
import time
from pathlib import Path


def square(x: int) -> int:
    return x * x


def no_threes(x: int) -> int:
    if x == 3:
        raise LookupError("there is no three")
    return x


def dies_at_three(x: int) -> int:
    if x == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return x


def reads_threads(name: str) -> str:
    return os.environ[name]


def slow_first(x: int) -> int:
    """The first of two ends when the second has been there."""
    folder = Path(os.environ["INTERP_COURSE_TEST_FOLDER"])
    (folder / str(x)).touch()
    while x == 0 and not (folder / "1").exists():
        time.sleep(0.01)
    return x


def endless(folder: str) -> None:
    """Say who works, and go on for ever."""
    Path(folder, str(os.getpid())).touch()
    while True:
        time.sleep(1)


def in_a_process(x: int) -> bool:
    return multiprocessing.parent_process() is not None
