"""From a written network to weights: a transformer-lens bridge.

Networks without gates get MLPs too, of one neuron with zero weights: patching tools of
transformer-lens that go through all parts of a model fail on models that have none.
"""

import math
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from interp_course import disguise, models, runtime
from interp_course.compiled.language import POSITION, TOKEN, Gates, Head, Network, Read

SMALLEST = 8
"""Fewest dimensions into which a residual stream may be compressed."""


def build(
    network: Network,
    *,
    rotate: bool = False,
    compress: int | None = None,
    seed: int = 0,
    tokenizer: Any = None,
) -> Any:
    """The bridge that computes what the network says.

    Args:
        network: What to build.
        rotate: Whether the spaces lie in random directions, orthogonal to each other, instead
            of along the axes. The function stays the same.
        compress: Number of dimensions of the residual stream, at most the sum of all spaces.
            Below that the directions cannot be orthogonal, and every reading is disturbed by
            what is written elsewhere. They are the rows of a random rotation, cut to so many
            coordinates and scaled to length 1, which disturb each other less than independent
            random directions would.
        seed: Which directions.
        tokenizer: Of the bridge.

    Raises:
        ValueError: If ``compress`` is too small or too large.
    """
    basis = _basis(network, rotate, compress, seed)
    shape = architecture(network, next(iter(basis.values())).shape[1])
    state = {
        "tok_embed.weight": basis[TOKEN],
        "pos.weight": basis[POSITION],
        "head.weight": sum(_rows(network, r, basis) for r in network.logits),
    }
    module = models.build(shape)
    state = {k: torch.zeros_like(v) for k, v in module.state_dict().items()} | state
    for (layer, index), head in network.heads.items():
        place = slice(index * shape.d_head, (index + 1) * shape.d_head)
        _put_head(state, f"layers.{layer}.attn.", place, head, network, basis)
    for layer, gates in network.mlps.items():
        _put_gates(state, f"layers.{layer}.mlp.", gates, basis)
    module.load_state_dict(state)
    return models.wrap(module, tokenizer)


def architecture(network: Network, d_model: int) -> models.Architecture:
    """The smallest shape into which the network fits, with this width of the stream."""
    widths = [1]
    for head in network.heads.values():
        widths.append(sum(network.read(m.key).shape[1] for m in head.matches))
        widths.append(network.read(head.value).shape[1])
    neurons = [sum(len(g.threshold) for g in gates) for gates in network.mlps.values()]
    return models.Architecture(
        n_layers=network.n_layers,
        n_heads=network.n_heads,
        d_model=d_model,
        d_head=max(widths),
        d_vocab=network.spaces[TOKEN],
        n_ctx=network.spaces[POSITION],
        d_mlp=max([1, *neurons]),
        plain=True,
    )


def _basis(
    network: Network, rotate: bool, compress: int | None, seed: int
) -> dict[str, Float[Tensor, "d_space d_model"]]:
    """The directions of each space; one direction for each row."""
    width = sum(network.spaces.values())
    if compress is not None and not SMALLEST <= compress <= width:
        raise ValueError(
            f"compress must be between {SMALLEST} and {width}, the sum of all spaces of this "
            f"network, got {compress}"
        )
    rows = torch.eye(width)
    if rotate or compress is not None:
        rows = disguise.random_rotation(width, runtime.generator("compiled directions", seed))
    if compress is not None:
        rows = torch.nn.functional.normalize(rows[:, :compress], dim=1)
    pieces = rows.split(list(network.spaces.values()))
    return dict(zip(network.spaces, pieces, strict=True))


def _put_head(
    state: dict[str, Tensor],
    prefix: str,
    place: slice,
    head: Head,
    network: Network,
    basis: dict[str, Tensor],
) -> None:
    factor = head.beta * math.sqrt(place.stop - place.start)  # attention divides by that root
    start = place.start
    for match in head.matches:
        rows = slice(start, start := start + network.read(match.key).shape[1])
        if match.query is None:
            state[f"{prefix}q.bias"][rows] = factor * match.weight
        else:
            query = _rows(network, match.query, basis)
            state[f"{prefix}q.weight"][rows] = factor * match.weight * query
        state[f"{prefix}k.weight"][rows] = _rows(network, match.key, basis)
    value = _rows(network, head.value, basis)
    rows = slice(place.start, place.start + len(value))
    state[f"{prefix}v.weight"][rows] = value
    state[f"{prefix}o.weight"][:, rows] = (network.write(head) @ basis[head.target]).T


def _rows(network: Network, read: Read, basis: dict[str, Tensor]) -> Float[Tensor, "k d_model"]:
    """A reading as rows of a linear layer's weight."""
    return network.read(read).T @ basis[read.space]


def _put_gates(
    state: dict[str, Tensor], prefix: str, gates: tuple[Gates, ...], basis: dict[str, Tensor]
) -> None:
    start = 0
    for group in gates:
        rows = slice(start, start := start + len(group.threshold))
        for space, matrix in group.reads.items():
            state[f"{prefix}fc_in.weight"][rows] += matrix.T @ basis[space]
        state[f"{prefix}fc_in.bias"][rows] = -group.threshold
        state[f"{prefix}fc_out.weight"][:, rows] = (group.write @ basis[group.target]).T
