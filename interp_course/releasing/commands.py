"""The command ``interp-course release``."""

from pathlib import Path
from typing import Annotated

import typer


def release(
    out: Annotated[Path, typer.Argument(help="A folder, or a file that ends in .zip.")],
    unit: Annotated[
        list[str] | None, typer.Option(help="Only this unit; may be repeated. Else all.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite released files that were changed.")
    ] = False,
) -> None:
    """Make what students get: notebooks, package and start page, without any answer.

    A folder with an earlier release is brought up to date: it keeps its units, those named are
    added, and files that are not from a release are never touched.
    """
    from interp_course import course, releasing

    root = course.find_root()
    made, changes = releasing.make(
        root, out, unit or [], force=force, progress=lambda what: typer.echo(what, err=True)
    )
    others = [u.slug for u in course.units(root) if u.folder not in made.units]
    typer.echo(f"{out}: interp-course {made.version}, {len(made.files)} files")
    typer.echo(f"units: {', '.join(made.units)}")
    if others:
        typer.echo(f"not released: {', '.join(others)}")
    for path in changes.removed:
        typer.echo(f"removed {path}")
    typer.secho(
        f"✓ files written: {len(changes.written)}; all were searched for answers and hidden tests",
        fg=typer.colors.GREEN,
    )
