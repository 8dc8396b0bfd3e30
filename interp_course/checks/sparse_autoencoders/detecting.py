"""The latents of the dictionary ``world`` at two-hop questions.

Everything is computed from the stored weights: a latent is ``z = (x - b_dec) W_enc + b_enc``
where that is above the stored threshold, and 0 elsewhere. ``x`` is the stream after the first
layer, ``blocks.0.hook_resid_post``, at the word *is*.
"""

import functools
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from interp_course import assets, models, runtime, world

D_SAE, N = 768, 2_000
_WHERE = {
    "is": ("blocks.0.hook_resid_post", -1),
    "answer": ("blocks.0.hook_resid_post", 0),
    "city": ("blocks.0.hook_resid_post", -2),
    "last": ("blocks.0.hook_resid_post", None),
    "after the second layer": ("blocks.1.hook_resid_post", -1),
}
"""Places that latents are read at: a hook, and a position counted from the answer; None is the
last position."""


def prompts(instance: int) -> Any:
    """The 2,000 two-hop questions of an instance, a batch."""
    return world.sample(N, seed=1_000 + instance, template="two_hop")


@functools.cache
def network() -> Any:
    """The network whose stream the dictionary was trained on."""
    return models.load("world", device="cpu")


@functools.cache
def weights() -> dict[str, Tensor]:
    """The stored weights, latents in the order of the file."""
    stored = load_file(assets.path("dictionary-world.safetensors"))
    return {name: values.float() for name, values in stored.items()}


def order(instance: int) -> Tensor:
    """Place in the file of each latent of an instance."""
    rng = runtime.generator("order of the latents of world", instance)
    return torch.randperm(D_SAE, generator=rng)


@functools.lru_cache(maxsize=12)
def latents(instance: int, where: str = "is") -> Tensor:
    """The latents ``[question latent]`` of an instance at one of the places."""
    stored, shuffled = weights(), order(instance)
    W_enc, b_enc = stored["W_enc"][:, shuffled], stored["b_enc"][shuffled]
    pre = (_streams(instance)[where] - stored["b_dec"]) @ W_enc + b_enc
    return torch.where(pre > stored["running_threshold"].clamp(min=0), pre, 0.0)


@functools.lru_cache(maxsize=32)
def drawn(instance: int) -> Any:
    """The same questions as `prompts`, drawn once."""
    return prompts(instance)


@functools.lru_cache(maxsize=32)
def _streams(instance: int) -> dict[str, Tensor]:
    """The stream ``[question d_model]`` at each of the places."""
    batch, model = drawn(instance), network()
    with torch.no_grad():
        _, cache = model.run_with_cache(
            batch.tokens, names_filter=sorted({hook for hook, _ in _WHERE.values()})
        )
    rows, answer = torch.arange(N), batch.place("answer")
    return {
        name: cache[hook][rows, -1 if shift is None else answer + shift]
        for name, (hook, shift) in _WHERE.items()
    }
