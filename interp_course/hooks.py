"""The names of the places in a model where activations are read and edited.

No other file spells a hook name. Edits go through `editing`, which removes its hooks again
even when something inside it fails. A hook function gets ``(activation, hook)`` and returns
the new activation; it must not write into the old one.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Literal

import torch
from torch import Tensor

Projection = Literal["q", "k", "v"]
HookFunction = Callable[[Tensor, Any], Tensor | None]


def embed() -> str:
    """What the token embedding writes into the residual stream, ``[batch pos d_model]``."""
    return "hook_embed"


def positions() -> str:
    """What the position embedding writes, ``[batch pos d_model]``; not with rotary positions."""
    return "hook_pos_embed"


def head_vectors(layer: int, projection: Projection) -> str:
    """Queries, keys or values, ``[batch pos head d_head]``; heads may share the last two."""
    return f"blocks.{layer}.attn.hook_{projection}"


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


def resid_post(layer: int) -> str:
    """The residual stream that leaves a layer, ``[batch pos d_model]``."""
    return f"blocks.{layer}.hook_resid_post"


def attn_out(layer: int) -> str:
    """What the attention of a layer adds to the residual stream, ``[batch pos d_model]``."""
    return f"blocks.{layer}.hook_attn_out"


def mlp_norm_in(layer: int) -> str:
    """The stream that an MLP reads, before its norm, ``[batch pos d_model]``.

    An edit reaches the MLP alone. A gradient taken here includes the rest of the stream unless
    a hook has returned a clone.
    """
    return f"blocks.{layer}.ln2.hook_in"


def stream_end() -> str:
    """The residual stream that the last norm and the logits read, ``[batch pos d_model]``."""
    return "ln_final.hook_in"


def resid_mid(layer: int) -> str:
    """The stream between attention and MLP, for reading only: see `check_editable`."""
    return f"blocks.{layer}.hook_resid_mid"


def mlp_in(layer: int) -> str:
    """What the MLP of a layer reads (after the norm), ``[batch pos d_model]``."""
    return f"blocks.{layer}.mlp.hook_in"


def mlp_out(layer: int) -> str:
    """What the MLP of a layer adds to the residual stream, ``[batch pos d_model]``."""
    return f"blocks.{layer}.hook_mlp_out"


def mlp_post(layer: int) -> str:
    """The neurons of an MLP after the nonlinearity, ``[batch pos d_mlp]``."""
    return f"blocks.{layer}.mlp.hook_post"


def streams(model: Any) -> list[str]:
    """The residual stream from bottom to top: what enters layer 0, then what leaves each layer."""
    return [resid_pre(0), *(resid_post(layer) for layer in range(model.cfg.n_layers))]


def check_editable(model: Any, names: Sequence[str]) -> None:
    """Refuse names at which an edit fails or does not do what it says.

    Raises:
        ValueError: As in `check_exist`; or for the stream between attention and MLP, which
            transformer-lens can read but not edit: the change would reach the MLP alone.
    """
    check_exist(model, names)
    for name in names:
        if name.endswith("hook_resid_mid"):
            raise ValueError(
                f"an edit of {name} would reach the MLP but not the residual stream itself: "
                "edit the stream before or after the layer, or what the attention adds to it"
            )


def check_exist(model: Any, names: Sequence[str]) -> None:
    """Refuse hook names that the model does not have.

    Raises:
        ValueError: If there is none, one is missing (the message gives near names), or
            ``names`` is a single string.
    """
    if isinstance(names, str) or not names:
        raise ValueError(f"names must be a list of at least one hook name, got {names!r}")
    for name in names:
        if name not in model.hook_dict:
            near = get_close_matches(name, model.hook_dict, n=3)
            hint = f"near names: {', '.join(near)}" if near else "model.hook_dict has all names"
            raise ValueError(
                f"this model, of {model.cfg.n_layers} layers, has no place {name!r}; {hint}"
            )


def check_positions(positions: Tensor, activation: Tensor) -> None:
    """Refuse positions that are not one valid position for each sequence of an activation.

    Raises:
        ValueError: If there are too few or too many, or one lies outside of the sequences;
            negative ones are refused because they mean "there is none" in `world.Batch`.
    """
    batch, length = activation.shape[:2]
    if positions.shape != (batch,):
        raise ValueError(
            f"positions must hold one position for each of the {batch} sequences, "
            f"got the shape {tuple(positions.shape)}"
        )
    if batch == 0:
        raise ValueError("there are no sequences")
    low, high = int(positions.min()), int(positions.max())
    if low < 0 or high >= length:
        raise ValueError(
            f"position {low if low < 0 else high} is outside of the sequences, which have the "
            f"positions 0 .. {length - 1} in this forward pass"
        )


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
