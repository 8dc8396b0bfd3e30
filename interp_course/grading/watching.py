"""Run the cells of a notebook under limits, in a kernel that may be hostile.

nbgrader's own preprocessor gives a submission up if its kernel dies, waits without end for one
that ignores interrupts, and keeps whatever it is sent. Here each of these ends in a `Trouble`
with a name, and the grading goes on.
"""

import asyncio
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase
from nbclient.exceptions import CellExecutionComplete, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbgrader.preprocessors import Execute
from traitlets import Integer, Type

from interp_course.grading.desk import Desk
from interp_course.grading.plain import PlainProvisioner
from interp_course.runtime import INSTANCE_VARIABLE

_SHOWN = ("stream", "display_data", "execute_result", "error", "update_display_data")
_IGNORED = ("comm_open", "comm_msg", "comm_close")


@dataclass(frozen=True)
class Trouble:
    """Why a kernel cannot go on, or why a cell was cut short."""

    name: str
    text: str
    fatal: bool = True
    """Whether the kernel is gone."""


GONE = "the kernel's process ended in this cell: by a crash, by `exit`, or at a memory limit"
DEAF = "the kernel ignored the interrupt after the time limit and was ended"
FLOOD = "the cell sent far too much output, and the kernel was ended"


class WatchedExecute(Execute):
    """Executes cells one at a time and says what went wrong."""

    provisioner_class = Type(
        PlainProvisioner,
        klass=KernelProvisionerBase,
        help="What starts kernels: must run `interp_course.grading.inside` and have an `inbox`",
    ).tag(config=True)
    total_timeout = Integer(3600, help="seconds for all cells of a notebook together").tag(
        config=True
    )
    max_output_bytes = Integer(5_000_000, help="bytes of output kept per cell").tag(config=True)
    flood_factor = Integer(20, help="a kernel that sends this many times more is ended").tag(
        config=True
    )
    grace = Integer(5, help="seconds to react to an interrupt").tag(config=True)

    desk: Desk | None = None
    instance = 0
    """Of the student whose notebook is run."""

    def begin(self) -> None:
        """Start the clock for a notebook."""
        self._end = time.monotonic() + self.total_timeout
        self._limit = self.timeout
        self._trouble: Trouble | None = None
        self._sent = 0
        self._silent = False

    def finish(self) -> None:
        """Take back what was set for one notebook."""
        self._close_desk()
        self.timeout = self._limit

    def create_kernel_manager(self) -> Any:
        """As nbclient does, with the provisioner of this class and not of the kernelspec.

        A manager that makes a provisioner by itself says so and keeps it.
        """
        manager: Any = super().create_kernel_manager()
        if getattr(manager, "makes_provisioner", False):
            return manager
        make: Any = self.provisioner_class
        manager.provisioner = make(
            kernel_id=manager.kernel_id, kernel_spec=manager.kernel_spec, parent=manager
        )
        return manager

    def start_new_kernel(self, **kwargs: Any) -> None:
        """Start the kernel with the student's instance, and open the desk for it."""
        environment = {**os.environ, INSTANCE_VARIABLE: str(self.instance)}
        super().start_new_kernel(env=environment, **kwargs)
        assert self.km is not None
        inbox: Path = self.km.provisioner.inbox  # pyright: ignore
        self.desk = Desk(inbox).__enter__()

    def replace_kernel(self) -> None:
        """End the kernel, if it still runs, and start another one."""
        self._close_desk()
        if self.km is not None:
            self._cleanup_kernel()
        self.km = self.create_kernel_manager()
        self.start_new_kernel()
        self.start_new_kernel_client()

    def watched(self, cell: NotebookNode, index: int, silent: bool = False) -> Trouble | None:
        """Run one cell; returns what went wrong with the kernel, not what the cell raised.

        Args:
            cell: A cell of the notebook, or one that is not part of it.
            index: The place in the notebook that outputs belong to.
            silent: Drop everything that the cell shows, but for errors.
        """
        seconds = self._end - time.monotonic()
        if seconds <= 0:
            text = f"all cells together may take {self.total_timeout} seconds"
            return Trouble("TotalTimeout", text, fatal=False)
        self.timeout = max(1, int(min(self._limit, seconds)))
        self._trouble, self._sent, self._silent = None, 0, silent
        kept = self.nb.cells[index]  # nbclient puts what it ran into the notebook
        try:
            self.execute_cell(cell, index, store_history=not silent)
        except DeadKernelError:
            self._trouble = self._trouble or Trouble("KernelDied", self._why_gone())
        except CellTimeoutError:
            self._trouble = self._trouble or Trouble("KernelUnresponsive", DEAF)
        except Exception as error:  # a kernel in a student's hands may send anything
            text = f"the kernel sent messages that make no sense ({type(error).__name__})"
            self._trouble = self._trouble or Trouble("KernelMisbehaved", text)
        finally:
            self.nb.cells[index] = kept
        return self._trouble

    async def _async_handle_timeout(self, timeout: int, cell: NotebookNode | None = None) -> Any:
        reply = await super()._async_handle_timeout(timeout, cell)
        assert self.kc is not None
        try:
            waiting = self.async_wait_for_reply(self.kc.kernel_info())  # pyright: ignore
            await asyncio.wait_for(waiting, self.grace)
        except Exception:  # nothing, or something that is no reply
            self._trouble = Trouble("KernelUnresponsive", DEAF)
            await self._kill()
        return reply

    def process_message(self, msg: Any, cell: NotebookNode, cell_index: int) -> Any:
        """As nbclient does, within limits; what makes no sense is passed over."""
        try:
            kind = msg["msg_type"]
            if kind in _IGNORED or (self._silent and kind in _SHOWN and kind != "error"):
                return None
            if kind in _SHOWN and not self._fits(msg):
                return None
            return super().process_message(msg, cell, cell_index)
        except CellExecutionComplete:
            raise
        except Exception as error:
            self.log.warning("a message of the kernel makes no sense: %s", error)
            return None

    def _fits(self, msg: Any) -> bool:
        content = msg["content"]
        text = content.get("text")
        size = len(text) if isinstance(text, str) else len(str(content))
        self._sent += size + 64
        if self._sent <= self.max_output_bytes:
            return True
        if self._trouble is None:
            text = f"more than {self.max_output_bytes:,} bytes of output: the rest was dropped"
            self._trouble = Trouble("OutputLimit", text, fatal=False)
        if self._sent > self.flood_factor * self.max_output_bytes and not self._trouble.fatal:
            self._trouble = Trouble("OutputFlood", FLOOD)
            asyncio.ensure_future(self._kill())  # noqa: RUF006
        return False

    def _why_gone(self) -> str:
        """What the provisioner knows of it, or else what may have happened."""
        provisioner = None if self.km is None else self.km.provisioner
        reason = getattr(provisioner, "reason", None)
        return GONE if reason is None else f"the kernel is gone: {reason}"

    async def _kill(self) -> None:
        if self.km is not None and self.km.provisioner is not None:
            await self.km.provisioner.kill()

    def _close_desk(self) -> None:
        if self.desk is not None:
            self.desk.__exit__(None, None, None)
            self.desk = None
