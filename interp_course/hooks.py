"""The names of the places in a model where activations are read and edited.

No other file spells a hook name. Edits go through `editing`, which removes its hooks again
even when something inside it fails. A hook function gets ``(activation, hook)`` and returns
the new activation; it must not write into the old one.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

import torch
from torch import Tensor

Projection = Literal["q", "k", "v"]
HookFunction = Callable[[Tensor, Any], Tensor | None]


def pattern(layer: int) -> str:
    """Attention pattern after the softmax, ``[batch head query_pos key_pos]``."""
    return f"blocks.{layer}.attn.hook_pattern"


def z(layer: int) -> str:
    """Each head's mix of values, before W_O, ``[batch pos head d_head]``."""
    return f"blocks.{layer}.attn.hook_z"


def projection_in(layer: int, projection: Projection) -> str:
    """What W_Q, W_K or W_V of a layer reads (after the norm), ``[batch pos d_model]``."""
    return f"blocks.{layer}.attn.{projection}.hook_in"


def resid_pre(layer: int) -> str:
    """The residual stream that enters a layer, ``[batch pos d_model]``."""
    return f"blocks.{layer}.hook_resid_pre"


def capture(model: Any, tokens: Tensor, names: Sequence[str]) -> tuple[Tensor, dict[str, Tensor]]:
    """The logits and the named activations of one forward pass, without gradients."""
    with torch.no_grad():
        logits, cache = model.run_with_cache(tokens, names_filter=list(names))
    return logits, {name: cache[name] for name in names}


@contextlib.contextmanager
def editing(model: Any, edits: Mapping[str, HookFunction]) -> Iterator[Any]:
    """Inside, every forward pass of ``model`` is edited; afterwards the model is as before."""
    with model.hooks(fwd_hooks=list(edits.items())):
        yield model
