"""Features that hypotheses about copying and position need.

Each is a function of the tokens ``[n pos]``. Write your own as a plain function; equal labels
mean "interchangeable", and what the labels are called does not matter.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor

NONE = -1
"""The label where there is no such token."""


@dataclass(frozen=True)
class TokenAt:
    """The token at one position."""

    position: int

    def __call__(self, tokens: Int[Tensor, "batch pos"]) -> Int[Tensor, " batch"]:
        """Labels for each sequence."""
        return tokens[:, self.position]

    def __repr__(self) -> str:
        return f"token at {self.position}"


@dataclass(frozen=True)
class TokensBack:
    """The token some positions back, for every position: for nodes with ``per_position``."""

    by: int = 0

    def __call__(self, tokens: Int[Tensor, "batch pos"]) -> Int[Tensor, "batch pos"]:
        """Labels for each position; `NONE` where the sequence has not begun."""
        labels = torch.full_like(tokens, NONE)
        labels[:, self.by :] = tokens[:, : max(0, tokens.shape[1] - self.by)]
        return labels

    def __repr__(self) -> str:
        return f"token {self.by} back" if self.by else "token here"


def match_position(tokens: Int[Tensor, "batch pos"]) -> Int[Tensor, " batch"]:
    """Where the last token stood the time before; `NONE` if it is new."""
    same = tokens[:, :-1] == tokens[:, -1:]
    places = torch.arange(tokens.shape[1] - 1, device=tokens.device)
    return torch.where(same, places, NONE).max(dim=1).values


def induced(tokens: Int[Tensor, "batch pos"]) -> Int[Tensor, " batch"]:
    """The token that followed the last token the time before; `NONE` if it is new."""
    match = match_position(tokens)
    following = tokens.gather(1, (match + 1)[:, None]).squeeze(1)
    return torch.where(match == NONE, NONE, following)
