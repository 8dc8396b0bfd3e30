"""The geometry of superposition: how many features share how many dimensions, and what it costs.

All functions take ``W [d_hidden n_features]``, whose column W_i is the direction that stands for
feature i, with any leading axes (such as the instances of `toy_models.ToyModel`).

Source: Elhage et al. (2022), "Toy Models of Superposition", sections "Demonstrating
Superposition", "The Geometry of Superposition" and "Relationship to compressed sensing".
"""

import warnings
from typing import Any, Literal, NamedTuple

import torch
from jaxtyping import Float, Int
from sklearn.linear_model import Lasso, orthogonal_mp
from torch import Tensor

from interp_course import runtime

TINY = 1e-12
"""Squared length below which a column counts as no direction at all."""


class Interference(NamedTuple):
    """How much features disturb each other."""

    matrix: Float[Tensor, "*instance n_features n_features"]
    """Entry [i, j] = unit(W_i) . W_j, what an active feature j adds along the direction of
    feature i; 0 on the diagonal."""
    total: Float[Tensor, "*instance n_features"]
    """Sum of the squares of row i: the "polysemanticity" of feature i."""


def feature_norms(
    W: Float[Tensor, "*instance d_hidden n_features"],
) -> Float[Tensor, "*instance n_features"]:
    """|W_i|: near 1 for a feature that is represented, near 0 for one that is ignored."""
    return W.norm(dim=-2)


def represented(
    W: Float[Tensor, "*instance d_hidden n_features"], threshold: float = 0.5
) -> Int[Tensor, "*instance"]:
    """How many features are represented, that is have a norm of at least ``threshold``."""
    return (feature_norms(W) >= threshold).sum(dim=-1)


def interference(W: Float[Tensor, "*instance d_hidden n_features"]) -> Interference:
    """How much each feature is disturbed by each other one.

    A column without length is disturbed by nothing.
    """
    matrix = _unit(W).mT @ W
    matrix = matrix - torch.diag_embed(matrix.diagonal(dim1=-2, dim2=-1))
    return Interference(matrix, matrix.square().sum(dim=-1))


def feature_dimensionality(
    W: Float[Tensor, "*instance d_hidden n_features"],
) -> Float[Tensor, "*instance n_features"]:
    """The share of a dimension that each feature has for itself, from 0 to 1.

        D_i = |W_i|^2 / sum_j (unit(W_i) . W_j)^2

    1 if no other feature touches its direction, 1/2 in an antipodal pair, 2/5 in a regular
    pentagon, 0 if the feature is not represented. The D_i of an instance add up to at most
    d_hidden, and to exactly its rank if W W^T is a projection times a constant.

    Source: Elhage et al. (2022), section "The Geometry of Superposition", "Feature
    Dimensionality".
    """
    own = feature_norms(W).square()
    return torch.where(own > TINY, own / (own + interference(W).total).clamp(min=TINY), 0.0)


def welch_bound(n_features: int, d_hidden: int) -> float:
    """The least that the largest |cosine| between n unit vectors in d dimensions can be.

        sqrt((n - d) / (d (n - 1))),    0 if n <= d

    It can be reached only for n <= d (d + 1) / 2: five vectors in the plane, say, stay above.

    Source: Welch (1974), "Lower bounds on the maximum cross correlation of signals".

    Raises:
        ValueError: If a number is below 1.
    """
    if n_features < 1 or d_hidden < 1:
        raise ValueError(
            f"n_features and d_hidden must be at least 1, got {n_features} and {d_hidden}"
        )
    if n_features <= d_hidden:
        return 0.0
    return ((n_features - d_hidden) / (d_hidden * (n_features - 1))) ** 0.5


def recover(
    W: Float[Tensor, "d_hidden n_features"],
    hidden: Float[Tensor, "sample d_hidden"],
    n_active: int,
    *,
    method: Literal["omp", "lasso"] = "omp",
    penalty: float = 1e-3,
) -> Float[Tensor, "sample n_features"]:
    """The sparse features behind ``hidden = features @ W.T``, by compressed sensing.

    Fewer numbers than features do not determine the features, unless these are known to be
    sparse. scikit-learn does the work: orthogonal matching pursuit takes one feature after the
    other, each time the one that explains most of what is left; the lasso minimises the squared
    error plus a penalty on the sum of sizes, and its ``n_active`` largest are then fitted
    without the penalty.

    Args:
        W: The directions of the features.
        hidden: What is known.
        n_active: The most features that may be active in one sample.
        method: "omp" or "lasso".
        penalty: The lasso's; scikit-learn's alpha.

    Raises:
        ValueError: If ``n_active`` is not between 1 and the smaller side of W, or for an
            unknown method.
    """
    if not 1 <= n_active <= min(W.shape):
        raise ValueError(
            f"n_active must lie between 1 and {min(W.shape)}: more directions than that are "
            f"never independent in {len(W)} dimensions; got {n_active}"
        )
    if method not in ("omp", "lasso"):
        raise ValueError(f"method must be omp or lasso, got {method!r}")
    known = hidden.detach().double().cpu().mT.numpy()
    directions = W.detach().double().cpu()
    norms = feature_norms(directions).clamp(min=TINY)
    unit: Any = (directions / norms).numpy()
    if method == "omp":
        with warnings.catch_warnings():  # said when a sample needs fewer features than n_active
            warnings.filterwarnings("ignore", "Orthogonal matching pursuit ended prematurely")
            found: Any = orthogonal_mp(unit, known, n_nonzero_coefs=n_active)
        solution = torch.as_tensor(found).reshape(W.shape[1], len(hidden)).mT / norms
    else:
        lasso = Lasso(alpha=penalty, fit_intercept=False, max_iter=100_000).fit(unit, known)
        sizes = torch.as_tensor(lasso.coef_).reshape(len(hidden), W.shape[1]).abs()
        support = sizes.topk(n_active, dim=1).indices
        chosen = directions.T[support].mT
        fitted = torch.linalg.lstsq(chosen, torch.as_tensor(known).mT[..., None], driver="gelsd")
        solution = torch.zeros_like(sizes).scatter(1, support, fitted.solution[..., 0])
    return solution.to(hidden)


def recovery_rate(
    W: Float[Tensor, "d_hidden n_features"],
    n_active: int,
    *,
    trials: int = 100,
    method: Literal["omp", "lasso"] = "omp",
    tolerance: float = 1e-3,
    seed: int = 0,
) -> float:
    """Share of random sparse feature vectors that `recover` gets right.

    In each trial ``n_active`` features, drawn at random, have magnitudes between 0.5 and 1.5 and
    random signs. Right means that no feature is off by more than ``tolerance``.

    Raises:
        ValueError: As in `recover`.
    """
    rng, n_features = runtime.generator("compressed sensing", seed), W.shape[1]
    order = torch.rand(trials, n_features, generator=rng).argsort(dim=1)[:, :n_active]
    size = 0.5 + torch.rand(trials, order.shape[1], generator=rng)
    sign = 2 * torch.randint(2, size.shape, generator=rng) - 1
    features = torch.zeros(trials, n_features).scatter(1, order, size * sign).to(W)
    found = recover(W, features @ W.mT, n_active, method=method)
    return ((found - features).abs().amax(dim=1) <= tolerance).float().mean().item()


def _unit(W: Tensor) -> Tensor:
    """The columns at length 1; those without length stay 0."""
    square = W.square().sum(dim=-2, keepdim=True)
    return torch.where(square > TINY, W / square.clamp(min=TINY).sqrt(), 0.0)
