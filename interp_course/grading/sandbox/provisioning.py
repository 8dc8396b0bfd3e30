"""Let Jupyter start its kernels in sandboxes.

`manager_class` gives what ``nbclient`` and nbgrader's ``Execute`` take as
``kernel_manager_class``; no kernel needs to be installed for it, and what a notebook says about
its kernel is not asked.
"""

import signal
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase
from traitlets import Instance

from interp_course.grading.sandbox.kernels import Job, Running
from interp_course.grading.sandbox.launching import Cold
from interp_course.grading.talking import INBOX_VARIABLE
from interp_course.runtime import INSTANCE_VARIABLE

PASSED_ON = (INSTANCE_VARIABLE,)


class SandboxProvisioner(KernelProvisionerBase):
    """Starts one kernel through a launcher and keeps hold of it."""

    launcher: Any = Instance(Cold)
    job: Job | None = None
    running: Running | None = None
    last_reason: str | None = None
    _info: KernelConnectionInfo | None = None

    @property
    def inbox(self) -> Path:
        """The folder for messages, once the kernel is being started.

        The kernel may be another user: a socket for it needs mode 0666, a file 0644. Nobody
        else can enter the folder.
        """
        assert self.job is not None, "the inbox is there as soon as pre_launch has run"
        return self.job.inbox

    @property
    def has_process(self) -> bool:
        """Whether there is a kernel, be it dead."""
        return self.running is not None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Make the job's folders and write the connection file into its inbox."""
        manager = self.parent
        assert manager is not None, "a provisioner is made by its manager"
        if self.job is None:
            self.job = self.launcher.prepare(kwargs.get("cwd") or None)
            manager.transport = "ipc"
            manager.ip = str(self.inbox / "k")
            manager.connection_file = str(self.inbox / "kernel.json")
        manager.write_connection_file()
        self._info = manager.get_connection_info()
        arguments = ["-f", manager.connection_file, *kwargs.pop("extra_arguments", [])]
        return await super().pre_launch(cmd=arguments, **kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the kernel; of the environment only what is named here is passed on."""
        given = kwargs.get("env") or {}
        environment = {name: given[name] for name in PASSED_ON if name in given}
        assert self.job is not None, "pre_launch has run"
        environment[INBOX_VARIABLE] = str(self.job.inbox)
        self.running = self.launcher.launch(self.job, cmd, environment)
        assert self._info is not None
        return self._info

    async def poll(self) -> int | None:
        """None while the kernel runs."""
        return 0 if self.running is None else self.running.poll()

    async def wait(self) -> int | None:
        """Wait for the end of the kernel and of all that it started."""
        code = None
        while self.running is not None and code is None:
            code = self.running.wait(5.0)
        self.last_reason = self.reason
        self.running = None
        return code

    async def send_signal(self, signum: int) -> None:
        """Only an end can be sent; an interrupt goes as a message."""
        if self.running is not None and signum in (signal.SIGKILL, signal.SIGTERM):
            self.running.kill()

    async def kill(self, restart: bool = False) -> None:
        """End the kernel and all that it started."""
        if self.running is not None:
            self.running.kill()

    async def terminate(self, restart: bool = False) -> None:
        """End it likewise: it has nothing to lose."""
        await self.kill(restart)

    async def cleanup(self, restart: bool = False) -> None:
        """Delete the job's folders."""
        if self.job is not None and not restart:
            self.launcher.remove(self.job)
            self.job = None

    @property
    def reason(self) -> str | None:
        """Why the kernel ended by itself or at a limit; None if it did not."""
        return self.last_reason if self.running is None else self.running.reason


class SandboxedKernelManager(AsyncKernelManager):
    """Manages a kernel in a sandbox; use a subclass from `manager_class`."""

    launcher: Cold
    started: list[SandboxProvisioner]
    makes_provisioner = True
    """Nobody else needs to."""

    @property
    def kernel_spec(self) -> KernelSpec:
        """The same for every notebook; interrupts are messages, signals do not get inside."""
        return KernelSpec(
            argv=["kernel"], display_name="sandbox", language="python", interrupt_mode="message"
        )

    async def _async_pre_start_kernel(self, **kw: Any) -> tuple[list[str], dict[str, Any]]:
        if self.provisioner is None:
            self.kernel_id = self.kernel_id or kw.get("kernel_id") or "sandboxed"
            self.provisioner = SandboxProvisioner(
                launcher=self.launcher,
                kernel_id=self.kernel_id,
                kernel_spec=self.kernel_spec,
                parent=self,
            )
            self.started.append(self.provisioner)
        return await super()._async_pre_start_kernel(**kw)


def manager_class(launcher: Cold) -> type[SandboxedKernelManager]:
    """A class of managers whose kernels are started by a launcher.

    Its ``started`` lists the provisioners of all kernels that its managers have started.
    """
    members = {"launcher": launcher, "started": []}
    return type("SandboxedKernelManager", (SandboxedKernelManager,), members)
