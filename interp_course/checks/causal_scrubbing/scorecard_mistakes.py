"""How a score card goes wrong: ways of computing each of its numbers, and what they mean."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor
from torch.nn.functional import cross_entropy, kl_div

Way = Callable[[Tensor, Tensor, Tensor], Any]
"""Computes one of the numbers from scrubbed logits, the model's logits and labels."""


def accuracy(s: Tensor, m: Tensor, y: Tensor) -> Tensor:
    """Share of the examples in which the largest scrubbed logit is the label's."""
    return (s.argmax(dim=1) == y).double().mean()


def costs(s: Tensor, m: Tensor, y: Tensor) -> Tensor:
    """Loss of the scrubbed logits, ``[example]``."""
    return cross_entropy(s.double(), y, reduction="none")


def _log(logits: Tensor, dim: int = 1) -> Tensor:
    return logits.double().log_softmax(dim)


def _at(values: Tensor, labels: Tensor) -> Tensor:
    return values.gather(1, labels[:, None])[:, 0]


def _distances(log_p: Tensor, log_q: Tensor) -> Tensor:
    """The divergence of each row of q from that of p, ``[example]``."""
    return (log_p.exp() * (log_p - log_q)).sum(dim=1)


def divergences(s: Tensor, m: Tensor, y: Tensor) -> Tensor:
    """How far the scrubbed logits are from the model, ``[example]``."""
    return _distances(_log(m), _log(s))


def _back(s: Tensor, m: Tensor, y: Tensor) -> Tensor:
    return _distances(_log(s), _log(m))


def _of_means(s: Tensor, m: Tensor) -> Tensor:
    p, q = (_log(logits).exp().mean(dim=0) for logits in (m, s))
    return (p * (p / q).log()).sum()


def _middle(s: Tensor, m: Tensor, y: Tensor) -> Tensor:
    middle = ((_log(m).exp() + _log(s).exp()) / 2).log()
    return (_distances(_log(m), middle) + _distances(_log(s), middle)).mean() / 2


def _batch_mean(log_q: Tensor, p: Tensor) -> Tensor:
    return kl_div(log_q, p, reduction="batchmean")


LOSS: Mapping[str, tuple[Way, ...]] = {
    "the loss is that of the model: the scrubbed logits are judged": (
        lambda s, m, y: costs(m, s, y).mean(),
    ),
    "the difference of the two losses is taken: the loss of the scrubbed logits is asked for": (
        lambda s, m, y: (costs(s, m, y) - costs(m, s, y)).mean(),
        lambda s, m, y: (costs(m, s, y) - costs(s, m, y)).mean(),
    ),
    "the loss is in bits: nats come from the natural logarithm": (
        lambda s, m, y: costs(s, m, y).mean() / math.log(2),
    ),
    "the losses of the examples are added up: their mean is asked for": (
        lambda s, m, y: costs(s, m, y).sum(),
    ),
    "there is one loss for each example: their mean is asked for": (costs,),
    "the mean of the loss runs over the vocabulary as well: only the label's entry counts": (
        lambda s, m, y: costs(s, m, y).sum() / s.numel(),
        lambda s, m, y: -_log(s).mean(),
    ),
    "logits are taken for logarithms of probabilities: they are not normalised": (
        lambda s, m, y: -_at(s, y).mean(),
        lambda s, m, y: _at(s, y).mean(),
    ),
    "a softmax is taken before cross_entropy, which takes one itself": (
        lambda s, m, y: cross_entropy(s.softmax(dim=1), y),
    ),
    "the softmax runs over the examples: each example has its own": (
        lambda s, m, y: -_at(_log(s, 0), y).mean(),
    ),
    "the sign of the loss is forgotten": (lambda s, m, y: -costs(s, m, y).mean(),),
    "the probability of the label is taken without a logarithm": (
        lambda s, m, y: _at(_log(s).exp(), y).mean(),
        lambda s, m, y: 1 - _at(_log(s).exp(), y).mean(),
    ),
    "probabilities are averaged before the logarithm is taken: each example has its own loss": (
        lambda s, m, y: -_at(_log(s).exp(), y).mean().log(),
    ),
    "the loss is taken against the model's own prediction: the labels are given": (
        lambda s, m, y: costs(s, m, m.argmax(dim=1)).mean(),
    ),
    "the loss is taken against all probabilities of the model: the labels are given": (
        lambda s, m, y: -(_log(m).exp() * _log(s)).sum(dim=1).mean(),
    ),
}
ACCURACY: Mapping[str, tuple[Way, ...]] = {
    "agreement with the model is counted: the labels say what is right": (
        lambda s, m, y: (s.argmax(dim=1) == m.argmax(dim=1)).double().mean(),
    ),
    "the accuracy is that of the model: the scrubbed logits are judged": (
        lambda s, m, y: accuracy(m, s, y),
    ),
    "the two accuracies are compared: that of the scrubbed logits is asked for": (
        lambda s, m, y: accuracy(s, m, y) / accuracy(m, s, y),
        lambda s, m, y: accuracy(s, m, y) - accuracy(m, s, y),
    ),
    "the right answers are counted: their share is asked for": (
        lambda s, m, y: (s.argmax(dim=1) == y).double().sum(),
        lambda s, m, y: (s.argmax(dim=1) == y).sum(),
    ),
    "the accuracy is in percent: a share is asked for": (lambda s, m, y: 100 * accuracy(s, m, y),),
    "the wrong answers are counted": (lambda s, m, y: 1 - accuracy(s, m, y),),
    "the mean probability of the label is taken: an answer is right or wrong": (
        lambda s, m, y: _at(_log(s).exp(), y).mean(),
    ),
    "it is not averaged: there is one answer for each example": (
        lambda s, m, y: (s.argmax(dim=1) == y).double(),
        lambda s, m, y: s.argmax(dim=1) == y,
    ),
    "the right answers are divided by the number of logits, not of examples": (
        lambda s, m, y: (s.argmax(dim=1) == y).double().sum() / s.numel(),
    ),
    "the smallest logit is taken for the answer": (
        lambda s, m, y: (s.argmin(dim=1) == y).double().mean(),
    ),
    "the largest logit is looked for among the examples, not among the tokens": (
        lambda s, m, y: (s.argmax(dim=0)[: len(y)] == y[: s.shape[1]]).double().mean(),
    ),
}
KL: Mapping[str, tuple[Way, ...]] = {
    "KL is taken the other way round: the model's probabilities are the weights": (
        lambda s, m, y: _back(s, m, y).mean(),
    ),
    "probabilities are averaged over the examples before they are compared: what differs between "
    "examples cancels": (
        lambda s, m, y: _of_means(s, m),
        lambda s, m, y: _of_means(m, s),
    ),
    "KL is in bits: nats come from the natural logarithm": (
        lambda s, m, y: divergences(s, m, y).mean() / math.log(2),
    ),
    "KL is added up over the examples: the mean is asked for": (
        lambda s, m, y: divergences(s, m, y).sum(),
        lambda s, m, y: _back(s, m, y).sum(),
    ),
    "there is one divergence for each example: their mean is asked for": (divergences, _back),
    "the mean of KL runs over the vocabulary as well: it is a sum there": (
        lambda s, m, y: divergences(s, m, y).sum() / s.numel(),
        lambda s, m, y: _back(s, m, y).sum() / s.numel(),
    ),
    "the sign of KL is turned": (
        lambda s, m, y: -divergences(s, m, y).mean(),
        lambda s, m, y: -_back(s, m, y).mean(),
    ),
    "kl_div is given probabilities, or logits, where it wants their logarithms": (
        lambda s, m, y: _batch_mean(s.softmax(dim=1), m.softmax(dim=1)),
        lambda s, m, y: _batch_mean(s, m.softmax(dim=1)),
        lambda s, m, y: _batch_mean(m.softmax(dim=1), s.softmax(dim=1)),
    ),
    "logits are taken for logarithms of probabilities in KL: they are not normalised": (
        lambda s, m, y: (m.softmax(dim=1) * (m - s)).sum(dim=1).mean(),
        lambda s, m, y: (m.exp() * (m - s)).sum(dim=1).mean(),
    ),
    "the softmax in KL runs over the examples: each example has its own": (
        lambda s, m, y: _distances(_log(m, 0), _log(s, 0)).mean(),
    ),
    "the entropy of the model is not taken away: that is a cross-entropy": (
        lambda s, m, y: -(_log(m).exp() * _log(s)).sum(dim=1).mean(),
    ),
    "only the label's probabilities are compared: KL looks at all tokens": (
        lambda s, m, y: (costs(s, m, y) - costs(m, s, y)).mean(),
        lambda s, m, y: (costs(m, s, y) - costs(s, m, y)).mean(),
        lambda s, m, y: (_at(_log(m).exp(), y) * _at(_log(m) - _log(s), y)).mean(),
    ),
    "the differences of the logarithms are not weighted by the model's probabilities": (
        lambda s, m, y: (_log(m) - _log(s)).sum(dim=1).mean(),
        lambda s, m, y: (_log(m) - _log(s)).mean(),
    ),
    "both directions are averaged: KL has one": (
        lambda s, m, y: (divergences(s, m, y) + _back(s, m, y)).mean() / 2,
        lambda s, m, y: (divergences(s, m, y) + _back(s, m, y)).mean(),
        _middle,
    ),
    "probabilities are compared by their differences: KL compares logarithms": (
        lambda s, m, y: (_log(m).exp() - _log(s).exp()).abs().sum(dim=1).mean(),
        lambda s, m, y: (_log(m).exp() - _log(s).exp()).abs().sum(dim=1).mean() / 2,
        lambda s, m, y: (_log(m).exp() - _log(s).exp()).square().sum(dim=1).mean(),
    ),
}
TABLES: Mapping[str, Mapping[str, tuple[Way, ...]]] = {
    "loss": LOSS,
    "accuracy": ACCURACY,
    "kl": KL,
}
