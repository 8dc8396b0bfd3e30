"""Toy models of superposition: small networks that must squeeze many features through few numbers.

`ToyModel` is the network of Elhage et al. (2022), "Toy Models of Superposition", section
"Demonstrating Superposition". It has one matrix, used twice, and one bias:

    h = W x,    x_hat = ReLU(W^T h + b),    loss = sum_i I_i (x_i - x_hat_i)^2

`AbsoluteValueModel` is the one of the section "Computation in Superposition": it computes
|x| of every feature with fewer hidden neurons than it would need without superposition.

Many instances are trained at once, as one tensor with a leading axis. They share nothing: each
has its own seed, sparsity and importances, its loss depends on its own weights alone, and Adam
treats every number by itself. An instance therefore learns the same alone and in a crowd.

``probability`` is the probability that a feature is *active*. Elhage et al. write S, "sparsity",
for the probability that it is not: ``probability`` = 1 - S. An active feature is uniform between
0 and 1, or between -1 and 1 if features are signed; others are 0.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from tqdm.auto import tqdm

from interp_course import runtime

CHUNK = 2**16
"""About how many numbers are drawn at once for each instance: many calls would take longer."""


@dataclass(frozen=True)
class Settings:
    """How to optimise.

    With the defaults, 5 features in 2 dimensions that are active with probability 0.1 or less
    become a regular pentagon in about 99 of 100 instances.
    """

    steps: int = 2500
    batch_size: int = 256
    """Samples for each instance in each step."""
    lr: float = 2e-2
    """The highest learning rate of Adam; it falls to 0 along a cosine."""
    warmup: int = 100
    """Steps over which the learning rate rises from 0."""

    def __post_init__(self) -> None:
        if self.steps < 1 or self.batch_size < 1 or self.lr <= 0 or self.warmup < 0:
            raise ValueError(
                "steps and batch_size must be at least 1, lr positive and warmup not negative, "
                f"got {self}"
            )


class LossHistory(NamedTuple):
    """Losses on the training batches, now and then."""

    steps: Int[Tensor, " step"]
    """Numbers of the steps, from 0."""
    losses: Float[Tensor, "step instance"]


class ToyModel(nn.Module):
    """Instances of x_hat = ReLU(W^T W x + b)."""

    W: Float[Tensor, "instance d_hidden n_features"]
    """Column i is the direction that stands for feature i."""
    b: Float[Tensor, "instance n_features"]
    signed = False

    def __init__(
        self,
        n_features: int,
        d_hidden: int,
        seeds: Sequence[int] = (0,),
        device: str | torch.device | None = None,
    ) -> None:
        """Random weights for as many instances as there are seeds.

        Args:
            n_features: Features to be stored.
            d_hidden: Dimensions to store them in.
            seeds: One for each instance; decides its first weights and its batches.
            device: Where to compute; see `runtime.device`.

        Raises:
            ValueError: If a size is below 1 or there is no seed.
        """
        super().__init__()
        _check_sizes(n_features, d_hidden, seeds)
        self.n_features, self.d_hidden, self.seeds = n_features, d_hidden, tuple(seeds)
        place = runtime.device(device)
        self._build(place)
        self.b = nn.Parameter(torch.zeros(len(self.seeds), n_features, device=place))

    def _build(self, device: torch.device) -> None:
        self.W = self._random("toy model W", self.d_hidden, self.n_features, device)

    def _random(self, name: str, rows: int, columns: int, device: torch.device) -> nn.Parameter:
        """A matrix for each instance; its columns are about half as long as they will become.

        Shorter is better: columns that start at full length stay on the side where they are,
        and more instances end with two features on top of each other.
        """
        draws = [
            torch.randn(rows, columns, generator=runtime.generator(name, seed))
            for seed in self.seeds
        ]
        return nn.Parameter((0.5 / math.sqrt(rows) * torch.stack(draws)).to(device))

    def hidden(
        self, x: Float[Tensor, "instance sample n_features"]
    ) -> Float[Tensor, "instance sample d_hidden"]:
        """What the instances store of the features."""
        return x @ self.W.mT

    def forward(
        self, x: Float[Tensor, "instance sample n_features"]
    ) -> Float[Tensor, "instance sample n_features"]:
        """What they read back."""
        return torch.baddbmm(self.b[:, None], self.hidden(x), self.W).relu()

    def target(
        self, x: Float[Tensor, "instance sample n_features"]
    ) -> Float[Tensor, "instance sample n_features"]:
        """What they should give back: the features themselves."""
        return x


class AbsoluteValueModel(ToyModel):
    """Instances of y = ReLU(W_out ReLU(W x) + b), which should be |x|; features are signed.

    Source: Elhage et al. (2022), section "Computation in Superposition". Without superposition
    each feature takes two neurons, ReLU(x) and ReLU(-x).
    """

    W_out: Float[Tensor, "instance n_features d_hidden"]
    signed = True

    def _build(self, device: torch.device) -> None:
        super()._build(device)
        self.W_out = self._random("toy model W_out", self.n_features, self.d_hidden, device)

    def hidden(
        self, x: Float[Tensor, "instance sample n_features"]
    ) -> Float[Tensor, "instance sample d_hidden"]:
        """The neurons, after their ReLU."""
        return (x @ self.W.mT).relu()

    def forward(
        self, x: Float[Tensor, "instance sample n_features"]
    ) -> Float[Tensor, "instance sample n_features"]:
        """What they compute."""
        return torch.baddbmm(self.b[:, None], self.hidden(x), self.W_out.mT).relu()

    def target(
        self, x: Float[Tensor, "instance sample n_features"]
    ) -> Float[Tensor, "instance sample n_features"]:
        """The absolute values."""
        return x.abs()


def batches(
    model: ToyModel,
    probability: float | Float[Tensor, " instance"] | Float[Tensor, "instance n_features"],
    batch_size: int,
) -> Iterator[Float[Tensor, "instance sample n_features"]]:
    """An endless supply of samples, the same for the same seeds.

    Each instance has a stream of its own. One uniform number u decides both whether a feature is
    active, u < p, and how strong it then is: given u < p, the quotient u / p is again uniform.

    Args:
        model: Whose sizes, seeds and device to take, and whether features are signed.
        probability: Of a feature to be active: one for all, one for each instance, or one for
            each feature of each instance, ``[instance n_features]``.
        batch_size: Samples for each instance.

    Raises:
        ValueError: If a probability is not above 0 and at most 1, or there are not as many as
            instances.
    """
    p = _per_feature("probability", probability, model)
    if not bool(((p > 0) & (p <= 1)).all()):
        raise ValueError(
            "probability must be above 0 and at most 1 (it is the probability of being active), "
            f"got values from {p.min().item():g} to {p.max().item():g}"
        )
    return _batches(model, p[:, None, None], batch_size)


def train(
    model: ToyModel,
    probability: float | Float[Tensor, " instance"] | Float[Tensor, "instance n_features"],
    *,
    importance: float | Float[Tensor, " n_features"] | Float[Tensor, "instance n_features"] = 1.0,
    settings: Settings | None = None,
    every: int = 100,
    on_measure: Callable[[LossHistory, ToyModel], None] | None = None,
    progress: bool = False,
) -> LossHistory:
    """Minimise sum_i I_i (target_i - output_i)^2, averaged over samples, for every instance.

    Runs on one CPU thread (`runtime.deterministic`): the same seeds give the same numbers on
    machines with more cores, and so small products lose more by waiting for threads than they gain.

    Args:
        model: The instances; trained in place.
        probability: See `batches`.
        importance: I_i: one for all, one for each feature, or one for each feature of each
            instance, ``[instance n_features]``.
        settings: Steps, learning rate and the like; None takes the defaults.
        every: Steps between two measurements of the loss; the last step is measured too.
        on_measure: Called after each measurement, with the history so far (to plot).
        progress: Show a progress bar.

    Raises:
        ValueError: As in `batches`, or if an importance is negative.
        FloatingPointError: If a measured loss is not finite, with the step.
    """
    settings = settings or Settings()
    weight = _per_feature("importance", importance, model, "n_features")[:, None]
    if not bool((weight >= 0).all()):
        raise ValueError(f"importance must not be negative, got {weight.min().item():g}")
    draws = batches(model, probability, settings.batch_size)
    optimizer = torch.optim.Adam(model.parameters(), lr=settings.lr)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _factor(settings, step))
    steps: list[int] = []
    losses: list[Tensor] = []
    with runtime.deterministic():
        for step in tqdm(range(settings.steps), disable=not progress, unit="step"):
            x = next(draws)
            loss = (weight * (model.target(x) - model(x)).square()).sum(dim=-1).mean(dim=-1)
            optimizer.zero_grad(set_to_none=True)
            loss.sum().backward()
            optimizer.step()
            schedule.step()
            if step % every == 0 or step == settings.steps - 1:
                if not bool(loss.isfinite().all()):
                    raise FloatingPointError(
                        f"a loss is no longer finite at step {step}: lower lr (now {settings.lr})"
                    )
                steps.append(step)
                losses.append(loss.detach())
                if on_measure is not None:
                    on_measure(_history(steps, losses), model)
    return _history(steps, losses)


def _history(steps: list[int], losses: list[Tensor]) -> LossHistory:
    return LossHistory(torch.tensor(steps), torch.stack(losses).cpu())


def _batches(model: ToyModel, p: Tensor, batch_size: int) -> Iterator[Tensor]:
    streams = [runtime.generator("toy model data", seed) for seed in model.seeds]
    n_batches = max(1, CHUNK // (batch_size * model.n_features))
    shape = (n_batches, batch_size, model.n_features)
    while True:
        u = torch.stack([torch.rand(shape, generator=stream) for stream in streams]).to(p.device)
        strength = 2 * u / p - 1 if model.signed else u / p
        yield from torch.where(u < p, strength, 0.0).unbind(dim=1)


def _per_feature(
    name: str, value: float | Tensor, model: ToyModel, single: str = "instance"
) -> Tensor:
    """The value of each feature of each instance; a single axis counts what ``single`` says."""
    sizes = {"instance": len(model.seeds), "n_features": model.n_features}
    given = torch.as_tensor(value, dtype=model.b.dtype, device=model.b.device)
    if given.ndim == 1 and len(given) == sizes[single]:
        given = given[:, None] if single == "instance" else given
    elif given.ndim > 0 and given.shape != tuple(sizes.values()):
        raise ValueError(
            f"{name} must be one number, or have the shape ({sizes[single]},) [{single}] or "
            f"{tuple(sizes.values())} [instance n_features], got {tuple(given.shape)}"
        )
    return given.expand(*sizes.values())


def _factor(settings: Settings, step: int) -> float:
    """The learning rate of a step, as a share of the highest."""
    rise = min(1.0, (step + 1) / max(1, settings.warmup))
    return rise * 0.5 * (1 + math.cos(math.pi * step / settings.steps))


def _check_sizes(n_features: int, d_hidden: int, seeds: Sequence[int]) -> None:
    if n_features < 1 or d_hidden < 1 or not seeds:
        raise ValueError(
            "n_features and d_hidden must be at least 1 and there must be a seed for each "
            f"instance, got {n_features}, {d_hidden} and {len(seeds)} seeds"
        )
