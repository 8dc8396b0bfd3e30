"""What a hypothesis and its data must fulfil, checked before anything is drawn."""

from itertools import combinations

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from interp_course.circuits import LOGITS
from interp_course.scrubbing.hypothesis import Edge, Node
from interp_course.scrubbing.sites import overlap


def step(edge: Edge) -> str:
    """One step of a path: through which inputs to which site."""
    slot = "" if edge.slots == ("in",) else f"{''.join(edge.slots)}:"
    return f"{slot}{edge.node.site}"


def check_data(hypothesis: Node, tokens: Tensor, n_samples: int, references: Tensor | None) -> None:
    """Refuse a root that is not the logits, no data, and references that are no rows.

    Raises:
        ValueError: As above.
    """
    if hypothesis.site != LOGITS:
        raise ValueError(f"the root of a hypothesis stands for the logits, not {hypothesis.label}")
    if hypothesis.per_position:
        raise ValueError("the logits are read at one position: per_position is for nodes below")
    if tokens.ndim != 2 or tokens.numel() == 0 or tokens.is_floating_point():
        raise ValueError(
            f"tokens must be integers [batch pos] with at least one row, "
            f"got {tokens.dtype} {tuple(tokens.shape)}"
        )
    if n_samples < 1:
        raise ValueError(f"n_samples must be at least 1, got {n_samples}")
    if references is None:
        return
    if references.ndim != 1 or len(references) == 0:
        raise ValueError(f"references must be a list of rows, got {tuple(references.shape)}")
    low, high = int(references.min()), int(references.max())
    if low < 0 or high >= len(tokens):
        raise ValueError(
            f"references are rows of the data set, 0 .. {len(tokens) - 1}, got {low} .. {high}"
        )


def carried_by(
    edge: Edge, tokens: Int[Tensor, "batch pos"], path: str
) -> Bool[Tensor, "batch pos"] | None:
    """Where an edge counts, for every row of the data set; None means everywhere.

    Raises:
        ValueError: If a position is outside of the sequences, or a function of positions does
            not return booleans of the shape of the tokens.
    """
    if edge.positions is None:
        return None
    if callable(edge.positions):
        where = edge.positions(tokens)
        if where.shape != tokens.shape or where.dtype != torch.bool:
            raise ValueError(
                f"{path}: a function of positions must return booleans {tuple(tokens.shape)}, "
                f"got {where.dtype} {tuple(where.shape)}"
            )
        return where.cpu()
    length = tokens.shape[1]
    where = torch.zeros(tokens.shape, dtype=torch.bool)
    for position in list(edge.positions) if not isinstance(edge.positions, int) else []:
        if not -length <= position < length:
            raise ValueError(f"{path}: position {position} is outside of the {length} positions")
        where[:, position] = True
    return where


def check_siblings(node: Node, tokens: Int[Tensor, "batch pos"], path: str) -> None:
    """Refuse children that would replace the same thing twice, or cannot share a sample.

    Raises:
        ValueError: With both children.
    """
    for a, b in combinations(node.children, 2):
        if a.node.share is not None and a.node.share == b.node.share:
            _check_share(a.node, b.node, path)
        common = set(a.slots) & set(b.slots)
        if common and overlap(a.node.site, b.node.site) and not _apart(a, b, tokens, path):
            slot = "" if "in" in common else f".{min(common, key='qkv'.find)}"
            what = (
                f"the same path twice: {a.node.label}"
                if a.node.site == b.node.site
                else f"two writers that overlap: {a.node.label} and {b.node.label}"
            )
            raise ValueError(
                f"{path}{slot} has {what}. It would be replaced twice: give them different "
                "positions, or leave one out"
            )


def _check_share(a: Node, b: Node, path: str) -> None:
    if (a.feature, a.per_position) != (b.feature, b.per_position):
        raise ValueError(
            f"{path}: {a.label} ({a.claim}) and {b.label} ({b.claim}) cannot share the sample "
            f"{a.share!r}, because their features differ. Give both one feature that says both"
        )


def _apart(a: Edge, b: Edge, tokens: Tensor, path: str) -> bool:
    """Whether two edges touch different positions or orthogonal subspaces."""
    if a.subspace is not None and b.subspace is not None:
        return a.subspace.is_orthogonal_to(b.subspace)
    one, two = carried_by(a, tokens, path), carried_by(b, tokens, path)
    return one is not None and two is not None and not bool((one & two).any())
