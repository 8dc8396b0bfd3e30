"""Activation patching of every head, MLP or stream in a few large batches.

`transformer_lens.patching` runs the whole model once for each cell. Here the prompts are
repeated once for each cell, the change is added to the remembered stream, and only the blocks
above run (`model.blocks[k]`, `model.ln_final`, `model.unembed`; ``start_at_layer`` of
transformer-lens 4.3 would run the lower blocks too). The results are the same.

With a metric of `metrics`, which looks at one position, less still is computed (see `_logits`).

All sweeps return effects on the scale of `effects`: 0 is the corrupted run, 1 the clean one.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, Literal, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from interp_course import hooks
from interp_course.patching import effects
from interp_course.patching.effects import Direction
from interp_course.patching.metrics import AtPosition, Metric, measure

BYTES = {"cpu": 1 << 21, "cuda": 1 << 28}
"""About how large the largest activation of a group of cells may be: on a CPU it has to stay in
the cache (twice as fast as with 16 MB), on a GPU it has to be large enough to fill it."""

Positions = Literal["together", "each"] | Sequence[int]
"""All positions patched at once; each alone; or each of these alone."""


class _Runs(NamedTuple):
    """Logits and activations by hook name of the run that is patched and of the other."""

    logits: Tensor
    base: dict[str, Tensor]
    other: dict[str, Tensor]
    scale: effects.Scale


class _Patches(NamedTuple):
    """Patches of the stream that enters a layer; the last "layer" is the logits."""

    layer: int
    stream: Tensor
    """What the base run has there, ``[batch pos d_model]``."""
    change: Tensor
    """What a patch adds to it, ``[cell batch pos d_model]``, before a position is chosen."""


@torch.no_grad()
def head_sweep(
    model: Any,
    clean: Int[Tensor, "batch pos"],
    corrupted: Int[Tensor, "batch pos"],
    metric: Metric,
    *,
    positions: Positions = "together",
    direction: Direction = "denoising",
) -> Float[Tensor, "layer head"] | Float[Tensor, "layer head place"]:
    """Effect of patching the output of each head.

    Args:
        model: A bridge.
        clean: Prompts on which the model does its job.
        corrupted: As many prompts of the same length, on which it does not.
        metric: See `metrics`.
        positions: Whether all positions are patched together, or one at a time and which.
        direction: See `effects`.

    Raises:
        ValueError: If the prompts or the metric do not fit (see `effects`), a position does not
            exist, or blocks of this kind of model cannot be run by themselves.
    """
    layers = range(model.cfg.n_layers)
    names = (hooks.z, hooks.resid_pre, hooks.attn_out, hooks.resid_post)
    runs = _runs(model, clean, corrupted, metric, direction, [f(i) for i in layers for f in names])

    def patches() -> Iterator[_Patches]:
        for layer in layers:
            z, w_out = hooks.z(layer), model.blocks[layer].attn.W_O
            change = torch.einsum("bphe,hed->hbpd", _swap(runs, z, w_out), w_out)
            end = runs.base[hooks.resid_post(layer)]
            if not model.cfg.attn_only:
                # The MLP answers to the change, at each position by itself.
                block, before = model.blocks[layer], runs.base[hooks.resid_pre(layer)]
                middle = (before + runs.base[hooks.attn_out(layer)] + change).flatten(0, 1)
                after = middle + block.mlp(block.ln2(middle))
                change = after.view_as(change) - end
            yield _Patches(layer + 1, end, change)

    found = _sweep(model, runs, metric, positions, clean.shape[1], patches())
    return found.squeeze(-1) if positions == "together" else found


@torch.no_grad()
def mlp_sweep(
    model: Any,
    clean: Int[Tensor, "batch pos"],
    corrupted: Int[Tensor, "batch pos"],
    metric: Metric,
    *,
    positions: Positions = "each",
    direction: Direction = "denoising",
) -> Float[Tensor, "layer place"] | Float[Tensor, " layer"]:
    """Effect of patching the output of each MLP; arguments as in `head_sweep`.

    Raises:
        ValueError: As in `head_sweep`, or if the model has no MLPs.
    """
    if model.cfg.attn_only:
        raise ValueError("this model has no MLPs to patch: use head_sweep or stream_sweep")
    layers = range(model.cfg.n_layers)
    places = [name for i in layers for name in (hooks.mlp_out(i), hooks.resid_post(i))]
    runs = _runs(model, clean, corrupted, metric, direction, places)

    def patches() -> Iterator[_Patches]:
        for layer in layers:
            name, end = hooks.mlp_out(layer), runs.base[hooks.resid_post(layer)]
            yield _Patches(layer + 1, end, (runs.other[name] - runs.base[name])[None])

    found = _sweep(model, runs, metric, positions, clean.shape[1], patches())[:, 0]
    return found.squeeze(-1) if positions == "together" else found


@torch.no_grad()
def stream_sweep(
    model: Any,
    clean: Int[Tensor, "batch pos"],
    corrupted: Int[Tensor, "batch pos"],
    metric: Metric,
    *,
    positions: Positions = "each",
    direction: Direction = "denoising",
) -> Float[Tensor, "stream place"] | Float[Tensor, " stream"]:
    """Effect of patching the residual stream before layer 0, and after each layer.

    Arguments as in `head_sweep`; the streams are those of `hooks.streams`.

    Raises:
        ValueError: As in `head_sweep`.
    """
    names = hooks.streams(model)
    runs = _runs(model, clean, corrupted, metric, direction, names)

    def patches() -> Iterator[_Patches]:
        for layer, name in enumerate(names):
            yield _Patches(layer, runs.base[name], (runs.other[name] - runs.base[name])[None])

    found = _sweep(model, runs, metric, positions, clean.shape[1], patches())[:, 0]
    return found.squeeze(-1) if positions == "together" else found


def _runs(
    model: Any,
    clean: Tensor,
    corrupted: Tensor,
    metric: Metric,
    direction: Direction,
    names: list[str],
) -> _Runs:
    effects.check_pair(model, clean, corrupted)
    hooks.check_exist(model, names)
    logits, cache = hooks.capture(model, torch.cat([clean, corrupted]), names)
    halves = [
        (logits[half], {name: cache[name][half] for name in names})
        for half in (slice(None, len(clean)), slice(len(clean), None))
    ]
    scale = effects.scale(metric, halves[0][0], halves[1][0])
    base, other = effects.base_and_other(halves[0], halves[1], direction)
    return _Runs(base[0], base[1], other[1], scale)


def _swap(runs: _Runs, name: str, w_out: Tensor) -> Tensor:
    """What the other run's z adds, ``[batch pos head d_head]``."""
    change = runs.other[name] - runs.base[name]
    return change.reshape(*change.shape[:2], *w_out.shape[:2])


def _sweep(
    model: Any,
    runs: _Runs,
    metric: Metric,
    positions: Positions,
    length: int,
    layers: Iterator[_Patches],
) -> Tensor:
    """Effects ``[layer cell pos]``, where a layer's cells are the rows of its changes."""
    masks = _masks(positions, length).to(runs.logits)
    _check_blocks(model, patched := next(layers), runs.logits, metric)
    found = []
    for patches in chain([patched], layers):
        cells = [(c, m) for c in range(len(patches.change)) for m in range(len(masks))]
        rows, which = torch.tensor(cells, device=masks.device).T
        many = _at_once(model, runs.logits)
        values = [
            _values(model, runs, patches, metric, *group).double().mean(dim=1)
            for group in zip(rows.split(many), masks[which].split(many), strict=True)
        ]
        found.append(torch.cat(values).unflatten(0, (-1, len(masks))))
    return runs.scale.effect(torch.stack(found)).float()


def _values(
    model: Any, runs: _Runs, patches: _Patches, metric: Metric, rows: Tensor, masks: Tensor
) -> Tensor:
    """The metric ``[cell batch]`` of some patches at the positions of their masks."""
    streams = patches.stream + patches.change[rows] * masks[:, None, :, None]
    logits = _logits(model, streams, patches.layer, metric)
    return metric.function(logits) if isinstance(metric, AtPosition) else measure(metric, logits)


def _logits(model: Any, streams: Tensor, layer: int, metric: Metric) -> Tensor:
    """Logits of streams ``[cell batch pos d_model]`` that enter a layer.

    Either all of them, or those that the metric looks at, ``[cell batch d_vocab]``: then the
    MLP of the last layer and the unembedding run at one position of each prompt only.
    """
    x, blocks = streams.flatten(0, 1), list(model.blocks)[layer:]
    if not isinstance(metric, AtPosition):
        for block in blocks:
            x = block(x)[0]
        return model.unembed(model.ln_final(x)).unflatten(0, streams.shape[:2])
    for block in blocks[:-1]:
        x = block(x)[0]
    for block in blocks[-1:]:
        out = block.attn(block.ln1(x))
        x = x + (out[0] if isinstance(out, tuple) else out)
    x = metric.pick(x.unflatten(0, streams.shape[:2])).flatten(0, 1)[:, None]
    for block in [] if model.cfg.attn_only else blocks[-1:]:
        x = x + block.mlp(block.ln2(x))
    return model.unembed(model.ln_final(x))[:, 0].unflatten(0, streams.shape[:2])


def _at_once(model: Any, logits: Tensor) -> int:
    """Cells that are computed together."""
    batch, length, d_vocab = logits.shape
    width = max(d_vocab, 4 * model.cfg.d_model, model.cfg.n_heads * length)
    row = batch * length * width * logits.element_size()
    return max(1, BYTES.get(logits.device.type, BYTES["cpu"]) // row)


def _masks(positions: Positions, length: int) -> Tensor:
    """Which positions each patch touches, ``[patch pos]``."""
    if positions == "together":
        return torch.ones(1, length)
    every = range(length)
    chosen = list(every) if positions == "each" else positions
    if isinstance(chosen, str) or not len(chosen) or not all(-length <= p < length for p in chosen):
        raise ValueError(
            f"positions must be 'together', 'each' or positions of prompts of {length} tokens, "
            f"got {positions!r}"
        )
    return torch.eye(length)[list(chosen)]


def _check_blocks(model: Any, patches: _Patches, logits: Tensor, metric: Metric) -> None:
    """Refuse models whose blocks need more than the stream."""
    try:
        found = _logits(model, patches.stream[None], patches.layer, metric)[0]
        logits = metric.pick(logits) if isinstance(metric, AtPosition) else logits
        apart = (found - logits).abs().max().item()
    except (TypeError, ValueError, AttributeError) as error:
        raise ValueError(
            f"blocks of this kind of model cannot be run by themselves ({error}): use "
            "transformer_lens.patching, which runs the whole model for each cell"
        ) from error
    if not apart <= 1e4 * torch.finfo(logits.dtype).eps * (1 + logits.abs().max().item()):
        raise ValueError(
            f"the blocks of this model, run by themselves, give other logits (by {apart:.1e}): "
            "use transformer_lens.patching, which runs the whole model for each cell"
        )
