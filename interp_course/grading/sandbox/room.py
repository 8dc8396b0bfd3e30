"""What is visible inside a sandbox, and under which path: nothing that is not listed here.

Paths inside are those outside, so that Python finds its libraries; only the submission's own
folder has a fixed place, ``/submission``.
"""

import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import interp_course

PACKAGE = Path(interp_course.__file__).parent
ANSWERS = ("checks", "verify")
"""Modules of the package that never come inside, neither as source nor as byte code."""
SYSTEM = (
    *("/usr/bin", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libexec"),
    *("/usr/share/zoneinfo", "/usr/share/fonts", "/usr/share/fontconfig"),
    *("/bin", "/lib", "/lib32", "/lib64"),
    *("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives"),
    *("/etc/localtime", "/etc/fonts"),
)
STUBS = {
    "/etc/passwd": "student:x:1000:1000:student:/home:/bin/sh\n",
    "/etc/group": "student:x:1000:\n",
}
ENVIRONMENT = {
    "HOME": "/home",
    "USER": "student",
    "LANG": "C.UTF-8",
    "TMPDIR": "/tmp",
    "IPYTHONDIR": "/home/ipython",
    "MPLCONFIGDIR": "/home/matplotlib",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "HF_HUB_OFFLINE": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTORCH_NVML_BASED_CUDA_CHECK": "1",
    "NBGRADER_EXECUTION": "autograde",
}


@dataclass(frozen=True)
class Room:
    """What a sandbox shows."""

    shown: Mapping[Path, Path]
    """For each path inside, the path outside that is shown there, read-only."""
    writable: tuple[Path, ...] = ()
    """Folders that can be written, under the same path on both sides."""
    hidden: tuple[Path, ...] = ()
    """Folders that stay empty even where something that is shown contains them."""

    def mounts(self) -> list[tuple[str, Path, Path]]:
        """Triples (how, path inside, path outside) in an order in which none covers another.

        How is ``"show"``, ``"write"`` or ``"hide"``.
        """
        covered = [h for h in self.hidden if any(h.is_relative_to(path) for path in self.shown)]
        found = [("hide", path, path) for path in covered if path not in self.shown]
        found += [("show", inside, outside) for inside, outside in self.shown.items()]
        found += [("write", path, path) for path in self.writable]
        return sorted(found, key=lambda mount: len(mount[1].parts))


def build(scratch: Path, hidden: Iterable[Path] = ()) -> Room:
    """The room for kernels of this Python.

    Args:
        scratch: A new folder for copies of what is shown only in part.
        hidden: Folders that nothing may be seen of, such as the course with its solutions.
    """
    package = scratch / "package"
    _copy_package(package)
    for name, text in STUBS.items():
        (scratch / Path(name).name).write_text(text)
    shown = {Path(path): Path(path) for path in SYSTEM if os.path.exists(path)}
    shown |= {path: path for path in _python() if not _inside(path, shown)}
    shown |= {Path(name): scratch / Path(name).name for name in STUBS}
    shown |= {PACKAGE: package, PACKAGE / "weights": PACKAGE / "weights"}
    return Room(shown, hidden=tuple(path.resolve() for path in hidden))


def python(module: str, *arguments: str) -> list[str]:
    """The command that runs the function ``main`` of a module of this package inside."""
    code = f"import sys; sys.path.insert(0, {str(PACKAGE.parent)!r}); import {module} as m; m.main"
    return [sys.executable, "-I", "-c", f"{code}({', '.join(map(repr, arguments))})"]


def _python() -> list[Path]:
    """The folders of this Python, of its environment and of other packages that it finds."""
    names = [sys.base_prefix, sys.base_exec_prefix, sys.prefix, sys.exec_prefix]
    names += [p for p in sys.path if Path(p).name in ("site-packages", "dist-packages")]
    paths = [Path(form) for name in names for form in (name, os.path.realpath(name))]
    found = sorted({path for path in paths if path.is_dir() and path != Path("/usr")})
    return [p for p in found if not any(p != q and p.is_relative_to(q) for q in found)]


def _inside(path: Path, shown: Mapping[Path, Path]) -> bool:
    return any(path.is_relative_to(other) for other in shown)


def _copy_package(target: Path) -> None:
    shutil.copytree(PACKAGE, target, ignore=_leave_out)
    (target / "weights").mkdir()


def _leave_out(folder: str, names: list[str]) -> list[str]:
    if Path(folder) not in (PACKAGE, PACKAGE / "__pycache__"):
        return []
    return [name for name in names if name.split(".")[0] in (*ANSWERS, "weights")]
