"""Path patching: a change that travels along one path only.

A path is an edge or several that connect, ``L0.H1 -> L1.H3.k -> logits``. The contribution of
its first part is swapped for the other run's in the one input that the path names; only the
change that this makes to the next part's output goes on along the path. Every other input of
every part keeps the value of the base run, until the path ends: from its last part the change
spreads freely. So

* a single edge says what the target's one input owes to the source (Wang et al. 2023, section
  3.1; there the paths into the target may also pass through MLPs, here they are direct);
* a path that ends in ``logits`` is the path of Goldowsky-Dill et al. (2023), section 3.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from interp_course import circuits
from interp_course.circuits import Edge
from interp_course.patching import effects
from interp_course.patching.effects import Direction
from interp_course.patching.metrics import Metric
from interp_course.patching.wiring import Wiring

Path = str | Edge | Sequence[Edge]


def path_effects(
    model: Any,
    clean: Int[Tensor, "batch pos"],
    corrupted: Int[Tensor, "batch pos"],
    paths: Sequence[Path],
    metric: Metric,
    *,
    direction: Direction = "denoising",
) -> Float[Tensor, " cell"]:
    """Effect of patching each path, all paths in a few batches.

    Args:
        model: A bridge.
        clean: Prompts on which the model does its job.
        corrupted: As many prompts of the same length, on which it does not.
        paths: Edges, lists of edges that connect, or names; `circuits.edges` gives all edges.
        metric: See `metrics`.
        direction: See `effects`, also for the scale.

    Raises:
        ValueError: If the model has no such edge, the edges of a path do not connect, or the
            prompts, the metric or the kind of model do not fit.
    """
    effects.check_pair(model, clean, corrupted)
    wiring = Wiring(model)
    routes = _routes(paths)
    masks = [_masks(wiring, route) for route in routes]
    pushed, carried = (torch.stack(several) for several in zip(*masks, strict=True))
    runs = wiring.run(clean), wiring.run(corrupted)
    scale = effects.scale(metric, runs[0].logits, runs[1].logits)
    base, other = effects.base_and_other(*runs, direction)
    found = wiring.outcomes(metric, base, other, pushed, carried)
    return scale.effect(found.double().mean(dim=1)).float()


def edges_of(path: Path) -> tuple[Edge, ...]:
    """The edges of a path, from an edge, several, or a name.

    Raises:
        ValueError: If it is no name of a path, or the edges do not connect.
    """
    if isinstance(path, str):
        names = [name.strip() for name in path.split("->")]
        if len(names) < 2:
            raise ValueError(f"{path!r} is no path: write it as 'L0.H1 -> L1.H3.k -> logits'")
        starts = [name[:-2] if name[-2:] in (".q", ".k", ".v") else name for name in names]
        steps = zip(starts[:-1], names[1:], strict=True)
        return tuple(circuits.edge(f"{start} -> {end}") for start, end in steps)
    found = (path,) if isinstance(path, Edge) else tuple(path)
    for one, following in pairwise(found):
        if one.target != following.source:
            raise ValueError(f"the path breaks off: {one} does not lead to {following}")
    if not found:
        raise ValueError("a path needs at least one edge")
    return found


def _routes(paths: Sequence[Path]) -> list[tuple[Edge, ...]]:
    if isinstance(paths, str | Edge) or not len(paths):
        raise ValueError(f"paths must be a list of at least one path, got {paths!r}")
    return [edges_of(path) for path in paths]


def _masks(wiring: Wiring, route: tuple[Edge, ...]) -> tuple[Tensor, Tensor]:
    """Which writer is swapped, and which edges carry the change."""
    carried = wiring.carrying(list(route))
    last = route[-1].target
    for i, writer in enumerate(wiring.writers):
        if writer == last or writer.depth > last.depth:
            carried[i] = True
    pushed = torch.zeros(len(wiring.writers), dtype=torch.bool)
    pushed[wiring.index(route[0])[0]] = True
    return pushed, carried
