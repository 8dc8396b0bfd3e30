"""How much of the loss a scrubbed model has recovered, and what a constant prediction costs."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from interp_course import runtime
from interp_course.checking import Case
from interp_course.checks.numbers import NumberCheck, naming_not_finite

Share = Callable[[Any, Any, Any], Any]


def _losses(seed: int) -> list[Case]:
    """Between the two, better than the model, worse than the baseline, and small losses."""
    plan = (
        ("between model and baseline", 0.25, 0.85),
        ("better than the model", 1.1, 1.5),
        ("worse than the baseline", -0.8, -0.2),
        ("float64 tensors", 0.2, 0.8),
    )
    cases = []
    for number, (text, low, high) in enumerate(plan):
        rng = runtime.generator("check recovered", seed + 1000 * number)
        model, gap, share = torch.rand(3, generator=rng, dtype=torch.float64).tolist()
        model, gap, share = 1.0 + 0.9 * model, 0.7 + gap, low + (high - low) * share
        if number == 3:
            model /= 10
        losses = [round(loss, 4) for loss in (model + gap * (1 - share), model, model + gap)]
        values = tuple(torch.tensor(losses, dtype=torch.float64)) if number == 3 else tuple(losses)
        scrubbed, model, baseline = losses
        text = f"{text}: scrubbed {scrubbed}, model {model}, baseline {baseline}"
        cases.append(Case(text, values))
    return cases


def _recovered(scrubbed: Any, model: Any, baseline: Any) -> float:
    """Where the scrubbed loss lies on the line from the baseline (0) to the model (1), halved."""
    low, high = -64.0, 64.0
    for _ in range(100):
        middle = (low + high) / 2
        loss = float(baseline) + middle * (float(model) - float(baseline))
        low, high = (middle, high) if loss > float(scrubbed) else (low, middle)
    return (low + high) / 2


def _share(scrubbed: Any, model: Any, baseline: Any) -> float:
    return float((scrubbed - baseline) / (model - baseline))


def _then(change: Callable[[float], float]) -> Share:
    return lambda s, m, b: change(_share(s, m, b))


recovered = NumberCheck(
    name="recovered",
    oracle=_recovered,
    cases=_losses,
    reread="how far the scrubbed loss is from the baseline's, divided by how far the model's is: 1 "
    "for the model's loss, 0 for the baseline's, and nothing stops it from leaving this range",
    mistakes={
        "0 and 1 are swapped: 1 is to mean as good as the model": (
            lambda s, m, b: (s - m) / (b - m),
            _then(lambda share: 1 - abs(share)),
        ),
        "the sign is turned: above and below the differences are taken in the same order": (
            lambda s, m, b: (s - b) / (b - m),
            lambda s, m, b: (s - m) / (m - b),
        ),
        "it is cut off at 0 and 1: a scrubbed model can be worse than the baseline, or better than "
        "the model": (
            _then(lambda share: min(max(share, 0.0), 1.0)),
            _then(lambda share: max(share, 0.0)),
            _then(lambda share: min(share, 1.0)),
        ),
        "sizes of the differences are taken: a loss worse than the baseline has to be negative": (
            _then(abs),
        ),
        "the fraction is turned upside down": _then(lambda share: 1 / share),
        "it is divided by the baseline: that is the share of the distance to a loss of 0": (
            lambda s, m, b: (b - s) / b,
            lambda s, m, b: (s - b) / b,
            lambda s, m, b: s / b,
        ),
        "it is divided by the loss of the model, not by its distance from the baseline": (
            lambda s, m, b: (s - b) / m,
            lambda s, m, b: (b - s) / m,
            lambda s, m, b: (s - m) / m,
            lambda s, m, b: 1 - (s - m) / m,
        ),
        "the losses of the two models are divided: the baseline is not looked at": (
            lambda s, m, b: s / m,
            lambda s, m, b: m / s,
            lambda s, m, b: 1 - s / m,
        ),
        "it is divided by the scrubbed loss or its distance: the model's distance is the unit": (
            lambda s, m, b: (b - s) / s,
            lambda s, m, b: (b - m) / (s - m),
            lambda s, m, b: (s - b) / (m - s),
        ),
        "the losses of model and baseline are divided by each other: that is no distance": (
            lambda s, m, b: m / b,
            lambda s, m, b: b / m,
        ),
        "the scrubbed loss and the baseline's are swapped": lambda s, m, b: (b - s) / (m - s),
        "it is a difference of losses: it is not divided by that of model and baseline": (
            lambda s, m, b: b - s,
            lambda s, m, b: s - b,
            lambda s, m, b: s - m,
            lambda s, m, b: m - s,
        ),
        "it is in percent: 1 stands for all of it": _then(lambda share: 100 * share),
        "it is rounded": (
            _then(lambda share: round(share, 2)),
            _then(lambda share: round(share, 1)),
            _then(lambda share: round(share)),
        ),
        "the losses are turned into probabilities or perplexities first": (
            lambda s, m, b: (math.exp(-s) - math.exp(-b)) / (math.exp(-m) - math.exp(-b)),
            lambda s, m, b: (math.exp(s) - math.exp(b)) / (math.exp(m) - math.exp(b)),
        ),
    },
)

Prediction = Callable[[Tensor, int], Any]
ZERO_TIMES_LOG = (
    "0 times the logarithm of 0 is nan, and so is the sum: a label that does not occur adds nothing"
)


def _labels(seed: int) -> list[Case]:
    """Labels of unequal frequency, of which some never occur; at last a single one."""
    cases = []
    for number, (batch, d_vocab, used) in enumerate(((40, 9, 6), (90, 30, 11), (17, 5, 1))):
        rng = runtime.generator("check constant baseline", seed + 1000 * number)
        ids = torch.randperm(d_vocab, generator=rng)[:used]
        often = 0.7 ** torch.arange(float(used))
        more = torch.multinomial(often, batch - used, replacement=True, generator=rng)
        labels = ids[torch.cat([torch.arange(used), more])]
        labels = labels[torch.randperm(batch, generator=rng)]
        text = f"{batch} labels, {used} of {d_vocab} values occur"
        cases.append(Case(text, (labels, d_vocab)))
    return cases


def _cost(labels: Tensor, d_vocab: int) -> float:
    """The mean over the examples of what each label costs if its frequency is predicted."""
    listed = labels.tolist()
    return sum(-math.log(listed.count(label) / len(listed)) for label in listed) / len(listed)


def _frequencies(labels: Tensor, d_vocab: int) -> Tensor:
    return _counts(labels, d_vocab) / len(labels)


def _counts(labels: Tensor, d_vocab: int) -> Tensor:
    return torch.bincount(labels, minlength=d_vocab).double()


def _entropy(p: Tensor) -> Tensor:
    return -torch.special.xlogy(p, p).sum()


def _constant(logits: Prediction) -> Prediction:
    """The loss of these logits, predicted for every example."""
    return lambda y, d: cross_entropy(logits(y, d).double().expand(len(y), d), y)


def _occurring(labels: Tensor) -> Tensor:
    return labels.unique(return_counts=True)[1] / len(labels)


constant_baseline = NumberCheck(
    name="constant_baseline",
    oracle=_cost,
    judge_value=naming_not_finite(
        _cost, ZERO_TIMES_LOG, lambda labels, d_vocab: len(labels.unique()) < d_vocab
    ),
    cases=_labels,
    reread="of all constant predictions the frequencies of the labels cost least; what they cost "
    "is -log(frequency of the label), averaged over the examples, in nats",
    mistakes={
        "every token of d_vocab is predicted with the same probability: that is not the best "
        "constant": (lambda y, d: math.log(d), lambda y, d: math.log2(d)),
        "every label that occurs is predicted with the same probability: some occur more often": (
            lambda y, d: math.log(len(y.unique())),
            lambda y, d: math.log2(len(y.unique())),
        ),
        "it is in bits: nats come from the natural logarithm": (
            lambda y, d: _cost(y, d) / math.log(2)
        ),
        "the logarithm has base 10: nats come from the natural one": (
            lambda y, d: _cost(y, d) / math.log(10)
        ),
        "counts stand where frequencies should: they are not divided by the number of labels": (
            lambda y, d: -torch.special.xlogy(_counts(y, d), _counts(y, d)).sum(),
            lambda y, d: torch.special.xlogy(_counts(y, d), _counts(y, d)).sum(),
            lambda y, d: len(y) * _cost(y, d),
        ),
        "the counts are divided by d_vocab instead of the number of labels": lambda y, d: _entropy(
            _counts(y, d) / d
        ),
        "a softmax is taken of counts or frequencies: they become probabilities by a division": (
            lambda y, d: _entropy(_counts(y, d).softmax(dim=0)),
            lambda y, d: _entropy(_frequencies(y, d).softmax(dim=0)),
            _constant(_counts),
            _constant(_frequencies),
        ),
        "a share of right answers is returned instead of a loss": (
            lambda y, d: _frequencies(y, d).max(),
            lambda y, d: 1 - _frequencies(y, d).max(),
            lambda y, d: _frequencies(y, d).square().sum(),
            lambda y, d: 1 - _frequencies(y, d).square().sum(),
        ),
        "only the most frequent label is looked at": (
            lambda y, d: -_frequencies(y, d).max().log(),
            lambda y, d: -_frequencies(y, d).max().log() * _frequencies(y, d).max(),
        ),
        "the mean runs over the kinds of label or over d_vocab: the frequencies are the weights": (
            lambda y, d: _cost(y, d) / d,
            lambda y, d: _cost(y, d) / len(y.unique()),
            lambda y, d: -_occurring(y).log().mean(),
        ),
        "the frequencies are forgotten as weights: the logarithms are just added up": (
            lambda y, d: -_occurring(y).log().sum()
        ),
        "the sign is forgotten: logarithms of frequencies are negative, a loss is not": (
            lambda y, d: -_cost(y, d)
        ),
        "one is added to each count: the best constant prediction is not smoothed": (
            lambda y, d: _entropy((_counts(y, d) + 1) / (len(y) + d)),
            _constant(lambda y, d: (_counts(y, d) + 1).log()),
        ),
        "it is a perplexity: a loss is its logarithm": lambda y, d: math.exp(_cost(y, d)),
        "it is divided by the largest possible entropy: a loss is asked for": (
            lambda y, d: _cost(y, d) / math.log(d),
            lambda y, d: _cost(y, d) / math.log(len(y.unique())),
        ),
        "it is the logarithm of the number of examples": lambda y, d: math.log(len(y)),
    },
)
