"""Two-layer transformers with one head per layer, written as plain weight matrices.

The residual stream of a hand-built network is cut into named *slots*, and every matrix moves
information from one slot to another. `SlotLayout` says where the slots are; `assemble` puts
the matrices of one head per layer into a real model.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from interp_course import models

SLOTS = ("token", "position", "previous", "output")


@dataclass(frozen=True)
class SlotLayout:
    """Where in the residual stream each slot lies.

    ``token`` holds a one-hot code of the current token (written by W_E), ``position`` one of
    the position (written by W_pos), ``previous`` and ``output`` start empty. W_U reads the
    logits from ``output`` and from nowhere else.
    """

    d_vocab: int
    n_ctx: int

    @property
    def d_model(self) -> int:
        """Width of the residual stream: three slots of d_vocab and one of n_ctx."""
        return 3 * self.d_vocab + self.n_ctx

    @property
    def d_head(self) -> int:
        """Width of a head: enough for the code of a token or of a position."""
        return max(self.d_vocab, self.n_ctx)

    def slot(self, name: str) -> slice:
        """The coordinates of a slot.

        Raises:
            ValueError: If there is no such slot.
        """
        if name not in SLOTS:
            raise ValueError(f"the slots are {', '.join(SLOTS)}; got {name!r}")
        sizes = {slot: self.n_ctx if slot == "position" else self.d_vocab for slot in SLOTS}
        start = sum(sizes[slot] for slot in SLOTS[: SLOTS.index(name)])
        return slice(start, start + sizes[name])

    def embedding(self) -> Float[Tensor, "d_vocab d_model"]:
        """W_E: token ``t`` sets coordinate ``t`` of the slot ``token`` to 1."""
        return self._one_hot("token", self.d_vocab)

    def positions(self) -> Float[Tensor, "n_ctx d_model"]:
        """W_pos: position ``p`` sets coordinate ``p`` of the slot ``position`` to 1."""
        return self._one_hot("position", self.n_ctx)

    def unembedding(self) -> Float[Tensor, "d_model d_vocab"]:
        """W_U: the logit of token ``t`` is coordinate ``t`` of the slot ``output``."""
        return self._one_hot("output", self.d_vocab).T.contiguous()

    def _one_hot(self, slot: str, rows: int) -> Tensor:
        matrix = torch.zeros(rows, self.d_model)
        matrix[:, self.slot(slot)] = torch.eye(rows)
        return matrix


def assemble(layout: SlotLayout, weights: Mapping[str, Tensor]) -> Any:
    """A two-layer bridge with one head per layer and these hand-set weights.

    Args:
        layout: The slots; they also give W_E, W_pos and W_U.
        weights: ``W_Q_0``, ``W_K_0``, ``W_V_0`` (``[d_model, d_head]``), ``W_O_0``
            (``[d_head, d_model]``) and the same with ``_1`` for the second layer.

    Raises:
        ValueError: If a matrix is missing or has another shape.
    """
    a = models.Architecture(2, 1, layout.d_model, layout.d_head, layout.d_vocab, layout.n_ctx)
    state = {
        "tok_embed.weight": layout.embedding(),
        "pos.weight": layout.positions(),
        "head.weight": layout.unembedding().T,
    }
    for layer in range(a.n_layers):
        for letter in "QKVO":
            shape = (a.d_head, a.d_model) if letter == "O" else (a.d_model, a.d_head)
            matrix = _matrix(weights, f"W_{letter}_{layer}", shape)
            state[f"layers.{layer}.attn.{letter.lower()}.weight"] = matrix.T
    module = models.build(a)
    biases = {k: torch.zeros_like(v) for k, v in module.state_dict().items() if "bias" in k}
    module.load_state_dict(state | biases)
    return models.wrap(module)


def _matrix(weights: Mapping[str, Tensor], name: str, shape: tuple[int, int]) -> Tensor:
    if name not in weights:
        raise ValueError(f"the weights lack {name}; there are {', '.join(sorted(weights))}")
    if tuple(weights[name].shape) != shape:
        raise ValueError(f"{name} must have the shape {shape}, got {tuple(weights[name].shape)}")
    return weights[name].float()
