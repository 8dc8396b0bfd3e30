"""Kernels come and go: nothing of one is left for the next, and what breaks is made anew."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
from sandboxed import WHY_NOT, WHY_NOT_WARM, needs_sandbox, needs_warm, run, run_in

from interp_course.grading.sandbox.backend import Backend, SandboxError
from interp_course.grading.sandbox.bubblewrap import Bubblewrap
from interp_course.grading.sandbox.launching import Cold, Warm
from interp_course.grading.sandbox.provisioning import SandboxProvisioner, manager_class

FEW = ("ipykernel.kernelapp",)
HERE = str(Path(__file__).parent)
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


GRADER = """
import sys
sys.path[:0] = [sys.argv[3]]
from sandboxed import run
from interp_course.grading.sandbox import bubblewrap, launching
way = getattr(launching, sys.argv[1])
options = {"libraries": ("ipykernel.kernelapp",)} if way is launching.Warm else {}
run(way(bubblewrap.Bubblewrap(), **options), sys.argv[2] + "\\ntime.sleep(99)")
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


def server(launcher: Warm) -> psutil.Process:
    """The process that has imported the libraries and forks the kernels."""
    inside = psutil.Process(launcher.process).children(recursive=True)
    return next(p for p in inside if p.name() != "bwrap")


async def answer(get: Callable[..., Any], asked: str, kind: str) -> dict[str, Any]:
    """The content of the next message of a kind that answers this request."""
    while True:
        message = await get(timeout=60)
        if message["parent_header"].get("msg_id") == asked and message["msg_type"] == kind:
            return message["content"]


def welcome(server: socket.socket) -> None:
    visitor, _ = server.accept()
    with visitor:
        visitor.send(b"welcome")


def processes() -> list[psutil.Process]:
    return list(psutil.process_iter(["cmdline"]))


def test_a_background_process_ends_with_its_kernel(launcher: Cold) -> None:
    assert run(launcher, LINGERING).text == "1"
    assert not lingering()


def test_a_background_process_ends_with_a_kernel_that_ended_itself(launcher: Cold) -> None:
    assert run(launcher, LINGERING + "\ntime.sleep(1); os._exit(0)").text == "1"
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
    with Warm(Bubblewrap(), libraries=FEW) as launcher:
        assert run(launcher, "print(1)").text == "1"
        before = launcher.process
        server(launcher).kill()
        assert run(launcher, "print(2)").text == "2"
        assert launcher.process != before


@needs_warm
def test_when_the_warm_process_ends_its_kernels_end() -> None:
    with Warm(Bubblewrap(), libraries=FEW) as launcher, ThreadPoolExecutor(1) as pool:
        run(launcher, "1")
        ran = pool.submit(run, launcher, LINGERING + "\ntime.sleep(50)")
        assert soon(lingering)
        server(launcher).kill()
        assert ran.result().reason is None
        assert not lingering()


@needs_warm
def test_a_library_that_cannot_be_imported_is_named() -> None:
    with (
        Warm(Bubblewrap(), libraries=("no_such_library",)) as launcher,
        pytest.raises(SandboxError, match="No module named 'no_such_library'"),
    ):
        run(launcher, "1")


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
        asked = client.execute("print('on', flush=True)\nwhile True: pass")
        await answer(client.get_iopub_msg, asked, "stream")
        await manager.interrupt_kernel()
        reply = await answer(client.get_shell_msg, asked, "execute_reply")
        client.stop_channels()
        await manager.shutdown_kernel(now=True)
        return reply["ename"]

    assert asyncio.run(interrupted()) == "KeyboardInterrupt"


@pytest.mark.parametrize("way", [Cold, Warm])
def test_kernels_end_with_their_grader(way: type[Cold]) -> None:
    if reason := WHY_NOT_WARM if way is Warm else WHY_NOT:
        pytest.skip(reason)
    grader = subprocess.Popen([sys.executable, "-c", GRADER, way.__name__, LINGERING, HERE])
    assert soon(lingering)
    grader.kill()
    grader.wait()
    assert soon(lambda: not lingering())


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
                pool.submit(welcome, server)
                place.chmod(0o666)
                await super()._async_post_start_kernel(**kw)

        assert asyncio.run(run_in(Serving, code, {})).text == "welcome"


@needs_warm
@pytest.mark.slow
def test_forked_kernels_have_the_libraries_and_random_numbers_of_their_own() -> None:
    launcher = Warm(Bubblewrap())
    code = """
import sys
print("torch" in sys.modules, "transformer_lens" in sys.modules)
import numpy, torch
print(torch.initial_seed(), torch.rand(1).item(), numpy.random.rand())
"""
    ran = [run(launcher, code).text.splitlines() for _ in range(2)]
    launcher.close()
    assert [lines[0] for lines in ran] == ["True True"] * 2
    assert not set(ran[0][1].split()) & set(ran[1][1].split())


def test_bubblewrap_is_a_backend() -> None:
    assert isinstance(Bubblewrap(), Backend)
