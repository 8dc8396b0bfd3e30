"""From the course's repository to a release, with every check before the first byte is written."""

from collections.abc import Callable, Sequence
from pathlib import Path

from interp_course import course, notebooks
from interp_course.course import START, Unit
from interp_course.releasing.contents import Release, ReleaseError, collect
from interp_course.releasing.leaking import leaked
from interp_course.releasing.writing import Changes, earlier, to_folder, to_zip

Progress = Callable[[str], None]
"""Called with what is looked at next."""


def make(
    root: Path,
    out: Path,
    units: Sequence[str] = (),
    *,
    force: bool = False,
    progress: Progress = lambda what: None,
) -> tuple[Release, Changes]:
    """Check the course and write what students get.

    Args:
        root: The course's root, with ``solutions/``.
        out: A folder, or a file whose name ends in ``.zip``.
        units: Slugs or folder names. A folder that holds an earlier release keeps the units it
            has, and these are added. If none is given: those of the earlier release, else all.
        force: Overwrite released files that were changed since.
        progress: Told what is looked at next.

    Raises:
        ReleaseError: If notebooks are stale, an answer is in a file, or ``out`` cannot be used.
            Nothing is written then.
        CourseError: If there is no unit of a given name.
    """
    out = out.resolve()
    as_zip = out.suffix.lower() == ".zip"
    _refuse_place(root.resolve(), out, as_zip=as_zip)
    chosen = _chosen(root, units, None if as_zip else out)
    problems = []
    for name in (*(unit.slug for unit in chosen), START):
        progress(f"comparing {name} with its source")
        problems += notebooks.check(root, name)
    if problems:
        raise ReleaseError(
            "the notebooks are not what their sources say. Nothing was written. Run "
            "`interp-course build`, then release again:\n" + "\n".join(problems)
        )
    progress("looking for answers in every file")
    release = collect(root, chosen)
    found = leaked(root, release.files)
    if found:
        raise ReleaseError("answers would be released. Nothing was written:\n" + "\n".join(found))
    progress("writing")
    write = to_zip if as_zip else to_folder
    return release, write(release, out, force=force)


def _refuse_place(root: Path, out: Path, *, as_zip: bool) -> None:
    if not (root / "solutions").is_dir():
        raise ReleaseError(
            f"{root} has no folder solutions/: a release is made from the course's repository"
        )
    inside = any(out.is_relative_to(root / n) for n in ("course", "interp_course", "solutions"))
    if inside or root.is_relative_to(out):
        raise ReleaseError(f"{out} would mix the release with the course: choose another place")
    if as_zip and out.is_dir():
        raise ReleaseError(f"{out} is a folder: choose another name")
    if not as_zip and out.exists() and not out.is_dir():
        raise ReleaseError(f"{out} is a file: choose a folder, or a name that ends in .zip")


def _chosen(root: Path, names: Sequence[str], folder: Path | None) -> list[Unit]:
    """The units asked for and those released earlier, in the manifest's order."""
    before = (earlier(folder) if folder else None) or {"units": []}
    wanted = {course.unit(root, name).folder for name in names} | set(before["units"])
    every = course.units(root)
    return [unit for unit in every if unit.folder in wanted] if wanted else every
