"""What a sparse autoencoder is made of, and how its step is computed."""

from dataclasses import dataclass
from typing import Literal

Architecture = Literal["relu", "topk", "batchtopk", "jumprelu", "matryoshka"]
ARCHITECTURES: tuple[Architecture, ...] = ("relu", "topk", "batchtopk", "jumprelu", "matryoshka")


@dataclass(frozen=True)
class SAEConfig:
    """Sizes, architecture and loss of a sparse autoencoder.

    The defaults of the coefficients suit features of length about 1, or activations that
    `SparseAutoencoder.measure_scale` has seen.
    """

    d_in: int
    """Width of the activations."""
    d_sae: int
    """Number of latents, the units of the dictionary."""
    architecture: Architecture = "batchtopk"
    k: int = 32
    """Active latents for each activation (topk), or on average over a batch (batchtopk,
    matryoshka)."""
    l1_coefficient: float = 0.6
    """Price of one unit of activation times decoder norm (relu)."""
    l0_coefficient: float = 0.05
    """Price of one active latent (jumprelu)."""
    l0_penalty: Literal["step", "tanh"] = "step"
    """What counts as active in the penalty of jumprelu: the step of Rajamanoharan et al. (2024),
    or tanh(tanh_scale * z * decoder norm), as in the January 2025 update of Anthropic's team."""
    tanh_scale: float = 4.0
    initial_threshold: float = 0.1
    """Threshold of each latent before training (jumprelu)."""
    bandwidth: float = 0.1
    """Width of the kernel that gives the thresholds a gradient (jumprelu)."""
    widths: tuple[int, ...] = ()
    """Sizes of the nested dictionaries, ascending, the last one d_sae (matryoshka)."""
    aux_coefficient: float = 1 / 32
    """Weight of AuxK, in which dead latents reconstruct the error (topk, batchtopk, matryoshka);
    0 turns it off."""
    k_aux: int | None = None
    """Dead latents that AuxK uses for each activation; None is half of d_in."""
    threshold_decay: float = 0.9
    """Share of the old value in the running mean of the threshold (batchtopk, matryoshka). The
    smallest of many thousand selected values hardly varies, and it moves while training: a
    slower mean lags behind, and lets too few latents pass afterwards."""
    unit_norm: bool = True
    """Whether the rows of W_dec are kept at length 1."""

    def __post_init__(self) -> None:
        if self.d_in < 1 or self.d_sae < 1:
            raise ValueError(
                f"d_in and d_sae must be at least 1, got d_in={self.d_in}, d_sae={self.d_sae}"
            )
        if self.architecture not in ARCHITECTURES:
            raise ValueError(
                f"architecture must be one of {', '.join(ARCHITECTURES)}, got {self.architecture!r}"
            )
        if self.selects and not 1 <= self.k <= self.d_sae:
            raise ValueError(f"k must lie between 1 and d_sae = {self.d_sae}, got k={self.k}")
        if self.k_aux is not None and self.k_aux < 1:
            raise ValueError(f"k_aux must be at least 1 or None, got {self.k_aux}")
        _check_jumprelu(self)
        _check_widths(self)

    @property
    def selects(self) -> bool:
        """Whether the number of active latents is chosen, not the price of one."""
        return self.architecture in ("topk", "batchtopk", "matryoshka")

    @property
    def has_running_threshold(self) -> bool:
        """Whether batches select during training, and one threshold afterwards."""
        return self.architecture in ("batchtopk", "matryoshka")


@dataclass(frozen=True)
class Computation:
    """How a training step is computed; the result is the same up to rounding."""

    path: Literal["auto", "sparse", "dense"] = "auto"
    """``"sparse"`` touches only the active latents after the encoder's product (topk and
    batchtopk). ``"auto"`` does so on a CPU when at most one latent in eight is active."""
    bf16_encoder: bool = False
    """Select latents by a product in bfloat16, on the sparse path. The values of the selected
    ones are still computed in full precision."""

    def __post_init__(self) -> None:
        if self.path not in ("auto", "sparse", "dense"):
            raise ValueError(f"path must be auto, sparse or dense, got {self.path!r}")


def _check_jumprelu(config: SAEConfig) -> None:
    if config.architecture != "jumprelu":
        return
    if not config.bandwidth > 0:
        raise ValueError(f"bandwidth must be positive, got {config.bandwidth}")
    if config.initial_threshold < 0:
        raise ValueError(f"initial_threshold must not be negative, got {config.initial_threshold}")
    if config.l0_penalty not in ("step", "tanh"):
        raise ValueError(f"l0_penalty must be step or tanh, got {config.l0_penalty!r}")


def _check_widths(config: SAEConfig) -> None:
    if config.architecture != "matryoshka":
        return
    widths = config.widths
    ascending = all(a < b for a, b in zip((0, *widths), widths, strict=False))
    if not widths or widths[-1] != config.d_sae or not ascending:
        raise ValueError(
            f"widths must ascend from at least 1 and end with d_sae = {config.d_sae}, got {widths}"
        )
