"""The loss of the toy model as a formula, and the phases that follow from it.

The toy model is x_hat = ReLU(W^T W x + b) with the loss sum_i I_i (x_i - x_hat_i)^2; features are
independent, active with probability p, and uniform between 0 and 1 when active. Its expected loss
is a sum over the sets A of features that are active at the same time:

    L = sum_A P(A) sum_i I_i e_i(A),    P(A) = prod_{A} p prod_{not A} (1 - p)

and e_i(A), the squared error of feature i, is an integral over the magnitudes in A that does not
depend on p or I. Linear models need no sets: their loss depends on means and variances only.

Sources: Elhage et al. (2022), "Toy Models of Superposition", section "Superposition as a Phase
Change"; for the sets of one feature, Chen et al. (2023), "Dynamical versus Bayesian Phase
Transitions in a Toy Model of Superposition". Elhage et al. give S = 1 - p.
"""

import itertools

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from interp_course import superposition

PHASES = ("ignored", "dedicated", "superposed")
"""What can become of the second of two features that share one dimension: it is not represented,
it has the dimension for itself, or the two are stored in opposite directions."""
MOST_FEATURES = 6
"""Above this, summing over all sets of active features takes too long."""
POINTS = 12
"""Of the quadrature, for each active feature but the one that is integrated exactly."""


def linear_expected_loss(
    W: Float[Tensor, "*instance d_hidden n_features"],
    b: Float[Tensor, "*instance n_features"],
    probability: float | Float[Tensor, "*#instance"],
    importance: float | Float[Tensor, "*#instance n_features"] = 1.0,
) -> Float[Tensor, "*instance"]:
    """The exact expected loss of the model without its ReLU, x_hat = W^T W x + b.

    With M = W^T W - 1, the mean m = p / 2 and the variance v = p / 3 - p^2 / 4 of a feature:

        L = sum_i I_i ( v sum_j M_ij^2 + (m sum_j M_ij + b_i)^2 )

    Args:
        W: Directions of the features, as columns.
        b: Bias.
        probability: Of a feature to be active, one for all or one for each instance.
        importance: I_i: one for all, or one for each feature, or for each of each instance.

    Raises:
        ValueError: If a probability does not lie between 0 and 1.
    """
    p = _checked(probability, W)[..., None]
    error = W.mT @ W - torch.eye(W.shape[-1]).to(W)
    spread = (p / 3 - p**2 / 4) * error.square().sum(dim=-1)
    offset = p / 2 * error.sum(dim=-1) + b
    return (importance * (spread + offset.square())).sum(dim=-1)


def expected_loss(
    W: Float[Tensor, "*instance d_hidden n_features"],
    b: Float[Tensor, "*instance n_features"],
    probability: float | Float[Tensor, "*#instance"],
    importance: float | Float[Tensor, "*#instance n_features"] = 1.0,
    *,
    max_active: int | None = None,
) -> Float[Tensor, "*instance"]:
    """The expected loss of the toy model. Gradients, but no second ones, flow through it.

    For each set of active features and each output, the magnitude of the feature that counts
    most is integrated exactly (the error is quadratic on either side of the kink of the ReLU),
    the others by Gauss-Legendre quadrature. So sets of no and of one feature are exact; larger
    sets are wrong by less than 1e-5 of the importances in the cases tested.

    Args:
        W: Directions of the features, as columns.
        b: Bias.
        probability: Of a feature to be active, one for all or one for each instance.
        importance: I_i: one for all, or one for each feature, or for each of each instance.
        max_active: Leave out sets of more features than this. What is left out is of the order
            p^(max_active + 1), and never negative: with 1, a lower bound that is good when
            features are sparse. None takes all sets.

    Raises:
        ValueError: If a probability does not lie between 0 and 1, or there would be too many
            sets of active features.
    """
    p, n_features = _checked(probability, W), W.shape[-1]
    most = n_features if max_active is None else max_active
    if most < 0 or min(most, n_features) > MOST_FEATURES:
        raise ValueError(
            f"all sets of {n_features} active features are too many: pass max_active "
            f"between 0 and {MOST_FEATURES} (2 is good while p n_features is well below 1)"
        )
    gram = W.mT @ W
    total = torch.zeros_like(b[..., 0])
    for size in range(min(most, n_features) + 1):
        weight = p**size * (1 - p) ** (n_features - size)
        for active in itertools.combinations(range(n_features), size):
            total = total + weight * (importance * _errors(gram, b, list(active))).sum(dim=-1)
    return total


def phase_losses(
    probability: Float[Tensor, "*instance"], relative_importance: Float[Tensor, "*instance"]
) -> Float[Tensor, "*instance phase"]:
    """Expected losses of the three solutions for two features in one dimension.

    The first feature has importance 1, the second has r. In the order of `PHASES`:

        W = [1, 0], b = [0, p/2]:   r v         the second is replaced by its mean
        W = [0, 1], b = [p/2, 0]:     v         the first is
        W = [1, -1], b = 0:    (1 + r) p^2 / 6  both are right unless both are active

    with v = p / 3 - p^2 / 4, the variance of a feature. When both are active the smaller one is
    lost twice, and E[min(x_1, x_2)^2] = 1/6. With the best lengths and biases superposition does
    better than this formula: it wins up to a p that is 10 to 15 % higher, and for equally
    important features nearly up to p = 1, by less and less.

    Source: Elhage et al. (2022), section "Superposition as a Phase Change".
    """
    variance = probability / 3 - probability**2 / 4
    both = (1 + relative_importance) * probability**2 / 6
    return torch.stack([relative_importance * variance, variance, both], dim=-1)


def predicted_phase(
    probability: Float[Tensor, "*instance"], relative_importance: Float[Tensor, "*instance"]
) -> Int[Tensor, "*instance"]:
    """The phase with the lowest loss, as a position in `PHASES`.

    This is what the best network does. A single run often does worse: in one dimension a column
    that starts on the wrong side of 0 cannot get past the other one. Compare the best of several
    seeds.
    """
    return phase_losses(probability, relative_importance).argmin(dim=-1)


def measured_phase(
    W: Float[Tensor, "*instance d_hidden n_features"], threshold: float = 0.5
) -> Int[Tensor, "*instance"]:
    """The phase that two features in one dimension are in, as a position in `PHASES`.

    A feature counts as represented if its norm is at least ``threshold``. The second one is
    ignored, or represented alone (dedicated), or together with the first (superposed).

    Raises:
        ValueError: If W does not hold two features in one dimension.
    """
    if W.shape[-2:] != (1, 2):
        raise ValueError(
            f"phases are those of 2 features in 1 dimension, got {W.shape[-1]} in {W.shape[-2]}"
        )
    first, second = (superposition.feature_norms(W) >= threshold).unbind(dim=-1)
    return torch.where(second, torch.where(first, 2, 1), 0)


def _checked(probability: float | Tensor, W: Tensor) -> Tensor:
    p = torch.as_tensor(probability, dtype=W.dtype, device=W.device)
    if not bool(((p >= 0) & (p <= 1)).all()):
        raise ValueError("probability (of being active) must lie between 0 and 1")
    return p


def _errors(gram: Tensor, b: Tensor, active: list[int]) -> Float[Tensor, "*instance n_features"]:
    """Mean squared error of each output over the magnitudes of the active features.

    With c the row of W^T W and e that of the identity, both on the active features: the mean of
    (e . x - ReLU(c . x + b))^2 over x in the unit cube.
    """
    if not active:
        return b.relu().square()
    c = gram[..., active]
    order = c.abs().argsort(dim=-1, descending=True)
    e = torch.eye(gram.shape[-1]).to(gram)[:, active].expand_as(c).gather(-1, order)
    c = c.gather(-1, order)
    points, weights = _cube(len(active) - 1, gram)
    target = e[..., 1:] @ points.T
    rest = c[..., 1:] @ points.T + b[..., None]
    return _over_first(target, e[..., :1], rest, c[..., :1]) @ weights


def _over_first(target: Tensor, e: Tensor, rest: Tensor, c: Tensor) -> Tensor:
    """The integral of (target + e t - ReLU(rest + c t))^2 over t from 0 to 1.

    The kink moves with the weights, but the integrand has no jump there: no gradient through it.
    """
    flat = c == 0
    root = (-rest / torch.where(flat, 1.0, c)).detach().clamp(0, 1)
    low = torch.where(c > 0, root, 0.0)
    high = torch.where(c < 0, root, 1.0)
    high = torch.where(flat & (rest <= 0), low, high)
    result = target.square() + target * e + e.square() / 3
    for side in (-1, 1):  # two points make a quadratic exact
        t = (low + high) / 2 + side * (high - low) / (2 * 3**0.5)
        output = rest + c * t
        result = result + (high - low) / 2 * output * (output - 2 * (target + e * t))
    return result


def _cube(dimensions: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """Points and weights of Gauss-Legendre quadrature on a unit cube."""
    nodes, weights = (torch.as_tensor(a).to(like) for a in np.polynomial.legendre.leggauss(POINTS))
    if dimensions == 0:
        return like.new_zeros(1, 0), like.new_ones(1)
    grids = torch.meshgrid(*[(nodes + 1) / 2] * dimensions, indexing="ij")
    products = torch.meshgrid(*[weights / 2] * dimensions, indexing="ij")
    flat = torch.stack([grid.flatten() for grid in grids], dim=-1)
    return flat, torch.stack(products).prod(dim=0).flatten()
