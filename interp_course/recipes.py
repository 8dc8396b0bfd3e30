"""How the zoo was trained, so that anyone can train it again.

``interp-course train induction`` runs the recipe and reports the figures of the model card.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import torch
from jaxtyping import Int
from safetensors.torch import save_file
from torch import Tensor, nn

from interp_course import assets, attention, models, runtime, training
from interp_course.sequences import RepeatedMarkov
from interp_course.world import report

EARLY, LATE = slice(4, 12), slice(-8, None)
"""Predicted positions of the in-context-learning score: tokens 5..12 and the last eight."""
OnMeasure = Callable[[training.History, nn.Module], None]


@runtime_checkable
class Data(Protocol):
    """What a model is trained on."""

    def batch(self, size: int, rng: torch.Generator) -> Int[Tensor, "batch pos"]:
        """Draw sequences."""
        ...


@dataclass(frozen=True)
class Recipe:
    """Data and settings of one zoo model, and how it is graded."""

    data: Data
    settings: training.Settings
    loss: Callable[[nn.Module, Tensor], Tensor]
    measure: training.Measure
    """What is recorded during training, on sequences that training never sees."""
    card: Callable[[Any], dict[str, float]]
    """The figures of the model card."""


def train(
    name: str,
    *,
    seed: int = 0,
    steps: int | None = None,
    device: str | torch.device | None = None,
    every: int = 50,
    on_measure: OnMeasure | None = None,
    progress: bool = False,
) -> tuple[nn.Module, training.History]:
    """Train a zoo model from its recipe.

    Args:
        name: A name in `RECIPES`.
        seed: Initialisation and order of the data; the Markov chain stays the same.
        steps: Stop after so many steps; None takes the recipe's.
        device: See `runtime.device`.
        every: Steps between measurements (see `measure`).
        on_measure: Called after each measurement with the history and the module.
        progress: Show a progress bar.

    Returns:
        The raw module and the history. Its columns are step, loss and what the recipe
        measures: for the attention-only models icl_score, previous, duplicate and induction
        (scores of the best head), for the world some of the accuracies of its card.

    Raises:
        ModelError: If there is no such recipe.
    """
    if name not in RECIPES:
        raise models.ModelError(f"there is no recipe {name!r}; recipes: {', '.join(RECIPES)}")
    recipe, where = RECIPES[name], runtime.device(device)
    settings = replace(recipe.settings, steps=recipe.settings.steps if steps is None else steps)
    rng = runtime.generator(f"{name} batches", seed)
    module = models.build(models.ZOO[name].architecture, seed).to(where)
    history = training.train(
        module,
        lambda: recipe.data.batch(settings.batch_size, rng).to(where),
        recipe.loss,
        settings,
        measure=recipe.measure,
        every=every,
        on_measure=on_measure,
        progress=progress,
    )
    return module, history


def card(model: Any, name: str = "induction") -> dict[str, float]:
    """The figures of a model card, for a model that was trained by this recipe."""
    return RECIPES[name].card(model)


def write_zoo(name: str, *, progress: bool = False) -> None:
    """Train every seed of a zoo model and replace its bundled weights and checkpoints."""
    entry, kept = models.ZOO[name], {}

    def keep(history: training.History, module: nn.Module) -> None:
        step = int(history.rows[-1]["step"])
        if step in entry.steps:
            state = models.weights(module)
            kept.update({f"{step:04d}.{k}": v.half() for k, v in state.items()})

    for seed in entry.seeds:
        module, _ = train(name, seed=seed, on_measure=None if seed else keep, progress=progress)
        state = models.weights(module)
        state = {k: v.half() for k, v in state.items()} if entry.half else state
        _store(f"{name}-seed{seed}.safetensors", state)
    if kept:
        _store(f"{name}-history.safetensors", kept)


def _store(file: str, tensors: dict[str, Tensor]) -> None:
    save_file(tensors, assets.FOLDER / file)
    assets.register(file)


def _language_loss(module: nn.Module, tokens: Tensor) -> Tensor:
    return training.next_token_loss(module(tokens), tokens).mean()


def _measure_copying(module: nn.Module) -> dict[str, float]:
    model = models.wrap(module)
    losses = attention.loss_by_position(model, _held_out().to(next(module.parameters()).device))
    scores = attention.head_scores(model)
    return {
        "loss": losses.mean().item(),
        "icl_score": attention.in_context_learning_score(losses, EARLY, LATE).item(),
        **{name: score.max().item() for name, score in scores._asdict().items()},
    }


@functools.cache
def _held_out() -> Int[Tensor, "batch pos"]:
    """Sequences that training never sees; drawn at the first use, not at import."""
    return RepeatedMarkov().batch(256, runtime.generator("held-out batch"))


def _copying_card(model: Any) -> dict[str, float]:
    """Best head scores, copying, loss on both halves."""
    period = 31
    tokens = attention.repeated_tokens(model, 64, period, seed=1)
    losses = attention.loss_by_position(model, tokens)
    scores = attention.head_scores(model, batch=64, seed=1)
    return {
        "previous_token_score": scores.previous.max().item(),
        "induction_score": scores.induction.max().item(),
        "copy_accuracy": attention.copy_accuracy(model, period=period, seed=1),
        "loss_first_copy": losses[:period].mean().item(),
        "loss_second_copy": losses[period + 1 :].mean().item(),
    }


_COPYING = Recipe(
    data=RepeatedMarkov(),
    settings=training.Settings(),
    loss=_language_loss,
    measure=_measure_copying,
    card=_copying_card,
)
RECIPES = {
    "induction": _COPYING,
    "one_layer": _COPYING,
    "world": Recipe(
        data=report.WorldText(),
        settings=training.Settings(
            steps=3000,
            batch_size=128,
            lr=3e-3,
            weight_decay=1.5,
            attention_decay=0.05,
            embedding_slowdown=5.0,
            warmup=100,
            schedule="cosine",
        ),
        loss=report.loss,
        measure=report.measured,
        card=report.card,
    ),
}
