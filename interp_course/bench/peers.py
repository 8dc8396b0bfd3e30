"""A separate environment with the libraries that the course is compared with.

They pin an older transformer-lens, so they cannot be installed beside the course. Making the
environment downloads about a gigabyte, so nothing here does it unless it is asked to.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import platformdirs
import torch

VERSIONS = {"sae-lens": "6.54.12", "dictionary-learning": "0.1.0", "eai-sparsify": "1.3.3"}
MARKER = "interp-course-peers.json"
"""Written when everything is installed, and only then."""
LAST_LINES = 8


class PeersError(RuntimeError):
    """The environment is missing, damaged or cannot be made; the message says what to do."""


def default_folder() -> Path:
    """Where the environment is if no other place is named."""
    return platformdirs.user_cache_path("interp-course") / "peers"


def python(folder: Path) -> Path:
    """The interpreter of the environment.

    Raises:
        PeersError: If the environment is not complete, or holds other versions.
    """
    marker = folder / MARKER
    again = f"remove the folder and make it anew with --peers, or name another: {folder}"
    if not marker.is_file():
        raise PeersError(f"there is no complete environment of the other libraries; {again}")
    try:
        found = json.loads(marker.read_text())
    except ValueError:
        found = None
    if found != wanted():
        raise PeersError(f"the environment holds {found}, wanted is {wanted()}; {again}")
    interpreter = _interpreter(folder)
    if not interpreter.exists():
        raise PeersError(f"the environment is damaged: {interpreter} is missing; {again}")
    return interpreter


def ensure(folder: Path) -> Path:
    """The interpreter of the environment, which is made if there is nothing in the folder.

    Raises:
        PeersError: If there is something else in the folder, or the installation fails.
    """
    if folder.exists() and any(folder.iterdir()):
        return python(folder)
    try:
        _make(folder)
    except subprocess.CalledProcessError as error:
        shutil.rmtree(folder, ignore_errors=True)
        said = "\n  ".join((error.stdout or "").splitlines()[-LAST_LINES:])
        raise PeersError(
            f"the other libraries could not be installed; the last that pip said:\n  {said}\n"
            f"torch must be the same here and there ({torch.__version__}). If pip does not find "
            "it, name its index: PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu"
        ) from error
    (folder / MARKER).write_text(json.dumps(wanted(), indent=1))
    return python(folder)


def wanted() -> dict[str, str]:
    """The version of each library."""
    return {**VERSIONS, "torch": torch.__version__}


def _make(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    constraints = folder / "constraints.txt"
    constraints.write_text(f"torch=={torch.__version__}\n")
    _run(sys.executable, "-m", "venv", str(folder))
    pip = (str(_interpreter(folder)), "-m", "pip")
    packages = [f"{name}=={version}" for name, version in VERSIONS.items()]
    _run(*pip, "install", "-c", str(constraints), *packages)
    # nnsight asks for torchvision, which nothing here uses; the usual build of it does not load
    # beside a torch that was built for CPUs only, and then transformers does not load either.
    _run(*pip, "uninstall", "-y", "torchvision")


def _interpreter(folder: Path) -> Path:
    windows = sys.platform == "win32"
    return folder / ("Scripts/python.exe" if windows else "bin/python")


def _run(*command: str) -> None:
    subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
