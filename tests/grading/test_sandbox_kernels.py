"""Kernels come and go: nothing of one is left for the next, and what breaks is made anew."""

import asyncio
import os
import signal
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from sandboxed import needs_sandbox, needs_warm, run, run_in

from interp_course.grading.sandbox.backend import Backend, SandboxError
from interp_course.grading.sandbox.bubblewrap import Bubblewrap
from interp_course.grading.sandbox.launching import Cold, Warm
from interp_course.grading.sandbox.provisioning import SandboxProvisioner, manager_class

FEW = ("ipykernel.kernelapp",)
LINGERING = """
import os, signal, sys, time
if os.fork() == 0:
    os.setsid()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    if os.fork() == 0:
        os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(999.25)"])
    os._exit(0)
time.sleep(1)
print(sum("999.25" in open(f"/proc/{p}/cmdline").read() for p in os.listdir("/proc")
          if p.isdigit() and p != "1"))
"""


def soon(true: Callable[[], bool]) -> bool:
    """Whether it becomes true before long."""
    for _ in range(200):
        if true():
            return True
        time.sleep(0.05)
    return False


def lingering() -> bool:
    return any("999.25" in " ".join(p.info["cmdline"] or ()) for p in processes())


def processes() -> list[psutil.Process]:
    return list(psutil.process_iter(["cmdline"]))


def test_a_background_process_ends_with_its_kernel(launcher: Cold) -> None:
    assert run(launcher, LINGERING).text == "1"
    assert not lingering()


def test_a_background_process_ends_with_a_kernel_that_ended_itself(launcher: Cold) -> None:
    assert run(launcher, LINGERING + "\nos._exit(0)").text == "1"
    assert not lingering()


def test_twenty_kernels_in_a_row_are_each_the_first_in_their_world(warm: Warm) -> None:
    code = "import os; print(os.getpid(), os.listdir(), 'seen' in globals()); seen = 1"
    texts = {run(warm, code).text for _ in range(20)}
    assert texts == {"2 [] False"}


def test_kernels_have_different_random_numbers(warm: Warm) -> None:
    code = "import random, uuid; print(random.random(), uuid.uuid4())"
    assert len({run(warm, code).text for _ in range(3)}) == 3


def test_a_broken_kernel_leaves_the_process_it_was_forked_from_alive(warm: Warm) -> None:
    before = warm.process
    for code in ("import os; os.kill(os.getpid(), 9)", "import os; os._exit(1)", "quit()"):
        run(warm, code)
    assert run(warm, "print('fine')").text == "fine"
    assert warm.process == before


@needs_warm
def test_two_warm_sandboxes_serve_at_once() -> None:
    launchers = [Warm(Bubblewrap(), libraries=FEW) for _ in range(2)]
    code = "import os, time; time.sleep(0.5); print(os.environ['INTERP_COURSE_INBOX'])"
    with ThreadPoolExecutor(2) as pool:
        texts = [ran.text for ran in pool.map(lambda one: run(one, code), launchers)]
    for launcher in launchers:
        launcher.close()
    assert [str(la.folder) in text for la, text in zip(launchers, texts, strict=True)] == [True] * 2


def test_two_kernels_of_one_sandbox_do_not_see_each_other(warm: Warm) -> None:
    code = """
import os, time
open("/tmp/mine", "w"), time.sleep(1)
print(len([p for p in os.listdir("/proc") if p.isdigit()]), os.listdir(os.environ[
    "INTERP_COURSE_INBOX"] + "/../..").__len__())
"""

    async def both() -> list[str]:
        managers = manager_class(warm)
        rans = await asyncio.gather(*(run_in(managers, code, {}) for _ in range(2)))
        return [ran.text for ran in rans]

    assert asyncio.run(both()) == ["2 1", "2 1"]


@needs_warm
def test_a_warm_process_that_was_killed_is_started_anew() -> None:
    launcher = Warm(Bubblewrap(), libraries=FEW)
    assert run(launcher, "print(1)").text == "1"
    before = launcher.process
    os.kill(before, signal.SIGKILL)
    assert run(launcher, "print(2)").text == "2"
    assert launcher.process != before
    launcher.close()


@needs_warm
def test_when_the_warm_process_ends_its_kernels_end() -> None:
    launcher = Warm(Bubblewrap(), libraries=FEW)
    run(launcher, "1")
    with ThreadPoolExecutor(1) as pool:
        ran = pool.submit(run, launcher, LINGERING + "\ntime.sleep(50)")
        assert soon(lingering)
        os.kill(launcher.process, signal.SIGKILL)
        assert ran.result().reason is None
    assert soon(lambda: not lingering())
    launcher.close()


@needs_warm
def test_a_library_that_cannot_be_imported_is_named() -> None:
    launcher = Warm(Bubblewrap(), libraries=("no_such_library",))
    try:
        with pytest.raises(SandboxError, match="No module named 'no_such_library'"):
            run(launcher, "1")
    finally:
        launcher.close()


def test_a_job_leaves_no_folder_behind(launcher: Cold) -> None:
    before = sorted(launcher.folder.rglob("*"))
    run(launcher, "open('new', 'w')")
    assert sorted(launcher.folder.rglob("*")) == before


@needs_sandbox
def test_closing_removes_all_folders() -> None:
    launcher = Cold(Bubblewrap())
    launcher.close()
    assert not launcher.folder.exists()


def test_links_and_notebooks_of_a_submission_stay_outside(launcher: Cold, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text("1")
    (tmp_path / "tasks.ipynb").write_text("{}")
    (tmp_path / "link").symlink_to("/etc/passwd")
    (tmp_path / "folder").symlink_to("/etc")
    os.mkfifo(tmp_path / "pipe")
    job = launcher.prepare(tmp_path)
    found = [str(path.relative_to(job.work)) for path in sorted(job.work.rglob("*"))]
    launcher.remove(job)
    assert found == ["data", "data/a.csv"]


def test_an_endless_cell_can_be_interrupted(launcher: Cold) -> None:
    async def interrupted() -> str:
        manager = manager_class(launcher)()
        await manager.start_kernel()
        client = manager.client()
        client.start_channels()
        await client.wait_for_ready(timeout=60)
        client.execute("while True: pass")
        await asyncio.sleep(0.5)
        await manager.interrupt_kernel()
        reply = await client.get_shell_msg(timeout=30)
        client.stop_channels()
        await manager.shutdown_kernel(now=True)
        return reply["content"]["ename"]

    assert asyncio.run(interrupted()) == "KeyboardInterrupt"


def test_a_submission_reads_what_the_grader_puts_into_its_inbox(launcher: Cold) -> None:
    class Handing(manager_class(launcher)):
        async def _async_post_start_kernel(self, **kw: object) -> None:
            assert isinstance(self.provisioner, SandboxProvisioner)
            (self.provisioner.inbox / "note").write_text("from outside")
            await super()._async_post_start_kernel(**kw)

    code = "import os; print(open(os.environ['INTERP_COURSE_INBOX'] + '/note').read())"
    assert asyncio.run(run_in(Handing, code, {})).text == "from outside"


def test_a_submission_reaches_a_socket_in_its_inbox(launcher: Cold) -> None:
    code = """
import os, socket
desk = socket.socket(socket.AF_UNIX)
desk.connect(os.environ["INTERP_COURSE_INBOX"] + "/desk")
print(desk.recv(9).decode())
"""
    with socket.socket(socket.AF_UNIX) as server, ThreadPoolExecutor(1) as pool:

        class Serving(manager_class(launcher)):
            async def _async_post_start_kernel(self, **kw: object) -> None:
                assert isinstance(self.provisioner, SandboxProvisioner)
                place = self.provisioner.inbox / "desk"
                server.bind(str(place))
                server.listen()
                self.answered = pool.submit(lambda: server.accept()[0].send(b"welcome"))
                place.chmod(0o666)
                await super()._async_post_start_kernel(**kw)

        assert asyncio.run(run_in(Serving, code, {})).text == "welcome"


@needs_warm
@pytest.mark.slow
def test_a_forked_kernel_has_torch_ready_with_the_default_seed() -> None:
    launcher = Warm(Bubblewrap())
    code = """
import sys
print("torch" in sys.modules, "transformer_lens" in sys.modules)
import torch
print(torch.initial_seed(), torch.rand(1).item(), torch.get_num_threads())
"""
    texts = {run(launcher, code).text for _ in range(2)}
    launcher.close()
    assert len(texts) == 1
    assert texts.pop().startswith("True True\n67280421310721 ")


def test_bubblewrap_is_a_backend() -> None:
    assert isinstance(Bubblewrap(), Backend)
