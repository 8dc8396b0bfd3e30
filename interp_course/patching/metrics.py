"""What a run of a model is worth: one number for each prompt, read from its logits.

| metric | range | the better the model does | unit |
|---|---|---|---|
| `logit_difference` = logit of the answer - logit of the wrong answer | any | the higher | logits |
| `probability` of the answer | 0 .. 1 | the higher | |
| `loss` = -log of that probability | at least 0 | the lower | nats |
| `kl` = KL(reference run, this run) | at least 0 | the lower; 0 is the same | nats |

Each function returns a metric that takes logits ``[batch pos d_vocab]`` and returns
``[batch]``. Any function of this kind will do; these four also take many runs at once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

Metric = Callable[[Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class AtPosition:
    """A metric of the logits at one position of each prompt, for any leading axes.

    Nothing else of a run has to be computed up to its logits.
    """

    function: Callable[[Tensor], Tensor]
    """What it is of these logits ``[... batch d_vocab]``."""
    position: int | Tensor

    def __call__(self, logits: Tensor) -> Tensor:
        """One number for each prompt, ``[... batch]``."""
        return self.function(self.pick(logits))

    def pick(self, values: Tensor) -> Tensor:
        """``[... batch width]`` from ``[... batch pos width]``."""
        return _at(values, self.position)


def logit_difference(
    answer: Int[Tensor, " batch"],
    wrong: Int[Tensor, " batch"],
    position: int | Int[Tensor, " batch"] = -1,
) -> Metric:
    """Logit of the answer minus logit of the wrong answer.

    Args:
        answer: The right token for each prompt.
        wrong: The token to compare it with.
        position: Where the answer is predicted: one position, or one for each prompt.

    Raises:
        ValueError: When the metric is used, if answers do not fit to the prompts.
    """
    return AtPosition(lambda last: _pick(last, answer) - _pick(last, wrong), position)


def probability(
    answer: Int[Tensor, " batch"], position: int | Int[Tensor, " batch"] = -1
) -> Metric:
    """Probability of the answer; arguments as in `logit_difference`."""
    return AtPosition(lambda last: _pick(last.log_softmax(dim=-1), answer).exp(), position)


def loss(answer: Int[Tensor, " batch"], position: int | Int[Tensor, " batch"] = -1) -> Metric:
    """Minus the log of the probability of the answer; arguments as in `logit_difference`."""
    return AtPosition(lambda last: -_pick(last.log_softmax(dim=-1), answer), position)


def kl(
    reference: Float[Tensor, "batch pos d_vocab"], position: int | Int[Tensor, " batch"] = -1
) -> Metric:
    """How far the prediction at a position has moved from that of a reference run.

    Args:
        reference: Logits of that run on the same prompts, most often the whole model's.
        position: As in `logit_difference`.
    """
    before = _at(reference.detach(), position).log_softmax(dim=-1)

    def divergence(last: Tensor) -> Tensor:
        if last.shape[-2:] != before.shape:
            raise ValueError(
                f"the reference has {len(before)} prompts and {before.shape[-1]} tokens, "
                f"the run {last.shape[-2]} and {last.shape[-1]}"
            )
        return (before.exp() * (before - last.log_softmax(dim=-1))).sum(dim=-1)

    return AtPosition(divergence, position)


def measure(
    metric: Metric, logits: Float[Tensor, "cell batch pos d_vocab"]
) -> Float[Tensor, "cell batch"]:
    """The metric of many runs on the same prompts.

    Raises:
        ValueError: If it does not return one number for each prompt.
    """
    if isinstance(metric, AtPosition):
        return metric(logits)
    found = [metric(one) for one in logits]
    for one in found:
        if not isinstance(one, Tensor) or one.shape != logits.shape[1:2]:
            shape = tuple(one.shape) if isinstance(one, Tensor) else type(one).__name__
            raise ValueError(
                f"a metric must return one number for each of the {logits.shape[1]} prompts, "
                f"this one returned {shape}: leave out .mean() or .sum()"
            )
    return torch.stack(found)


def measure_streams(
    metric: Metric, model: Any, streams: Float[Tensor, "cell batch pos d_model"]
) -> Float[Tensor, "cell batch"]:
    """The metric of many runs, from the stream at their end.

    Raises:
        ValueError: As in `measure`.
    """
    if isinstance(metric, AtPosition):
        ends = metric.pick(streams)
        logits = model.unembed(model.ln_final(ends.flatten(0, 1)[:, None]))
        return metric.function(logits.view(*ends.shape[:2], -1))
    logits = model.unembed(model.ln_final(streams.flatten(0, 1)))
    return measure(metric, logits.unflatten(0, streams.shape[:2]))


def _at(logits: Tensor, position: int | Tensor) -> Tensor:
    """The logits at one position of each prompt, ``[... batch d_vocab]``."""
    n_prompts, length = logits.shape[-3:-1]
    places = torch.as_tensor(position, device=logits.device)
    if places.ndim > 1 or (places.ndim == 1 and len(places) != n_prompts):
        raise ValueError(
            f"position must be one number or one for each of the {n_prompts} prompts, "
            f"got the shape {tuple(places.shape)}"
        )
    if (places < -length).any() or (places >= length).any():
        raise ValueError(f"position {position} is outside of prompts of {length} tokens")
    if isinstance(position, int):
        return logits[..., position, :]
    return logits[..., torch.arange(n_prompts, device=logits.device), places.expand(n_prompts), :]


def _pick(last: Tensor, token: Tensor) -> Tensor:
    n_prompts, d_vocab = last.shape[-2:]
    if token.shape != (n_prompts,):
        raise ValueError(
            f"there are {n_prompts} prompts, but answers of the shape {tuple(token.shape)}: "
            "give one token for each prompt"
        )
    if (token < 0).any() or (token >= d_vocab).any():
        raise ValueError(f"an answer is outside of the vocabulary of {d_vocab} tokens")
    index = token.to(last.device)[:, None].expand(*last.shape[:-1], 1)
    return last.gather(-1, index)[..., 0]
