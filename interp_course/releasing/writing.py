"""Writing a release, without ever losing a file that is not from one."""

import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from interp_course.releasing.contents import (
    MANIFEST,
    Release,
    ReleaseError,
    parse_manifest,
    sha256,
)

TOP = "interp-course/"
"""The one folder in a zip file, whatever the file is called."""
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the first time that a zip file can hold
_MOST_NAMED = 20


@dataclass(frozen=True)
class Changes:
    """The paths that were written and removed."""

    written: tuple[str, ...]
    removed: tuple[str, ...] = ()


def earlier(out: Path) -> dict[str, Any] | None:
    """The manifest of the release in a folder; None if there is none.

    Raises:
        ReleaseError: If it is damaged.
    """
    path = out / MANIFEST
    return parse_manifest(path.read_bytes(), path) if path.is_file() else None


def to_folder(release: Release, out: Path, *, force: bool = False) -> Changes:
    """Write a release into a folder, or bring the earlier release there up to date.

    A file of the earlier release that is not in the new one is removed. Files that are not from a
    release stay as they are; one with the very contents that would be written counts as released.

    Args:
        release: What to write.
        out: The folder; made if it is not there.
        force: Replace and remove also files of the earlier release that were changed since.

    Raises:
        ReleaseError: If files were changed, or something that is not from a release is in the
            way. Nothing is written then.
    """
    before: dict[str, str] = (earlier(out) or {"files": {}})["files"]
    now = {path: _state(out, path) for path in {*before, *release.files}}
    wanted = {path: sha256(data) for path, data in release.files.items()}
    differs = {path for path, state in now.items() if state and state != wanted.get(path)}
    _refuse_foreign(sorted(p for p in differs if p not in before or now[p] == "blocked"), out)
    changed = sorted(path for path in differs if path in before and now[path] != before[path])
    if changed and not force:
        raise ReleaseError(
            f"changed in {out} since it was released: {_named(changed)}. Nothing was written. "
            "Copy elsewhere what must be kept, then overwrite with --force"
        )
    written = tuple(path for path in release.files if now[path] != wanted[path])
    removed = tuple(sorted(path for path in differs if path not in wanted))
    for path in written:
        _write(out / path, release.files[path])
    for path in removed:
        _remove(out / path, out)
    _write(out / MANIFEST, release.manifest())
    return Changes(written, removed)


def to_zip(release: Release, out: Path, *, force: bool = False) -> Changes:
    """Write a release as a zip file: the same release gives the same bytes.

    Files are stored as they are, because compressed bytes depend on the version of zlib.

    Args:
        release: What to write.
        out: The file; an unchanged earlier release in its place is replaced.
        force: Replace also an earlier release that was changed.

    Raises:
        ReleaseError: If there is a file that is not an earlier release, or was changed.
    """
    if out.exists():
        _refuse_foreign_zip(out, force=force)
    out.parent.mkdir(parents=True, exist_ok=True)
    half = out.with_name(f"{out.name}.part")
    with zipfile.ZipFile(half, "w", zipfile.ZIP_STORED) as archive:
        for path, data in sorted({**release.files, MANIFEST: release.manifest()}.items()):
            member = zipfile.ZipInfo(TOP + path, _LONG_AGO)
            member.create_system, member.external_attr = 3, 0o100644 << 16  # as on Unix
            archive.writestr(member, data)
    os.replace(half, out)
    return Changes(tuple(release.files))


def _state(out: Path, path: str) -> str | None:
    """The digest of a file, None if there is none, "blocked" if something else is in its place."""
    place = out / path
    parents = [
        out.joinpath(*place.relative_to(out).parts[:n]) for n in range(1, path.count("/") + 1)
    ]
    if (
        any(p.is_symlink() or (p.exists() and not p.is_dir()) for p in parents)
        or place.is_symlink()
    ):
        return "blocked"
    if place.is_file():
        return sha256(place.read_bytes())
    return "blocked" if place.exists() else None


def _refuse_foreign(paths: list[str], out: Path) -> None:
    if paths:
        raise ReleaseError(
            f"in the way in {out}, and not from an earlier release: {_named(paths)}. Nothing was "
            "written. Move them away, or release into another folder"
        )


def _refuse_foreign_zip(out: Path, *, force: bool) -> None:
    try:
        with zipfile.ZipFile(out) as archive:
            held = {m.filename: sha256(archive.read(m)) for m in archive.infolist()}
            manifest = parse_manifest(archive.read(TOP + MANIFEST), out)
    except (OSError, zipfile.BadZipFile, KeyError):
        raise ReleaseError(f"{out} is no earlier release: choose another name") from None
    del held[TOP + MANIFEST]
    wanted = {TOP + path: digest for path, digest in manifest["files"].items()}
    changed = sorted(dict(held.items() ^ wanted.items()))
    if changed and not force:
        raise ReleaseError(
            f"changed in {out} since it was released: {_named(changed)}. Nothing was written. "
            "Copy elsewhere what must be kept, then overwrite with --force"
        )


def _named(paths: list[str]) -> str:
    more = len(paths) - _MOST_NAMED
    return ", ".join(paths[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _write(path: Path, data: bytes) -> None:
    """Replace a file in one step: a reader sees the old contents or the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f"{path.name}.part")
    half.write_bytes(data)
    os.replace(half, path)


def _remove(path: Path, out: Path) -> None:
    """Delete a file, and the folders that it leaves empty."""
    path.unlink()
    for folder in path.parents:
        if folder == out or any(folder.iterdir()):
            return
        folder.rmdir()
