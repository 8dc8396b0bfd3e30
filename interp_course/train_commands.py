"""The commands ``interp-course train`` and ``interp-course train-dictionary``."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from interp_course.course import CourseError


def train(
    name: Annotated[str, typer.Argument(help="A model of the zoo.")],
    seed: Annotated[int, typer.Option(min=0, help="Initialisation and order of the data.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Folder for the weights.")] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, mps or auto.")] = None,
) -> None:
    """Train a model of the zoo from its recipe and print the figures of its card."""
    from interp_course import models, recipes, runtime

    try:
        where = runtime.device(device)
    except (RuntimeError, ValueError) as error:
        raise CourseError(str(error)) from error
    with runtime.deterministic(threads=1):  # more threads only wait for each other
        module, _ = recipes.train(name, seed=seed, device=where, progress=sys.stderr.isatty())
    for figure, value in recipes.card(models.wrap(module), name).items():
        typer.echo(f"{figure:24} {value:8.4f}")
    if out is not None:
        models.save(module, out, models.ZOO[name].architecture)
        typer.echo(f"wrote {out}: load it with models.load({str(out)!r})")


def train_dictionary(
    name: Annotated[str, typer.Argument(help="A dictionary that ships with the course.")],
    seed: Annotated[int, typer.Option(min=0, help="Training run of the network, and start.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Folder for the weights.")] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, mps or auto.")] = None,
) -> None:
    """Train a sparse autoencoder from its recipe and print the figures of its card."""
    from interp_course import dictionaries, runtime, sae

    try:
        where = runtime.device(device)
        with runtime.deterministic(threads=1):
            dictionary, _ = dictionaries.train(
                name, seed=seed, device=where, progress=sys.stderr.isatty()
            )
    except (RuntimeError, ValueError) as error:
        raise CourseError(str(error)) from error
    for figure, value in dictionaries.card(dictionary, name, seed=seed).items():
        typer.echo(f"{figure:24} {value:8.4f}")
    if out is not None:
        sae.save(dictionary, out)
        typer.echo(f"wrote {out}: load it with sae.load({str(out)!r})")
