"""A model taken apart: every reader's input rebuilt from what each writer contributes.

The residual stream is a sum, so what a reader sees is the stream of a *base* run plus, over
the edges into it, how far each writer is from its base value. `Wiring.outcomes` computes many
runs at once that differ in which edges *carry* their writer's present value; all other edges
keep the base value. Norms are applied to each mixed input; biases come with the base run.

Queries, keys and values are computed for each head from an input of its own, then go through
the model's own attention, so rotary positions and the like are the model's.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from interp_course import circuits, hooks
from interp_course.circuits import Edge, Part, Slot
from interp_course.patching.metrics import Metric, measure_streams

BYTES = 1 << 26
"""About how much memory a group of runs may take that are computed together."""


@dataclass(frozen=True, eq=False)
class Run:
    """What every part wrote on some prompts, and the stream that every stage read."""

    writes: Float[Tensor, "writer batch pos d_model"]
    streams: Float[Tensor, "stage batch pos d_model"]
    logits: Float[Tensor, "batch pos d_vocab"]

    def mean(self) -> "Run":
        """The mean over the prompts, position by position, in place of each of them.

        Its logits stay those of the prompts: a mean of values belongs to no prompt.
        """
        writes, streams = (x.mean(dim=1, keepdim=True) for x in (self.writes, self.streams))
        return Run(writes.expand_as(self.writes), streams.expand_as(self.streams), self.logits)


@dataclass(frozen=True, eq=False)
class Stage:
    """Parts that read the same stream: the heads of a layer, an MLP, or the logits."""

    parts: tuple[Part, ...]
    readers: slice
    writers: slice
    """Where its parts are among the writers; empty for the logits."""

    @property
    def layer(self) -> int:
        """The layer, or -1 for the logits."""
        return self.parts[0].layer


class Wiring:
    """The parts and edges of a model as indices, and runs with chosen edges.

    Args:
        model: A bridge whose attention and MLPs write into the stream one after the other.

    Raises:
        ValueError: If heads share keys and values, or the model lacks a place that is needed.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        shared = getattr(model.cfg, "n_key_value_heads", None)
        if shared not in (None, model.cfg.n_heads):
            raise ValueError(
                f"the {model.cfg.n_heads} heads of this model share {shared} keys and values, so "
                "edges into the keys of a single head do not exist"
            )
        everything = circuits.parts(model)
        self.writers = everything[:-1]
        self.readers: list[tuple[Part, Slot]] = [(p, s) for p in everything for s in p.slots]
        self._writer = {part: i for i, part in enumerate(self.writers)}
        self._reader = {reader: i for i, reader in enumerate(self.readers)}
        self.stages = self._stages(everything)
        hooks.check_exist(model, self._names())

    def run(self, tokens: Int[Tensor, "batch pos"]) -> Run:
        """Run the model once and keep what everything wrote and read.

        Raises:
            ValueError: If what the parts write does not add up to the stream.
        """
        logits, cache = hooks.capture(self.model, tokens, self._names())
        writes = [cache[name].expand(len(tokens), -1, -1) for name in self._embeddings()]
        streams = []
        for stage in self.stages:
            streams.append(cache[self.stream(stage)])
            if stage.parts[0].kind == "head":
                z = cache[hooks.z(stage.layer)].unflatten(-1, (-1, self.model.cfg.d_head))
                writes += self._heads_write(z.flatten(2, -2), stage.layer).unbind(0)
            elif stage.parts[0].kind == "mlp":
                writes.append(cache[hooks.mlp_out(stage.layer)])
        found = Run(torch.stack(writes), torch.stack(streams), logits)
        self._check_sum(found)
        return found

    def carrying(self, edges: circuits.Circuit | list[Edge]) -> Bool[Tensor, "writer reader"]:
        """Which edges are in a circuit.

        Raises:
            ValueError: If the model does not have one of them.
        """
        found = torch.zeros(len(self.writers), len(self.readers), dtype=torch.bool)
        for edge in edges.edges if isinstance(edges, circuits.Circuit) else edges:
            found[self.index(edge)] = True
        return found

    def index(self, edge: Edge) -> tuple[int, int]:
        """Writer and reader of an edge.

        Raises:
            ValueError: If the model does not have it.
        """
        reader = (edge.target, edge.slot)
        if edge.source not in self._writer or reader not in self._reader:
            raise ValueError(
                f"this model has no edge {edge}: its parts are {self.writers[0]} .. "
                f"{self.writers[-1]} and logits; circuits.edges(model) lists all edges"
            )
        return self._writer[edge.source], self._reader[reader]

    def stage_of(self, part: Part) -> int:
        """Which stage a part belongs to; -1 for the embeddings."""
        found = (i for i, stage in enumerate(self.stages) if part in stage.parts)
        return next(found, -1)

    @torch.no_grad()
    def outcomes(
        self,
        metric: Metric,
        base: Run,
        toward: Run,
        pushed: Bool[Tensor, "cell writer"],
        carried: Bool[Tensor, "cell writer reader"],
        start: int = 0,
    ) -> Float[Tensor, "cell batch"]:
        """The metric of many runs.

        Args:
            metric: One number for each prompt.
            base: Values that writers have unless something that reaches them changes.
            toward: Where values of pushed writers are taken from.
            pushed: Which writers are set to their value there.
            carried: Which edges carry what their writer now writes; the others its base value.
            start: The first stage that is computed; parts of earlier stages only change if
                they are pushed.
        """
        many = self._at_once(base)
        found = [
            measure_streams(metric, self.model, self._ends(base, toward, p, c, start))
            for p, c in zip(pushed.split(many), carried.split(many), strict=True)
        ]
        return torch.cat(found)

    def _ends(self, base: Run, toward: Run, pushed: Tensor, carried: Tensor, start: int) -> Tensor:
        """The streams that the logits read, ``[cell batch pos d_model]``."""
        device = base.writes.device
        pushed, carried = pushed.to(device), carried.to(device)
        gap = (toward.writes - base.writes).flatten(1)
        change = gap * pushed[:, :, None]  # cell writer (batch pos d_model)
        moved = pushed.clone()
        end = self.stages[-1]
        for number, stage in enumerate(self.stages[:-1]):
            touched = (carried[:, :, stage.readers] & moved[:, :, None]).any(dim=1)
            rows = touched.any(dim=1).nonzero()[:, 0]
            if number < start or len(rows) == 0:
                continue
            stream = self._mixed(base.streams[number], change, carried, rows, stage)
            old = base.writes[stage.writers].flatten(1)
            change[rows, stage.writers] += self._write(stream, stage).flatten(2) - old
            moved[:, stage.writers] |= touched.unflatten(1, (len(stage.parts), -1)).any(dim=2)
        rows = torch.arange(len(pushed), device=device)
        return self._mixed(base.streams[-1], change, carried, rows, end)[:, 0]

    def _mixed(
        self, stream: Tensor, change: Tensor, carried: Tensor, rows: Tensor, stage: Stage
    ) -> Tensor:
        """What each reader of a stage sees, ``[cell reader batch pos d_model]``."""
        before = slice(0, stage.writers.start)
        weights = carried[rows][:, before, stage.readers].mT.to(change.dtype)
        return stream + (weights @ change[rows, before]).unflatten(2, stream.shape)

    def _write(self, stream: Tensor, stage: Stage) -> Tensor:
        """What the parts of a stage write, ``[cell part batch pos d_model]``."""
        block = self.model.blocks[stage.layer]
        cells, _, batch = stream.shape[:3]
        if stage.parts[0].kind == "mlp":
            out = block.mlp(block.ln2(stream[:, 0].flatten(0, 1)))
            return out.unflatten(0, (cells, 1, batch))
        seen = block.ln1(stream.flatten(0, 2)).unflatten(0, (cells, -1, 3, batch))
        vectors = {}
        for i, name in enumerate(("q", "k", "v")):
            weight, bias = (getattr(block.attn, f"{kind}_{name.upper()}") for kind in ("W", "b"))
            heads = seen[:, :, i].flatten(2, 3) @ weight + bias[:, None]
            vectors[name] = heads.unflatten(2, (batch, -1)).permute(0, 2, 3, 1, 4).flatten(0, 1)
        z = self._attend(vectors, stage.layer, seen[:, 0, 0].flatten(0, 1))
        return self._heads_write(z, stage.layer).unflatten(1, (cells, batch)).transpose(0, 1)

    def _attend(self, vectors: dict[str, Tensor], layer: int, any_input: Tensor) -> Tensor:
        """The model's attention between these queries, keys and values; returns z."""
        seen: list[Tensor] = []
        edits: dict[str, hooks.HookFunction] = {
            hooks.head_vectors(layer, name): _replaced(value)  # pyright: ignore[reportArgumentType]
            for name, value in vectors.items()
        }
        edits[hooks.z(layer)] = lambda z, hook: seen.append(z)
        with hooks.editing(self.model, edits):
            self.model.blocks[layer].attn(any_input)
        return seen[0].reshape(vectors["q"].shape)

    def _heads_write(self, z: Tensor, layer: int) -> Tensor:
        """``[head batch pos d_model]`` from ``[batch pos head d_head]``."""
        return torch.einsum("bphe,hed->hbpd", z, self.model.blocks[layer].attn.W_O.detach())

    def _stages(self, everything: list[Part]) -> list[Stage]:
        found, writer, reader = [], len([p for p in everything if not p.slots]), 0
        for depth in sorted({part.depth for part in everything if part.slots}):
            parts = tuple(part for part in everything if part.depth == depth)
            n_slots = sum(len(part.slots) for part in parts)
            n_writers = 0 if parts == (circuits.LOGITS,) else len(parts)
            readers, writers = slice(reader, reader + n_slots), slice(writer, writer + n_writers)
            found.append(Stage(parts, readers, writers))
            reader, writer = readers.stop, writers.stop
        return found

    def _embeddings(self) -> list[str]:
        return [hooks.embed(), hooks.positions()][: self.stages[0].writers.start]

    def stream(self, stage: Stage) -> str:
        """Where the stream that a stage reads is found."""
        kind = stage.parts[0].kind
        if kind == "logits":
            return hooks.stream_end()
        return hooks.resid_pre(stage.layer) if kind == "head" else hooks.mlp_norm_in(stage.layer)

    def _names(self) -> list[str]:
        found = self._embeddings() + [self.stream(stage) for stage in self.stages]
        for stage in self.stages[:-1]:
            head = stage.parts[0].kind == "head"
            found.append(hooks.z(stage.layer) if head else hooks.mlp_out(stage.layer))
        return found

    def _check_sum(self, run: Run) -> None:
        """What is written between two stages must be their difference, up to a bias."""
        tolerance = 1e4 * torch.finfo(run.writes.dtype).eps
        streams = pairwise([torch.zeros_like(run.streams[0]), *run.streams])
        writers = [slice(0, self.stages[0].writers.start), *(s.writers for s in self.stages)]
        for between, (before, after) in zip(writers, streams, strict=False):
            rest = after - before - run.writes[between].sum(dim=0)
            if (rest - rest[:1, :1]).abs().max() > tolerance * (1 + after.abs().max()):
                raise ValueError(
                    f"what {', '.join(map(str, self.writers[between]))} write does not add up to "
                    "the stream: edges need attention and MLP one after the other, without norms "
                    "between them and the stream"
                )

    def _at_once(self, run: Run) -> int:
        """Runs that fit into `BYTES`."""
        config = self.model.cfg
        width = config.d_model * (2 * len(self.writers) + 9 * config.n_heads) + 3 * config.d_vocab
        width += 2 * config.n_heads * run.logits.shape[1] + 4 * (config.d_mlp or 0)
        row = run.logits.shape[0] * run.logits.shape[1] * width * run.writes.element_size()
        return max(1, BYTES // row)


def _replaced(value: Tensor) -> hooks.HookFunction:
    return lambda old, hook: value.reshape(old.shape)
