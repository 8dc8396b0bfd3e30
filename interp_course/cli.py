"""The command ``interp-course``: everything that is done to the course from a terminal.

Exit codes: 0 all is well, 1 problems were found (and listed), 2 the command could not do its
work. Anything heavy is imported inside the command that needs it, so ``--help`` is quick.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from interp_course import course
from interp_course import grade_command as grading
from interp_course import train_commands as training
from interp_course.bench import commands as bench_commands
from interp_course.course import START, CourseError
from interp_course.progress_command import progress
from interp_course.releasing.commands import release
from interp_course.terminal import UNUSABLE, bar, finish, waiting

if TYPE_CHECKING:
    from rich.table import Table

    from interp_course.verify import UnitReport


class _ClearErrors(TyperGroup):
    """Shows errors that were written for the user as one message instead of a traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Exception as error:
            ours = type(error).__module__.startswith("interp_course.")
            if not ours and not isinstance(error, OSError):
                raise
            typer.secho(f"Error: {error}", err=True, fg=typer.colors.RED)
            raise typer.Exit(UNUSABLE) from error


app = typer.Typer(
    cls=_ClearErrors,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Tools of the course on mechanistic interpretability. Start with `interp-course lab`.",
)
Slugs = Annotated[list[str] | None, typer.Argument(metavar="[UNIT]...", help="Units; else all.")]


@app.command(epilog="Example: interp-course doctor --markdown > report.md")
def doctor(
    markdown: Annotated[bool, typer.Option("--markdown", help="As a Markdown table.")] = False,
    model_run: Annotated[bool, typer.Option(help="Also load and run a small model.")] = True,
) -> None:
    """Look whether this machine is ready for the course; each problem comes with its fix."""
    from interp_course import doctor

    with waiting("looking at this machine"):
        items = doctor.report(model_run=model_run)
    if markdown:
        typer.echo(doctor.as_markdown(items))
    for item in [] if markdown else items:
        typer.echo(f"{'ok      ' if item.ok else 'PROBLEM '} {item.name}: {item.detail}")
        if item.fix:
            typer.echo(f"          fix: {item.fix}")
    finish([item.name for item in items if not item.ok], "ready for the course")


@app.command(
    context_settings={"ignore_unknown_options": True},
    epilog="Example: interp-course lab -- --no-browser --port 9999",
)
def lab(
    arguments: Annotated[list[str] | None, typer.Argument(help="Options of JupyterLab.")] = None,
) -> None:
    """Open the course in JupyterLab; what follows `--` is passed on to it."""
    command, folder, environment = lab_command(arguments or [])
    if os.name == "posix":  # becomes JupyterLab, which then handles Ctrl-C itself
        os.chdir(folder)
        os.execve(command[0], command, environment)
    raise typer.Exit(subprocess.call(command, cwd=folder, env=environment))


def lab_command(arguments: list[str]) -> tuple[list[str], Path, dict[str, str]]:
    """What starts JupyterLab on the start page: the command, its folder, its environment.

    The course's root must be the folder, or `nbgrader_config.py` is not found and the file
    browser shows ``course/`` only.

    Raises:
        CourseError: If the course or its start page is not there.
    """
    root = course.find_root()
    page = root / "course" / f"{START}.ipynb"
    if not page.is_file():
        raise CourseError(f"{page} is missing: run `interp-course build` first")
    url = f"--LabApp.default_url=/lab/tree/course/{START}.ipynb"
    scripts = str(Path(sys.executable).parent)
    path = os.pathsep.join([scripts, os.environ.get("PATH", os.defpath)])
    if hasattr(os, "geteuid") and os.geteuid() == 0 and "--allow-root" not in arguments:
        arguments = ["--allow-root", *arguments]  # a container's only user; Jupyter would refuse
    command = [sys.executable, "-m", "jupyterlab", url, *arguments]
    return command, root, {**os.environ, "PATH": path}


@app.command(epilog="Example: interp-course build induction_heads")
def build(
    units: Slugs = None,
    check: Annotated[bool, typer.Option("--check", help="Change nothing, report drift.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite edited notebooks.")] = False,
) -> None:
    """Make the reference and the student notebooks from their source in solutions/."""
    root = course.find_root()
    from interp_course import notebooks

    names: list[str | None] = [*units] if units else [None]
    if check:
        with waiting("comparing notebooks with their sources"):
            problems = [problem for name in names for problem in notebooks.check(root, name)]
        finish(problems, "all notebooks are what their sources say")
        return
    with bar() as show:
        written = [
            path
            for name in names
            for path in notebooks.build(
                root, name, force=force, progress=lambda what, done, total: show(done, total, what)
            )
        ]
    for path in written:
        typer.echo(f"wrote {path.relative_to(root)}")


@app.command(epilog="Example: interp-course verify induction_heads --answers-only")
def verify(
    units: Slugs = None,
    answers_only: Annotated[
        bool, typer.Option("--answers-only", help="Do not run the notebooks.")
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option(min=1, help="Units at the same time, one core each; else as many as cores."),
    ] = None,
) -> None:
    """Prove that grading works, unit by unit.

    The reference earns all points that are not given by hand, a blank notebook none; every wrong
    answer is rejected by name, and other right answers pass.
    """
    root = course.find_root()
    from rich.console import Console

    from interp_course import verify, workers

    jobs = jobs or workers.cores()
    with bar() as show:
        reports = verify.verify(
            root, units or [], answers_only=answers_only, jobs=jobs, progress=show
        )
    for report in reports:
        Console().print(_verify_table(report))
    problems = [f"{r.unit.slug}: {problem}" for r in reports for problem in r.problems]
    finish(problems, "every unit meets its bars")


app.command(epilog="Example: interp-course grade submissions --out grades --unit induction_heads")(
    grading.grade
)
app.command(epilog="Example: interp-course release students.zip --unit induction_heads")(release)
app.command(epilog="Example: interp-course progress induction_heads --reset")(progress)
app.command(epilog="Example: interp-course train induction --seed 1 --out my-model")(training.train)
app.command(epilog="Example: interp-course train-dictionary world_small --out my-dictionary")(
    training.train_dictionary
)
app.add_typer(bench_commands.app, name="bench")


def _verify_table(report: "UnitReport") -> "Table":
    from rich.table import Table

    from interp_course.verify import points

    def of(parts: int, whole: int) -> str:
        return f"{parts}/{whole}"

    notebooks = (report.reference, report.blank)
    table = Table(title=report.unit.folder, title_justify="left")
    table.add_column("exercise", overflow="fold")
    for column in ("rejected", "named", "accepted", "reference", "blank"):
        table.add_column(column, justify="right")
    for entry in report.exercises:
        earned = [points(result, entry.cells) if result else None for result in notebooks]
        table.add_row(
            entry.exercise,
            of(entry.rejected, entry.wrong),
            of(entry.named, entry.wrong),
            of(entry.accepted, entry.right),
            *("-" if e is None else f"{e[0]:g}/{e[1]:g}" for e in earned),
        )
    wrong, right = (sum(getattr(e, kind) for e in report.exercises) for kind in ("wrong", "right"))
    rejected, named, accepted = (
        sum(getattr(e, count) for e in report.exercises)
        for count in ("rejected", "named", "accepted")
    )
    for cell in report.reference.cells if report.reference else ():
        if cell.waiting and report.blank is not None:
            earned, maximum = points(report.blank, [cell.name])
            blank = f"{earned:g}/{maximum:g}"
            table.add_row(f"{cell.name} (by hand)", "-", "-", "-", "waiting", blank)
    totals = ("-" if r is None else f"{r.total:g}/{r.maximum:g}" for r in notebooks)
    table.add_section()
    table.add_row("all", of(rejected, wrong), of(named, wrong), of(accepted, right), *totals)
    return table
