"""Test hypotheses about one behaviour: a model, a data set and the labels that count."""

import math
import warnings
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor

from interp_course import circuits
from interp_course.scrubbing.evaluating import Evaluator
from interp_course.scrubbing.hypothesis import SAME, Node
from interp_course.scrubbing.planning import MAX_ROWS, Plan, Unimportant, plan
from interp_course.scrubbing.report import Baseline, Report


class Scrubber:
    """A behaviour: what a model predicts at one position of these sequences.

    Activations of the data set are computed once and kept for all hypotheses.

    Args:
        model: A bridge in evaluation mode.
        tokens: The data set, sequences of one length. Features and resampling know no other
            inputs than these, so it must be varied.
        labels: What should be predicted at the position, for each sequence.
        position: Where the logits are read; negative counts from the end.
        chunk_rows: About how many sequences pass through a layer at once; by default as many
            as suit the device.

    Raises:
        ValueError: If there are too few labels or one is no token, or as in `Evaluator`.

    Example:
        >>> claim = Node(LOGITS, SAME, [Edge("in", Node(head(1, 3), induced))])
        >>> print(Scrubber(model, tokens, labels).test(claim))  # doctest: +SKIP
    """

    def __init__(
        self,
        model: Any,
        tokens: Int[Tensor, "batch pos"],
        labels: Int[Tensor, " example"],
        *,
        position: int = -1,
        chunk_rows: int | None = None,
    ) -> None:
        if labels.shape != tokens.shape[:1]:
            raise ValueError(
                f"there must be one label for each of the {len(tokens)} sequences, "
                f"got the shape {tuple(labels.shape)}"
            )
        self.model, self.tokens = model, tokens
        self.evaluator: Evaluator = Evaluator(model, tokens, position, chunk_rows)
        self.labels: Tensor = labels.to(self.evaluator.tokens.device)
        n_tokens = self.evaluator.modules.n_tokens
        if int(labels.min()) < 0 or int(labels.max()) >= n_tokens:
            raise ValueError(f"labels must be tokens, 0 .. {n_tokens - 1}")

    def plan(
        self,
        hypothesis: Node,
        n_samples: int = 1000,
        *,
        unimportant: Unimportant = "shared",
        seed: int = 0,
        max_rows: int = MAX_ROWS,
    ) -> Plan:
        """What would be drawn for a hypothesis; see `planning.plan`."""
        return plan(
            hypothesis,
            self.tokens,
            n_samples,
            unimportant=unimportant,
            writers=circuits.parts(self.model),
            seed=seed,
            max_rows=max_rows,
        )

    def test(
        self,
        hypothesis: Node | Plan,
        n_samples: int = 1000,
        *,
        unimportant: Unimportant = "shared",
        seed: int = 0,
        max_rows: int = MAX_ROWS,
    ) -> Report:
        """Scrub everything that a hypothesis allows, and say what is left of the behaviour.

        Warns when a feature leaves sequences alone in their class, which cannot be exchanged.

        Args:
            hypothesis: A tree whose root is the logits; or a plan, and then the other
                arguments do not count.
            n_samples: How many references are drawn.
            unimportant: See `planning.plan`.
            seed: Which draw. Equal seeds give equal references to all hypotheses.
            max_rows: Refuse what costs more.

        Raises:
            ValueError: As in `planning.plan` and `Evaluator.logits`.
        """
        if isinstance(hypothesis, Node):
            hypothesis = self.plan(
                hypothesis, n_samples, unimportant=unimportant, seed=seed, max_rows=max_rows
            )
        _warn_of_singletons(hypothesis)
        rows = hypothesis.references.to(self.labels.device)
        logits, clean = self.evaluator.logits(hypothesis), self.evaluator.clean_logits()
        return Report(
            hypothesis, logits, clean[rows], self.labels[rows], self._baselines(self.labels[rows])
        )

    def _baselines(self, labels: Tensor) -> dict[str, Baseline]:
        """Predictors that know nothing about the input, on these labels."""
        clean = self.evaluator.clean_logits().double().log_softmax(dim=-1)
        n_tokens = clean.shape[1]
        share = torch.bincount(self.labels, minlength=n_tokens) / len(self.labels)
        guessed = torch.bincount(clean.argmax(dim=-1), minlength=n_tokens) / len(clean)
        uniform = torch.full_like(labels, math.log(n_tokens), dtype=torch.float64)
        return {
            # The model on every other input, on average: what an empty hypothesis leaves.
            "shuffled inputs": Baseline(-clean.mean(dim=0)[labels], guessed[labels].mean().item()),
            "best constant": Baseline(
                -share.double().log()[labels], (labels == share.argmax()).double().mean().item()
            ),
            "uniform": Baseline(uniform, 1 / n_tokens),
        }


def _warn_of_singletons(drawn: Plan) -> None:
    alone = [
        f"{draw.path} ({draw.node.claim})"
        for draw in drawn.draws
        if draw.node.feature != SAME and draw.classes.share_alone > 0
    ]
    if alone:
        warnings.warn(
            f"some sequences are alone in their class and cannot be exchanged at: "
            f"{', '.join(alone)}. Use more sequences, or a feature that says less",
            stacklevel=3,
        )
