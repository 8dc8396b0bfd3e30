"""How a sparse autoencoder is trained."""

from dataclasses import dataclass, field

from interp_course.sae import Computation


@dataclass(frozen=True)
class TrainingConfig:
    """Optimiser, schedules and what is kept. Steps are counted from 0."""

    steps: int = 600
    lr: float = 3e-3
    """Highest learning rate. Ten times less, a common default, needs ten times the steps."""
    betas: tuple[float, float] = (0.9, 0.999)
    warmup: int = 100
    """Steps over which the learning rate rises from 0."""
    decay: float = 0.3
    """Last share of the steps, over which it falls to 0."""
    clip: float = 1.0
    """Largest norm of the gradient."""
    sparsity_warmup: float = 0.1
    """First share of the steps, over which the price of sparsity rises from 0."""
    dead_after: int = 20
    """A latent that was not active for more steps than this is dead: AuxK and resampling act."""
    resample_at: tuple[int, ...] = ()
    """After these numbers of steps dead latents start anew; see `resampling`."""
    log_every: int = 50
    """Steps between two rows of the history."""
    checkpoint_every: int | None = None
    """Steps between two checkpoints; None keeps only the end. Needs a folder."""
    computation: Computation = field(default_factory=Computation)
    autocast: bool = False
    """Compute matrix products in bfloat16, on a GPU. Weights stay in full precision."""
    compile: str | None = None
    """Backend of `torch.compile` for the loss, such as "inductor"; None does not compile."""
    seed: int = 0
    """Which draws resampling makes."""

    def __post_init__(self) -> None:
        if self.steps < 1 or self.log_every < 1:
            raise ValueError(
                f"steps and log_every must be at least 1, got {self.steps} and {self.log_every}"
            )
        if not self.lr > 0 or not self.clip > 0:
            raise ValueError(f"lr and clip must be positive, got {self.lr} and {self.clip}")
        if not (0 <= self.decay <= 1 and 0 <= self.sparsity_warmup <= 1):
            raise ValueError(
                "decay and sparsity_warmup are shares of the steps, from 0 to 1, "
                f"got {self.decay} and {self.sparsity_warmup}"
            )
        if self.checkpoint_every is not None and self.checkpoint_every < 1:
            raise ValueError(f"checkpoint_every must be at least 1, got {self.checkpoint_every}")

    def lr_at(self, step: int) -> float:
        """The learning rate of a step."""
        rise = min(1.0, (step + 1) / max(1, self.warmup))
        fall = min(1.0, (self.steps - step) / max(1.0, self.decay * self.steps))
        return self.lr * rise * fall

    def sparsity_at(self, step: int) -> float:
        """What the price of sparsity is multiplied by at a step."""
        return min(1.0, step / max(1.0, self.sparsity_warmup * self.steps))
