"""The logits that a plan leads to, computed from the bottom.

Leaves and unimportant inputs are gathered from activations of the data set that were computed
once. What a node reads is, in delta form,

    the stream on the other row + sum over children (scrubbed value - value on the other row),

so that biases and everything that is not mentioned are right without being named; the norm
is applied to this mixed stream. All nodes of one layer go through its module in one call.
"""

from collections import defaultdict
from itertools import groupby
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from interp_course.scrubbing import sites
from interp_course.scrubbing.activations import Activations, gathered, moved
from interp_course.scrubbing.modules import Modules
from interp_course.scrubbing.planning import Draw, Plan
from interp_course.scrubbing.sites import Moved, Stream

CHUNK_ROWS = 4096


class Evaluator:
    """Computes plans over one data set with one model; keeps what several plans share.

    Args:
        model: A bridge in evaluation mode, native or around a Hugging Face model.
        tokens: The data set of the plans.
        position: Where the logits are read; negative counts from the end.
        chunk_rows: About how many sequences pass through a layer at once. Bounds the memory.

    Raises:
        ValueError: As in `Modules`, or if the position is outside of the sequences.
    """

    def __init__(
        self,
        model: Any,
        tokens: Int[Tensor, "batch pos"],
        position: int = -1,
        chunk_rows: int = CHUNK_ROWS,
    ) -> None:
        length = tokens.shape[1]
        if not -length <= position < length:
            raise ValueError(f"position {position} is outside of the {length} positions")
        place = position % length
        self.position: slice = slice(place, place + 1)
        self.modules: Modules = Modules(model, tokens.to(_device(model)))
        self.tokens: Tensor = tokens.to(_device(model))
        self.chunk_rows: int = chunk_rows
        self.seen: Activations = Activations(self.modules, self.tokens, place, chunk_rows)

    @torch.no_grad()
    def clean_logits(self) -> Float[Tensor, "batch d_vocab"]:
        """The logits of the untouched model at the position, for every row of the data set."""
        return self.seen.logits()

    @torch.no_grad()
    def logits(self, plan: Plan) -> Float[Tensor, "sample d_vocab"]:
        """The scrubbed logits of each sample, in the order of the plan's references.

        Raises:
            ValueError: If the model lacks a part that the hypothesis names, or the plan was
                made for other tokens.
        """
        if not torch.equal(plan.tokens.to(self.tokens.device), self.tokens):
            raise ValueError("the plan was made for other tokens than this evaluator")
        for draw in plan.draws:
            sites.check_exists(draw.node.site, self.modules.model, draw.path)
        if plan.draws[0].node.is_leaf:
            return self.clean_logits()[plan.draws[0].rows.to(self.tokens.device)]
        self.seen.prepare([draw.node.site for draw in plan.draws], plan.writers)
        n = len(plan.references)
        step = max(1, self.chunk_rows * n // plan.cost.rows)
        chunks = [_Chunk(self, plan, i, min(i + step, n)) for i in range(0, n, step)]
        return torch.cat([chunk.logits() for chunk in chunks])


class _Chunk:
    """Some samples of a plan, from the bottom of the tree to its top."""

    def __init__(self, evaluator: Evaluator, plan: Plan, start: int, stop: int) -> None:
        self.evaluator, self.plan = evaluator, plan
        self.modules, self.seen = evaluator.modules, evaluator.seen
        self.start, self.stop, self.n = start, stop, len(plan.references)
        self.values: dict[int, Tensor] = {}
        self.children: dict[int, list[int]] = defaultdict(list)
        for i, draw in enumerate(plan.draws[1:], start=1):
            assert draw.parent is not None  # only the root has none
            self.children[draw.parent].append(i)

    def logits(self) -> Tensor:
        inner = [i for i, draw in enumerate(self.plan.draws) if not draw.node.is_leaf]
        inner.sort(key=self._order)
        for _, group in groupby(inner[:-1], key=self._order):
            self._compute(list(group))
        (stream,) = self._streams(0, at=self.evaluator.position)
        return self.modules.logits(stream)[:, 0]

    def _order(self, i: int) -> tuple[int, int]:
        return sites.depth(self.plan.draws[i].node.site)

    def _compute(self, group: list[int]) -> None:
        """The values of all nodes of one layer, in one call of its module."""
        streams = [self._streams(i) for i in group]
        first = self.plan.draws[group[0]].node.site
        if isinstance(first, Stream):
            outputs = [[stream] for (stream,) in streams]
        else:
            joined = [torch.cat(parts) for parts in zip(*streams, strict=True)]
            found = self._call(first, joined)
            counts = [len(parts[0]) for parts in streams]
            outputs = zip(*(part.split(counts) for part in found), strict=True)
        for i, output in zip(group, outputs, strict=True):
            draw = self.plan.draws[i]
            value = _value(draw, list(output))
            self.values[i] = gathered(value, self._rows(draw)) if draw.rows.ndim == 2 else value
            for child in self.children[i]:
                self.values.pop(child, None)

    def _call(self, site: sites.Site, streams: list[Tensor]) -> list[Tensor]:
        layer = sites.depth(site)[0]
        if len(streams) == 1:
            return [self.modules.mlp(layer, streams[0])]
        return list(self.modules.attention(layer, *streams))

    def _streams(self, i: int, at: slice = slice(None)) -> list[Tensor]:
        """What each slot of a node reads."""
        draw = self.plan.draws[i]
        base = self._base(draw, at)
        streams = dict.fromkeys(sites.slots(draw.node.site), base)
        for child in self.children[i]:
            below = self.plan.draws[child]
            assert below.edge is not None  # only the root has none
            change = self._change(draw, child, at)
            streams |= {slot: streams[slot] + change for slot in below.edge.slots}
        return list(streams.values())

    def _base(self, draw: Draw, at: slice) -> Tensor:
        others, site = self._others(draw), draw.node.site
        if self.plan.unimportant == "each":
            return self.seen.mixed(site, others, self.plan.writers, at)
        return self.seen.read(site, others, at)

    def _change(self, draw: Draw, child: int, at: slice) -> Tensor:
        """What a child adds to a slot: its scrubbed value minus what it had on the other row."""
        below = self.plan.draws[child]
        site, edge = below.node.site, below.edge
        if child in self.values:
            value = self.values[child][:, at]
        else:
            rows = self._rows(below)
            value = self.seen.value(site, rows[:, at] if rows.ndim == 2 else rows, at)
        change = self.modules.write(site, value - self._on_other(draw, site, at))
        if below.carried is not None:
            rows = self._rows(draw).flatten()
            change = change * below.carried.to(change.device)[rows][:, at, None]
        if edge is not None and edge.subspace is not None:
            change = edge.subspace.project(change)
        return change

    def _on_other(self, draw: Draw, site: sites.Site, at: slice) -> Tensor:
        others = self._others(draw)
        if self.plan.unimportant != "each":
            return self.seen.value(site, others, at)
        if isinstance(site, Stream):
            return self.seen.mixed(site, others, self.plan.writers, at)
        part = site.head if isinstance(site, Moved) else site
        return self.seen.value(site, others[:, self.plan.writers.index(part)], at)

    def _rows(self, draw: Draw) -> Tensor:
        return self._part(draw.rows)

    def _others(self, draw: Draw) -> Tensor:
        assert draw.others is not None  # only asked of nodes with edges
        return self._part(draw.others)

    def _part(self, rows: Tensor) -> Tensor:
        """Those of a draw's rows that belong to the samples of this chunk."""
        copies = len(rows) // self.n
        return rows[self.start * copies : self.stop * copies].to(self.evaluator.tokens.device)


def _value(draw: Draw, output: list[Tensor]) -> Tensor:
    """The value of one node, from what its module returned."""
    site = draw.node.site
    if isinstance(site, Moved):
        return moved(site, output[1], output[2])
    return output[0] if len(output) == 1 else output[0][:, :, site.head]  # pyright: ignore


def _device(model: Any) -> torch.device:
    return next(model.parameters()).device
