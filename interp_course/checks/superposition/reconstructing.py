"""What a toy model makes of its input: ReLU(W^T W x + b)."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from interp_course import runtime
from interp_course.checking import Case, Check


def _cases(seed: int) -> list[Case]:
    """In the first case all sizes are equal, so that no transposition is an error there."""
    cases = []
    for number, (batch, d_hidden, n) in enumerate(((5, 5, 5), (4, 3, 7), (9, 2, 6))):
        rng = runtime.generator("check reconstruct", seed + 1000 * number)
        W = torch.randn(d_hidden, n, generator=rng) * 1.2 * d_hidden**-0.5
        b = 0.2 * torch.randn(n, generator=rng) - 0.25
        active = torch.rand(batch, n, generator=rng) < 0.6
        x = active * (0.2 + 1.5 * torch.rand(batch, n, generator=rng))
        if number == 2:
            W, b, x = W.double(), b.double(), x.double()
        kind = "float64, " if number == 2 else ""
        text = f"{kind}{batch} samples of {n} features in {d_hidden} dimensions"
        cases.append(Case(text, (W, b, x)))
    return cases


def _oracle(W: Tensor, b: Tensor, x: Tensor) -> Tensor:
    """One sample at a time, and in it one feature at a time."""
    d_hidden, n = W.shape
    result = torch.zeros_like(x)
    for s in range(len(x)):
        hidden = [sum(W[h, j].item() * x[s, j].item() for j in range(n)) for h in range(d_hidden)]
        for i in range(n):
            before = sum(W[h, i].item() * hidden[h] for h in range(d_hidden)) + b[i].item()
            result[s, i] = max(before, 0.0)
    return result


def _linear(W: Tensor, x: Tensor) -> Tensor:
    return x @ W.T @ W


def _right(W: Tensor, b: Tensor, x: Tensor) -> Tensor:
    return (_linear(W, x) + b).relu()


def _unit(W: Tensor, dim: int = 0) -> Tensor:
    return functional.normalize(W, dim=dim)


def _without_own(W: Tensor, b: Tensor, x: Tensor) -> Tensor:
    gram = W.T @ W
    return (x @ (gram - gram.diag().diag()) + b).relu()


def _instead_of_relu(change: Any) -> Any:
    return lambda W, b, x: change(_linear(W, x) + b)


reconstruct = Check(
    name="reconstruct",
    oracle=_oracle,
    cases=_cases,
    reread="the hidden vector of a sample is W x, the reconstruction ReLU(W^T (W x) + b); samples "
    "are the rows of x, so each step is a product from the right: [batch n_features] in and out",
    mistakes={
        "there is no ReLU at the end": _instead_of_relu(lambda y: y),
        "the ReLU is applied to the hidden numbers: they stay as they are, signs and all": (
            lambda W, b, x: (x @ W.T).relu() @ W + b,
            lambda W, b, x: ((x @ W.T).relu() @ W + b).relu(),
        ),
        "the bias is left out": (
            lambda W, b, x: _linear(W, x).relu(),
            lambda W, b, x: _linear(W, x),
        ),
        "the ReLU comes before the bias": lambda W, b, x: _linear(W, x).relu() + b,
        "the bias is added to the input: it is added at the very end": (
            lambda W, b, x: _linear(W, x + b).relu(),
            lambda W, b, x: _linear(W, x + b),
        ),
        "the bias is added to the hidden numbers: it has one entry for each feature": (
            lambda W, b, x: ((x @ W.T + b) @ W).relu(),
            lambda W, b, x: (x @ W.T + b) @ W,
        ),
        "the bias is subtracted": lambda W, b, x: (_linear(W, x) - b).relu(),
        "each sample gets one entry of the bias: the entries belong to the features": (
            lambda W, b, x: (_linear(W, x) + b[:, None]).relu()
        ),
        "W and its transpose are in each other's place: columns of W are features": (
            lambda W, b, x: (x @ W @ W.T + b).relu(),
            lambda W, b, x: x @ W @ W.T + b,
        ),
        "x is multiplied from the left, as if its columns were the samples": (
            lambda W, b, x: (W.T @ W @ x + b).relu(),
            lambda W, b, x: (W.T @ W @ x + b[:, None]).relu(),
            lambda W, b, x: (W @ W.T @ x + b).relu(),
            lambda W, b, x: (W @ W.T @ x + b[:, None]).relu(),
        ),
        "samples and features are exchanged in what is returned": lambda W, b, x: _right(W, b, x).T,
        "W is not transposed on the way back": (
            lambda W, b, x: (x @ W @ W + b).relu(),
            lambda W, b, x: (x @ W.T @ W.T + b).relu(),
        ),
        "the way there and back is taken twice": (
            lambda W, b, x: _right(W, b, _right(W, b, x)),
            lambda W, b, x: (_linear(W, _linear(W, x)) + b).relu(),
        ),
        "the hidden numbers are returned: the way back is missing": (
            lambda W, b, x: x @ W.T,
            lambda W, b, x: (x @ W.T).relu(),
            lambda W, b, x: x @ W,
            lambda W, b, x: (x @ W.T + b).relu(),
        ),
        "W is used once only: there and back it is used twice": lambda W, b, x: (x @ W + b).relu(),
        "W is scaled to length 1 first: its lengths matter": (
            lambda W, b, x: _right(_unit(W), b, x),
            lambda W, b, x: _right(_unit(W, dim=1), b, x),
        ),
        "a feature's effect on itself is left out": _without_own,
        "the size is taken instead of the ReLU: what is negative becomes 0": _instead_of_relu(
            torch.abs
        ),
        "another non-linearity is used: ReLU is max(0, .)": tuple(
            _instead_of_relu(change)
            for change in (torch.sigmoid, torch.tanh, functional.gelu, functional.leaky_relu)
        ),
        "the result is cut at 1: ReLU has no upper end": _instead_of_relu(lambda y: y.clamp(0, 1)),
        "the samples are averaged: each has its own reconstruction": lambda W, b, x: _right(
            W, b, x
        ).mean(0),
        "the error is returned instead of the reconstruction": (
            lambda W, b, x: x - _right(W, b, x),
            lambda W, b, x: _right(W, b, x) - x,
        ),
    },
)
