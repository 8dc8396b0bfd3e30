"""How well a linear probe does on examples that it has not seen."""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from interp_course import runtime
from interp_course.checking import Case, Check
from interp_course.comparing import difference

Problem = tuple[str, str | None]
TOLERANCE = 0.03
"""Solvers, and deviations with n or n - 1, differ by less; each mistake by more in some case."""
ALIKE = 0.012
"""How close a value must be to that of a mistake to be taken for it."""
Result = Any


class _Group(NamedTuple):
    """Coordinates of one kind. Within a class they vary by 1 before they are scaled."""

    size: int
    apart: float
    """Distance of the two classes in each coordinate, among the training examples."""
    test_apart: float
    scale: float = 1.0
    test_loudness: float = 1.0


PLANS = {
    "many examples in few dimensions": (
        (200, 0.5, 600, 0.75),
        (_Group(4, 0.8, 0.8),),
    ),
    "few examples in many dimensions": (
        (50, 0.5, 600, 0.3),
        (_Group(6, 1.0, 1.0, 20.0), _Group(38, 0.0, 0.0)),
    ),
    "few of True to train on, many to test": (
        (240, 0.3, 600, 0.8),
        (_Group(4, 0.8, 0.8, 0.02), _Group(4, 0.0, 0.0, 3.0)),
    ),
    "float64, some coordinates are much louder in the test set": (
        (80, 0.6, 500, 0.4),
        (_Group(4, 1.5, 1.5), _Group(2, 1.5, 0.0, 1.0, 25.0), _Group(8, 0.0, 0.0)),
    ),
}


def _cases(seed: int) -> list[Case]:
    cases = []
    for number, (name, (sizes, groups)) in enumerate(PLANS.items()):
        n, share, m, test_share = sizes
        rng = runtime.generator("check probes", seed + 1000 * number)
        labels = torch.randperm(n, generator=rng) < round(share * n)
        asked = torch.randperm(m, generator=rng) < round(test_share * m)
        parts = [_drawn(group, labels, asked, rng) for group in groups]
        train, test = (torch.cat(part, dim=1) for part in zip(*parts, strict=True))
        order = torch.randperm(train.shape[1], generator=rng)
        train, test = train[:, order], test[:, order]
        if number == 3:
            train, test = train.double(), test.double()
        text = f"{name}: {n} and {m} examples, d_model {train.shape[1]}"
        cases.append(Case(text, (train, labels, test, asked)))
    return cases


def _drawn(
    group: _Group, labels: Tensor, asked: Tensor, rng: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Training and test examples in the coordinates of one group."""
    signs = torch.randint(2, (group.size,), generator=rng) * 2.0 - 1
    scale = group.scale * (0.7 + 0.6 * torch.rand(group.size, generator=rng))
    centre = scale * (2 * signs + torch.randn(group.size, generator=rng))
    drawn = []
    for y, apart, loudness in (
        (labels, group.apart, 1.0),
        (asked, group.test_apart, group.test_loudness),
    ):
        noise = torch.randn(len(y), group.size, generator=rng)
        drawn.append(centre + loudness * scale * ((y[:, None] * 1.0 - 0.5) * apart * signs + noise))
    return drawn[0], drawn[1]


class _Fit(NamedTuple):
    """A fitted probe."""

    weights: Tensor
    bias: Tensor

    def scores(self, x: Tensor) -> Tensor:
        return x.double() @ self.weights + self.bias


def _fit(x: Tensor, labels: Tensor, *, bias: bool = True) -> _Fit:
    """Newton's method on the sum of the log losses plus half the squared length of the weights."""
    n, d = x.shape
    x = torch.cat([x.double(), torch.full((n, 1), float(bias), dtype=torch.float64)], dim=1)
    pull = torch.ones(d + 1, dtype=torch.float64)
    pull[d] = 0.0 if bias else 1.0
    w = torch.zeros(d + 1, dtype=torch.float64)
    for _ in range(50):
        p = (x @ w).sigmoid()
        gradient = x.T @ (p - labels.double()) + pull * w
        step = torch.linalg.solve((x.T * (p * (1 - p))) @ x + pull.diag(), gradient)
        w = w - step
        if step.abs().max() < 1e-9:
            break
    return _Fit(w[:d], w[d])


def _standardised(x: Tensor, like: Tensor) -> Tensor:
    """With the mean and the standard deviation of the rows of ``like``."""
    x, like = x.double(), like.double()
    return (x - like.mean(0)) / like.std(0, correction=0)


def _oracle(train: Tensor, labels: Tensor, test: Tensor, asked: Tensor) -> float:
    probe = _fit(_standardised(train, train), labels)
    scores = probe.scores(_standardised(test, train)).tolist()
    hits = sum((score > 0) == label for score, label in zip(scores, asked.tolist(), strict=True))
    return hits / len(scores)


def _probed(
    measure: Callable[[Tensor, Tensor], Result], *, bias: bool = True
) -> Callable[..., Result]:
    """Something else than the share of hits, from the scores of the right probe."""

    def answer(train: Tensor, labels: Tensor, test: Tensor, asked: Tensor) -> Result:
        probe = _fit(_standardised(train, train), labels, bias=bias)
        return measure(probe.scores(_standardised(test, train)), asked)

    return answer


def _scaled(
    change: Callable[[Tensor, Tensor, Tensor], Tensor], *, on_test: Any = None
) -> Callable[..., float]:
    """Something else than standardising; ``change`` gets what to scale, and both sets."""

    def answer(train: Tensor, labels: Tensor, test: Tensor, asked: Tensor) -> float:
        probe = _fit(change(train, train, test), labels)
        return _share(probe.scores((on_test or change)(test, train, test)), asked)

    return answer


def _share(scores: Tensor, asked: Tensor) -> float:
    return ((scores > 0) == asked).double().mean().item()


def _right_scale(x: Tensor, train: Tensor, test: Tensor) -> Tensor:
    return _standardised(x, train)


def _on_itself(x: Tensor, labels: Tensor, like: Tensor) -> float:
    """Fitted and measured on the same examples."""
    x = _standardised(x, like)
    return _share(_fit(x, labels).scores(x), labels)


def _fitted_on_both(train: Tensor, labels: Tensor, test: Tensor, asked: Tensor) -> float:
    both = torch.cat([train, test])
    probe = _fit(_standardised(both, both), torch.cat([labels, asked]))
    return _share(probe.scores(_standardised(test, both)), asked)


def _recall(scores: Tensor, asked: Tensor) -> float:
    return (scores[asked] > 0).double().mean().item()


def _precision(scores: Tensor, asked: Tensor) -> float:
    return asked[scores > 0].double().mean().item()


def _judge(case: Case, value: Any) -> Problem | None:
    """Near enough is right; what is no share at all is recognised by its form."""
    right = _oracle(*case.args)
    problem = difference(value, right, rtol=0.0, atol=TOLERANCE)
    if problem is None:
        return None
    m = len(case.args[3])
    try:
        found = torch.as_tensor(value).detach().double()
    except (TypeError, ValueError, RuntimeError):
        return problem, None
    if found.shape == (m,):
        return problem, "one value for each test example is returned, not the share that is right"
    if found.numel() != 1:
        return problem, None
    if abs(found.item() - 100 * right) <= 100 * TOLERANCE:
        return problem, "the share is given in percent: it is a number from 0 to 1"
    if abs(found.item() - m * right) <= m * TOLERANCE:
        return problem, "the right answers are counted: divide by the number of test examples"
    return problem, None


probe_accuracy = Check(
    name="probe_accuracy",
    oracle=_oracle,
    judge_value=_judge,
    cases=_cases,
    rtol=0.0,
    atol=ALIKE,
    reread="mean and standard deviation of the *training* activations scale both sets; fit on the "
    "training set, count the hits on the test set, divide by its size",
    mistakes={
        "the accuracy is measured on the examples that the probe was trained on": (
            lambda train, y, test, z: _on_itself(train, y, train)
        ),
        "the test set is standardised with its own mean and deviation: a probe in use must scale "
        "new examples as it scaled those it learned from": _scaled(
            _right_scale, on_test=lambda x, train, test: _standardised(x, test)
        ),
        "the test set has a part in the mean and deviation that scale the training set": (
            _scaled(lambda x, train, test: _standardised(x, torch.cat([train, test]))),
            _scaled(lambda x, train, test: _standardised(x, test)),
        ),
        "the probe is fitted on test examples: ask it about some that it has not seen": (
            lambda train, y, test, z: _on_itself(test, z, train),
            lambda train, y, test, z: _on_itself(test, z, test),
            _fitted_on_both,
        ),
        "training and test set are swapped": lambda train, y, test, z: _oracle(test, z, train, y),
        "the share of wrong answers is returned, or the labels are turned round": (
            lambda *args: 1 - _oracle(*args)
        ),
        "the coordinates are not standardised, each with its own mean and deviation: the penalty "
        "then silences the small ones": (
            _scaled(lambda x, train, test: x),
            _scaled(lambda x, train, test: x - train.mean(0)),
            _scaled(lambda x, train, test: (x - train.mean()) / train.std()),
            _scaled(lambda x, train, test: _standardised(x.T, x.T).T),
        ),
        "only the training set is standardised": _scaled(
            _right_scale, on_test=lambda x, train, test: x
        ),
        "it is divided by the variance instead of its root": _scaled(
            lambda x, train, test: (x - train.mean(0)) / train.var(0)
        ),
        "the mean probability of the right label is returned: count the hits instead": _probed(
            lambda scores, z: torch.where(z, scores, -scores).sigmoid().mean().item()
        ),
        "the share predicted to be True is returned: compare with the labels": _probed(
            lambda scores, z: (scores > 0).double().mean().item()
        ),
        "the share labelled True is returned: no probe is needed for that": (
            lambda train, y, test, z: z.double().mean().item(),
            lambda train, y, test, z: y.double().mean().item(),
        ),
        "the scores are compared with 0.5: that is for probabilities, a score's middle is 0": (
            _probed(lambda scores, z: _share(scores - 0.5, z))
        ),
        "the probe has no bias (fit_intercept=False)": _probed(_share, bias=False),
        "only the examples labelled True are counted (recall)": _probed(_recall),
        "only the examples predicted to be True are counted (precision)": _probed(_precision),
        "the shares of the two classes are averaged: each example counts once": _probed(
            lambda scores, z: (_recall(scores, z) + _recall(-scores, ~z)) / 2
        ),
        "the mean loss of the probe is returned": _probed(
            lambda scores, z: -torch.where(z, scores, -scores).sigmoid().log().mean().item()
        ),
    },
)
