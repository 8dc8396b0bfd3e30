"""The places in a network that a hypothesis can speak about.

Besides the parts of `circuits` (embeddings, heads, MLPs, logits) there are two more: what a
head moves over one fixed distance (`Moved`), and everything that has been written below a
layer (`Stream`). Each writes into the residual stream; what a reader reads is their sum.
"""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from interp_course import circuits
from interp_course.circuits import Part


@dataclass(frozen=True)
class Moved:
    """The share of a head's output that comes from exactly ``by`` positions back.

    Raises:
        ValueError: If the part is no head, or the distance is negative.
    """

    head: Part
    by: int

    def __post_init__(self) -> None:
        if self.head.kind != "head":
            raise ValueError(f"only heads move information between positions, not {self.head}")
        if self.by < 0:
            raise ValueError(f"by counts positions back and is at least 0, got {self.by}")

    def __str__(self) -> str:
        return f"{self.head} from {self.by} back"


@dataclass(frozen=True)
class Stream:
    """The residual stream that enters a layer: the sum of everything written below it.

    Layer ``n_layers`` is the end of the stream, which the logits read.
    """

    layer: int

    def __str__(self) -> str:
        return f"stream into L{self.layer}"


Site = Part | Moved | Stream


class Subspace:
    """A linear part of the residual stream, spanned by some directions.

    Args:
        directions: Rows that span it; they need be neither orthogonal nor of length 1.

    Raises:
        ValueError: If the rows are linearly dependent.
    """

    def __init__(self, directions: Float[Tensor, "k d_model"]) -> None:
        if torch.linalg.matrix_rank(directions.double()) < len(directions):
            raise ValueError(f"the {len(directions)} directions are linearly dependent")
        self.basis: Tensor = torch.linalg.qr(directions.detach().cpu().double().T).Q.T

    def project(self, x: Float[Tensor, "*batch d_model"]) -> Float[Tensor, "*batch d_model"]:
        """The component of ``x`` that lies inside."""
        basis = self.basis.to(x)
        return x @ basis.T @ basis

    def is_orthogonal_to(self, other: "Subspace") -> bool:
        """Whether no direction of one has a component in the other."""
        return bool((self.basis @ other.basis.T).abs().max() < 1e-6)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Subspace) or self.basis.shape != other.basis.shape:
            return False
        return bool((other.project(self.basis) - self.basis).abs().max() < 1e-6)

    def __hash__(self) -> int:
        return hash(tuple(self.basis.shape))

    def __repr__(self) -> str:
        return f"Subspace of {len(self.basis)} of {self.basis.shape[1]} dimensions"


def slots(site: Site) -> tuple[str, ...]:
    """The inputs through which a site reads; none for the embeddings."""
    if isinstance(site, Stream):
        return ("in",)
    return site.head.slots if isinstance(site, Moved) else site.slots


def depth(site: Site) -> tuple[int, int]:
    """Order of computation: a site reads only from sites of smaller depth."""
    if isinstance(site, Stream):
        return (site.layer, -1)
    return site.head.depth if isinstance(site, Moved) else site.depth


def overlap(a: Site, b: Site) -> bool:
    """Whether two sites share a writer, so that replacing both would count it twice."""
    if isinstance(a, Stream) or isinstance(b, Stream):
        return isinstance(max(a, b, key=depth), Stream)
    if isinstance(a, Moved) and isinstance(b, Moved):
        return a == b
    return _part(a) == _part(b)


def check_exists(site: Site, model: Any, path: str) -> None:
    """Refuse a site that this model does not have.

    Raises:
        ValueError: With the path of the node and what the model has.
    """
    config = model.cfg
    if isinstance(site, Stream):
        if not 0 <= site.layer <= config.n_layers:
            raise ValueError(f"{path}: streams enter the layers 0 .. {config.n_layers}, not {site}")
        return
    if _part(site) not in circuits.parts(model):
        has = "no MLPs" if config.attn_only else "MLPs"
        where = "learned" if circuits.POSITIONS in circuits.parts(model) else "no embedded"
        raise ValueError(
            f"{path}: this model has no {site}. It has {config.n_layers} layers of "
            f"{config.n_heads} heads (counted from 0), {has} and {where} positions"
        )


def _part(site: Part | Moved) -> Part:
    return site.head if isinstance(site, Moved) else site
