"""The inner walls, between kernels that share a sandbox of bubblewrap; runs inside.

A process that bubblewrap left the capability to mount separates itself in two steps:

1. `separate` takes new mount, process, network and ipc namespaces, puts empty folders over all
   that can be written, and shows of the jobs' folder only what belongs to this job;
2. `close`, in the first process of the new namespaces, mounts a ``/proc`` of its own and enters
   a user namespace that owns none of them, so that nothing here can be undone.

Sources: namespaces(7), mount_namespaces(7), user_namespaces(7).
"""

import ctypes
import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from interp_course.grading.sandbox import sealing

NEW_MOUNTS, NEW_IPC, NEW_USERS = 0x00020000, 0x08000000, 0x10000000
NEW_PROCESSES, NEW_NETWORK = 0x20000000, 0x40000000
READ_ONLY, NO_SUID, NO_DEVICES, NO_EXEC, REMOUNT = 1, 2, 4, 8, 32
BIND, RECURSIVE, PRIVATE = 4096, 16384, 1 << 18
STUDENT = 1000
WORK = "/submission"
PRIVATE_FOLDERS = ("/tmp", "/home", "/dev/shm")


def main(which: str) -> None:
    """Try the walls around nothing; raises what Linux says if it forbids them."""
    if which == "warm":
        jobs = Path(PRIVATE_FOLDERS[0], "jobs")
        for name in ("inbox", "work"):
            (jobs / name).mkdir(parents=True)
        separate(jobs, jobs / "inbox", jobs / "work", (), 1 << 20)
        child = os.fork()
        if child:
            sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        close()
    sealing.drop_privileges()
    sealing.refuse_calls()


def separate(jobs: Path, inbox: Path, work: Path, shown: Iterable[Path], size: int) -> None:
    """Take new namespaces, copy the submission's folder, and hide all that is another job's.

    The process itself stays in its process namespace; the next one it forks is the new one's
    first.

    Args:
        jobs: The folder that holds every job's files.
        inbox: The folder in it that stays, under the same path.
        work: The submission's folder in it, copied into a private one.
        shown: What else stays where a private folder would cover it.
        size: Bytes of each private folder.

    Raises:
        OSError: If Linux forbids a step, or the submission's folder is larger than that.
    """
    _unshare(NEW_MOUNTS | NEW_PROCESSES | NEW_NETWORK | NEW_IPC)
    _mount(None, "/", None, RECURSIVE | PRIVATE)
    _empty(Path(WORK), size)
    copy_work(work)  # before the rest hides it
    kept = (inbox, *_outermost(shown))
    covered = jobs.is_relative_to("/tmp") or jobs.is_relative_to("/home")
    for folder in (*PRIVATE_FOLDERS, *(() if covered else (str(jobs),))):
        _empty(Path(folder), size, [path for path in kept if path.is_relative_to(folder)])
    _mount("tmpfs", "/dev/pts", "tmpfs", NO_SUID | NO_DEVICES | READ_ONLY, "size=4096,mode=755")


def close() -> None:
    """Finish in the first process of the new namespaces; no way leads back.

    Raises:
        OSError: If Linux forbids a step.
    """
    flags = NO_SUID | NO_DEVICES | NO_EXEC
    _mount("proc", "/proc", "proc", flags)
    proc = os.open("/proc", os.O_PATH)  # what follows covers it, and this alone still writes
    _mount("proc", "/proc", "proc", flags | READ_ONLY)
    _unshare(NEW_USERS)
    _write(proc, "self/setgroups", "deny")
    _write(proc, "self/uid_map", f"{STUDENT} 0 1")
    _write(proc, "self/gid_map", f"{STUDENT} 0 1")
    _write(proc, "sys/user/max_user_namespaces", "0")
    _write(proc, "self/oom_score_adj", "1000")
    os.close(proc)
    os.setsid()


def copy_work(source: Path) -> None:
    """Put a private copy of the submission's folder into the working folder, and go there."""
    shutil.copytree(source, WORK, dirs_exist_ok=True)
    os.chdir(WORK)


def _empty(folder: Path, size: int, kept: Iterable[Path] = ()) -> None:
    """Put an empty folder over one, in which only these paths are what they were."""
    held = [(path, os.open(path, os.O_PATH)) for path in kept]
    options = f"size={size},mode=1777"
    _mount("tmpfs", str(folder), "tmpfs", NO_SUID | NO_DEVICES, options)
    for path, number in held:
        path.mkdir(parents=True)
        _mount(f"/proc/self/fd/{number}", str(path), None, BIND | RECURSIVE)
        os.close(number)


def _outermost(paths: Iterable[Path]) -> list[Path]:
    """The folders among them that none of them contains."""
    folders = [path for path in paths if path.is_dir()]
    return [p for p in folders if not any(p != q and p.is_relative_to(q) for q in folders)]


def _unshare(flags: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(flags):
        raise OSError(ctypes.get_errno(), f"unshare: {os.strerror(ctypes.get_errno())}")


def _mount(source: str | None, target: str, kind: str | None, flags: int, data: str = "") -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    words = [None if word is None else word.encode() for word in (source, target, kind)]
    if libc.mount(*words, ctypes.c_ulong(flags), data.encode()):
        error = ctypes.get_errno()
        raise OSError(error, f"mounting {target}: {os.strerror(error)}")


def _write(folder: int, name: str, text: str) -> None:
    file = os.open(name, os.O_WRONLY, dir_fd=folder)
    try:
        os.write(file, text.encode())
    finally:
        os.close(file)
