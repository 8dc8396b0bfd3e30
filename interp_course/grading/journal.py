"""What has been graded already, so that a run that was interrupted goes on where it stopped.

One small file for each submission, written in one step after everything else has been stored.
It counts only for exactly what was graded then: the same notebook, the same unit with the same
hidden tests, the same version of the course.
"""

import hashlib
import json
import os
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from interp_course.grading.results import Result, result_from


def key(*parts: str | bytes) -> str:
    """A number for exactly these parts and this version of the course."""
    whole = hashlib.sha256(version("interp-course").encode())
    for part in parts:
        content = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        whole.update(f"\n{len(content)}\n".encode() + content)
    return whole.hexdigest()


def find(folder: Path, name: str, key: str) -> Result | None:
    """What was written for a submission, or None if it was not this one or cannot be read."""
    try:
        found = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        return result_from(found["result"]) if found["key"] == key else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write(folder: Path, name: str, key: str, result: Result) -> None:
    """Keep a result: afterwards the file holds all of it, or what it held before."""
    folder.mkdir(exist_ok=True)
    text = json.dumps({"key": key, "result": asdict(result)}, ensure_ascii=True, indent=1)
    new = folder / f"{name}.new"
    with new.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(folder / f"{name}.json")


def drop(folder: Path, name: str) -> None:
    """Forget a submission: it comes before its scores are touched, so that they are made again."""
    (folder / f"{name}.json").unlink(missing_ok=True)
