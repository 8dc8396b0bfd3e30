"""How much of a network's behaviour is left when a hypothesis has been scrubbed.

No single number will do. A hypothesis that makes the network unsure beats one that leaves it
confidently wrong, so "loss recovered" can look good at chance accuracy, and it can pass 100 %
while the scrubbed network disagrees with the real one on most inputs. A report therefore
shows loss, accuracy and the KL divergence from the model, three baselines, standard errors,
and how many of the inputs were really exchanged: a feature that says everything about the
input passes every test, because nothing is exchanged.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from interp_course.scrubbing.hypothesis import SAME
from interp_course.scrubbing.planning import Plan

FEW_RESAMPLED = 0.05


class Estimate(NamedTuple):
    """A mean over samples."""

    mean: float
    error: float
    """Standard error."""

    def __str__(self) -> str:
        return f"{self.mean:.3f} ± {self.error:.3f}"


class Baseline(NamedTuple):
    """A predictor that knows nothing about the input."""

    losses: Float[Tensor, " sample"]
    """Its loss on the label of each sample, in nats."""
    accuracy: float


@dataclass(frozen=True)
class Report:
    """The outcome of a test; ``print(report)`` shows it. Losses are in nats."""

    plan: Plan
    logits: Float[Tensor, "sample d_vocab"]
    """Scrubbed, one row for each reference."""
    clean_logits: Float[Tensor, "sample d_vocab"]
    """Of the untouched model on the references."""
    labels: Int[Tensor, " sample"]
    """Those of the references; scrubbing never changes a label."""
    baselines: dict[str, Baseline]

    @cached_property
    def losses(self) -> Float[Tensor, " sample"]:
        """The scrubbed loss of each sample."""
        return losses(self.logits, self.labels)

    @cached_property
    def clean_losses(self) -> Float[Tensor, " sample"]:
        """The model's own loss on each reference."""
        return losses(self.clean_logits, self.labels)

    @cached_property
    def kl_per_sample(self) -> Float[Tensor, " sample"]:
        """KL(model || scrubbed) of each sample, in nats."""
        model, scrubbed = (x.double().log_softmax(-1) for x in (self.clean_logits, self.logits))
        return (model.exp() * (model - scrubbed)).sum(dim=-1)

    @property
    def correct(self) -> Float[Tensor, " sample"]:
        """1 where the scrubbed prediction is the label."""
        return (self.logits.argmax(dim=-1) == self.labels).double()

    @property
    def loss(self) -> Estimate:
        """Mean scrubbed loss."""
        return estimate(self.losses)

    @property
    def accuracy(self) -> Estimate:
        """Share of samples whose label is predicted after scrubbing."""
        return estimate(self.correct)

    @property
    def kl(self) -> Estimate:
        """Mean KL(model || scrubbed): disagreement input by input, which a loss can hide."""
        return estimate(self.kl_per_sample)

    @property
    def model_loss(self) -> Estimate:
        """The untouched model on the same references."""
        return estimate(self.clean_losses)

    @property
    def model_accuracy(self) -> Estimate:
        """The untouched model on the same references."""
        return estimate((self.clean_logits.argmax(dim=-1) == self.labels).double())

    @cached_property
    def recovered(self) -> dict[str, Estimate]:
        """(baseline - scrubbed) / (baseline - model), for each baseline.

        1 is as good as the model, 0 as bad as the baseline; both bounds can be passed. NaN
        where the model is no better than the baseline.
        """
        return {name: self._recovered(b.losses) for name, b in self.baselines.items()}

    @cached_property
    def resampled(self) -> float:
        """Share of inputs, those of leaves and unimportant ones, that are not the reference."""
        ids = torch.unique(self.plan.tokens.cpu(), dim=0, return_inverse=True)[1]
        changed = total = 0
        for draw in self.plan.draws:
            rows = draw.rows if draw.node.is_leaf else draw.others
            assert rows is not None  # only leaves have no others
            mine = ids[self.plan.references].repeat_interleave(
                rows.numel() // len(self.plan.references)
            )
            changed += int((ids[rows.flatten()] != mine).sum())
            total += rows.numel()
        return changed / total

    @cached_property
    def warnings(self) -> list[str]:
        """What should make a reader doubt the numbers."""
        found = []
        if self.resampled < FEW_RESAMPLED:
            found.append(
                f"only {self.resampled:.0%} of the inputs were exchanged, so hardly anything "
                "was tested: the features say too much about the input"
            )
        for draw in self.plan.draws:
            alone = draw.classes.share_alone
            if alone > 0 and draw.node.feature != SAME:
                found.append(
                    f"{draw.path}: {alone:.1%} of the sequences are alone in their class "
                    f"({draw.node.claim}) and cannot be exchanged"
                )
        if any(math.isnan(r.mean) for r in self.recovered.values()):
            found.append("the model is no better than a baseline, so nothing can be recovered")
        return found

    def _recovered(self, baseline: Tensor) -> Estimate:
        gained, possible = baseline - self.losses, baseline - self.clean_losses
        if possible.mean() <= 1e-9:
            return Estimate(math.nan, math.nan)
        ratio = (gained.mean() / possible.mean()).item()
        spread = estimate(gained - ratio * possible).error  # of a ratio of means, to first order
        return Estimate(ratio, spread / possible.mean().item())

    def __str__(self) -> str:
        lines = [
            f"{len(self.labels)} samples of {len(self.plan.tokens)} sequences, unimportant inputs: "
            f"{self.plan.unimportant}, {self.resampled:.0%} of the inputs exchanged",
            "",
            f"{'':20} {'loss (nats)':>17} {'accuracy':>17} {'KL to model':>17} recovered",
            f"{'scrubbed':20} {self.loss!s:>17} {self.accuracy!s:>17} {self.kl!s:>17}",
            f"{'model':20} {self.model_loss!s:>17} {self.model_accuracy!s:>17}",
        ]
        for name, baseline in self.baselines.items():
            ratio = self.recovered[name]
            loss = estimate(baseline.losses)
            lines.append(
                f"{name:20} {loss!s:>17} {baseline.accuracy:17.3f} {'':17} "
                f"{ratio.mean:.1%} ± {ratio.error:.1%}"
            )
        return "\n".join([*lines, *(f"note: {text}" for text in self.warnings)])


def losses(
    logits: Float[Tensor, "sample d_vocab"], labels: Int[Tensor, " sample"]
) -> Float[Tensor, " sample"]:
    """Cross-entropy of each label in nats, in double precision."""
    return -logits.double().log_softmax(dim=-1).gather(1, labels[:, None]).squeeze(1)


def estimate(values: Float[Tensor, " sample"]) -> Estimate:
    """Mean and standard error of independent values; the error of a single one is NaN."""
    n = len(values)
    error = values.double().std().item() / math.sqrt(n) if n > 1 else math.nan
    return Estimate(values.double().mean().item(), error)
