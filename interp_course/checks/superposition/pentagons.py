"""Five features in two dimensions, built by hand, judged by their exact expected loss."""

import itertools
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from interp_course.checking import Finding

N_FEATURES, D_HIDDEN = 5, 2
PROBABILITY = 0.05
"""Of a feature to be active."""
BOUND = 0.015
"""The loss must be below this. Two dedicated features lose 0.0481, two antipodal pairs 0.0177. A
pentagon of unit vectors loses 0.0182 without a bias and 0.0107 with the best one, -0.12; it passes
with any from -0.22 to -0.03. With longer columns 0.0089 can be reached."""
POINTS = {1: 400, 2: 40, 3: 14, 4: 6, 5: 4}
"""Magnitudes of each active feature that are tried, by how many are active at a time."""
Problem = tuple[str, str | None]


def loss_of(W: Tensor, b: Tensor) -> float:
    """The expected loss, summed over all sets of active features.

    Within a set each magnitude takes the middles of equal parts of the interval from 0 to 1.
    The result is off by less than 1e-5, 200 times less than the distance of the bound from the
    solutions on either side.
    """
    total = 0.0
    for n_active in range(N_FEATURES + 1):
        chance = PROBABILITY**n_active * (1 - PROBABILITY) ** (N_FEATURES - n_active)
        for active in itertools.combinations(range(N_FEATURES), n_active):
            x = _samples(active)
            x_hat = torch.relu(x @ W.T @ W + b)
            total += chance * (x - x_hat).square().sum(dim=1).mean().item()
    return total


def _samples(active: Sequence[int]) -> Tensor:
    """All combinations of magnitudes of the active features ``[sample 5]``; the others are 0."""
    if not active:
        return torch.zeros(1, N_FEATURES, dtype=torch.float64)
    n = POINTS[len(active)]
    middles = (torch.arange(n, dtype=torch.float64) + 0.5) / n
    grids = torch.meshgrid(*[middles] * len(active), indexing="ij")
    x = torch.zeros(n ** len(active), N_FEATURES, dtype=torch.float64)
    for place, grid in zip(active, grids, strict=True):
        x[:, place] = grid.flatten()
    return x


def _judge(answer: Any, instance: int) -> Problem | None:
    if not isinstance(answer, (tuple, list)) or len(answer) != 2:
        return f"expected a pair (W, b), got {type(answer).__name__}", None
    try:
        W, b = (_number_tensor(part) for part in answer)
    except (TypeError, ValueError, RuntimeError):
        return "expected a pair (W, b) of tensors of real numbers", None
    problem = _wrong_form(W, b)
    if problem is not None:
        return problem
    loss = loss_of(W, b)
    if loss < BOUND:
        return None
    text = f"the expected loss at probability {PROBABILITY} is {loss:.4f}; it must be below {BOUND}"
    return text, _mistake(W, b)


def _wrong_form(W: Tensor, b: Tensor) -> Problem | None:
    if W.shape == (N_FEATURES,) and b.shape == (D_HIDDEN, N_FEATURES):
        return "expected (W, b), in this order", "W and b are swapped"
    if W.shape != (D_HIDDEN, N_FEATURES):
        text = f"W has the shape {tuple(W.shape)}, expected [d_hidden n_features] = (2, 5)"
        return text, _WRONG_W.get(tuple(W.shape))
    if b.shape != (N_FEATURES,):
        text = f"b has the shape {tuple(b.shape)}, expected [n_features] = (5,)"
        return text, _WRONG_B.get(tuple(b.shape))
    if not (W.isfinite().all() and b.isfinite().all()):
        return "W or b contains nan or inf", None
    return None


def _number_tensor(part: Any) -> Tensor:
    tensor = torch.as_tensor(part).detach().cpu()
    if tensor.is_complex():
        raise TypeError("complex numbers")
    return tensor.to(torch.float64)


_WRONG_W = {
    (5, 2): "W is transposed: its columns are the directions of the features, not its rows",
    (5, 5): "W^T W is handed in, what the model does to the features, instead of W",
    (5,): "the angles are handed in instead of the directions that have them",
}
_WRONG_B = {
    (): "there is one bias for all: the model has one for each feature",
    (1,): "there is one bias for all: the model has one for each feature",
    (2,): "the bias has a value for each dimension: it is added after W^T, to the features",
}


def _mistake(W: Tensor, b: Tensor) -> str | None:
    lengths = W.norm(dim=0)
    ignored = int((lengths < 1e-3).sum())
    if ignored == N_FEATURES:
        return "no feature is represented: W is 0"
    if ignored:
        return _some_ignored(W, ignored)
    gaps = _gaps(W)
    for step, sentence in _STEPS.items():
        if _same(gaps, _gaps(_ring(step))):
            return sentence
    if gaps.max() >= torch.pi - 1e-3:
        return "the directions do not go around the circle: they keep to one half of it"
    if gaps.min() < 1e-3:
        return "two features point in the same direction: nothing can tell them apart"
    if not _same(gaps, torch.full_like(gaps, 2 * torch.pi / N_FEATURES)):
        return (
            "the angles between neighbours are not equal: the closest two disturb each other most"
        )
    if (lengths - 1).abs().max() > 0.01:
        return (
            "the directions are right but their lengths are not 1: x_hat_i contains |W_i|^2 x_i, "
            "which should be about x_i"
        )
    return _wrong_bias(b)


def _some_ignored(W: Tensor, ignored: int) -> str:
    used = W[:, W.norm(dim=0) >= 1e-3]
    units = used / used.norm(dim=0)
    cosines = units.T @ units - torch.eye(used.shape[1], dtype=W.dtype)
    if ignored == 1 and cosines.min(dim=0).values.max() < -0.999:
        return (
            "there are two antipodal pairs and one feature is ignored: a pair is hardly ever "
            "active together, but nothing of the fifth feature is left"
        )
    if ignored == 3 and cosines.abs().max() < 1e-3:
        return "two features have a dimension each and three are ignored: no superposition at all"
    return "some features are ignored: all five must be represented"


def _wrong_bias(b: Tensor) -> str | None:
    low, high = b.min().item(), b.max().item()
    if high > 1e-6:
        return "the bias is positive: it adds to what interference brings, and even to silence"
    if high > -0.05:
        return (
            "the bias is 0 or hardly negative: the interference of the two neighbours passes the "
            "ReLU in full"
        )
    if low < -0.15:
        return "the bias is too negative: it takes too much off the features that are active"
    return None


def _ring(step: float) -> Tensor:
    angles = step * torch.arange(N_FEATURES, dtype=torch.float64)
    return torch.stack([angles.cos(), angles.sin()])


def _gaps(W: Tensor) -> Tensor:
    """The angles between neighbours around the circle, from the smallest to the largest."""
    angles = torch.atan2(W[1], W[0]).sort().values
    following = torch.cat([angles[1:], angles[:1] + 2 * torch.pi])
    return (following - angles).sort().values


def _same(gaps: Tensor, others: Tensor) -> bool:
    return bool((gaps - others).abs().max() < 1e-3)


_STEPS = {
    72.0: "72 is taken for an angle in radians: `cos` and `sin` do not count in degrees",
    72.0 * 180 / torch.pi: "the angle is turned from radians into degrees, not the other way",
    torch.pi / 3: "the step is 60 degrees: that divides the circle among six features",
    torch.pi / 2: (
        "the step is 90 degrees, so that the fifth direction is the first again (`linspace` counts "
        "both ends)"
    ),
    torch.pi / 4: "the step is 45 degrees, so that the directions fill only half of the circle",
    torch.pi / N_FEATURES: (
        "the step is 36 degrees, so that the directions fill only half of the circle: the angle "
        "between opposite ones is 180 degrees, and the circle has twice that"
    ),
}

pentagon = Finding(
    name="pentagon",
    judge=_judge,
    reread="W [2 5] has the directions of the features as columns, b [5] is added before the ReLU: "
    "which angles keep five directions as far apart as possible, and what can a bias do about "
    "the interference that is left?",
)
