"""Linear probes: which variables can be read off the residual stream, and how much that says.

A probe finds out whether a variable is *decodable* at some place. It does not show that the
model uses it; for that, edit the direction and look at the output (`steering`). Three numbers
belong to each accuracy, and all are measured on examples that the probe was not trained on:

* the baseline, what the best constant answer reaches;
* the accuracy on a control task, in which each word has a random label that the model cannot
  know: what the probe reaches by learning words by heart;
* selectivity, the accuracy minus that on the control task.

Source: Hewitt and Liang (2019), "Designing and Interpreting Probes with Control Tasks".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from torch import Tensor

from interp_course import directions, hooks, runtime

BATCH_SIZE = 256


@dataclass(frozen=True, eq=False)
class Probe:
    """A linear classifier of activations into 0 and 1."""

    direction: Float[Tensor, " d_model"]
    """Points from 0 to 1, in the space of the activations; its length is how steep it is."""
    bias: float

    def scores(self, activations: Float[Tensor, "*batch d_model"]) -> Float[Tensor, "*batch"]:
        """The logarithm of the odds of label 1, ``activations @ direction + bias``."""
        x = directions.wide(activations)
        return (x @ self.direction.to(x) + self.bias).to(activations.dtype)

    def predict(self, activations: Float[Tensor, "*batch d_model"]) -> Bool[Tensor, "*batch"]:
        """True where label 1 is the likelier one."""
        return self.scores(activations) > 0

    def accuracy(
        self,
        activations: Float[Tensor, "*batch d_model"],
        labels: Int[Tensor, "*batch"] | Bool[Tensor, "*batch"],
    ) -> float:
        """Share of the activations whose label is predicted right.

        Raises:
            ValueError: If a label is neither 0 nor 1, or there are not as many as activations.
        """
        directions.check_labels(labels)
        predicted = self.predict(activations)
        if predicted.shape != labels.shape:
            raise ValueError(
                f"there are activations for {tuple(predicted.shape)} labels, "
                f"but the labels have the shape {tuple(labels.shape)}"
            )
        return (predicted == labels.to(predicted.device)).float().mean().item()


@dataclass(frozen=True, eq=False)
class StreamProbes:
    """A probe at each of several places, with its accuracy on held-out examples."""

    names: tuple[str, ...]
    """Hook names of the places."""
    accuracy: Float[Tensor, " stream"]
    control_accuracy: Float[Tensor, " stream"] | None
    """The same for the control task; None if no words were given."""
    baseline: float
    """What the best constant answer reaches on the held-out examples."""
    probes: tuple[Probe, ...]

    @property
    def selectivity(self) -> Float[Tensor, " stream"]:
        """Accuracy minus accuracy on the control task.

        Raises:
            ValueError: If there was no control task.
        """
        if self.control_accuracy is None:
            raise ValueError("selectivity needs a control task: pass control_words")
        return self.accuracy - self.control_accuracy


def logistic_probe(
    activations: Float[Tensor, "example d_model"],
    labels: Int[Tensor, " example"] | Bool[Tensor, " example"],
    *,
    inverse_penalty: float = 1.0,
) -> Probe:
    r"""Logistic regression with an L2 penalty, on standardised activations.

    scikit-learn scales each entry to mean 0 and deviation 1 and fits $w, b$ to the scaled
    activations. The scaling is folded back, so the probe reads the activations as they are:

    $$d_i = w_i / \sigma_i, \qquad b - \sum_i d_i\, \mu_i$$

    No draw is involved: the same data give the same probe.

    Args:
        activations: One row for each example.
        labels: 0 or 1 for each row; for more values fit one probe for each.
        inverse_penalty: scikit-learn's C; smaller means a stronger pull towards 0.

    Raises:
        ValueError: As in `directions.check_labelled`, or if the penalty is not positive.
    """
    directions.check_labelled(activations, labels)
    if not 0 < inverse_penalty < float("inf"):
        raise ValueError(f"inverse_penalty must be a positive number, got {inverse_penalty}")
    rows, classes = activations.detach().double().cpu().numpy(), labels.cpu().numpy().astype(int)
    scaler = StandardScaler().fit(rows)
    fit: Any = LogisticRegression(C=inverse_penalty, tol=1e-6, max_iter=10_000)
    fit.fit(scaler.transform(rows), classes)
    direction = fit.coef_[0] / scaler.scale_
    bias = float(fit.intercept_[0] - direction @ scaler.mean_)
    return Probe(torch.from_numpy(direction).to(directions.wide(activations[:0])), bias)


def control_labels(words: Int[Tensor, " example"], seed: int) -> Int[Tensor, " example"]:
    """Labels of a control task: each kind of word gets 0 or 1 at random, once and for all.

    Half of the kinds get each label (of an odd number one label gets one more). Only a probe
    that learns the words by heart can predict them, and only for words that it has seen.

    Args:
        words: What identifies the word of each example, such as its token.
        seed: Which labels.

    Raises:
        ValueError: If there are fewer than two kinds of words, so that both labels cannot occur.
    """
    kinds, kind = words.unique(return_inverse=True)
    if len(kinds) < 2:
        raise ValueError(
            f"a control task needs at least two kinds of words, got {len(kinds)}: take the word "
            "at another position, one that differs between examples"
        )
    rng = runtime.generator("control labels", seed)
    first = torch.randint(2, (), generator=rng)
    labels = (torch.arange(len(kinds)) + first) % 2
    return labels[torch.randperm(len(kinds), generator=rng)].to(words.device)[kind]


def at_positions(
    model: Any,
    tokens: Int[Tensor, "example pos"],
    positions: Int[Tensor, " example"],
    names: Sequence[str],
    *,
    batch_size: int = BATCH_SIZE,
) -> dict[str, Float[Tensor, "example d_model"]]:
    """Activations at one position of each sequence, for each name.

    All names are read in the same forward passes, and the other positions are never kept.

    Args:
        model: A bridge.
        tokens: Sequences; padding on the right does no harm.
        positions: Which position of each sequence, such as ``batch.place("verb")``.
        names: Places such as `hooks.streams` gives.
        batch_size: Sequences in one forward pass.

    Raises:
        ValueError: If a name or a position does not exist.
    """
    hooks.check_exist(model, names)
    hooks.check_positions(positions, tokens)
    found: dict[str, list[Tensor]] = {name: [] for name in names}
    for start in range(0, len(tokens), batch_size):
        part = slice(start, start + batch_size)
        edits = {name: _keep(kept, positions[part]) for name, kept in found.items()}
        with torch.no_grad(), hooks.editing(model, edits):
            model(tokens[part])
    return {name: torch.cat(kept) for name, kept in found.items()}


def accuracy_by_layer(
    model: Any,
    tokens: Int[Tensor, "example pos"],
    positions: Int[Tensor, " example"],
    labels: Int[Tensor, " example"] | Bool[Tensor, " example"],
    *,
    held_out: tuple[Tensor, Tensor, Tensor],
    control_words: tuple[Tensor, Tensor] | None = None,
    names: Sequence[str] | None = None,
    inverse_penalty: float = 1.0,
    seed: int = 0,
) -> StreamProbes:
    """Train a probe at each stream, and measure it on sequences it was not trained on.

    Args:
        model: A bridge.
        tokens: Sequences to train on.
        positions: The position of each that the probe sees.
        labels: 0 or 1 for each.
        held_out: Tokens, positions and labels to measure on. Make sure that no sequence is in
            both sets; with the world, draw them from different splits.
        control_words: What identifies the words of the control task, for the sequences to
            train on and for the held-out ones; None leaves the control task out.
        names: Places to probe; None takes `hooks.streams`.
        inverse_penalty: See `logistic_probe`.
        seed: Which labels the control task has.

    Raises:
        ValueError: As in `at_positions` and `logistic_probe`, or if a held-out control word is
            not among those to train on: no probe could know its label, so the selectivity
            would come out too large.
    """
    names = hooks.streams(model) if names is None else names
    new_tokens, new_positions, asked = held_out
    train = at_positions(model, tokens, positions, names)
    test = at_positions(model, new_tokens, new_positions, names)
    for activations in test.values():
        directions.check_labelled(activations, asked)
    probes = [logistic_probe(train[n], labels, inverse_penalty=inverse_penalty) for n in names]
    accuracy = [p.accuracy(test[n], asked) for n, p in zip(names, probes, strict=True)]
    control = None
    if control_words is not None:
        known, random = _control_task(*control_words, seed)
        fitted = [logistic_probe(train[n], known, inverse_penalty=inverse_penalty) for n in names]
        control = [p.accuracy(test[n], random) for n, p in zip(names, fitted, strict=True)]
    ones = asked.float().mean().item()
    return StreamProbes(
        tuple(names),
        torch.tensor(accuracy),
        None if control is None else torch.tensor(control),
        max(ones, 1 - ones),
        tuple(probes),
    )


def _control_task(words: Tensor, held_out: Tensor, seed: int) -> tuple[Tensor, Tensor]:
    unseen = sorted(set(held_out.tolist()) - set(words.tolist()))
    if unseen:
        raise ValueError(
            f"{len(unseen)} kinds of held-out control words never occur in training, such as "
            f"{unseen[:3]}: leave out the sequences that contain them, or train on more"
        )
    labels = control_labels(torch.cat([words, held_out]), seed)
    return labels[: len(words)], labels[len(words) :]


def _keep(kept: list[Tensor], positions: Tensor) -> hooks.HookFunction:
    def keep(activation: Tensor, hook: Any) -> None:
        rows = torch.arange(len(activation), device=activation.device)
        kept.append(activation[rows, positions.to(activation.device)].clone())

    return keep
