"""Two runs to swap values between, and the scale on which a patched run is read.

*Clean* prompts are those on which the model does its job. *Corrupted* prompts have the same
shape and differ in what matters. A patched run takes some values from the other run:

| direction | runs on | values from | effect 0 | effect 1 |
|---|---|---|---|---|
| denoising | corrupted prompts | the clean run | they are not enough | they suffice |
| noising | clean prompts | the corrupted run | they were needed | they are not needed |

Both are read on one scale, ``(metric - corrupted) / (clean - corrupted)`` with means over the
prompts: 0 is as bad as the corrupted run, 1 as good as the clean one, whichever way the metric
counts. Sources: Meng et al. (2022); Heimersheim and Nanda (2024), "How to use and interpret
activation patching".
"""

import math
from typing import Any, Literal, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from interp_course.patching.metrics import Metric, measure

Direction = Literal["denoising", "noising"]


class Scale(NamedTuple):
    """Mean metric of the clean and of the corrupted run."""

    clean: float
    corrupted: float

    def effect(self, value: Float[Tensor, "*cell"]) -> Float[Tensor, "*cell"]:
        """Where mean metrics lie: 0 is the corrupted run, 1 the clean one."""
        return (value - self.corrupted) / (self.clean - self.corrupted)


def scale(
    metric: Metric,
    clean: Float[Tensor, "batch pos d_vocab"],
    corrupted: Float[Tensor, "batch pos d_vocab"],
) -> Scale:
    """The scale from the logits of both runs.

    Raises:
        ValueError: If the metric is the same for both, or not finite.
    """
    return scale_of(*measure(metric, torch.stack([clean, corrupted])).double().mean(dim=1).tolist())


def scale_of(high: float, low: float) -> Scale:
    """The scale from both mean metrics.

    Raises:
        ValueError: As in `scale`.
    """
    if not (math.isfinite(high) and math.isfinite(low)):
        raise ValueError(f"the metric must be finite; it is {high} clean and {low} corrupted")
    if abs(high - low) <= 1e-6 * max(abs(high), abs(low), 1e-3):
        raise ValueError(
            f"the metric is {high:.4g} on the clean and on the corrupted prompts: there is no "
            "difference to explain; choose prompts that the metric tells apart"
        )
    return Scale(high, low)


def check_pair(model: Any, clean: Int[Tensor, "batch pos"], corrupted: Tensor) -> None:
    """Refuse prompts between which no values can be swapped.

    Raises:
        ValueError: If their shapes differ or are empty, or the model is in training mode.
    """
    if clean.ndim != 2 or clean.shape != corrupted.shape or clean.numel() == 0:
        raise ValueError(
            f"clean and corrupted prompts must have one shape [batch, pos], position by position "
            f"comparable, got {tuple(clean.shape)} and {tuple(corrupted.shape)}"
        )
    if any(module.training for module in model.modules()):
        raise ValueError("the model is in training mode, where runs are random: use model.eval()")


def base_and_other(clean: Any, corrupted: Any, direction: Direction) -> tuple[Any, Any]:
    """What a patched run starts from, and what values are taken from.

    Raises:
        ValueError: If there is no such direction.
    """
    if direction not in ("denoising", "noising"):
        raise ValueError(f"direction must be denoising or noising, got {direction!r}")
    return (corrupted, clean) if direction == "denoising" else (clean, corrupted)
