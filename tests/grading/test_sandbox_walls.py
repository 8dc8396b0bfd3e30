"""What a submission's code sees and reaches: itself, Python and the libraries."""

import os
import re
import socket
import sys
from pathlib import Path

import pytest
from sandboxed import needs_sandbox, run

import interp_course
from interp_course.grading.sandbox.bubblewrap import Bubblewrap
from interp_course.grading.sandbox.launching import Cold

PACKAGE = Path(interp_course.__file__).parent
ROOT = PACKAGE.parent


def exists(*paths: Path | str) -> str:
    return f"import os; print([p for p in {[str(p) for p in paths]} if os.path.lexists(p)])"


def test_there_is_no_network(launcher: Cold) -> None:
    code = "import socket; socket.create_connection(('192.0.2.1', 53), timeout=5)"
    assert "unreachable" in run(launcher, code).text


def test_the_only_network_interface_is_a_loopback_of_its_own(launcher: Cold) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        code = "import socket; print(*(name for _, name in socket.if_nameindex()))"
        code += f"; socket.create_connection({address}, timeout=5)"
        assert run(launcher, code).text.startswith("lo\n")
        assert "Errno" in run(launcher, code).text


@pytest.mark.parametrize(
    "name", ["solutions", "tests", "course", ".git", "pyproject.toml", "nbgrader_config.py"]
)
def test_nothing_of_the_repository_is_visible(warm: Cold, name: str) -> None:
    assert run(warm, exists(ROOT / name)).text == "[]"


def test_beside_the_package_there_is_nothing_but_python(launcher: Cold) -> None:
    code = f"import os; print(*sorted(os.listdir({str(ROOT)!r})))"
    python = Path(sys.prefix)
    own = {python.relative_to(ROOT).parts[0]} if python.is_relative_to(ROOT) else set()
    assert run(launcher, code).text.split() == sorted({"interp_course", *own})


def test_the_answers_are_missing_from_the_package(launcher: Cold) -> None:
    code = f"""
import glob, os
for folder, _, names in os.walk({str(PACKAGE)!r}):
    print(*[n for n in (folder, *names) if "verify" in n or "checks" in n], sep="", end="")
print("looked")
"""
    assert run(launcher, code).text == "looked"


def test_the_checks_are_not_there_and_stand_ins_are_imported(launcher: Cold) -> None:
    code = """
import interp_course.checks as checks
from pathlib import Path
print(type(checks.__spec__.loader).__name__, Path(interp_course.__file__, "../checks").exists())
"""
    assert run(launcher, "import interp_course" + code).text == "StandIns False"


def test_the_bundled_weights_can_be_read(launcher: Cold) -> None:
    code = "from interp_course import assets; print(assets.path(assets.names()[0]).is_file())"
    assert run(launcher, code).text == "True"


def test_home_and_temporary_folder_hold_nothing_of_the_machine(launcher: Cold) -> None:
    own = {p.parts[2] for p in (PACKAGE, launcher.folder, Path(sys.prefix)) if len(p.parts) > 2}
    code = f"""
import os, tempfile
print(os.path.expanduser("~"), tempfile.gettempdir())
print({{*os.listdir("/tmp"), *os.listdir("/home")}} - {own | {"ipython", "matplotlib"}})
"""
    assert run(launcher, code).text.splitlines() == ["/home /tmp", "set()"]


@pytest.mark.parametrize("path", ["/etc/shadow", "/var", "/opt", "/sys", "/run", "/boot", "/mnt"])
def test_of_the_system_only_what_python_needs_is_there(warm: Cold, path: str) -> None:
    assert run(warm, exists(path)).text == "[]"


def test_what_one_kernel_writes_the_next_one_does_not_find(launcher: Cold) -> None:
    folders = ["/tmp", "/home", "/dev/shm", "/submission"]
    run(launcher, f"for f in {folders}: open(f + '/left', 'w').write('x')")
    assert run(launcher, exists(*(f"{folder}/left" for folder in folders))).text == "[]"


def test_environment_variables_of_the_grader_stay_outside(
    launcher: Cold, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "secret")
    code = "import os; print('secret' in str(os.environ), os.environ['INTERP_COURSE_INSTANCE'])"
    assert run(launcher, code).text == "False 7"


def test_a_submission_finds_its_own_files_and_no_notebook(launcher: Cold) -> None:
    files = {"data.txt": "hello", "answers.ipynb": "{}"}
    code = "import os; print(os.listdir(), os.getcwd(), open('data.txt').read())"
    assert run(launcher, code, **files).text == "['data.txt'] /submission hello"


def test_of_the_jobs_folder_only_ones_own_inbox_is_visible(launcher: Cold) -> None:
    other = launcher.prepare(Path("/usr/share/zoneinfo/Etc"))
    code = f"""
import os
import re
import socket
import sys
from pathlib import Path
inbox = Path(os.environ["INTERP_COURSE_INBOX"])
print(os.listdir(inbox.parents[1]) == [inbox.parent.name], "kernel.json" in os.listdir(inbox))
print(os.path.exists({str(other.inbox)!r}), os.path.exists({str(other.work)!r}))
"""
    text = run(launcher, code).text
    launcher.remove(other)
    assert text.splitlines() == ["True True", "False False"]


@pytest.mark.parametrize("place", ["/usr/lib", "/", "/etc", "/dev", str(PACKAGE), os.__file__])
def test_nothing_outside_the_private_folders_can_be_written(warm: Cold, place: str) -> None:
    target = place if place.endswith(".py") else f"{place}/new"
    text = run(warm, f"open({target!r}, 'a')").text
    assert re.search("Read-only file system|Permission denied", text)


def test_only_private_folders_and_devices_are_mounted_for_writing(launcher: Cold) -> None:
    code = """
tops = {}
for line in open("/proc/self/mountinfo"):
    words = line.split()
    tops[words[4]] = words[5].split(",")[0]  # what was mounted last covers the rest
print(*sorted(path for path, how in tops.items() if how == "rw"))
"""
    devices = {f"/dev/{n}" for n in ("null", "zero", "full", "random", "urandom", "tty", "pts")}
    allowed = devices | {"/dev/shm", "/tmp", "/home", "/submission", "/proc"}
    found = set(run(launcher, code).text.split())
    extra = {path for path in found - allowed if not path.startswith(str(launcher.folder))}
    assert extra == set()


def test_there_are_no_privileges_and_none_can_be_gained(launcher: Cold) -> None:
    code = """
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(sum(int(v, 16) for k, v in status.items() if k.startswith("Cap")))
print(int(status["NoNewPrivs"]), int(status["Seccomp"]), *status["Uid"].split())
"""
    assert run(launcher, code).text.split() == ["0", "1", "2", "1000", "1000", "1000", "1000"]


@pytest.mark.parametrize("flags", [0x10000000, 0x00020000, 0x20000000])
def test_no_further_namespaces_can_be_made(launcher: Cold, flags: int) -> None:
    code = f"""
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
print(libc.unshare({flags}), os.strerror(ctypes.get_errno()))
print(libc.syscall(56, {flags} | 17, 0, 0, 0, 0), os.strerror(ctypes.get_errno()))
"""
    refused = "-1 Operation not permitted"
    assert set(run(launcher, code).text.splitlines()) == {refused}


@pytest.mark.parametrize("name", ["sysrq-trigger", "sys/kernel/core_pattern", "irq", "kcore"])
def test_settings_of_the_machine_cannot_be_written(launcher: Cold, name: str) -> None:
    code = f"import os; print(os.access('/proc/{name}', os.W_OK))"
    assert run(launcher, code).text == "False"


def test_of_processes_a_submission_sees_its_own_only(launcher: Cold) -> None:
    code = "import os; print(*[p for p in os.listdir('/proc') if p.isdigit()], os.getppid())"
    assert run(launcher, code).text == "1 2 1"


def test_the_keeper_can_be_neither_killed_nor_traced(launcher: Cold) -> None:
    code = """
import ctypes, os, signal
for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM): os.kill(1, number)
print(ctypes.CDLL(None).ptrace(16, 1, 0, 0), os.path.exists("/proc/1/cmdline"))
for look in ("open('/proc/1/mem', 'rb')", "os.readlink('/proc/1/fd/0')", "open('/proc/1/environ')"):
    try: eval(look)
    except PermissionError: print("closed")
"""
    assert run(launcher, code).text.splitlines() == ["-1 True", *["closed"] * 3]


def test_a_kernel_does_not_hold_the_sockets_of_its_keeper(launcher: Cold) -> None:
    code = """
import os, socket, stat
numbers = [int(n) for n in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{n}")]
sockets = [n for n in numbers if stat.S_ISSOCK(os.fstat(n).st_mode)]
kinds = [socket.socket(fileno=os.dup(n)).type for n in sockets]
print(len(kinds) > 0, socket.SOCK_SEQPACKET in kinds)
"""
    assert run(launcher, code).text == "True False"


@needs_sandbox
def test_a_folder_below_what_is_shown_can_be_hidden() -> None:
    with Cold(Bubblewrap(), hidden=[Path("/usr/share/zoneinfo/Etc")]) as launcher:
        code = "import os; print(os.listdir('/usr/share/zoneinfo/Etc'))"
        assert run(launcher, code).text == "[]"
