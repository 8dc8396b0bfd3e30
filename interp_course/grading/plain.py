"""An ordinary kernel process, without a sandbox, that can be asked for answers."""

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from interp_course.grading.talking import INBOX_VARIABLE

INSIDE = "interp_course.grading.inside"


class PlainProvisioner(LocalProvisioner):
    """Starts ``interp_course.grading.inside`` with a private folder that both sides see.

    Warning:
        The student's code runs as an ordinary process of the user who grades: it can read and
        change that user's files. It cannot decide its own score.
    """

    inbox: Path | None = None
    """The private folder, from before the launch until the kernel is gone for good."""

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Make the folder, and replace the kernelspec's command."""
        extra = kwargs.get("extra_arguments", [])
        manager: Any = self.parent
        kwargs = await super().pre_launch(**kwargs)
        if self.inbox is None:
            # Short, because the path of a socket may have no more than about 100 characters.
            self.inbox = Path(tempfile.mkdtemp(prefix="desk-"))
        environment = kwargs.get("env") or dict(os.environ)
        kwargs["env"] = {**environment, INBOX_VARIABLE: str(self.inbox)}
        # -P: what lies beside the notebook must not take the place of this module.
        start = [sys.executable, "-P", "-m", INSIDE, "-f", str(manager.connection_file)]
        kwargs["cmd"] = [*start, *extra]
        return kwargs

    async def cleanup(self, restart: bool = False) -> None:
        """Remove the folder."""
        await super().cleanup(restart=restart)
        if self.inbox is not None and not restart:
            shutil.rmtree(self.inbox, ignore_errors=True)
            self.inbox = None
