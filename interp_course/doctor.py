"""Is this machine ready for the course? A list of what was looked at, each problem with its fix.

``interp-course doctor`` prints the list, the start notebook shows it, and a bug report should
contain it. No check changes anything or reaches the network.
"""

import importlib.metadata
import os
import platform
import shutil
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

PACKAGE = "interp-course"
NEEDED_MEMORY_GB = 2.0
NEEDED_DISK_GB = 1.0
REINSTALL = "run `pip install -e .` in the course's folder, with this environment active"


@dataclass(frozen=True)
class Item:
    """One thing that was looked at."""

    name: str
    ok: bool
    detail: str
    """What was found."""
    fix: str = ""
    """What to do about it; empty when all is well."""


def report(*, model_run: bool = True) -> list[Item]:
    """Look at everything; a check that itself fails becomes an item that is not ok.

    Args:
        model_run: Also load a small model and run it, which takes a few seconds.
    """
    looks: list[Callable[[], Iterator[Item]]] = [
        _python, _packages, _device, _memory, _disk, _jupyterlab, _nbgrader, _course, _kernel,
        _weights, _sandbox,
    ]  # fmt: skip
    if model_run:
        looks.append(_model)
    return [item for look in looks for item in _guarded(look)]


def as_markdown(items: list[Item]) -> str:
    """A table for a notebook or a bug report; the state is a word, not only a colour."""
    rows = ["| | what | found | to do |", "|---|---|---|---|"]
    for item in items:
        cells = ("ok" if item.ok else "**problem**", item.name, item.detail, item.fix)
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows)


def _guarded(look: Callable[[], Iterator[Item]]) -> list[Item]:
    try:
        return list(look())
    except Exception as error:  # the report must name a broken installation, not die of it
        name = look.__name__.strip("_")
        return [Item(name, False, f"{type(error).__name__}: {error}", REINSTALL)]


def _python() -> Iterator[Item]:
    wanted = importlib.metadata.metadata(PACKAGE)["Requires-Python"]
    version = platform.python_version()
    ok = SpecifierSet(wanted).contains(version, prereleases=True)
    fix = "" if ok else f"make a new environment with Python {wanted}"
    yield Item("Python", ok, f"{version}, {sys.prefix}", fix)


def _packages() -> Iterator[Item]:
    for line in importlib.metadata.requires(PACKAGE) or []:
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield package(requirement)


def package(requirement: Requirement) -> Item:
    """Whether one declared requirement is met."""
    wanted = f"{requirement.name}{requirement.specifier}"
    fix = f"pip install '{wanted}'"
    try:
        version = importlib.metadata.version(requirement.name)
    except importlib.metadata.PackageNotFoundError:
        return Item(requirement.name, False, "not installed", fix)
    if requirement.specifier.contains(version, prereleases=True):
        return Item(requirement.name, True, version)
    return Item(requirement.name, False, f"{version}, needed {requirement.specifier}", fix)


def _device() -> Iterator[Item]:
    from interp_course import runtime

    found = ", ".join(runtime.available_devices())
    try:
        chosen = runtime.device()
    except (RuntimeError, ValueError) as error:
        yield Item("device", False, str(error), f"unset {runtime.DEVICE_VARIABLE}")
        return
    yield Item("device", True, f"{chosen} (on this machine: {found})")


def _memory() -> Iterator[Item]:
    import psutil

    free = psutil.virtual_memory().available / 1e9
    yield enough("memory", free, NEEDED_MEMORY_GB, "close other programs")


def _disk() -> Iterator[Item]:
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    yield enough("disk", free, NEEDED_DISK_GB, "delete what you no longer need")


def enough(name: str, free_gb: float, needed_gb: float, remedy: str) -> Item:
    """Whether there is enough free space of one kind."""
    ok = free_gb >= needed_gb
    fix = "" if ok else f"{remedy}: {needed_gb:.0f} GB should be free"
    return Item(name, ok, f"{free_gb:.1f} GB free", fix)


def _jupyterlab() -> Iterator[Item]:
    yield script("jupyter-lab", "pip install jupyterlab")


def _nbgrader() -> Iterator[Item]:
    yield script("nbgrader", "pip install nbgrader")
    yield script("alembic", "pip install alembic (nbgrader starts it by name)")


def script(name: str, fix: str, folder: Path | None = None) -> Item:
    """Whether a command is installed in this environment (by default) or the given folder."""
    folder = folder or Path(sysconfig.get_path("scripts"))
    found = shutil.which(name, path=str(folder))
    return Item(name, bool(found), found or f"not in {folder}", "" if found else fix)


def _course() -> Iterator[Item]:
    from interp_course import course

    try:
        root = course.find_root()
    except course.CourseError as error:
        yield Item("course folder", False, str(error), "change into the course's folder")
        return
    yield Item("course folder", True, str(root))
    config = root / "nbgrader_config.py"
    fix = "" if config.is_file() else "get it back from the course's repository"
    yield Item("nbgrader_config.py", config.is_file(), str(config), fix)


def _kernel() -> Iterator[Item]:
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        spec = KernelSpecManager().get_kernel_spec("python3")
    except NoSuchKernel:
        yield Item("kernel python3", False, "not registered", "pip install ipykernel")
        return
    yield kernel(spec.argv[0], spec.resource_dir)


def kernel(program: str, folder: str) -> Item:
    """Whether the notebook kernel ``python3`` starts this environment's Python.

    A bare ``python`` does: Jupyter replaces it by the Python that it runs in itself.
    """
    bare = {"python", f"python{sys.version_info[0]}", "python{}.{}".format(*sys.version_info)}
    ok = program in bare or os.path.abspath(program) == os.path.abspath(sys.executable)
    detail = sys.executable if ok else f"{program} (from {folder})"
    fix = "" if ok else f"it belongs to another Python: move {folder} away"
    return Item("kernel python3", ok, detail, fix)


def _weights() -> Iterator[Item]:
    from interp_course import assets

    try:
        for name in assets.names():
            assets.path(name)
    except assets.AssetError as error:
        yield Item("bundled weights", False, str(error), assets.FIX)
        return
    yield Item("bundled weights", True, f"{len(assets.names())} files, sha256 as shipped")


def _sandbox() -> Iterator[Item]:
    """Only teachers need it, so that its absence is no problem; the detail says what to do."""
    from interp_course.grading.sandbox.bubblewrap import Bubblewrap

    backend = Bubblewrap()
    detail = backend.missing() or backend.missing_for_warm() or f"{backend.name} works"
    yield Item("sandbox for grading", True, detail)


def _model() -> Iterator[Item]:
    start = time.perf_counter()
    import torch

    from interp_course import models

    model = models.load("induction")
    with torch.no_grad():
        logits = model(torch.zeros(1, 8, dtype=torch.long))
    seconds = time.perf_counter() - start
    ok = bool(torch.isfinite(logits).all())
    fix = "" if ok else "the model gives no finite numbers on this device: try another one"
    yield Item("model run", ok, f"loaded and run in {seconds:.1f} s, imports included", fix)
