"""The grader's desk: the one place where a student's process can ask for something.

There is one desk for each kernel. It hands out what ``handing`` allows, the inputs on which an
answer is asked, and takes the replies. It never runs what it gets, and it limits how much it
does: a process that asks too often, or for too much work, is refused.
"""

import contextlib
import json
import os
import socket
import threading
import time
from dataclasses import dataclass
from io import BufferedRWPair
from pathlib import Path
from types import TracebackType
from typing import Any

from interp_course.grading import handing, values
from interp_course.grading.handing import NotGiven
from interp_course.grading.talking import SOCKET, Refusal, receive, send

MOST_REQUESTS = 1_000
MOST_SECONDS = 300.0
"""Of work for one kernel."""
_PATIENCE = 10.0
"""Seconds that a connection may be silent."""


@dataclass
class Question:
    """What is asked of a student's process, and what it said."""

    inputs: bytes = b""
    """Pickled; empty if a value is asked for."""
    reply: str | None = None
    """Encoded by ``values``."""
    replies: int = 0
    """How often a reply was given: an honest process does it once."""


class Desk:
    """A thread that answers requests on the socket in a kernel's private folder.

    Args:
        inbox: The folder, which exists; the kernel's process sees it under the same path.
        most_requests: How often it may be asked.
        most_seconds: How long it may work in all.
    """

    def __init__(
        self, inbox: Path, most_requests: int = MOST_REQUESTS, most_seconds: float = MOST_SECONDS
    ):
        self.path = inbox / SOCKET
        self.requests_left, self.seconds_left = most_requests, most_seconds
        self._questions: dict[str, Question] = {}
        self._listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._thread = threading.Thread(target=self._serve, name="desk", daemon=True)
        self._closed = False

    def __enter__(self) -> "Desk":
        self._listening.bind(str(self.path))
        os.chmod(self.path, 0o666)  # a sandboxed kernel runs as another user
        self._listening.listen(8)
        self._listening.settimeout(0.2)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closed = True
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as caller:
            caller.setblocking(False)
            caller.connect(str(self.path))  # wakes the thread
        self._thread.join(timeout=1.0)
        self._listening.close()
        self.path.unlink(missing_ok=True)

    def pose(self, nonce: str, inputs: bytes = b"") -> None:
        """Lay a question out, to be fetched and replied to under this name."""
        self._questions[nonce] = Question(inputs)

    def collect(self, nonce: str) -> Question:
        """Take a question away, with the reply if there is one. Later replies are refused."""
        return self._questions.pop(nonce)

    def _serve(self) -> None:
        while not self._closed and self.requests_left > -MOST_REQUESTS:
            try:
                connection, _ = self._listening.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            with connection:
                connection.settimeout(_PATIENCE)
                try:
                    with connection.makefile("rwb") as stream:
                        self._respond(stream)
                except (OSError, ValueError):  # the other side is gone, or never spoke
                    continue

    def _respond(self, stream: BufferedRWPair) -> None:
        self.requests_left -= 1
        try:
            header, body = receive(stream, largest=values.LARGEST_TEXT)
            if self.requests_left < 0:
                raise Refusal("there have been too many requests")
            if self.seconds_left < 0:
                raise Refusal("the requests have taken too much time")
            answer = self._answer(header, body)
        except (Refusal, NotGiven) as error:
            send(stream, {"refused": str(error)[:2_000]})
        else:
            send(stream, {}, answer)

    def _answer(self, header: dict[str, Any], body: bytes) -> bytes:
        wanted = [header.get(key) for key in ("do", "unit", "name")]
        do, unit, name = (entry if isinstance(entry, str) else "" for entry in wanted)
        if do in ("take", "reply"):
            return self._question(do, name, body)
        started = time.monotonic()
        try:
            if do == "contents":
                return json.dumps(handing.contents(unit)).encode()
            if do == "given":
                return handing.given(unit, name)
            if do == "call":
                return handing.called(unit, name, body.decode("ascii", "replace"))
        finally:
            self.seconds_left -= time.monotonic() - started
        raise Refusal("there is no such request")

    def _question(self, do: str, nonce: str, body: bytes) -> bytes:
        question = self._questions.get(nonce)
        if question is None:
            raise Refusal("nothing is asked under this name")
        if do == "take":
            return question.inputs
        question.replies += 1
        if question.replies == 1:
            question.reply = body.decode("ascii", "replace")
        return b""
