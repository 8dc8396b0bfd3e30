"""Take a head's output away, everywhere or on one path only, and see what the model loses.

Three replacements for a head's output, from crude to fair:

* ``"zero"``: nothing. Also removes the constant part that later layers rely on.
* ``"mean"``: its mean over the batch and positions of the reference sequences.
* ``"resample"``: its output on other sequences of the same distribution, position by position.

An effect is always loss with the ablation minus loss without, in nats: positive means that
the head helped. Sources: Wang et al. (2023), section 3 (mean ablation); Chan et al. (2022)
(resampling).
"""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor

from interp_course import hooks, training

Replacement = Literal["zero", "mean", "resample"]
Head = tuple[int, int]


@contextlib.contextmanager
def ablated(
    model: Any,
    heads: Sequence[Head],
    replacement: Replacement,
    reference: Int[Tensor, "batch pos"] | None = None,
) -> Iterator[Any]:
    """Inside, the outputs of these heads are replaced in every forward pass.

    Args:
        model: A bridge.
        heads: Pairs (layer, head).
        replacement: What takes their place.
        reference: Sequences that mean and resample take it from. For ``"resample"`` they must
            have the shape of the tokens that the model is then run on.

    Raises:
        ValueError: If a head does not exist, or the reference is missing.
    """
    values = _replacements(model, heads, replacement, reference)
    edits = {
        hooks.z(layer): _swap({h: values[h] for h in heads if h[0] == layer})
        for layer in {layer for layer, _ in heads}
    }
    with hooks.editing(model, edits):
        yield model


@contextlib.contextmanager
def path_ablated(
    model: Any,
    source: Head,
    into: Sequence[hooks.Projection],
    layer: int,
    replacement: Replacement,
    reference: Int[Tensor, "batch pos"] | None = None,
) -> Iterator[Any]:
    """Inside, a layer's q, k or v inputs see another output of an earlier head.

    Only the named inputs of ``layer`` change; the residual stream itself, and so every other
    reader, keeps the head's real output. For models with norms the norm is applied again.

    Args:
        model: A bridge.
        source: The earlier head (layer, head).
        into: Which of "q", "k", "v" receive the replaced output.
        layer: The reading layer, after the source's.
        replacement: What takes the place of the source's output.
        reference: See `ablated`.

    Raises:
        ValueError: If the source is not in an earlier layer, or as in `ablated`.
    """
    if not source[0] < layer < model.cfg.n_layers:
        raise ValueError(f"the source {source} must lie below the reading layer, got {layer}")
    value = _replacements(model, [source], replacement, reference)[source]
    seen: dict[str, Tensor] = {}
    w_out = model.W_O[source]

    def remember_change(z: Tensor, hook: Any) -> None:
        _check_fits(value, z[:, :, source[1]])
        seen["change"] = (value - z[:, :, source[1]]) @ w_out

    def remember_stream(resid: Tensor, hook: Any) -> None:
        seen["stream"] = resid

    def edit(x: Tensor, hook: Any) -> Tensor:
        return model.blocks[layer].ln1(seen["stream"] + seen["change"])

    edits: dict[str, hooks.HookFunction] = {
        hooks.z(source[0]): remember_change,
        hooks.resid_pre(layer): remember_stream,
    }
    edits |= {hooks.projection_in(layer, projection): edit for projection in into}
    with hooks.editing(model, edits):
        yield model


def ablation_effects(
    model: Any,
    tokens: Int[Tensor, "batch pos"],
    replacement: Replacement,
    *,
    reference: Int[Tensor, "batch pos"] | None = None,
    positions: slice = slice(None),
) -> Float[Tensor, "layer head"]:
    """Increase of the mean loss when each head in turn is ablated.

    All heads of a layer share one forward pass: the batch is repeated once for each head.

    Args:
        model: A bridge.
        tokens: Sequences to measure the loss on.
        replacement: See the top of this module.
        reference: See `ablated`.
        positions: Which predicted tokens count, for example those of the second copy.
    """
    n_layers, n_heads = model.cfg.n_layers, model.cfg.n_heads
    heads = [(layer, head) for layer in range(n_layers) for head in range(n_heads)]
    values = _replacements(model, heads, replacement, reference)
    many = tokens.repeat(n_heads, 1)
    effects = torch.zeros(n_layers, n_heads, device=tokens.device)
    with torch.no_grad():
        before = training.next_token_loss(model(tokens), tokens)[:, positions].mean()
        for layer in range(n_layers):
            swap = _swap_each([values[layer, head] for head in range(n_heads)])
            with hooks.editing(model, {hooks.z(layer): swap}):
                losses = training.next_token_loss(model(many), many)[:, positions]
            effects[layer] = losses.unflatten(0, (n_heads, -1)).mean(dim=(1, 2)) - before
    return effects


def _replacements(
    model: Any, heads: Sequence[Head], replacement: Replacement, reference: Tensor | None
) -> dict[Head, Tensor]:
    """For each head what takes the place of its z, broadcastable to ``[batch pos d_head]``."""
    for layer, head in heads:
        if not (0 <= layer < model.cfg.n_layers and 0 <= head < model.cfg.n_heads):
            raise ValueError(
                f"there is no head ({layer}, {head}): this model has {model.cfg.n_layers} layers "
                f"of {model.cfg.n_heads} heads, both counted from 0"
            )
    if replacement == "zero":
        return {head: model.W_O.new_zeros(()) for head in heads}
    if replacement not in ("mean", "resample"):
        raise ValueError(f"replacement must be zero, mean or resample, got {replacement!r}")
    if reference is None:
        raise ValueError(f"replacement {replacement!r} needs reference sequences to take it from")
    _, cache = hooks.capture(model, reference, sorted({hooks.z(layer) for layer, _ in heads}))
    found = {(layer, head): cache[hooks.z(layer)][:, :, head] for layer, head in heads}
    if replacement == "mean":
        return {head: value.mean(dim=(0, 1)) for head, value in found.items()}
    return found


def _swap(values: dict[Head, Tensor]) -> hooks.HookFunction:
    def swap(z: Tensor, hook: Any) -> Tensor:
        z = z.clone()
        for (_, head), value in values.items():
            _check_fits(value, z[:, :, head])
            z[:, :, head] = value
        return z

    return swap


def _swap_each(values: list[Tensor]) -> hooks.HookFunction:
    """Part i of a batch of as many equal parts as there are heads loses head i."""

    def swap(z: Tensor, hook: Any) -> Tensor:
        parts = z.clone().unflatten(0, (len(values), -1))
        for head, value in enumerate(values):
            _check_fits(value, parts[head, :, :, head])
            parts[head, :, :, head] = value
        return parts.flatten(0, 1)

    return swap


def _check_fits(value: Tensor, z: Tensor) -> None:
    if value.ndim == z.ndim and value.shape != z.shape:
        raise ValueError(
            f"the reference sequences have the shape {tuple(value.shape[:2])} [batch pos], the "
            f"tokens {tuple(z.shape[:2])}: resampling needs one reference for each sequence"
        )
