"""How the kernel's process and the grader's talk: over a socket in the kernel's private folder.

The kernel asks and the grader answers, one message each per connection. A message is one line
of JSON, which says among other things how many bytes follow, and these bytes. What comes from
the grader is trusted and may be a pickle; what comes from the kernel is text that is read with
``interp_course.grading.values``.
"""

import json
import os
import socket
from collections.abc import Mapping
from io import BufferedRWPair
from pathlib import Path
from typing import Any

INBOX_VARIABLE = "INTERP_COURSE_INBOX"
"""Names the private folder that both sides see."""
SOCKET = "desk"
LONGEST_LINE = 10_000
_PATIENCE = 600.0


class Refusal(Exception):
    """The grader's side does not do what it was asked; the message says why."""


def send(stream: BufferedRWPair, header: Mapping[str, Any], body: bytes = b"") -> None:
    """Write one message."""
    stream.write(json.dumps({**header, "size": len(body)}).encode() + b"\n")
    stream.write(body)
    stream.flush()


def receive(stream: BufferedRWPair, largest: int | None = None) -> tuple[dict[str, Any], bytes]:
    """Read one message.

    Args:
        stream: Where to read.
        largest: How many bytes may follow the line; None if the sender is trusted.

    Raises:
        Refusal: If it is not a message, or too large.
    """
    line = stream.readline(LONGEST_LINE)
    try:
        header = json.loads(line)
        size = header["size"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise Refusal("this is not a message") from error
    if type(header) is not dict or type(size) is not int or size < 0:
        raise Refusal("this is not a message")
    if largest is not None and size > largest:
        raise Refusal(f"the message is too large: {size:,} bytes of {largest:,}")
    body = stream.read(size)
    if len(body) != size:
        raise Refusal("the message ends too early")
    return header, body


def ask(header: Mapping[str, Any], body: bytes = b"") -> bytes:
    """From the kernel: send a message to the desk and return what it answers.

    Raises:
        Refusal: If the desk refuses, or there is none.
    """
    folder = os.environ.get(INBOX_VARIABLE)
    if folder is None:
        raise Refusal(f"{INBOX_VARIABLE} is not set: this process was not started by the grader")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_PATIENCE)
        try:
            connection.connect(str(Path(folder) / SOCKET))
            with connection.makefile("rwb") as stream:
                send(stream, header, body)
                answer, content = receive(stream)
        except OSError as error:
            raise Refusal(f"the desk of the grader cannot be reached: {error}") from error
    if "refused" in answer:
        raise Refusal(str(answer["refused"]))
    return content
