"""The compiled networks to test, and paths cut by hand, in plain matrix products.

Nothing here uses the package's ablations or the description of a network: what a part writes is
read from the forward pass, and what an input loses is taken from the weights.
"""

import functools

import torch
from torch import Tensor

from interp_course import circuits, compiled
from interp_course.circuits import Edge, Part

MAKERS = {
    "induction": compiled.induction,
    "inhibition": compiled.inhibition,
    "two_hop": compiled.two_hop,
}
DEEPER = {"induction": 4, "inhibition": 4, "two_hop": 4}


@functools.cache
def make(name: str, instance: int = 0, **options):
    return MAKERS[name](instance=instance, **options)


@functools.cache
def make_null(kind: str, instance: int = 0, **options):
    return compiled.null(kind, instance=instance, **options)


def accuracy_of(built, n: int = 64, seed: int = 0, corrupt: str | None = None) -> float:
    prompts = built.task.sample(n, seed, corrupt)
    return compiled.accuracy(built.model, prompts.tokens, prompts.answers)


@torch.no_grad()
def contributions(model, tokens: Tensor) -> dict[Part, Tensor]:
    """What each part writes into the residual stream, ``[batch pos d_model]``."""
    _, cache = model.run_with_cache(tokens)
    found = {circuits.EMBED: cache["hook_embed"]}
    found[circuits.POSITIONS] = cache["hook_pos_embed"].expand_as(cache["hook_embed"])
    for layer in range(model.cfg.n_layers):
        z = cache[f"blocks.{layer}.attn.hook_z"]
        for head in range(model.cfg.n_heads):
            found[circuits.head(layer, head)] = z[:, :, head] @ model.W_O[layer, head]
        found[circuits.mlp(layer)] = cache[f"blocks.{layer}.hook_mlp_out"]
    return found


@torch.no_grad()
def with_edge_changed(model, tokens: Tensor, edge: Edge, change: Tensor) -> Tensor:
    """Logits when one input of one part sees ``change`` added to the residual stream."""
    target = edge.target
    if target.kind == "logits":
        return model(tokens) + change @ model.W_U
    if target.kind == "mlp":
        added = change @ model.W_in[target.layer]
        name = f"blocks.{target.layer}.mlp.hook_pre"
    else:
        weight = getattr(model, f"W_{edge.slot.upper()}")[target.layer, target.head]
        added = torch.zeros(*tokens.shape, model.cfg.n_heads, model.cfg.d_head)
        added[:, :, target.head] = change @ weight
        name = f"blocks.{target.layer}.attn.hook_{edge.slot}"
    return model.run_with_hooks(tokens, fwd_hooks=[(name, lambda x, hook: x + added)])


@torch.no_grad()
def without_part(model, tokens: Tensor, part: Part, replacement: Tensor | None = None) -> Tensor:
    """Logits when all later parts see nothing of a part, or its output on other prompts."""
    if part.kind == "head":
        name = f"blocks.{part.layer}.attn.hook_z"
    else:
        name = {"embed": "hook_embed", "positions": "hook_pos_embed"}.get(
            part.kind, f"blocks.{part.layer}.hook_mlp_out"
        )
    other = None if replacement is None else model.run_with_cache(replacement)[1][name]

    def swap(x: Tensor, hook) -> Tensor:
        x, place = x.clone(), (..., part.head, slice(None)) if part.kind == "head" else ...
        x[place] = 0 if other is None else other[place]
        return x

    return model.run_with_hooks(tokens, fwd_hooks=[(name, swap)])


def confidence(logits: Tensor, answers: Tensor) -> float:
    """Mean probability of the answer at the last position."""
    return logits[:, -1].softmax(dim=-1).gather(1, answers[:, None]).mean().item()
