"""Three numbers on a scrubbed model: loss, accuracy, distance from the model itself."""

import functools
import itertools
import math
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from interp_course import runtime
from interp_course.checking import Case, Check
from interp_course.checks.causal_scrubbing.scorecard_mistakes import (
    ACCURACY,
    TABLES,
    Way,
    accuracy,
    costs,
    divergences,
)
from interp_course.checks.numbers import is_finite
from interp_course.comparing import difference

Problem = tuple[str, str | None]
RTOL, ATOL = 1e-4, 1e-5
CLEAR = 0.02
"""By this much the largest two logits differ, and ways of counting right answers."""
SWAPPED = "the scrubbed model and the model are swapped: scrubbed comes first"
UNDERFLOW = (
    "the logarithm of a probability is taken that has been rounded to 0: log_softmax does not round"
)
NEGATIVE = "the logarithm of a logit is taken, which may be negative: logits are not probabilities"


@functools.lru_cache(maxsize=256)
def _cases(seed: int) -> tuple[Case, ...]:
    """As many examples as tokens, a float64 case, and a model that is very sure of itself."""
    cases = []
    for number, (batch, d_vocab) in enumerate(((13, 13), (17, 5), (15, 11))):
        rng = runtime.generator("check scorecard", seed + 1000 * number)
        drawn = _drawn(batch, d_vocab, rng)
        while not _is_clear(*drawn):
            drawn = _drawn(batch, d_vocab, rng)
        scrubbed, model, labels = drawn
        kind = ("", "float64, ", "a model that is very sure, ")[number]
        if number == 2:
            model = 60 * model
        if number != 1:
            scrubbed, model = scrubbed.float(), model.float()
        cases.append(Case(f"{kind}{batch} examples, {d_vocab} tokens", (scrubbed, model, labels)))
    return tuple(cases)


def _drawn(batch: int, d_vocab: int, rng: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """The model is often right, the scrubbed one less so; offsets that a softmax takes away."""

    def noise(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=rng, dtype=torch.float64)

    labels = torch.randint(d_vocab, (batch,), generator=rng)
    right = one_hot(labels, d_vocab)
    model = 2.5 * right + 1.2 * noise(batch, d_vocab) + noise(batch, 1) + 0.7
    scrubbed = 0.5 * model + 1.2 * noise(batch, d_vocab) + noise(batch, 1) - 0.4
    return scrubbed, model, labels


def _is_clear(scrubbed: Tensor, model: Tensor, labels: Tensor) -> bool:
    """Whether no example is a near-tie and no two ways of counting right answers agree."""
    for logits in (scrubbed, model):
        first, second = logits.topk(2, dim=1).values.T
        if bool((first - second).min() < CLEAR):
            return False
    others = [way(scrubbed, model, labels) for ways in ACCURACY.values() for way in ways]
    found = [float(other) for other in others if other.ndim == 0 and other.is_floating_point()]
    found += [0.0, float(accuracy(scrubbed, model, labels)), 1.0]
    return min(b - a for a, b in itertools.pairwise(sorted(found))) > CLEAR


def _probabilities(logits: Tensor) -> list[float]:
    largest = max(logits.tolist())
    weights = [math.exp(logit - largest) for logit in logits.tolist()]
    return [weight / sum(weights) for weight in weights]


def _oracle(scrubbed: Tensor, model: Tensor, labels: Tensor) -> dict[str, float]:
    """One example after the other."""
    loss = right = kl = 0.0
    for q_logits, p_logits, label in zip(scrubbed, model, labels.tolist(), strict=True):
        q, p = _probabilities(q_logits), _probabilities(p_logits)
        loss -= math.log(q[label])
        right += q[label] == max(q)
        kl += sum(a * (math.log(a) - math.log(b)) for a, b in zip(p, q, strict=True) if a > 0)
    n = len(labels)
    return {"loss": loss / n, "accuracy": right / n, "kl": kl / n}


def _card(s: Tensor, m: Tensor, y: Tensor) -> dict[str, Any]:
    return {
        "loss": costs(s, m, y).mean(),
        "accuracy": accuracy(s, m, y),
        "kl": divergences(s, m, y).mean(),
    }


def _judge(case: Case, value: Any) -> Problem | None:
    """Compare all three, and name what is wrong with the first that is."""
    right = _oracle(*case.args)
    problem = difference(value, right, RTOL, ATOL)
    if problem is None or not isinstance(value, dict) or set(value) != set(right):
        return None if problem is None else (problem, None)
    scrubbed, model, labels = case.args
    if difference(value, _card(model, scrubbed, labels), RTOL, ATOL) is None:
        return problem, SWAPPED
    key = next(key for key in right if difference(value[key], right[key], RTOL, ATOL))
    if key == "kl" and not is_finite(value[key]):
        return problem, UNDERFLOW if bool((model.softmax(dim=1) == 0).any()) else NEGATIVE
    for sentence, ways in TABLES[key].items():
        if any(difference(value[key], w(*case.args), RTOL, ATOL) is None for w in ways):
            return problem, sentence
    return problem, None


def _with(key: str, way: Way) -> Way:
    """A card on which one number is computed in another way."""
    return lambda s, m, y: {**_card(s, m, y), key: way(s, m, y)}


scorecard = Check(
    name="scorecard",
    oracle=_oracle,
    judge_value=_judge,
    cases=_cases,
    reread="loss: -log of the probability that the scrubbed logits give the label; accuracy: how "
    "often their largest logit is the label's; kl: sum over tokens of p (log p - log q), p from "
    "the model and q from the scrubbed logits; each averaged over the examples, in nats",
    mistakes={
        SWAPPED: lambda s, m, y: _card(m, s, y),
        **{
            sentence: tuple(_with(key, way) for way in ways)
            for key, table in TABLES.items()
            for sentence, ways in table.items()
        },
    },
)
