"""Run a few lines in a kernel in a sandbox and look at what they print."""

import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from interp_course.grading.sandbox.bubblewrap import Bubblewrap
from interp_course.grading.sandbox.launching import Cold
from interp_course.grading.sandbox.provisioning import SandboxedKernelManager, manager_class

WHY_NOT = Bubblewrap().missing()
WHY_NOT_WARM = WHY_NOT or Bubblewrap().missing_for_warm()
needs_sandbox = pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT))
needs_warm = pytest.mark.skipif(WHY_NOT_WARM is not None, reason=str(WHY_NOT_WARM))
LONGEST = 60


@dataclass(frozen=True)
class Ran:
    """What came of it."""

    text: str
    reason: str | None
    """Why the kernel ended, if it did before it was told to."""


def run(launcher: Cold, code: str, **files: str) -> Ran:
    """Run code in a new kernel whose submission has these files, ``name="text"``."""
    return asyncio.run(run_in(manager_class(launcher), code, files))


async def run_in(managers: type[SandboxedKernelManager], code: str, files: dict[str, str]) -> Ran:
    manager = managers()
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            Path(folder, name).write_text(text)
        await manager.start_kernel(cwd=folder, env={"INTERP_COURSE_INSTANCE": "7", "KEY": "secret"})
    try:
        return await asyncio.wait_for(_execute(manager, code), LONGEST)
    finally:
        await manager.shutdown_kernel(now=True)


async def _execute(manager: SandboxedKernelManager, code: str) -> Ran:
    texts: list[str] = []
    client = manager.client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=LONGEST)
        done = asyncio.ensure_future(_outputs(client, code, texts))
        while not done.done() and await manager.is_alive():
            await asyncio.sleep(0.02)
        done.cancel()
        await asyncio.gather(done, return_exceptions=True)
    finally:
        client.stop_channels()
    assert manager.provisioner is not None
    return Ran("".join(texts).strip(), manager.provisioner.reason)


async def _outputs(client: Any, code: str, texts: list[str]) -> None:
    asked = client.execute(code)
    while True:
        message = await client.get_iopub_msg(timeout=None)
        content = message["content"]
        if message["parent_header"].get("msg_id") != asked:
            continue
        if message["msg_type"] == "stream":
            texts.append(content["text"])
        elif message["msg_type"] == "error":
            texts.append(f"{content['ename']}: {content['evalue']}\n")
        elif message["msg_type"] == "status" and content["execution_state"] == "idle":
            return
