"""The outer wall, built by bubblewrap (``bwrap``), which needs no rights of its own.

Everything is unshared and nothing is shared but what the `Room` lists. A superuser first
becomes an ordinary user, because for a superuser neither the limit on processes nor the
permissions of files under ``/proc`` hold.
"""

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from interp_course.grading.sandbox import room as rooms
from interp_course.grading.sandbox import walls
from interp_course.grading.sandbox.limits import Limits
from interp_course.grading.sandbox.room import Room

INSTALL = (
    "install it with `apt install bubblewrap` (Debian, Ubuntu), `dnf install bubblewrap` (Fedora), "
    "`pacman -S bubblewrap` (Arch), `zypper install bubblewrap` (openSUSE) or "
    "`apk add bubblewrap` (Alpine)"
)
FIRST_USER, USERS = 61184, 4336  # given to nobody: systemd keeps them for passing services


@dataclass(frozen=True)
class Bubblewrap:
    """Sandboxes by bubblewrap; one object keeps one user, see `user`."""

    name: str = "bubblewrap"
    user: int | None = field(default_factory=lambda: _user_instead_of_root())
    """The user that a superuser becomes; None where it stays who it is."""

    def missing(self) -> str | None:
        """Why it cannot be used here and what to install or allow; None if it can."""
        return _found(False)

    def missing_for_warm(self) -> str | None:
        """Why kernels cannot share a sandbox here; None if they can."""
        return _found(True)

    def give(self, folder: Path) -> None:
        """Make a folder and all in it the property of the user who runs the sandbox."""
        if self.user is None:
            return
        for path in (folder, *folder.rglob("*")):
            os.chown(path, self.user, self.user, follow_symlinks=False)

    def command(
        self, room: Room, limits: Limits, program: Sequence[str], *, warm: bool = False
    ) -> list[str]:
        """The command line that runs a program in a sandbox.

        The program becomes process 1 of the sandbox: with it everything else ends. Warm, it
        keeps the capability to mount, in a user namespace of the sandbox alone, and must give
        it up before it runs anything of a submission.
        """
        inner = [
            *("bwrap", "--die-with-parent", "--new-session", "--as-pid-1", "--unshare-user"),
            *("--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"),
            *("--unshare-cgroup-try", "--hostname", "sandbox", "--cap-drop", "ALL"),
            *(_capable() if warm else _incapable()),
            *("--proc", "/proc", "--dev", "/dev", *_folder("/dev/shm", limits)),
            *("--remount-ro", "/dev", *_folder("/tmp", limits), *_folder("/home", limits)),
            *_folder(walls.WORK, limits),
            *_mounts(room),
            *("--remount-ro", "/", "--chdir", "/", "--clearenv"),
            *(text for pair in rooms.ENVIRONMENT.items() for text in ("--setenv", *pair)),
            *("--setenv", "PATH", f"{Path(sys.executable).parent}:/usr/bin:/bin"),
        ]
        return [*self._as_user(room), *inner, "--", *program]

    def _as_user(self, room: Room) -> list[str]:
        """Makes a superuser an ordinary user, who sees the room's paths whoever owns them."""
        if self.user is None:
            return []
        sources = {path: path for path in room.shown.values()}
        outer = Room(sources, room.writable, room.hidden)
        identity = ("--reuid", str(self.user), "--regid", str(self.user), "--clear-groups")
        return [
            *("bwrap", "--die-with-parent", "--bind", "/proc", "/proc"),
            *("--dev-bind", "/dev", "/dev", "--perms", "1777", "--tmpfs", "/tmp"),
            *(*_mounts(outer), "--", "setpriv", *identity),
        ]


def _capable() -> list[str]:
    # SETFCAP is what Linux asks of a process that maps its user 0 into a namespace of its own.
    return ["--uid", "0", "--gid", "0", "--cap-add", "CAP_SYS_ADMIN", "--cap-add", "CAP_SETFCAP"]


def _incapable() -> list[str]:
    return ["--uid", str(walls.STUDENT), "--gid", str(walls.STUDENT), *_no_more_users()]


@cache
def _no_more_users() -> tuple[str, ...]:
    known = subprocess.run(["bwrap", "--help"], capture_output=True, text=True, check=False).stdout
    return ("--disable-userns",) if "--disable-userns" in known else ()


def _folder(path: str, limits: Limits) -> list[str]:
    return ["--perms", "1777", "--size", str(limits.folder_size), "--tmpfs", path]


def _mounts(room: Room) -> list[str]:
    known = {Path("/"), Path("/tmp"), Path("/dev"), Path("/home")}
    arguments: list[str] = []
    for how, inside, outside in room.mounts():
        for parent in reversed(inside.parents):
            # Made by itself, a parent would have the permissions of the one outside.
            if parent not in known and not any(parent.is_relative_to(path) for path in room.shown):
                arguments += ["--perms", "0755", "--dir", str(parent)]
            known.add(parent)
        if how == "show" and outside.is_symlink():
            arguments += ["--symlink", os.readlink(outside), str(inside)]
        elif how == "hide":
            arguments += ["--size", "1048576", "--tmpfs", str(inside)]
        else:
            option = "--bind" if how == "write" else "--ro-bind"
            arguments += [option, str(outside), str(inside)]
    return arguments


def _user_instead_of_root() -> int | None:
    """A user that nobody is, if this is a superuser who may become anybody."""
    last = FIRST_USER + USERS
    if not any(first <= FIRST_USER and last <= first + n for first, _, n in _known_users()):
        return None
    return FIRST_USER + secrets.randbelow(USERS)


def _is_the_machines_superuser() -> bool:
    """Whether user 0 of this namespace is user 0 outside of it, who owns the machine's settings."""
    return any((inside, outside) == (0, 0) for inside, outside, _ in _known_users())


def _known_users() -> list[tuple[int, int, int]]:
    """For a superuser: first user here, the same one outside, and how many there are."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return []
    lines = Path("/proc/self/uid_map").read_text().splitlines()
    return [(int(a), int(b), int(n)) for a, b, n in map(str.split, lines)]


@cache
def _found(warm: bool) -> str | None:
    return why_not(warm=warm)


def why_not(*, warm: bool) -> str | None:
    """Put up walls around a program that does nothing; returns what stands against it."""
    if not sys.platform.startswith("linux"):
        return "the sandbox needs Linux: grade in a virtual machine or container with Linux"
    if shutil.which("bwrap") is None:
        return f"bubblewrap is not installed: {INSTALL}"
    backend = Bubblewrap()
    if backend.user is not None and shutil.which("setpriv") is None:
        return "setpriv is not installed: install util-linux, or grade as an ordinary user"
    if backend.user is None and _is_the_machines_superuser():
        return (
            "this process is the machine's superuser in a namespace that knows nobody else, as "
            "after `unshare -r`, and a submission would be the superuser, too: grade outside of "
            "it, or as an ordinary user"
        )
    with tempfile.TemporaryDirectory(prefix="sandbox-", dir="/tmp") as folder:
        room = rooms.build(Path(folder))
        program = rooms.python("interp_course.grading.sandbox.walls", "warm" if warm else "cold")
        command = backend.command(room, Limits(), program, warm=warm)
        backend.give(Path(folder))
        run = subprocess.run(
            command, capture_output=True, text=True, timeout=60, check=False, env={"PATH": _path()}
        )
    if run.returncode == 0:
        return None
    said = (run.stderr.strip().splitlines() or [f"it ended with {run.returncode}"])[-1]
    what = "a sandbox within the sandbox" if warm else "a sandbox"
    return f"this machine does not allow {what} ({said}): {remedy()}"


def _path() -> str:
    return os.environ.get("PATH", os.defpath)


def remedy(settings: Path = Path("/proc/sys")) -> str:
    """How to allow namespaces, by what most likely forbids them."""
    for name, forbidding in (
        ("kernel/apparmor_restrict_unprivileged_userns", "1"),
        ("kernel/unprivileged_userns_clone", "0"),
        ("user/max_user_namespaces", "0"),
    ):
        setting = settings / name
        if setting.is_file() and setting.read_text().strip() == forbidding:
            value = "15000" if name.startswith("user/") else str(1 - int(forbidding))
            return f"allow it with `sudo sysctl -w {name.replace('/', '.')}={value}`"
    if Path("/.dockerenv").exists() or Path("/run/.containerenv").exists():
        return "start the container with `--security-opt seccomp=unconfined --cap-add SYS_ADMIN`"
    return "allow user namespaces, or grade in a virtual machine"
