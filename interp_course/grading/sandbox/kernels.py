"""A kernel in a sandbox, as the grader's side holds it."""

import os
import select
import signal
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from interp_course.grading.sandbox.backend import SandboxError
from interp_course.grading.sandbox.keeper import STARTED

START_SECONDS = 120


class KeeperGone(SandboxError):
    """The sandbox ended before it answered."""


@dataclass(frozen=True)
class Job:
    """The folders of one kernel outside."""

    inbox: Path
    """For messages; the kernel sees it under the same path and may write there."""
    work: Path
    """What becomes the kernel's working folder; it gets a copy."""


class Running:
    """A kernel that was started."""

    def __init__(self, first: int, line: socket.socket, outer: Any = None) -> None:
        self._first, self._line, self._outer = first, line, outer
        self._code: int | None = None
        self._reason = ""

    def poll(self) -> int | None:
        """None while anything of it runs, else 0."""
        if self._code is None and select.select([self._first], [], [], 0)[0]:
            self._reason = self._last_words()
            self._code = 0
            os.close(self._first)
            self._line.close()
            if self._outer is not None:
                self._outer.wait()
        return self._code

    def kill(self) -> None:
        """End it and everything that it started."""
        if self.poll() is None:
            signal.pidfd_send_signal(self._first, signal.SIGKILL)

    def wait(self, seconds: float | None = None) -> int | None:
        """Wait for its end; None if that takes longer."""
        if self._code is None:
            select.select([self._first], [], [], seconds)
        return self.poll()

    @property
    def reason(self) -> str | None:
        """Why it ended; None while it runs or if it was killed from outside."""
        self.poll()
        return self._reason or None

    def _last_words(self) -> str:
        self._line.setblocking(False)
        try:
            return self._line.recv(4096).decode(errors="replace")
        except OSError:
            return ""


def start(control: socket.socket, order: bytes, outer: Any = None) -> Running:
    """Send an order to a keeper and wait until its kernel has been started.

    Args:
        control: The keeper's socket.
        order: What to start.
        outer: The process of a sandbox that is this kernel's alone.

    Raises:
        KeeperGone: If nobody answers.
        SandboxError: If the keeper says why the kernel did not start.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        try:
            socket.send_fds(control, [order], [theirs.fileno()])
        except OSError as error:
            ours.close()
            raise KeeperGone(f"the sandbox is gone: {error}") from error
    ours.settimeout(START_SECONDS)
    message, numbers = received(ours, 4096)
    if message == STARTED and numbers:
        return Running(numbers[0], ours, outer)
    ours.close()
    if not message:
        raise KeeperGone("the sandbox ended before it started the kernel")
    raise SandboxError(f"the kernel did not start: {message.decode(errors='replace')}")


def received(line: socket.socket, most: int) -> tuple[bytes, list[int]]:
    """The next message and the file descriptors in it; both empty if there is none."""
    try:
        message, numbers, _, _ = socket.recv_fds(line, most, 1)
    except OSError:
        return b"", []
    return message, numbers
