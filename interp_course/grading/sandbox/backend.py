"""What a program that builds sandboxes must be able to do.

Another one, such as podman or docker, is a class with these methods; nothing else knows which
program is at work.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from interp_course.grading.sandbox.limits import Limits
from interp_course.grading.sandbox.room import Room


class SandboxError(RuntimeError):
    """No sandbox could be made; the message says why and what to do."""


@runtime_checkable
class Backend(Protocol):
    """Builds the outer wall."""

    @property
    def name(self) -> str:
        """What a message calls it."""
        ...

    def missing(self) -> str | None:
        """Why it cannot be used here and what to install or allow; None if it can."""
        ...

    def missing_for_warm(self) -> str | None:
        """Why kernels cannot share an outer wall here; None if they can."""
        ...

    def give(self, folder: Path) -> None:
        """Make a folder and all in it the property of the user who runs the sandbox."""
        ...

    def command(
        self, room: Room, limits: Limits, program: Sequence[str], *, warm: bool = False
    ) -> list[str]:
        """The command line that runs a program in a sandbox.

        Args:
            room: What the program sees.
            limits: The sizes of its writable folders; the program sets the rest itself.
            program: The program and its arguments, by their paths inside.
            warm: Leave it what it needs to put up walls of its own, see `walls`.
        """
        ...
