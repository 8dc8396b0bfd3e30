"""Causal scrubbing the obvious way: one forward pass with hooks for every node of a plan."""

from typing import Any

import torch
from torch import Tensor

from interp_course import hooks
from interp_course.circuits import LOGITS, Part
from interp_course.scrubbing import Plan
from interp_course.scrubbing.planning import Draw

BATCH = {"cpu": 400, "cuda": 100_000}
"""Sequences in a forward pass; more are slower on a CPU, because they leave its cache."""


def plain_logits(model: Any, plan: Plan, position: int = -1) -> Tensor:
    """The scrubbed logits of a plan, with one forward pass of the model for every node.

    Raises:
        ValueError: For what it cannot do: streams, distances, subspaces, and
            ``unimportant="each"``.
    """
    for draw in plan.draws:
        if not isinstance(draw.node.site, Part) or (draw.edge and draw.edge.subspace):
            raise ValueError(f"{draw.path}: the plain way knows whole parts only")
    if plan.unimportant == "each":
        raise ValueError('the plain way knows unimportant="shared" and "exact" only')
    with torch.no_grad():
        return _value(model, plan, 0)[:, position]


def _value(model: Any, plan: Plan, i: int) -> Tensor:
    """What a node writes (the logits at the top), for all samples."""
    draw = plan.draws[i]
    if draw.others is None:  # each row of the data set at most once
        rows, place = draw.rows.unique(return_inverse=True)
        value = _forward(model, plan, draw, rows, {})
        if draw.rows.ndim == 1:
            return value[place]
        return value[place, torch.arange(place.shape[1])]
    children = {c: _value(model, plan, c) for c, d in enumerate(plan.draws) if d.parent == i}
    return _own(draw, _forward(model, plan, draw, draw.others, children))


def _own(draw: Draw, value: Tensor) -> Tensor:
    if draw.rows.ndim == 1:
        return value
    places = torch.arange(draw.rows.shape[1])
    return value.unflatten(0, tuple(draw.rows.shape))[:, places, places]


def _forward(
    model: Any, plan: Plan, draw: Draw, rows: Tensor, children: dict[int, Tensor]
) -> Tensor:
    """The output of a node's part on these rows, in batches."""
    size = BATCH.get(plan.tokens.device.type, BATCH["cpu"])
    return torch.cat(
        [
            _batch(model, plan, draw, rows, some, {c: v[some] for c, v in children.items()})
            for some in torch.arange(len(rows)).split(size)
        ]
    )


def _batch(
    model: Any, plan: Plan, draw: Draw, rows: Tensor, some: Tensor, children: dict[int, Tensor]
) -> Tensor:
    """The output of a node's part in a forward pass in which it reads its scrubbed children."""
    part, written = draw.node.site, {}
    assert isinstance(part, Part)
    edits: dict[str, list[hooks.HookFunction]] = {}

    def keep(site: Part) -> None:
        edits.setdefault(_place(site), []).append(
            lambda x, hook: written.__setitem__(site, _written(model, site, x))
        )

    for c in children:
        site = plan.draws[c].node.site
        assert isinstance(site, Part)
        keep(site)
    if children:
        stream = _stream(part, model)
        edits.setdefault(stream, []).append(
            lambda x, hook: (
                written.__setitem__("stream", x)
                if part != LOGITS
                else _mixed(plan, draw, some, children, written, x, "in")
            )
        )
        for slot in part.slots if part != LOGITS else ():
            edits.setdefault(_input(part, slot), []).append(
                lambda x, hook, slot=slot: _normed(
                    model,
                    part,
                    _mixed(plan, draw, some, children, written, written["stream"], slot),
                )
            )
    if part != LOGITS:
        keep(part)
    pairs = [(name, function) for name, functions in edits.items() for function in functions]
    logits = model.run_with_hooks(plan.tokens[rows[some]], fwd_hooks=pairs)
    return logits if part == LOGITS else written[part]


def _mixed(
    plan: Plan,
    draw: Draw,
    some: Tensor,
    children: dict[int, Tensor],
    written: dict[Any, Tensor],
    stream: Tensor,
    slot: str,
) -> Tensor:
    for c, value in children.items():
        child = plan.draws[c]
        assert child.edge is not None
        if slot in child.edge.slots:
            change = value - written[child.node.site]
            if child.carried is not None:
                change = (
                    change * child.carried.to(change.device)[draw.rows.flatten()[some], :, None]
                )
            stream = stream + change
    return stream


def _normed(model: Any, part: Part, stream: Tensor) -> Tensor:
    block = model.blocks[part.layer]
    return (block.ln1 if part.kind == "head" else block.ln2)(stream)


def _place(part: Part) -> str:
    if part.kind == "head":
        return hooks.z(part.layer)
    if part.kind == "mlp":
        return hooks.mlp_out(part.layer)
    return hooks.embed() if part.kind == "embed" else hooks.positions()


def _written(model: Any, part: Part, x: Tensor) -> Tensor:
    if part.kind != "head":
        return x
    return x[:, :, part.head] @ model.blocks[part.layer].attn.W_O[part.head]


def _stream(part: Part, model: Any) -> str:
    if part == LOGITS:
        return hooks.streams(model)[-1]
    return hooks.resid_pre(part.layer) if part.kind == "head" else hooks.resid_mid(part.layer)


def _input(part: Part, slot: Any) -> str:
    if part.kind == "head":
        return hooks.projection_in(part.layer, slot)
    return hooks.mlp_in(part.layer)
