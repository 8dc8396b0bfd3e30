"""The weights that ship with the package: where they are, and whether they are intact.

``weights/manifest.json`` lists each file with its size and sha256. Nothing is downloaded.
"""

import functools
import hashlib
import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "weights"
FIX = "reinstall interp-course (or `git checkout -- interp_course/weights` in a clone)"


class AssetError(RuntimeError):
    """A bundled file is missing or not what was shipped; the message says what to do."""


def names() -> list[str]:
    """The bundled files, in alphabetical order."""
    return sorted(_manifest())


def path(name: str) -> Path:
    """The path of a bundled file, after checking its size and sha256.

    Raises:
        AssetError: If the file is unknown, missing or damaged.
    """
    if name not in _manifest():
        raise AssetError(f"{name!r} is not a bundled file; bundled: {', '.join(names())}")
    file, entry = FOLDER / name, _manifest()[name]
    if not file.is_file():
        raise AssetError(f"the bundled weights {name} are missing from {FOLDER}: {FIX}")
    found = _digest(file, file.stat().st_mtime_ns)
    if found != entry["sha256"]:
        raise AssetError(
            f"the bundled weights {name} are damaged: sha256 is {found[:12]}…, "
            f"expected {entry['sha256'][:12]}…: {FIX}"
        )
    return file


def register(name: str) -> None:
    """Record size and sha256 of a file in the weights folder (after retraining a model)."""
    file = FOLDER / name
    file.chmod(0o644)  # safetensors keeps it for its owner; graders' sandboxes run as another user
    entry = {"sha256": hashlib.sha256(file.read_bytes()).hexdigest(), "bytes": file.stat().st_size}
    entries = dict(sorted({**_manifest(), name: entry}.items()))
    (FOLDER / "manifest.json").write_text(json.dumps(entries, indent=1) + "\n", encoding="utf-8")


def _manifest() -> dict[str, dict[str, Any]]:
    file = FOLDER / "manifest.json"
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise AssetError(f"{file} is missing: {FIX}") from error
    except json.JSONDecodeError as error:
        raise AssetError(f"{file} is damaged ({error}): {FIX}") from error


@functools.lru_cache(maxsize=256)
def _digest(file: Path, _changed_at: int) -> str:
    """Sha256 of a file; computed once for each state of the file."""
    return hashlib.sha256(file.read_bytes()).hexdigest()
