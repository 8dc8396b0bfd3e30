"""Every activation of a data set that a plan needs, computed once and then only gathered.

A value is kept as its writer has it: for heads the mix of values ``z`` (before W_O), for
everything else what it adds to the stream. `write` turns the first into the second.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from interp_course import circuits, hooks
from interp_course.circuits import Part
from interp_course.scrubbing.modules import Modules
from interp_course.scrubbing.sites import Moved, Site, Stream, depth


class Activations:
    """A data set seen through a model.

    Args:
        modules: The model, cut into its modules.
        tokens: The data set.
        position: Where the logits are read.
        chunk: Sequences in one forward pass.
    """

    def __init__(
        self, modules: Modules, tokens: Int[Tensor, "batch pos"], position: int, chunk: int
    ) -> None:
        self.modules, self.tokens, self.chunk = modules, tokens, chunk
        self.position = position
        self._logits: Tensor | None = None
        self._places = torch.arange(tokens.shape[1], device=tokens.device)
        self._found: dict[str, Tensor] = {}
        self._moved: dict[Moved, Tensor] = {}

    def prepare(self, sites: Iterable[Site], writers: Sequence[Part] = ()) -> None:
        """Compute in one pass what these sites write, and what those with inputs read."""
        needed = {name for site in [*sites, *writers] for name in self._names(site)}
        missing = sorted(needed - self._found.keys())
        if not missing:
            return
        found: dict[str, list[Tensor]] = {name: [] for name in missing}
        at_position = []
        for tokens in self.tokens.split(self.chunk):
            logits, cache = hooks.capture(self.modules.model, tokens, missing)
            at_position.append(logits[:, self.position].clone())  # not the other positions
            for name in missing:
                found[name].append(cache[name].expand(len(tokens), *cache[name].shape[1:]))
        self._found |= {name: torch.cat(parts) for name, parts in found.items()}
        self._logits = torch.cat(at_position)

    def logits(self) -> Float[Tensor, "batch d_vocab"]:
        """The model's own logits at the position, for every row."""
        if self._logits is None:
            self.prepare([circuits.LOGITS])
        assert self._logits is not None  # prepare sets them
        return self._logits

    def value(
        self, site: Site, rows: Int[Tensor, "sample ..."], at: slice = slice(None)
    ) -> Float[Tensor, "sample pos d_model"]:
        """What a site has on each row; with ``[sample pos]`` rows each position from its own.

        Args:
            site: Whose value.
            rows: Of the data set.
            at: Which positions; ``rows`` must hold these only.
        """
        source = self._source(site)[:, at]
        if rows.ndim == 1:
            return source[rows]
        return source[rows, self._places[: source.shape[1]]]

    def read(
        self, reader: Site, rows: Int[Tensor, " sample"], at: slice = slice(None)
    ) -> Float[Tensor, "sample pos d_model"]:
        """The stream that a site reads, on each row."""
        return self._stream(reader)[:, at][rows]

    def mixed(
        self,
        reader: Site,
        rows: Int[Tensor, "sample k"],
        writers: Sequence[Part],
        at: slice = slice(None),
    ) -> Float[Tensor, "sample pos d_model"]:
        """The stream that a site would read if each writer had seen a row of its own."""
        total = torch.zeros((), device=self.tokens.device)
        for i, writer in enumerate(writers):
            if depth(writer) < depth(reader):
                value = self.value(writer, rows[:, i], at)
                total = total + self.modules.write(writer, value)
        layers = range(self.modules.n_attention(reader))
        return total + sum((self.modules.bias(layer) for layer in layers), torch.zeros_like(total))

    def _stream(self, site: Site) -> Tensor:
        """What a site reads; for a stream what it is."""
        n_layers = self.modules.n_layers
        if isinstance(site, Stream) or site == circuits.LOGITS:
            layer = site.layer if isinstance(site, Stream) else n_layers
            return self._found[hooks.streams(self.modules.model)[layer]]
        layer = depth(site)[0]
        below = self._found[hooks.resid_pre(layer)]
        if isinstance(site, Part) and site.kind == "mlp":
            return below + self._found[hooks.attn_out(layer)]
        return below

    def _source(self, site: Site) -> Tensor:
        if isinstance(site, Stream):
            return self._stream(site)
        if isinstance(site, Moved):
            return self._moved_by(site)
        if site.kind == "head":
            return self._found[hooks.z(site.layer)][:, :, site.head]
        return self._found[self._names(site)[0]]

    def _moved_by(self, site: Moved) -> Tensor:
        if site not in self._moved:
            layer = site.head.layer
            pattern, values = (
                self._found[hooks.pattern(layer)],
                self._found[hooks.head_vectors(layer, "v")],
            )
            self._moved[site] = moved(site, pattern, values)
        return self._moved[site]

    def _names(self, site: Site) -> list[str]:
        """The hooks that a site needs: first what it writes, then what it reads."""
        if isinstance(site, Stream):
            return [hooks.streams(self.modules.model)[site.layer]]
        if isinstance(site, Moved):
            layer = site.head.layer
            return [hooks.pattern(layer), hooks.head_vectors(layer, "v"), hooks.resid_pre(layer)]
        if site.kind == "head":
            return [hooks.z(site.layer), hooks.resid_pre(site.layer)]
        if site.kind == "mlp":
            layer = site.layer
            return [hooks.mlp_out(layer), hooks.resid_pre(layer), hooks.attn_out(layer)]
        if site.kind == "logits":
            return [hooks.streams(self.modules.model)[-1]]
        return [hooks.embed() if site.kind == "embed" else hooks.positions()]


def moved(site: Moved, pattern: Tensor, values: Tensor) -> Float[Tensor, "batch pos d_head"]:
    """The part of a head's z that comes from one distance back.

    Args:
        site: Which head and distance.
        pattern: Of all heads, ``[batch head query_pos key_pos]``.
        values: Of all heads or, if heads share them, of all groups, ``[batch pos head d_head]``.
    """
    n_heads, length = pattern.shape[1], pattern.shape[2]
    own = values[:, :, site.head.head * values.shape[2] // n_heads]
    z = torch.zeros_like(own)
    weight = pattern[:, site.head.head].diagonal(-site.by, dim1=1, dim2=2)
    z[:, site.by :] = weight[..., None] * own[:, : max(0, length - site.by)]
    return z


def gathered(value: Any, rows: Tensor) -> Tensor:
    """Position j of row (n, j), for values computed on ``sample * pos`` rows."""
    n, length = rows.shape
    places = torch.arange(length, device=value.device)
    return value.unflatten(0, (n, length))[:, places, places]
