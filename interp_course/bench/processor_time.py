"""The processor time of a command and of everything that it starts, sandboxes included.

Linux adds the time of a process to that of its parent when the parent waits for it. What is
killed together with its sandbox is never waited for. So this looks at all of them several times
a second; what a process uses after the last look at it is missed.
"""

import os
import threading
from pathlib import Path

BETWEEN_LOOKS = 0.2
_PARENT, _USER, _SYSTEM, _START = 1, 11, 12, 19
"""Fields of /proc/PID/stat, counted from the one after the command's name."""


class ProcessorTime:
    """Counts from `__enter__` to `__exit__`; Linux only.

    Args:
        process: The number of the command's process.
    """

    def __init__(self, process: int) -> None:
        self._used: dict[tuple[int, int], int] = {}
        self._family = {process}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "ProcessorTime":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def seconds(self) -> float:
        """What all processes together have used."""
        return sum(self._used.values()) / os.sysconf("SC_CLK_TCK")

    def _watch(self) -> None:
        while not self._over.wait(BETWEEN_LOOKS):
            self._look()

    def _look(self) -> None:
        found: dict[int, list[int]] = {}
        for entry in os.scandir("/proc"):
            if entry.name.isdigit() and (fields := _fields(entry.name)):
                found[int(entry.name)] = fields
        for process in sorted(found, key=lambda number: found[number][_START]):
            fields = found[process]
            if process in self._family or fields[_PARENT] in self._family:
                self._family.add(process)
                self._used[process, fields[_START]] = fields[_USER] + fields[_SYSTEM]


def _fields(process: str) -> list[int]:
    """The numbers of a process after its name and state; empty if it is gone."""
    try:
        text = Path("/proc", process, "stat").read_text()
    except OSError:
        return []
    after = text.rpartition(")")[2].split()
    return [0, *map(int, after[1:20])]
