"""Loss with little and with much context, and when in training it changed."""

import itertools
from collections.abc import Callable

import torch
from torch import Tensor

from interp_course import runtime
from interp_course.checking import Case, Check


def _icl_cases(seed: int) -> list[Case]:
    cases = []
    shapes = ((2, 13, 7, slice(1, 4), slice(-3, None)), (4, 21, 5, slice(2, 7), slice(14, 19)))
    for number, (batch, n, d_vocab, early, late) in enumerate(shapes):
        rng = runtime.generator("check losses", seed + 1000 * number)
        tokens = torch.randint(0, d_vocab, (batch, n), generator=rng)
        logits = torch.randn(batch, n, d_vocab, generator=rng)
        certain = torch.linspace(0, 2, n)[None, :, None].expand(batch, n, 1)
        ahead = tokens.roll(-1, dims=1)[..., None]
        logits = logits.scatter_add(-1, ahead, certain)
        cases.append(Case(f"{batch} sequences of {n} tokens", (logits, tokens, early, late)))
    return cases


def _icl_oracle(logits: Tensor, tokens: Tensor, early: slice, late: slice) -> Tensor:
    """The definition, one predicted token at a time."""
    batch, n, _ = logits.shape
    losses = torch.zeros(n - 1)
    for place in range(n - 1):
        for b in range(batch):
            probs = logits[b, place].exp() / logits[b, place].exp().sum()
            losses[place] -= probs[tokens[b, place + 1]].log() / batch
    return losses[late].mean() - losses[early].mean()


def _score(
    logits: Tensor,
    tokens: Tensor,
    early: slice,
    late: slice,
    *,
    loss: Callable[[Tensor, Tensor], Tensor] | None = None,
    shift: int = 1,
) -> Tensor:
    """The score with another loss or another shift between logits and tokens."""
    n = tokens.shape[1]
    if shift == 1:
        logits, tokens = logits[:, :-1], tokens[:, 1:]
    elif shift == -1:
        logits, tokens = logits[:, 1:], tokens[:, : n - 1]
    values = (loss or _cross_entropy)(logits, tokens)
    return values[:, late].mean() - values[:, early].mean()


def _picked(values: Tensor, tokens: Tensor) -> Tensor:
    return values.gather(-1, tokens[..., None])[..., 0]


def _cross_entropy(logits: Tensor, tokens: Tensor) -> Tensor:
    return -_picked(logits.log_softmax(-1), tokens)


def _windows(logits: Tensor, tokens: Tensor) -> Tensor:
    return _cross_entropy(logits[:, :-1], tokens[:, 1:])


icl_score = Check(
    name="icl_score",
    oracle=_icl_oracle,
    cases=_icl_cases,
    reread="position i predicts token i + 1; loss = -log p(that token); late mean minus early mean",
    mistakes={
        "the sign is turned: early minus late, or a logarithm that is not negated": (
            lambda *a: -_score(*a)
        ),
        "the logits at i are compared with token i, the input, instead of token i + 1": (
            lambda *a: _score(*a, shift=0),
            lambda x, t, e, s: _score(x[:, :-1], t[:, :-1], e, s, shift=0),
        ),
        "the slices select sequences of the batch: the positions are the second axis": (
            lambda x, t, e, s: _windows(x, t)[s].mean() - _windows(x, t)[e].mean()
        ),
        "logits and tokens are shifted the wrong way: position i is asked for token i - 1": (
            lambda *a: _score(*a, shift=-1)
        ),
        "the logarithm has base 2: the course counts in nats": lambda *a: (
            _score(*a) / torch.log(torch.tensor(2.0))
        ),
        "the probability itself is averaged, not minus its logarithm": lambda *a: _score(
            *a, loss=lambda x, t: _picked(x.softmax(-1), t)
        ),
        "one minus the probability is averaged, not minus its logarithm": lambda *a: _score(
            *a, loss=lambda x, t: 1 - _picked(x.softmax(-1), t)
        ),
        "the raw logits are used: there is no softmax": lambda *a: _score(
            *a, loss=lambda x, t: -_picked(x, t)
        ),
        "the softmax runs over the positions instead of the vocabulary": lambda *a: _score(
            *a, loss=lambda x, t: -_picked(x.log_softmax(1), t)
        ),
        "the losses are summed over each window instead of averaged": lambda x, t, e, s: (
            _windows(x, t)[:, s].mean(0).sum() - _windows(x, t)[:, e].mean(0).sum()
        ),
        "only the late loss is returned": lambda x, t, e, s: _windows(x, t)[:, s].mean(),
        "only the early loss is returned": lambda x, t, e, s: _windows(x, t)[:, e].mean(),
        "it is the ratio of the two losses instead of their difference": lambda x, t, e, s: (
            _windows(x, t)[:, s].mean() / _windows(x, t)[:, e].mean()
        ),
        "the batch is not averaged over": lambda x, t, e, s: (
            _windows(x, t)[:, s].mean(1) - _windows(x, t)[:, e].mean(1)
        ),
    },
)


def _transition_cases(seed: int) -> list[Case]:
    """Noisy S-shaped curves, rising and falling, away from 0, at uneven steps."""
    cases = []
    for number, (name, start, end) in enumerate(
        (("a rising curve", 0.4, 1.9), ("a falling curve", 5.2, 2.9), ("below zero", -0.3, -2.8))
    ):
        rng = runtime.generator("check curves", seed + 1000 * number)
        gaps = torch.randint(2, 9, (30,), generator=rng)
        steps = 10 * (gaps.cumsum(0) - gaps[0])
        middle = torch.randint(12, 18, (), generator=rng)
        rise = torch.sigmoid(0.55 * (torch.arange(30) - middle))
        values = start + (end - start) * (rise + 0.02 * torch.rand(30, generator=rng))
        cases.append(Case(name, (steps.tolist(), values.tolist())))
    return cases


def _first(steps: list[int], values: list[float], low: float, high: float) -> tuple[int, int]:
    """First steps at which the share of the total change reaches low and high."""
    total = values[-1] - values[0]
    share = [(value - values[0]) / total for value in values]
    found = [
        next(step for step, done in zip(steps, share, strict=True) if done >= bound)
        for bound in (low, high)
    ]
    return found[0], found[1]


def _transition_oracle(steps: list[int], values: list[float]) -> tuple[int, int]:
    return _first(steps, values, 0.1, 0.9)


def _only_rising(steps: list[int], values: list[float]) -> tuple[int, int]:
    span = max(values) - min(values)
    low, high = min(values) + 0.1 * span, min(values) + 0.9 * span
    first = [next(s for s, v in zip(steps, values, strict=True) if v >= t) for t in (low, high)]
    return first[0], first[1]


def _of_final(steps: list[int], values: list[float]) -> tuple[int, int]:
    found = [
        next((s for s, v in zip(steps, values, strict=True) if v / values[-1] >= t), steps[-1])
        for t in (0.1, 0.9)
    ]
    return found[0], found[1]


def _indices(steps: list[int], values: list[float]) -> tuple[int, int]:
    start, end = _transition_oracle(steps, values)
    return steps.index(start), steps.index(end)


def _one_before(steps: list[int], values: list[float]) -> tuple[int, int]:
    start, end = _indices(steps, values)
    return steps[max(0, start - 1)], steps[max(0, end - 1)]


def _steepest(steps: list[int], values: list[float]) -> tuple[int, int]:
    changes = [abs(b - a) for a, b in itertools.pairwise(values)]
    place = changes.index(max(changes))
    return steps[place], steps[place + 1]


transition = Check(
    name="transition",
    oracle=_transition_oracle,
    cases=_transition_cases,
    reread="share(t) = (value(t) - first) / (last - first): it runs from 0 to 1 for any curve",
    mistakes={
        "the curve is taken to be rising: a falling one crosses at its very start": _only_rising,
        "shares of the last value are used instead of shares of the change": _of_final,
        "places in the list are returned instead of training steps": _indices,
        "the last step *before* the bound is taken instead of the first one that reaches it": (
            _one_before
        ),
        "start and end are in the wrong order": lambda s, v: _transition_oracle(s, v)[::-1],
        "only the steepest single interval is found": _steepest,
        "the bounds are 25 % and 75 % instead of 10 % and 90 %": lambda s, v: _first(
            s, v, 0.25, 0.75
        ),
        "the bounds are 5 % and 95 % instead of 10 % and 90 %": lambda s, v: _first(
            s, v, 0.05, 0.95
        ),
        "it is the width of the transition, not its two ends": lambda s, v: (
            _transition_oracle(s, v)[1] - _transition_oracle(s, v)[0]
        ),
    },
)
