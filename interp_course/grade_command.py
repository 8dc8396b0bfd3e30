"""The command ``interp-course grade``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from interp_course import course
from interp_course.terminal import PROBLEMS, bar

if TYPE_CHECKING:
    from interp_course.grading.runner import Runner


def grade(
    submissions: Annotated[Path, typer.Argument(help="student/assignment/notebook.ipynb below it")],
    out: Annotated[Path, typer.Option(help="Folder for scores, gradebook and logs.")] = Path(
        "grades"
    ),
    unit: Annotated[list[str] | None, typer.Option(help="Only this unit; may be repeated.")] = None,
    timeout: Annotated[int, typer.Option(min=1, help="Seconds for one cell.")] = 600,
    lms: Annotated[
        Literal["plain", "moodle", "canvas"] | None,
        typer.Option(help="Also write the scores for a learning management system."),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Submissions at the same time; else one per core.")
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(help="Send submissions to this dask cluster.", metavar="ADDRESS"),
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Also grade what an earlier run has graded.")
    ] = False,
    instances: Annotated[
        Literal["same", "each"],
        typer.Option(help="Whether students have one instance of findings, or each their own."),
    ] = "same",
    sandbox: Annotated[
        bool, typer.Option(help="Run submissions where they reach nothing of yours.")
    ] = True,
) -> None:
    """Grade a folder of submissions with nbgrader; a failure never touches the others.

    Each submission runs in a sandbox, which needs Linux and bubblewrap. With --no-sandbox it
    runs with your rights: for people you trust, or inside a container.
    """
    root = course.find_root()
    from rich.console import Console

    from interp_course import runtime, workers
    from interp_course.grading import worker_processes

    count = jobs or workers.cores()
    if count > 1 and not cluster:
        worker_processes.import_ahead()
    from interp_course.grading import batch, crew, output, report

    crews = crew.cluster(cluster) if cluster else crew.processes(count) if count > 1 else crew.alone
    hidden = (root, submissions.resolve(), out.resolve())
    own = {"instances": instances, "instance": runtime.instance()}
    runner = _runner(sandbox, hidden, cell_timeout=timeout, **own)
    with bar() as show:
        graded = batch.grade(
            submissions,
            out,
            root,
            only=unit or [],
            runner=runner,
            crew=crews,
            again=again,
            progress=show,
        )
    written = output.write(graded, root, lms)
    Console().print(report.tables(written.batch))
    for what, path in written.paths().items():
        typer.echo(f"{what}: {path}")
    if graded.problems:
        count = f"{graded.problems} of {len(graded.results)} submissions have no grade"
        typer.secho(f"{count}: see above", err=True, fg=typer.colors.RED)
        raise typer.Exit(PROBLEMS)


def _runner(sandbox: bool, hidden: tuple[Path, ...], **settings: Any) -> "Runner":
    """What executes submissions; says so where it is less than a quick sandbox."""
    from interp_course.grading.runner import UnsandboxedRunner
    from interp_course.grading.sandbox import running

    if not sandbox:
        _warn(
            "submissions run without a sandbox, with your rights: grade only people you trust, "
            "or inside a container."
        )
        return UnsandboxedRunner(**settings)
    why_slow = running.why_cold()
    if why_slow is not None:
        _warn(f"each submission imports the libraries anew: {why_slow}")
    return running.SandboxedRunner(hidden=hidden, **settings)


def _warn(text: str) -> None:
    typer.secho(f"WARNING: {text}", err=True, fg=typer.colors.YELLOW)
