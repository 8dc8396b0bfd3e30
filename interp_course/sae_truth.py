"""How close a dictionary comes to features that are known: matching, absorption, splitting.

Directions are compared by their cosine. A *latent* is a unit of the dictionary, a *feature*
one of the true directions. MMCS, the mean over features of the largest cosine with any latent
(Sharkey et al. 2022), lets one latent serve two features; the matching does not.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from scipy.optimize import linear_sum_assignment
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Matching:
    """Features and latents in pairs, each used once, with the largest sum of cosines."""

    latent: Int[Tensor, " feature"]
    """The latent of each feature; -1 where there are too few latents."""
    cosine: Float[Tensor, " feature"]
    """Cosine of each pair; 0 where there is none."""
    mmcs: float
    """Mean over features of the largest cosine with any latent."""

    def recovered(self, threshold: float = 0.9) -> float:
        """Share of features whose own latent has a larger cosine than this."""
        return (self.cosine > threshold).double().mean().item()


class FiringScores(NamedTuple):
    """How well each feature's latent is active exactly when the feature is."""

    precision: Float[Tensor, " feature"]
    """Share of the latent's activity during which the feature is present; 0 if never active."""
    recall: Float[Tensor, " feature"]
    """Share of the feature's presence during which the latent is active; 0 if never present."""
    f1: Float[Tensor, " feature"]


class Absorption(NamedTuple):
    """How often a parent's latent is missing because a child's latent speaks for both."""

    rate: float
    """``missed_with_child - missed_alone``, averaged over the pairs."""
    missed_with_child: float
    """Share of activations with parent and child on which the parent's latent is silent."""
    missed_alone: float
    """The same for activations with the parent and none of its children."""


def match(W_dec: Float[Tensor, "d_sae d_in"], truth: Float[Tensor, "feature d_in"]) -> Matching:
    """Pair features and latents one to one (the Hungarian method), by the cosine.

    Args:
        W_dec: A direction in each row; the lengths do not matter.
        truth: The true directions.

    Raises:
        ValueError: If the widths differ or a true direction is 0.
    """
    cosines = _cosines(truth, W_dec).cpu()
    features, latents = linear_sum_assignment(cosines.numpy(), maximize=True)
    latent = torch.full((len(truth),), -1)
    latent[features] = torch.as_tensor(latents)
    cosine = torch.zeros(len(truth), dtype=cosines.dtype)
    cosine[features] = cosines[features, latents]
    return Matching(latent, cosine, mmcs=cosines.max(dim=1).values.double().mean().item())


def firing_scores(
    latents: Float[Tensor, "batch d_sae"], present: Bool[Tensor, "batch feature"], found: Matching
) -> FiringScores:
    """Precision, recall and F1 of the matched latents.

    Args:
        latents: The dictionary's code of a batch.
        present: Which features each activation truly contains.
        found: What `match` returned.
    """
    paired = found.latent >= 0
    on = torch.zeros_like(present)
    on[:, paired] = latents[:, found.latent[paired]] > 0
    both = (on & present).sum(dim=0).double()
    precision = both / on.sum(dim=0).clamp(min=1)
    recall = both / present.sum(dim=0).clamp(min=1)
    f1 = 2 * both / (on.sum(dim=0) + present.sum(dim=0)).clamp(min=1)
    return FiringScores(precision, recall, f1)


def absorption(
    latents: Float[Tensor, "batch d_sae"],
    present: Bool[Tensor, "batch feature"],
    parent: Int[Tensor, " feature"],
    *,
    least: int = 20,
) -> Absorption:
    """Feature absorption in a planted hierarchy, in which a child comes only with its parent.

    The parent's latent is the one with the best F1 for "the parent and no child" against
    "no parent". Chanin et al. (2024), "A is for Absorption", must estimate by a probe what is
    known here.

    Args:
        latents: The dictionary's code of a batch.
        present: Which features each activation truly contains.
        parent: The parent of each feature, -1 for those without.
        least: Pairs and parents with fewer examples are left out.

    Raises:
        ValueError: If a child occurs without its parent, or no pair has enough examples.
    """
    children = (parent >= 0).nonzero().squeeze(1)
    if (present[:, children] & ~present[:, parent[children]]).any():
        raise ValueError("a child is present without its parent: this is not a hierarchy")
    on, with_child, alone = latents > 0, [], []
    for one in parent[children].unique().tolist():
        own = children[parent[children] == one]
        single = present[:, one] & ~present[:, own].any(dim=1)
        if single.sum() < least:
            continue
        silent = ~on[:, _best_latent(on, single, ~present[:, one])]
        pairs = [present[:, child] for child in own.tolist()]
        missed = [silent[pair].double().mean() for pair in pairs if pair.sum() >= least]
        with_child += missed
        alone += [silent[single].double().mean()] * len(missed)
    if not with_child:
        raise ValueError(f"no pair of parent and child has {least} examples: take more activations")
    missed_with_child = torch.stack(with_child).mean().item()
    missed_alone = torch.stack(alone).mean().item()
    return Absorption(missed_with_child - missed_alone, missed_with_child, missed_alone)


def splitting(
    small: Float[Tensor, "d_sae d_in"], large: Float[Tensor, "latent d_in"], threshold: float = 0.6
) -> Int[Tensor, " d_sae"]:
    """Into how many latents of a larger dictionary each latent of a smaller one goes.

    Each latent of the larger dictionary belongs to the one it is most similar to, if their
    cosine exceeds the threshold; otherwise it is new. 0: lost; 1: kept; more: split.

    Args:
        small: W_dec of the smaller dictionary.
        large: W_dec of the larger one, trained on the same activations.
        threshold: Smallest cosine of relatives.
    """
    cosine, origin = _cosines(large, small).max(dim=1)
    return torch.bincount(origin[cosine > threshold], minlength=len(small))


def _best_latent(on: Tensor, positive: Tensor, negative: Tensor) -> int:
    """The latent with the best F1 for positive against negative activations."""
    hits = on[positive].sum(dim=0).double()
    f1 = 2 * hits / (hits + on[negative].sum(dim=0) + positive.sum())
    return int(f1.argmax())


def _cosines(left: Tensor, right: Tensor) -> Tensor:
    """Cosine of every row of ``left`` with every row of ``right``; rows of 0 have the cosine 0."""
    if left.shape[1] != right.shape[1]:
        raise ValueError(
            f"directions must have the same width, got {tuple(left.shape)} and {tuple(right.shape)}"
        )
    units = [
        rows.detach() / rows.detach().norm(dim=1, keepdim=True).clamp(min=1e-12)
        for rows in (left, right)
    ]
    return units[0] @ units[1].to(units[0]).T
