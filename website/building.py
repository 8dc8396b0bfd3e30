"""From the files that students get to a folder of pages that a browser opens without a server."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

MARK = ".interp-course-site"


class SiteError(RuntimeError):
    """The site cannot be made; the message says why."""


def build(sources: Mapping[str, bytes], out: Path) -> None:
    """Make the pages and put them in place of an earlier site.

    Args:
        sources: The texts of the pages by path (`pages.pages`).
        out: A folder that is new, empty, or holds an earlier site.

    Raises:
        SiteError: If the folder holds something else, or Sphinx warns of anything. Nothing is
            changed then.
    """
    if out.exists() and not (out / MARK).exists() and (not out.is_dir() or any(out.iterdir())):
        raise SiteError(f"{out} holds something else than a site: choose another folder")
    with tempfile.TemporaryDirectory() as folder:
        source, built = Path(folder, "source"), Path(folder, "site")
        for path, data in sources.items():
            place = source / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        _sphinx(source, built, Path(folder, "cache"))
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(built, out, ignore=shutil.ignore_patterns(".buildinfo", "objects.inv"))
    (out / MARK).touch()


def _sphinx(source: Path, built: Path, cache: Path) -> None:
    from sphinx.cmd.build import main

    here = str(Path(__file__).parent)
    if main(["-q", "-W", "--keep-going", "-c", here, "-d", str(cache), str(source), str(built)]):
        raise SiteError("Sphinx found what is named above; the site was not written")
