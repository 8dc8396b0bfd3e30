"""Execute submissions with nbgrader, each in a kernel in a sandbox."""

import atexit
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from traitlets.utils.importstring import import_item

from interp_course.grading import runner
from interp_course.grading.runner import Instances, Job, Outcome
from interp_course.grading.sandbox import provisioning
from interp_course.grading.sandbox.backend import SandboxError
from interp_course.grading.sandbox.bubblewrap import Bubblewrap
from interp_course.grading.sandbox.launching import Cold, Warm
from interp_course.grading.sandbox.limits import Limits
from interp_course.grading.sandbox.provisioning import SandboxedKernelManager


def why_cold() -> str | None:
    """Why kernels cannot be forked from a warm process on this machine; None if they can.

    Raises:
        SandboxError: If no sandbox can be made here; the message says what to do.
    """
    backend = Bubblewrap()
    if reason := backend.missing():
        raise SandboxError(f"{reason}; to grade people you trust, pass --no-sandbox")
    return backend.missing_for_warm()


def best_launcher(limits: Limits, hidden: tuple[Path, ...] = ()) -> Cold:
    """The fastest way to start kernels that this machine allows.

    Args:
        limits: How much each submission may use.
        hidden: Folders to be kept out of sight: the course, the submissions, the gradebook.

    Raises:
        SandboxError: If no sandbox can be made here; the message says what to do.
    """
    return (Warm if why_cold() is None else Cold)(Bubblewrap(), limits, hidden)


@dataclass(frozen=True)
class SandboxedRunner:
    """nbgrader's autograder with a kernel in a sandbox.

    It can be sent to other processes and machines: each of them starts its kernels with a
    launcher of its own, which is there from the first submission to the end of the process or
    until `close`.
    """

    limits: Limits = field(default_factory=Limits)
    """How much each submission may use."""
    hidden: tuple[Path, ...] = ()
    """Folders to be kept out of sight: the course, the submissions, the gradebook."""
    cell_timeout: int = 600
    """Seconds that one cell may run."""
    instances: Instances = "same"
    instance: int | None = None
    """That of all students, also on another machine; if None, that of the environment."""

    def run(self, job: Job) -> Outcome:
        """Autograde in this process; the student's code runs in the sandbox."""
        settings = runner.nbgrader_config(job.workspace)
        settings.Execute.timeout = self.cell_timeout
        settings.JudgingExecute.instances = self.instances
        settings.JudgingExecute.common_instance = self.instance
        managers = use_sandbox(settings, self.launcher)
        outcome = runner.autograde(settings, job)
        reasons = [p.reason for p in managers.started if p.reason is not None]
        if outcome.failure is None or not reasons:
            return outcome
        return replace(outcome, failure=f"the kernel was stopped: {reasons[-1]}")

    @property
    def launcher(self) -> Cold:
        """What starts the kernels of this process.

        Raises:
            SandboxError: If no sandbox can be made here.
        """
        key = os.getpid(), self.limits, self.hidden
        if key not in _LAUNCHERS:
            _LAUNCHERS[key] = best_launcher(self.limits, self.hidden)
            atexit.register(self.close)
        return _LAUNCHERS[key]

    def close(self) -> None:
        """End what was started in this process."""
        launcher = _LAUNCHERS.pop((os.getpid(), self.limits, self.hidden), None)
        if launcher is not None:
            launcher.close()

    def __enter__(self) -> "SandboxedRunner":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


_LAUNCHERS: dict[tuple[int, Limits, tuple[Path, ...]], Cold] = {}
"""By process, so that one that was forked does not take those of its parent for its own."""


def use_sandbox(settings: Any, launcher: Cold) -> type[SandboxedKernelManager]:
    """Change nbgrader's settings so that notebooks run in kernels of a launcher.

    Whatever executes notebooks among ``Autograde.autograde_preprocessors``, nbgrader's
    ``Execute`` or a subclass, is replaced by a subclass of itself.

    Returns:
        The class of the managers, which keeps what it has started.
    """
    from nbgrader.converters import Autograde
    from nbgrader.preprocessors import Execute

    managers = provisioning.manager_class(launcher)
    steps = settings.Autograde.get("autograde_preprocessors") or []
    steps = steps or [*(Autograde.class_traits()["autograde_preprocessors"].default() or ())]
    steps = [import_item(step) if isinstance(step, str) else step for step in steps]
    settings.Autograde.autograde_preprocessors = [
        executing_with(step, managers) if issubclass(step, Execute) else step for step in steps
    ]
    return managers


def executing_with(execute: type, managers: type[SandboxedKernelManager]) -> type:
    """A subclass of nbgrader's ``Execute`` or of one like it that uses these managers.

    A setting would not do: ``Execute`` passes its own class as an argument, which wins.
    """

    class SandboxedExecute(execute):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **{**kwargs, "kernel_manager_class": managers})

    return SandboxedExecute
