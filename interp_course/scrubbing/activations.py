"""Every activation of a data set that a plan needs, computed once and then only gathered.

A value is kept as its writer has it: for heads the mix of values ``z`` (before W_O), for
everything else what it adds to the stream. `Modules.write` turns the first into the second.
"""

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from interp_course import circuits, hooks
from interp_course.circuits import Part
from interp_course.scrubbing import heads
from interp_course.scrubbing.modules import Modules
from interp_course.scrubbing.planning import Plan
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
        self._found: dict[str, Tensor] = {}
        self._moved: dict[Moved, Tensor] = {}

    def prepare(self, plan: Plan) -> None:
        """Compute in one pass over the data set what a plan gathers."""
        needed = {name for writer in plan.writers for name in self._written(writer)}
        for draw in plan.draws:
            site = draw.node.site
            needed |= set() if site == circuits.LOGITS else set(self._written(site))
            needed |= set() if draw.node.is_leaf else {self._read(site)}
        if missing := sorted(needed - self._found.keys()):
            self._compute(missing)

    def logits(self) -> Float[Tensor, "batch d_vocab"]:
        """The model's own logits at the position, for every row."""
        if self._logits is None:
            self._compute([])
        assert self._logits is not None  # just computed
        return self._logits

    def value(
        self, site: Site, rows: Int[Tensor, "#sample #place"], at: Int[Tensor, "#sample place"]
    ) -> Float[Tensor, "sample place k"]:
        """What a site has at some positions, each on a row of its own or all on one.

        Args:
            site: Whose value.
            rows: Of the data set.
            at: Positions, the same for all samples or some for each.
        """
        if isinstance(site, Moved):
            return self._gather(self._moved_by(site), rows, at)
        (name,) = self._written(site)
        head = site.head if isinstance(site, Part) and site.kind == "head" else 0
        return self._gather(self._found[name], rows, at, head)

    def read(
        self, reader: Site, rows: Int[Tensor, " sample"], at: Int[Tensor, "#sample place"]
    ) -> Float[Tensor, "sample place d_model"]:
        """The stream that a site reads, on each row."""
        return self._gather(self._found[self._read(reader)], rows[:, None], at)

    def mixed(
        self,
        reader: Site,
        rows: Int[Tensor, "sample k"],
        writers: Sequence[Part],
        at: Int[Tensor, "#sample place"],
    ) -> Float[Tensor, "sample place d_model"]:
        """The stream that a site would read if each writer had seen a row of its own."""
        total = torch.zeros((), device=self.tokens.device)
        for i, writer in enumerate(writers):
            if depth(writer) < depth(reader):
                value = self.value(writer, rows[:, i, None], at)
                total = total + self.modules.write(writer, value)
        layers = range(self.modules.n_attention(reader))
        return total + sum((self.modules.bias(layer) for layer in layers), torch.zeros_like(total))

    def _compute(self, names: list[str]) -> None:
        """Run the model on all rows and keep the logits and what has these names."""
        here, last = slice(self.position, self.position + 1), self._read_at_the_position()
        logits = _Kept(self.tokens, here)
        kept = {n: _Kept(self.tokens, here if n in last else slice(None)) for n in names}
        with hooks.editing(self.modules.model, kept):
            for start in range(0, len(self.tokens), self.chunk):
                for rows in (logits, *kept.values()):
                    rows.now = slice(start, start + self.chunk)
                logits(self.modules.model(self.tokens[logits.now]))
        self._logits = logits.values[:, 0]
        self._found |= {name: rows.values for name, rows in kept.items()}

    def _read_at_the_position(self) -> list[str]:
        """What is read nowhere else, because it comes after all attention."""
        last, end = self.modules.n_layers - 1, hooks.streams(self.modules.model)[-1]
        return [hooks.z(last), hooks.mlp_norm_in(last), hooks.mlp_out(last), end]

    @staticmethod
    def _gather(source: Tensor, rows: Tensor, at: Tensor, head: int = 0) -> Tensor:
        """Vectors of a tensor ``[batch pos d]`` or ``[batch pos head d]``."""
        if source.shape[1] == 1:  # only the position of the logits was kept
            at = torch.zeros_like(at)
        n_heads = source.shape[2] if source.ndim == 4 else 1
        places = (rows * source.shape[1] + at) * n_heads + head
        found = source.view(-1, source.shape[-1]).index_select(0, places.flatten())
        return found.view(*places.shape, -1)

    def _moved_by(self, site: Moved) -> Tensor:
        if site not in self._moved:
            pattern, values = (self._found[name] for name in self._written(site))
            group = site.head.head * values.shape[2] // pattern.shape[1]
            at = torch.arange(values.shape[1], device=values.device)[None]
            own = heads.only_from(site.by, pattern[:, site.head.head], at)
            self._moved[site] = own @ values[:, :, group]
        return self._moved[site]

    def _written(self, site: Site) -> list[str]:
        """The hooks that tell what a site writes."""
        if isinstance(site, Stream):
            return [self._read(site)]
        if isinstance(site, Moved):
            layer = site.head.layer
            return [hooks.pattern(layer), hooks.head_vectors(layer, "v")]
        if site.kind == "head":
            return [hooks.z(site.layer)]
        if site.kind == "mlp":
            return [hooks.mlp_out(site.layer)]
        return [hooks.embed() if site.kind == "embed" else hooks.positions()]

    def _read(self, site: Site) -> str:
        """The hook of the stream that a site reads; for a stream what it is."""
        if isinstance(site, Part) and site.kind == "mlp":
            return hooks.mlp_norm_in(site.layer)
        layer = self.modules.n_layers if site == circuits.LOGITS else depth(site)[0]
        return hooks.streams(self.modules.model)[layer]


class _Kept:
    """A hook that writes what it sees, at some positions, into one tensor for all rows."""

    def __init__(self, tokens: Tensor, at: slice) -> None:
        self.n, self.at = len(tokens), at
        self.now = slice(0, 0)
        """The rows that the model sees now."""
        self.values = torch.empty(0)

    def __call__(self, x: Tensor, hook: Any = None) -> None:
        x = x[:, self.at]
        if not len(self.values):
            self.values = x.new_empty(self.n, *x.shape[1:])
        self.values[self.now] = x  # that of positions may be one row for all
