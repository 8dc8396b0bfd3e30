"""One plain training loop, used for every model of the course."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from tqdm.auto import tqdm

Measure = Callable[[nn.Module], Mapping[str, float]]


@dataclass(frozen=True)
class Settings:
    """How to optimise. The defaults are those of the attention-only models of the zoo."""

    steps: int = 1200
    batch_size: int = 32
    lr: float = 8e-3
    betas: tuple[float, float] = (0.9, 0.98)
    weight_decay: float = 0.01
    warmup: int = 50
    """Steps over which the learning rate rises from 0."""
    schedule: Literal["constant", "cosine"] = "constant"
    """What the learning rate does afterwards; cosine falls to 5 % of it at the last step."""
    attention_decay: float | None = None
    """Weight decay of attention and positions, where it differs from that of the other matrices;
    biases and norms then have none. None: everything has ``weight_decay``."""
    embedding_slowdown: float = 1.0
    """Token embeddings learn at ``lr`` divided by this, and their weight decay is multiplied by
    it, so that they still shrink as fast as the rest. Counts with ``attention_decay`` only."""
    clip: float = 1.0
    """Largest norm of the gradient."""

    def __post_init__(self) -> None:
        if self.steps < 1 or self.batch_size < 1:
            raise ValueError(
                f"steps and batch_size must be at least 1, got {self.steps} and {self.batch_size}"
            )


@dataclass
class History:
    """What was measured during training: one row for each measurement."""

    rows: list[dict[str, float]] = field(default_factory=list)

    def column(self, name: str) -> list[float]:
        """One quantity over the measurements."""
        if self.rows and name not in self.rows[0]:
            raise KeyError(f"{name!r} was not measured; measured: {', '.join(self.rows[0])}")
        return [row[name] for row in self.rows]


def next_token_loss(
    logits: Float[Tensor, "batch pos d_vocab"], tokens: Int[Tensor, "batch pos"]
) -> Float[Tensor, "batch predicted"]:
    """Cross-entropy in nats of each token given the ones before it.

    Entry ``[b, i]`` is the loss on token ``i + 1``, which position ``i`` predicts; the last
    position predicts nothing that we know, so there is one entry fewer than positions.
    """
    log_probs = logits[:, :-1].log_softmax(dim=-1)
    return -log_probs.gather(-1, tokens[:, 1:, None]).squeeze(-1)


def train(
    model: nn.Module,
    draw: Callable[[], Tensor],
    loss: Callable[[nn.Module, Tensor], Tensor],
    settings: Settings,
    *,
    measure: Measure | None = None,
    every: int = 50,
    on_measure: Callable[[History, nn.Module], None] | None = None,
    progress: bool = False,
) -> History:
    """Minimise ``loss(model, draw())`` with AdamW, in place.

    Args:
        model: The module to train. Pass the raw module: a bridge's hooks make small models slow.
        draw: Returns the next batch.
        loss: Returns the scalar to minimise.
        settings: Steps, learning rate and the like.
        measure: Called on the model every ``every`` steps and after the last one, in
            evaluation mode and without gradients; its numbers become a row of the history.
        every: Steps between two measurements.
        on_measure: Called after each measurement, with the history so far (to plot or save).
        progress: Show a progress bar.

    Raises:
        FloatingPointError: If the loss is no longer finite, with the step at which it happened.
    """
    optimizer = torch.optim.AdamW(
        _groups(model, settings),
        lr=settings.lr,
        betas=settings.betas,
        weight_decay=settings.weight_decay,
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _factor(settings, step))
    history, bar = History(), tqdm(total=settings.steps, disable=not progress, unit="step")
    for step in range(settings.steps + 1):
        if measure is not None and (step % every == 0 or step == settings.steps):
            history.rows.append({"step": float(step), **_measured(model, measure)})
            if on_measure is not None:
                on_measure(history, model)
        if step < settings.steps:
            value = loss(model, draw())
            if not math.isfinite(value.item()):
                raise FloatingPointError(
                    f"the loss became {value.item()} at step {step}; the weights are those before "
                    f"it. Lower lr (now {settings.lr}) or look for a division by zero in the loss"
                )
            _one_step(model, value, optimizer, settings.clip)
            schedule.step()
            bar.update()
            bar.set_postfix_str(f"loss {value.item():.2f}", refresh=False)
    bar.close()
    return history


def _groups(model: nn.Module, settings: Settings) -> list[dict[str, Any]]:
    """The parameters, by the weight decay that they have."""
    if settings.attention_decay is None:
        return [{"params": list(model.parameters())}]
    embedding, others, attention, vectors = [], [], [], []
    for name, parameter in model.named_parameters():
        if parameter.ndim == 1:
            vectors.append(parameter)
        elif ".attn." in name or name.startswith("pos."):
            attention.append(parameter)
        else:
            (embedding if name.startswith("tok_embed.") else others).append(parameter)
    slowdown = settings.embedding_slowdown
    slow = {"lr": settings.lr / slowdown, "weight_decay": settings.weight_decay * slowdown}
    return [
        {"params": others},
        {"params": embedding, **slow},
        {"params": attention, "weight_decay": settings.attention_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]


def _factor(settings: Settings, step: int) -> float:
    """The learning rate of a step, as a share of the highest."""
    rise = min(1.0, (step + 1) / max(1, settings.warmup))
    if settings.schedule == "constant":
        return rise
    return rise * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * step / settings.steps)))


def _one_step(
    model: nn.Module, loss: Tensor, optimizer: torch.optim.Optimizer, clip: float
) -> None:
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), clip)
    optimizer.step()


def _measured(model: nn.Module, measure: Measure) -> dict[str, float]:
    was_training = model.training
    model.eval()
    with torch.no_grad():
        row = {name: float(value) for name, value in measure(model).items()}
    model.train(was_training)
    return row
