"""Planted features: activations that are sparse sums of directions which we know.

    activation = sum_i features_i directions_i + noise

A method that claims to find features (a probe, a sparse autoencoder, a crosscoder) is put to the
test on these, because here the answer is known. Which features are active together is decided by
a structure: independence, `Correlated` groups, `Anticorrelated` pairs or `Hierarchical` families.

One uniform number u decides about each feature. It is active if u < q, where q is its probability
given the features decided before it; its magnitude is then low + (high - low) u / q, which is
uniform whatever q was. So magnitudes do not depend on what else is active.

Sources: Elhage et al. (2022), "Toy Models of Superposition", sections "Demonstrating
Superposition" and "Correlated and anticorrelated features"; Sharkey et al. (2022), "Taking
features out of superposition with sparse autoencoders" (known directions, power-law frequencies);
Chanin et al. (2024), "A is for Absorption" (hierarchies).
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from interp_course import runtime


class Sample(NamedTuple):
    """Activations and the features that they are made of."""

    activations: Float[Tensor, "sample d_model"]
    features: Float[Tensor, "sample n_features"]
    """Magnitudes; 0 where a feature is not active."""


@dataclass(frozen=True)
class Structure:
    """Which features are active together; this one: all are independent.

    The other structures decide about the first ``n_features`` features and leave the rest
    independent of them and of each other.
    """

    @property
    def n_features(self) -> int:
        """How many features are not independent."""
        return 0

    def _check(self, p: Tensor) -> None:
        """Refuse what cannot be; ``p`` holds the probability of every feature."""

    def _frequencies(self, p: Tensor) -> Tensor:
        """How often each feature is active in the end."""
        return p

    def _thresholds(self, u: Tensor, p: Tensor, rng: torch.Generator) -> Tensor:
        """The q of each feature of each sample, or what broadcasts to it."""
        return p


@dataclass(frozen=True)
class Correlated(Structure):
    """The first ``n_groups * size`` features form groups that tend to be active together.

    For two features of a group, each active with probability p:

        P(both) = p^2 + correlation p (1 - p)

    Each group has a hidden switch that is on with probability p. With probability
    sqrt(correlation) a feature does what its switch does, otherwise it is decided on its own.
    The probabilities inside one group must be equal.
    """

    n_groups: int
    size: int
    correlation: float
    """Pearson's, between the indicators of two features of a group; from 0 to 1."""

    @property
    def n_features(self) -> int:
        """How many features are not independent."""
        return self.n_groups * self.size

    def _check(self, p: Tensor) -> None:
        if not 0 <= self.correlation <= 1:
            raise ValueError(
                f"correlation must lie between 0 and 1, got {self.correlation}; for features "
                "that avoid each other take Anticorrelated"
            )
        groups = p[: self.n_features].view(self.n_groups, self.size)
        if not bool((groups == groups[:, :1]).all()):
            raise ValueError("the features of a correlated group must have the same probability")

    def _thresholds(self, u: Tensor, p: Tensor, rng: torch.Generator) -> Tensor:
        copied, own = self.correlation**0.5, p[: self.n_features]
        switch = torch.rand(len(u), self.n_groups, generator=rng, device=rng.device)
        on = (switch < own[:: self.size]).repeat_interleave(self.size, dim=1)
        q = p.repeat(len(u), 1)
        q[:, : self.n_features] = copied * on + (1 - copied) * own
        return q


@dataclass(frozen=True)
class Anticorrelated(Structure):
    """Of the first ``2 * n_pairs`` features 0 and 1 avoid each other, 2 and 3, and so on.

    The second of a pair is active with probability joint / p_first if the first one is active
    and (p_second - joint) / (1 - p_first) if it is not, so that each keeps its frequency.
    """

    n_pairs: int
    joint: float = 0.0
    """P(both); 0 means never both. Independent features would have p_first p_second."""

    @property
    def n_features(self) -> int:
        """How many features are not independent."""
        return 2 * self.n_pairs

    def _check(self, p: Tensor) -> None:
        pairs = p[: self.n_features].double().view(self.n_pairs, 2)
        least = (pairs.sum(dim=1) - 1).clamp(min=0).max().item()
        most = pairs.prod(dim=1).min().item()
        if not least - 1e-6 <= self.joint <= most + 1e-6:
            raise ValueError(
                f"joint must lie between {least:.4g} (less is impossible at these probabilities) "
                f"and {most:.4g} (the features would be independent), got {self.joint}"
            )

    def _thresholds(self, u: Tensor, p: Tensor, rng: torch.Generator) -> Tensor:
        first, second = p[: self.n_features].view(self.n_pairs, 2).unbind(dim=1)
        on = u[:, : self.n_features : 2] < first
        otherwise = (second - self.joint) / (1 - first).clamp(min=1e-12)
        q = p.repeat(len(u), 1)
        q[:, 1 : self.n_features : 2] = torch.where(on, self.joint / first, otherwise)
        return q


@dataclass(frozen=True)
class Hierarchical(Structure):
    """Families of a parent followed by its children, which are active only if it is.

    Feature 0 is a parent, 1 .. n_children are its children, then comes the next parent. For a
    parent with probability p:

        P(child) = P(parent and child) = p given_parent,    P(two siblings) = p given_parent^2

    The probabilities that `SparseFeatures` has for children are not used.
    """

    n_parents: int
    n_children: int
    given_parent: float
    """P(child) given that its parent is active."""

    @property
    def n_features(self) -> int:
        """How many features are not independent."""
        return self.n_parents * (1 + self.n_children)

    def _check(self, p: Tensor) -> None:
        if not 0 < self.given_parent <= 1:
            raise ValueError(f"given_parent must be above 0 and at most 1, got {self.given_parent}")

    def _frequencies(self, p: Tensor) -> Tensor:
        found, step = p.clone(), 1 + self.n_children
        families = found[: self.n_features].view(self.n_parents, step)
        families[:, 1:] = self.given_parent * families[:, :1]
        return found

    def _thresholds(self, u: Tensor, p: Tensor, rng: torch.Generator) -> Tensor:
        step = 1 + self.n_children
        families = u[:, : self.n_features].unflatten(1, (self.n_parents, step))
        on = families[:, :, :1] < p[: self.n_features : step, None]
        q = p.repeat(len(u), 1)
        q[:, : self.n_features].unflatten(1, (self.n_parents, step))[:, :, 1:] = (
            self.given_parent * on
        )
        return q


@dataclass(frozen=True, eq=False)
class SparseFeatures:
    """A planted dictionary and the law of its features.

    Raises:
        ValueError: If the sizes, probabilities or magnitudes cannot be, or the structure does
            not fit them.
    """

    n_features: int
    d_model: int
    probability: float | Float[Tensor, " n_features"] = 0.01
    """Of being active: one for all or one for each (see `zipf_frequencies`). Elhage et al.
    (2022) write S, "sparsity", for the probability of being *inactive*."""
    magnitudes: tuple[float, float] = (0.5, 1.5)
    """Lowest and highest magnitude of an active feature; uniform in between."""
    structure: Structure = field(default_factory=Structure)
    noise: float = 0.0
    """Standard deviation of the Gaussian noise on each coordinate of an activation."""
    seed: int = 0
    """Decides the directions."""
    device: str | torch.device | None = None
    """Where directions and samples lie; see `runtime.device`."""
    directions: Float[Tensor, "n_features d_model"] = field(init=False, repr=False)
    """Random unit vectors. They come from a generator with a name of its own, so no model that
    is initialised from the same seed starts at the answer."""
    frequencies: Float[Tensor, " n_features"] = field(init=False, repr=False)
    """How often each feature is active; their sum is the mean number of active features."""

    def __post_init__(self) -> None:
        self._check()
        p = torch.as_tensor(self.probability, dtype=torch.float32).expand(self.n_features)
        self.structure._check(p)
        place, rng = runtime.device(self.device), runtime.generator("planted directions", self.seed)
        directions = torch.randn(self.n_features, self.d_model, generator=rng)
        directions /= directions.norm(dim=1, keepdim=True)
        object.__setattr__(self, "probability", p.to(place))
        object.__setattr__(self, "directions", directions.to(place))
        object.__setattr__(self, "frequencies", self.structure._frequencies(p).to(place))

    def sample(self, n: int, source: int | torch.Generator) -> Sample:
        """Draw ``n`` activations.

        Args:
            n: How many.
            source: A seed, or a generator to go on with. A seed and a CPU generator give the
                same numbers on every device; a generator of the device itself is faster there.
        """
        rng = runtime.generator("planted features", source) if isinstance(source, int) else source
        p = torch.as_tensor(self.probability, device=rng.device)
        u = torch.rand(n, self.n_features, generator=rng, device=rng.device)
        q = self.structure._thresholds(u, p, rng)
        low, high = self.magnitudes
        features = torch.where(u < q, low + (high - low) / q.clamp(min=1e-12) * u, 0.0)
        features = features.to(self.directions.device)
        activations = features @ self.directions
        if self.noise:
            blur = torch.randn(n, self.d_model, generator=rng, device=rng.device)
            activations += self.noise * blur.to(activations.device)
        return Sample(activations, features)

    def _check(self) -> None:
        p = torch.as_tensor(self.probability)
        if self.n_features < 1 or self.d_model < 1:
            raise ValueError(
                "n_features and d_model must be at least 1, "
                f"got {self.n_features} and {self.d_model}"
            )
        if p.ndim and p.shape != (self.n_features,):
            raise ValueError(
                f"probability must be one number or have the shape ({self.n_features},) "
                f"[n_features], got {tuple(p.shape)}"
            )
        if not bool(((p > 0) & (p <= 1)).all()):
            raise ValueError("probability (of being active) must be above 0 and at most 1")
        if not 0 < self.magnitudes[0] <= self.magnitudes[1] or self.noise < 0:
            raise ValueError(
                "magnitudes must be (low, high) with 0 < low <= high, and noise not negative, "
                f"got {self.magnitudes} and {self.noise}"
            )
        if self.structure.n_features > self.n_features:
            raise ValueError(
                f"the structure decides about {self.structure.n_features} features, "
                f"but there are only {self.n_features}"
            )


def zipf_frequencies(
    n_features: int, mean: float, *, exponent: float = 1.0, ceiling: float = 0.5
) -> Float[Tensor, " n_features"]:
    """Frequencies that fall as rank^-exponent, but never exceed ``ceiling``.

    Their mean is exactly ``mean``, so as many features are active on average as if all had
    that probability: what the ceiling takes from the first ranks is given to the others.

    Raises:
        ValueError: If ``mean`` is not between 0 and ``ceiling``, or ``ceiling`` is above 1.
    """
    if not 0 < mean <= ceiling <= 1:
        raise ValueError(
            f"need 0 < mean <= ceiling <= 1, got mean {mean} and ceiling {ceiling}: "
            "frequencies cannot exceed the ceiling and have a higher mean"
        )
    weights = torch.arange(1, n_features + 1, dtype=torch.float64).pow(-exponent)
    capped = 0
    while True:
        rest = mean * n_features - capped * ceiling
        scaled = weights * rest / weights[capped:].sum()
        scaled[:capped] = ceiling
        above = int((scaled > ceiling + 1e-12).sum())
        if not above:
            return scaled.float()
        capped += above
