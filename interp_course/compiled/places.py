"""Where the heads of a written network go: drawn by the instance, the rest are decoys."""

import dataclasses
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from interp_course import circuits, runtime
from interp_course.circuits import Part
from interp_course.compiled.language import POSITION, TOKEN, Head, Match, Read

JUNK, JUNK_SIZE = "junk", 8
"""The space that decoys write into and nothing reads."""
DECOYS = ("the token before", "two back", "itself", "the same token", "<bos>", "everything", "idle")


@dataclass(frozen=True)
class Settings:
    """What all compiled networks can be asked for.

    Raises:
        ValueError: If a number is impossible.
    """

    n_layers: int | None = None
    """None is as few as the circuit needs; with more, the instance also moves layers."""
    n_heads: int = 4
    instance: int = 0
    """Draws which heads do what, what the decoys attend to, and the random directions."""
    rotate: bool = False
    """Whether the spaces lie in random directions instead of along the axes."""
    beta: float = 30.0
    """Sharpness of attention: 30 is exact and has no gradient, 8 has some."""
    compress: int | None = None
    """Dimensions of the residual stream; None gives every space its own."""
    mimics: bool = True
    """Whether a decoy has the attention pattern of the last head of the circuit."""

    def __post_init__(self) -> None:
        if not self.beta > 0:
            raise ValueError(f"beta must be positive (30 is exact, 8 has gradients): {self.beta}")
        if self.n_heads < 1:
            raise ValueError(f"n_heads must be at least 1, got {self.n_heads}")
        if self.instance < 0:
            raise ValueError(f"instance must be 0 or more, got {self.instance}")

    @classmethod
    def of(cls, options: dict[str, Any]) -> "Settings":
        """The settings from keyword arguments.

        Raises:
            ValueError: If there is no such setting.
        """
        names = [f.name for f in dataclasses.fields(cls)]
        for name in options:
            if name not in names:
                raise ValueError(f"there is no option {name!r}: use {', '.join(names)}")
        return cls(**options)


class Places:
    """The heads of a network while it is being written.

    Args:
        settings: How many there are, and the instance.
        name: Of the network; two networks of an instance are drawn independently.
        at_least: Layers that the circuit needs.

    Raises:
        ValueError: If there are fewer layers.
    """

    def __init__(self, settings: Settings, name: str, at_least: int) -> None:
        self.n_layers = at_least if settings.n_layers is None else settings.n_layers
        if self.n_layers < at_least:
            raise ValueError(f"n_layers must be at least {at_least}, got {settings.n_layers}")
        self.settings = settings
        self.rng = runtime.generator(f"compiled {name}", settings.instance)
        self.heads: dict[tuple[int, int], Head] = {}

    def layers(self, count: int) -> list[int]:
        """So many layers, drawn at random, in increasing order."""
        drawn = torch.randperm(self.n_layers, generator=self.rng)[:count]
        return sorted(drawn.tolist())

    def between(self, low: int, high: int) -> int:
        """A layer between two, both included."""
        return int(torch.randint(low, high + 1, (), generator=self.rng))

    def put(self, layer: int, head: Head) -> Part:
        """Make a random free head of a layer this one.

        Raises:
            ValueError: If no head is free there.
        """
        free = self._free(layer)
        if not free:
            raise ValueError(
                f"layer {layer} needs more than n_heads = {self.settings.n_heads} heads for this "
                "circuit: ask for more heads, or for mimics=False"
            )
        index = free[int(torch.randint(len(free), (), generator=self.rng))]
        self.heads[layer, index] = head
        return circuits.head(layer, index)

    def mimic(self, layer: int, head: Head) -> None:
        """Add a decoy with the pattern of ``head``, if mimics are asked for."""
        if self.settings.mimics:
            self.put(layer, unread(head, self.settings.instance))

    def fill(self, d_vocab: int, n_ctx: int) -> dict[tuple[int, int], Head]:
        """All heads, after the free ones have become decoys or stayed idle."""
        for layer in range(self.n_layers):
            for index in self._free(layer):
                kind = DECOYS[int(torch.randint(len(DECOYS), (), generator=self.rng))]
                if kind != "idle":
                    found = decoy(kind, d_vocab, n_ctx, self.settings.beta)
                    self.heads[layer, index] = found
        return self.heads

    def _free(self, layer: int) -> list[int]:
        indices = range(self.settings.n_heads)
        return [index for index in indices if (layer, index) not in self.heads]


def decoy(kind: str, d_vocab: int, n_ctx: int, beta: float) -> Head:
    """A head that attends somewhere and moves what it finds into the junk.

    Raises:
        ValueError: If there is no such kind.
    """
    bos = Read(TOKEN, torch.eye(d_vocab)[:, :1])
    matches = {
        "the token before": (Match(Read(POSITION, back(n_ctx, 1)), Read(POSITION)),),
        "two back": (Match(Read(POSITION, back(n_ctx, 2)), Read(POSITION)),),
        "itself": (Match(Read(POSITION), Read(POSITION)),),
        "the same token": (Match(Read(TOKEN), Read(TOKEN)),),
        "<bos>": (Match(None, bos),),
        "everything": (),
    }
    if kind not in matches:
        raise ValueError(f"a decoy attends to {', '.join(matches)}; got {kind!r}")
    write = junk(d_vocab, kind)
    return Head(f"decoy: attends to {kind}", matches[kind], Read(TOKEN), JUNK, beta, write)


def unread(head: Head, seed: int) -> Head:
    """The same head, but with an output that nothing reads.

    Raises:
        ValueError: If its value has no matrix, which says how wide it is.
    """
    if head.value.matrix is None:
        raise ValueError(f"the value of the {head.role} needs a matrix: torch.eye(size)")
    write = junk(head.value.matrix.shape[1], head.role, seed)
    return dataclasses.replace(
        head, role=f"decoy: mimics the {head.role}", target=JUNK, write=write
    )


def junk(rows: int, name: str, seed: int = 0) -> Float[Tensor, "k d_space"]:
    """Random directions in the junk, of length 1."""
    rng = runtime.generator(f"junk {name}", seed)
    return torch.nn.functional.normalize(torch.randn(rows, JUNK_SIZE, generator=rng), dim=1)


def back(n_ctx: int, distance: int) -> Float[Tensor, "n_ctx n_ctx"]:
    """Maps the code of a position onto the one ``distance`` before it, or onto the first."""
    earlier = (torch.arange(n_ctx) - distance).clamp(min=0)
    return torch.eye(n_ctx)[earlier]
