"""Directions in activation space: find one by a difference of means, read it, take it out.

Fixed here and used by every notebook, check and figure:

* a direction is a vector over the last axis of the activations, which is called ``d_model``
  (for neurons it is ``d_mlp``); all other axes of activations are batch axes;
* a *coordinate* is measured along the unit vector, so it has the activations' unit and does
  not change when the direction is made longer;
* labels are 0 and 1 (or False and True); a direction points from 0 to 1.

Results have the dtype and the device of the activations. Sums are taken in float32 at least.
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


def unit(direction: Float[Tensor, "*batch d_model"]) -> Float[Tensor, "*batch d_model"]:
    """The vector of length 1 that points the same way; of several vectors, each one.

    Raises:
        ValueError: If a vector is zero, which points nowhere, or contains nan or infinity.
    """
    _check_finite("the direction", direction)
    largest = direction.abs().amax(dim=-1, keepdim=True)
    if (largest == 0).any():
        raise ValueError("a direction of length 0 points nowhere: its unit vector is undefined")
    scaled = wide(direction) / largest  # squares of tiny or huge numbers would be 0 or infinite
    return (scaled / scaled.norm(dim=-1, keepdim=True)).to(direction.dtype)


def difference_of_means(
    activations: Float[Tensor, "example d_model"],
    labels: Int[Tensor, " example"] | Bool[Tensor, " example"],
) -> Float[Tensor, " d_model"]:
    r"""Mean activation where the label is 1 minus mean activation where it is 0.

    $$\mu_1 - \mu_0$$

    Its length is the distance of the two means, so adding it once moves one mean onto the
    other. It ignores how activations vary inside a class: a probe (`probing.logistic_probe`)
    separates at least as well but may point elsewhere, and then steers worse. Where the means
    agree up to rounding the result is exactly 0, not the noise that rounding leaves.

    Args:
        activations: One row for each example.
        labels: 0 or 1 for each row.

    Raises:
        ValueError: As in `check_labelled`.

    Source:
        Marks and Tegmark (2024), "The Geometry of Truth" (mass-mean probing); Arditi et al.
        (2024), "Refusal in Language Models Is Mediated by a Single Direction", section 2.
    """
    check_labelled(activations, labels)
    x, ones = wide(activations), labels.bool().to(activations.device)
    difference = x[ones].mean(dim=0) - x[~ones].mean(dim=0)
    rounding = 8 * torch.finfo(x.dtype).eps * x.norm(dim=-1).mean()
    return (difference * (difference.norm() > rounding)).to(activations.dtype)


def projection(
    activations: Float[Tensor, "*batch d_model"], direction: Float[Tensor, " d_model"]
) -> Float[Tensor, "*batch"]:
    """The coordinate of each activation along the direction's unit vector.

    Raises:
        ValueError: As in `unit`, or if the sizes differ.
    """
    x, along = _fitted(activations, direction)
    return (x @ along).to(activations.dtype)


def cosine(
    a: Float[Tensor, "*#batch d_model"], b: Float[Tensor, "*#batch d_model"]
) -> Float[Tensor, "..."]:
    """Cosine of the angle between directions, from -1 to 1; leading axes are broadcast.

    In d dimensions two random directions have a cosine around 0 with a standard deviation of
    1 / sqrt(d): 0.1 for 96 dimensions. Compare with that before calling two directions alike.

    Raises:
        ValueError: As in `unit`, or if the sizes differ.
    """
    if a.shape[-1] != b.shape[-1]:
        raise ValueError(f"the directions have {a.shape[-1]} and {b.shape[-1]} entries")
    product = unit(wide(a)) * unit(wide(b)).to(a.device)
    return product.sum(dim=-1).clamp(-1, 1).to(a.dtype)


def without(
    activations: Float[Tensor, "*batch d_model"],
    direction: Float[Tensor, " d_model"],
    coordinate: float = 0.0,
) -> Float[Tensor, "*batch d_model"]:
    r"""The activations with their coordinate along the direction set to one value.

    $$x + (c - x \cdot \hat{d})\, \hat{d}$$

    Everything orthogonal to the direction stays. The value 0 is directional ablation; it may
    itself be far from anything the model knows, so also try the mean coordinate over
    reference activations, ``projection(reference, direction).mean().item()`` (mean ablation).

    Args:
        activations: They are not changed; a new tensor is returned.
        direction: Its length and sign do not matter, except for the sign of ``coordinate``.
        coordinate: The value $c$ afterwards.

    Raises:
        ValueError: As in `unit`, or if the sizes differ.

    Source:
        Arditi et al. (2024), section 2, "Directional ablation", for the value 0.
    """
    x, along = _fitted(activations, direction)
    change = coordinate - x @ along
    return (x + change[..., None] * along).to(activations.dtype)


def check_labelled(
    activations: Float[Tensor, "example d_model"],
    labels: Int[Tensor, " example"] | Bool[Tensor, " example"],
) -> None:
    """Refuse activations and labels from which no direction between two classes can be found.

    Raises:
        ValueError: If the lengths differ, a label is neither 0 nor 1, a class is empty, or an
            activation is not finite.
    """
    if len(activations) != len(labels):
        raise ValueError(
            f"there are {len(activations)} activations but {len(labels)} labels: "
            "each row needs one label"
        )
    check_labels(labels)
    n_ones = int(labels.sum())
    if not 0 < n_ones < len(labels):
        raise ValueError(
            f"both labels must occur, but {n_ones} of {len(labels)} labels are 1: "
            "take examples of both classes"
        )
    _check_finite("the activations", activations)


def check_labels(labels: Int[Tensor, "*batch"] | Bool[Tensor, "*batch"]) -> None:
    """Refuse labels other than 0 and 1.

    Raises:
        ValueError: If there are any; the message lists them.
    """
    strange = sorted(set(labels.unique().tolist()) - {0, 1})
    if strange:
        raise ValueError(
            f"labels must be 0 or 1, but {strange} occur too: for more than two values compare "
            "one with the rest (labels == k); drop rows labelled -1, to which nothing applies"
        )


def wide(x: Float[Tensor, "*batch"]) -> Float[Tensor, "*batch"]:
    """The same numbers in float32 at least, for sums in which bfloat16 would lose too much."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def _check_finite(what: str, x: Tensor) -> None:
    if not x.isfinite().all():
        raise ValueError(f"{what} must be finite, but nan or infinity is among the entries")


def _fitted(activations: Tensor, direction: Tensor) -> tuple[Tensor, Tensor]:
    """Both in a wide enough format: the activations, and the direction's unit vector."""
    if direction.shape != activations.shape[-1:]:
        raise ValueError(
            f"the direction has the shape {tuple(direction.shape)}, the activations "
            f"{tuple(activations.shape)}: the direction must be a vector as long as their last axis"
        )
    x = wide(activations)
    return x, unit(wide(direction)).to(x)
