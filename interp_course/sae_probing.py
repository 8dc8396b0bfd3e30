"""What single latents say about labels: sparse probes, and descriptions put to the test.

Accuracies are measured on examples that were not used for choosing or fitting. The labels are
0 and 1; where one is rare, look at the balanced accuracy, which is 0.5 for any constant answer.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from torch import Tensor

from interp_course import directions, runtime


class Score(NamedTuple):
    """How well a latent and a description agree; all between 0 and 1."""

    balanced_accuracy: float
    """Mean of the shares of described and of other examples that the latent gets right."""
    precision: float
    """Share of the latent's activity that the description covers."""
    recall: float
    """Share of the described examples on which the latent is active."""
    f1: float


@dataclass(frozen=True, eq=False)
class SparseProbe:
    """A logistic probe on k latents."""

    latents: Int[Tensor, " k"]
    """Which latents, the one with the largest difference of means first."""
    accuracy: float
    """On held-out examples."""
    balanced_accuracy: float
    baseline: float
    """Accuracy of the best constant answer on the same examples."""


def sparse_probe(
    latents: Float[Tensor, "example d_sae"],
    labels: Int[Tensor, " example"] | Bool[Tensor, " example"],
    k: int,
    *,
    held_out: float = 0.2,
    seed: int = 0,
) -> SparseProbe:
    """Predict a label from the k latents whose means differ most between the labels.

    A variable that one latent carries is predicted with k = 1; one that is spread over many
    needs more. For comparison give the activations themselves instead of latents. Source:
    Gurnee et al. (2023), "Finding Neurons in a Haystack"; the selection is that of Karvonen et
    al. (2025), SAEBench.

    Args:
        latents: One row for each example.
        labels: 0 or 1 for each row.
        k: Number of latents.
        held_out: Share of the examples, of each label, that the accuracy is measured on.
        seed: Which examples are held out.

    Raises:
        ValueError: If k does not lie between 1 and the number of latents, a label has too few
            examples to hold some out, or as in `directions.check_labelled`.
    """
    directions.check_labelled(latents, labels)
    if not 1 <= k <= latents.shape[1]:
        raise ValueError(f"k must lie between 1 and {latents.shape[1]} latents, got {k}")
    test = _held_out(labels.cpu().long(), held_out, seed)
    x, y = latents.detach().double().cpu(), labels.cpu().long()
    gap = x[~test & (y == 1)].mean(dim=0) - x[~test & (y == 0)].mean(dim=0)
    chosen = gap.abs().topk(k).indices
    fit = LogisticRegression(max_iter=1000).fit(x[~test][:, chosen].numpy(), y[~test].numpy())
    truth, guess = y[test], torch.as_tensor(fit.predict(x[test][:, chosen].numpy()))
    share = truth.double().mean().item()
    return SparseProbe(
        latents=chosen,
        accuracy=(guess == truth).double().mean().item(),
        balanced_accuracy=float(balanced_accuracy_score(truth, guess)),
        baseline=max(share, 1 - share),
    )


def score_description(
    latent: Float[Tensor, " example"], described: Bool[Tensor, " example"]
) -> Score:
    """Whether a latent is active exactly on the examples that a description picks out.

    Args:
        latent: One latent's value on each example.
        described: On which examples the description holds.

    Raises:
        ValueError: If the shapes differ, or the description holds always or never.
    """
    if latent.shape != described.shape or described.all() or not described.any():
        raise ValueError(
            "a description must hold on some and not on all of the latent's examples, got the "
            f"shapes {tuple(latent.shape)} and {tuple(described.shape)}, "
            f"holding on {int(described.sum())}"
        )
    on = latent > 0
    both = (on & described).sum().item()
    active, holds = on.sum().item(), described.sum().item()
    quiet = (~on & ~described).sum().item() / (len(on) - holds)
    recall = both / holds
    return Score(
        balanced_accuracy=(recall + quiet) / 2,
        precision=both / max(active, 1),
        recall=recall,
        f1=2 * both / (active + holds),
    )


def _held_out(labels: Tensor, share: float, seed: int) -> Tensor:
    """Which examples are held out: the same share of both labels."""
    rng, test = runtime.generator("held out", seed), torch.zeros(len(labels), dtype=torch.bool)
    for label in (0, 1):
        own = (labels == label).nonzero().squeeze(1)
        n = round(share * len(own))
        if not 1 <= n < len(own):
            raise ValueError(
                f"holding out a share of {share} leaves {len(own) - n} of {len(own)} examples "
                f"of label {label} to fit and {n} to test: both need at least one"
            )
        test[own[torch.randperm(len(own), generator=rng)[:n]]] = True
    return test
