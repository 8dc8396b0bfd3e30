"""Take from a process whatever it could use against the machine; runs inside, before a submission.

Nothing that is taken here can be had again: limits are hard, privileges are dropped and may not
be gained, and calls to the kernel that no notebook needs are refused (``seccomp``).
"""

import ctypes
import os
import platform
import resource
import struct

from interp_course.grading.sandbox.limits import Limits

PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_CAPBSET_DROP = 4, 22, 24
PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 38, 47, 4
CAPABILITY_VERSION, CAPABILITIES = 0x20080522, 64
EPERM, ENOSYS = 1, 38
ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050000, 0x80000000
NAMESPACE_FLAGS = 0x7E020000

# fmt: off
REFUSED = {  # numbers of calls: mounting, tracing, keys, modules, new namespaces, io_uring ...
    "x86_64": (
        101, 103, 154, 155, 161, 163, 165, 166, 167, 168, 169, 172, 173, 175, 176, 179, 246, 248,
        249, 250, 272, 278, 279, 298, 303, 304, 308, 310, 311, 312, 313, 320, 321, 323, 425, 426,
        427, 428, 429, 430, 431, 432, 433, 438, 442,
    ),
    "aarch64": (
        39, 40, 41, 51, 60, 75, 89, 97, 104, 105, 106, 116, 117, 142, 217, 218, 219, 224, 225,
        239, 241, 264, 265, 268, 270, 271, 272, 273, 280, 282, 294, 425, 426, 427, 428, 429, 430,
        431, 432, 433, 438, 442,
    ),
}
# fmt: on
MACHINES = {"x86_64": (0xC000003E, 56), "aarch64": (0xC00000B7, 220)}  # its number, that of clone
CLONE3 = 435  # its flags lie in memory, where a filter cannot look; libraries then use clone


def drop_privileges() -> None:
    """Give up all capabilities for good; a process of the same user may not look inside.

    Raises:
        RuntimeError: If any is left.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    for number in range(CAPABILITIES):
        libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0)
    header, none = struct.pack("Ii", CAPABILITY_VERSION, 0), bytes(24)
    libc.capset(header, none)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    with open("/proc/self/status") as file:
        lines = dict(line.split(":", 1) for line in file)
    held = [name for name, text in lines.items() if name.startswith("Cap") and int(text, 16)]
    if held or int(lines["NoNewPrivs"]) != 1:
        raise RuntimeError(f"privileges are left: {held}, NoNewPrivs {lines['NoNewPrivs']}")


def show_to_own_user() -> None:
    """Undo what hides a process from itself; the kernel has nothing to hide."""
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)


def refuse_calls() -> None:
    """Install the filter of calls, where its numbers are known for this processor.

    Raises:
        OSError: If Linux does not take it.
    """
    machine = platform.machine()
    if machine not in MACHINES:
        return
    program = b"".join(struct.pack("HBBI", *line) for line in _filter(machine))
    buffer = ctypes.create_string_buffer(program)
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_SECCOMP, 2, header, 0, 0):
        raise OSError(ctypes.get_errno(), "the filter of calls was not taken")


def limit(limits: Limits) -> None:
    """Set the limits that Linux keeps for a process and all that it starts."""
    for what, value in (
        (resource.RLIMIT_DATA, limits.memory),
        (resource.RLIMIT_NPROC, limits.processes),
        (resource.RLIMIT_FSIZE, limits.file_size),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (value, value))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + 5))


def first_to_go() -> None:
    """Where the machine runs out of memory, this process is the one that Linux ends."""
    try:
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")
    except OSError:
        os.nice(1)


def _filter(machine: str) -> list[tuple[int, int, int, int]]:
    """Lines (operation, steps if true, steps if false, value) of a program for ``seccomp``."""
    load, equal, at_least, any_bit, answer = 0x20, 0x15, 0x35, 0x45, 0x06
    number, arch, flags = 0, 4, 16
    audit, clone = MACHINES[machine]
    lines = [
        (load, 0, 0, arch),
        (equal, 1, 0, audit),
        (answer, 0, 0, KILL),
        (load, 0, 0, number),
        (at_least, 0, 1, 0x40000000),  # the calls of another architecture
        (answer, 0, 0, KILL),
        (equal, 0, 1, CLONE3),
        (answer, 0, 0, REFUSE | ENOSYS),
    ]
    for call in REFUSED[machine]:
        lines += [(equal, 0, 1, call), (answer, 0, 0, REFUSE | EPERM)]
    return [
        *lines,
        (equal, 0, 3, clone),
        (load, 0, 0, flags),
        (any_bit, 0, 1, NAMESPACE_FLAGS),
        (answer, 0, 0, REFUSE | EPERM),
        (answer, 0, 0, ALLOW),
    ]
