"""What commands show while they work, and how they end."""

import contextlib
from collections.abc import Callable, Iterator

import typer

PROBLEMS, UNUSABLE = 1, 2
"""Exit codes: something was found, or the command could not do its work."""


def finish(problems: list[str], all_well: str) -> None:
    """Say how it ended, and exit with 1 if there are problems."""
    if not problems:
        typer.secho(f"✓ {all_well}", fg=typer.colors.GREEN)
        return
    for problem in problems:
        typer.secho(f"✗ {problem}", err=True, fg=typer.colors.RED)
    raise typer.Exit(PROBLEMS)


@contextlib.contextmanager
def bar() -> Iterator[Callable[[int, int, str], None]]:
    """A progress bar with the time it may still take; gives a function of (done, total, what)."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left:"),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
    )
    console = Console(stderr=True)
    hidden = not console.is_terminal
    with Progress(
        *columns, console=console, transient=True, disable=hidden, speed_estimate_period=600
    ) as progress:
        task = progress.add_task("", total=None)
        yield lambda done, total, what: progress.update(
            task, completed=done, total=total, description=what
        )


@contextlib.contextmanager
def waiting(what: str) -> Iterator[None]:
    """A sign that something is going on, where there is a terminal."""
    from rich.console import Console

    console = Console(stderr=True)
    with console.status(what) if console.is_terminal else contextlib.nullcontext():
        yield
