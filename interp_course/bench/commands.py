"""The commands ``interp-course bench``, ``bench circuits``, ``bench sae`` and ``bench grading``."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from interp_course.course import CourseError


class _OrMethods(TyperGroup):
    """Times the methods if no other subject is named."""

    def invoke(self, ctx: Any) -> Any:
        result = super().invoke(ctx)
        if ctx.invoked_subcommand is None:
            _time_methods(ctx.params["device"])
        return result


app = typer.Typer(
    cls=_OrMethods,
    invoke_without_command=True,
    epilog="Example: interp-course bench --device cuda",
)
Device = Annotated[str | None, typer.Option(help="cpu, cuda, mps or auto.")]


@app.callback()
def bench(device: Device = None) -> None:
    """Time the methods against the obvious way with transformer-lens, side by side."""


def _time_methods(device: str | None) -> None:
    from interp_course.bench import lens

    for timing in lens.run(device):
        _show(timing)


def _show(timing: Any) -> None:
    typer.echo(
        f"{timing.name}: {timing.ours:.1f} ms; {timing.peer_name}: {timing.peer:.1f} ms; "
        f"{timing.ratio:.2f} times as fast"
    )


@app.command(epilog="Example: interp-course bench circuits --device cuda")
def circuits(
    device: Device = None,
    repeats: Annotated[int, typer.Option(min=1, help="Turns of each side.")] = 5,
    threads: Annotated[int, typer.Option(min=1, help="Threads of torch.")] = 1,
) -> None:
    """Time sweeps, edge attribution and scrubbing against the obvious ways, side by side."""
    from itertools import chain

    import torch

    from interp_course.bench import circuits as subject
    from interp_course.bench import scrubbing

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        for timing in chain(*(s.run(device, repeats=repeats) for s in (subject, scrubbing))):
            _show(timing)
    except RuntimeError as error:
        raise CourseError(str(error)) from error
    finally:
        torch.set_num_threads(before)


@app.command(epilog="Example: interp-course bench sae --shape 512x4096 --peers --json sae.json")
def sae(
    peers: Annotated[
        bool,
        typer.Option("--peers", help="Measure SAELens, dictionary_learning, sparsify: installs."),
    ] = False,
    peers_folder: Annotated[
        Path | None, typer.Option(help="Their environment, 2 GB; made if it is not there.")
    ] = None,
    shape: Annotated[list[str] | None, typer.Option(help="d_in x d_sae; may be repeated.")] = None,
    architecture: Annotated[list[str] | None, typer.Option(help="topk or relu; else both.")] = None,
    batch: Annotated[int | None, typer.Option(min=1, help="2048, or 8192 on a GPU.")] = None,
    k: Annotated[int, typer.Option(min=1, help="Active latents of topk.")] = 32,
    repeats: Annotated[int, typer.Option(min=1, help="Turns of each implementation.")] = 5,
    steps: Annotated[int, typer.Option(min=1, help="Training steps in a turn.")] = 2,
    threads: Annotated[int, typer.Option(min=1, help="Threads of torch.")] = 2,
    device: Annotated[str | None, typer.Option(help="cpu, cuda or auto.")] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Also write everything measured to this file.")
    ] = None,
) -> None:
    """Time a training step of a sparse autoencoder against the bare matrix products.

    With --peers also against other libraries' own training loops. That downloads about a
    gigabyte into an environment of their own, once.
    """
    from rich.console import Console

    from interp_course import runtime
    from interp_course.bench import peers as libraries
    from interp_course.bench import sae, sae_table
    from interp_course.bench.sae_worker import Job

    try:
        where = str(runtime.device(device))
        jobs = [
            Job("", name, *sizes, batch or (2048 if where == "cpu" else 8192), k, threads, where)
            for sizes in (_sizes(text) for text in shape or _shapes(where))
            for name in architecture or ("topk", "relu")
        ]
        for job in jobs:
            sae.check(job)
    except (RuntimeError, ValueError) as error:
        raise CourseError(str(error)) from error
    interpreter = None
    if peers:
        folder = peers_folder or libraries.default_folder()
        typer.echo(f"other libraries: {folder}", err=True)
        interpreter = libraries.ensure(folder.absolute())
    console = Console(stderr=True)
    measurements = []
    for job in jobs:
        with console.status("starting") as status:
            found = sae.measure(
                job,
                sae.entries(job.architecture, where, peers=peers),
                sae.commands(interpreter),
                repeats=repeats,
                steps=steps,
                progress=status.update,
            )
        measurements.append(found)
        Console().print(sae_table.table(found))
        if json_file is not None:
            json_file.write_text(json.dumps(sae_table.as_json(measurements), indent=1))


@app.command(epilog="Example: interp-course bench grading --unit features --json f.json")
def grading(
    unit: Annotated[
        list[str] | None, typer.Option(help="May be repeated; else residual_stream.")
    ] = None,
    submissions: Annotated[int, typer.Option(min=2, help="How many students hand in.")] = 20,
    jobs: Annotated[int, typer.Option(min=1, help="Our workers.")] = 2,
    sandbox: Annotated[bool, typer.Option(help="Whether ours runs in sandboxes.")] = True,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Also write everything measured to this file.")
    ] = None,
) -> None:
    """Time grading against plain `nbgrader autograde` on the same submissions.

    Students are made up: one has solved everything, one nothing, the others something. The
    command stops if the two ways give different scores.
    """
    import tempfile
    from dataclasses import asdict

    from rich.console import Console

    from interp_course import course
    from interp_course.bench import grading as subject

    root = course.find_root()
    measured = []
    for name in unit or ["residual_stream"]:
        with (
            tempfile.TemporaryDirectory(prefix="bench-") as folder,
            Console(stderr=True).status("starting") as status,
        ):
            try:
                found = subject.measure(
                    name,
                    root,
                    Path(folder).resolve(),
                    submissions=submissions,
                    jobs=jobs,
                    sandbox=sandbox,
                    progress=status.update,
                )
            except (RuntimeError, AssertionError) as error:
                raise CourseError(str(error)) from error
        typer.echo(subject.text(found))
        measured.append({**asdict(found), "ratio": found.ratio})
        if json_file is not None:
            json_file.write_text(json.dumps(measured, indent=1))


def _shapes(device: str) -> list[str]:
    """The sizes that are measured if none is named."""
    small = ["512x4096", "768x12288"]
    return small if device == "cpu" else ["768x24576", "2304x65536"]


def _sizes(text: str) -> tuple[int, int]:
    """The numbers d_in and d_sae.

    Raises:
        ValueError: If the text is not two numbers with an x between them.
    """
    parts = text.lower().split("x")
    if len(parts) != 2 or not all(part.strip().isdigit() for part in parts):
        raise ValueError(f"a shape is d_in x d_sae, such as 768x12288, got {text!r}")
    return int(parts[0]), int(parts[1])
