"""The logits that a plan leads to.

Leaves and unimportant inputs are gathered from activations of the data set that were computed
once. What a node reads is, in delta form,

    the stream on the other row + sum over children (scrubbed value - value on the other row),

so that biases and everything that is not mentioned are right without being named; the norm
is applied to this mixed stream. Of every node only those rows and positions are computed that
the node above reads: at the top one position, for the queries of a head those at which the
head is read, and with ``per_position`` one position of each row.
"""

from collections import defaultdict
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from interp_course.circuits import Part
from interp_course.scrubbing import sites
from interp_course.scrubbing.activations import Activations
from interp_course.scrubbing.modules import Modules, picked
from interp_course.scrubbing.planning import Plan
from interp_course.scrubbing.sites import Moved, Stream

BYTES = {"cpu": 1 << 20, "cuda": 1 << 28}
"""About how large a stream may be that is computed at once: on a CPU it has to stay in the
cache, on a GPU it has to be large enough to fill it."""


class Evaluator:
    """Computes plans over one data set with one model; keeps what several plans share.

    Args:
        model: A bridge in evaluation mode, native or around a Hugging Face model.
        tokens: The data set of the plans.
        position: Where the logits are read; negative counts from the end.
        chunk_rows: About how many sequences pass through a layer at once; by default as many
            as suit the device.

    Raises:
        ValueError: As in `Modules`, or if the position is outside of the sequences.
    """

    def __init__(
        self,
        model: Any,
        tokens: Int[Tensor, "batch pos"],
        position: int = -1,
        chunk_rows: int | None = None,
    ) -> None:
        length, device = tokens.shape[1], next(model.parameters()).device
        if not -length <= position < length:
            raise ValueError(f"position {position} is outside of the {length} positions")
        self.position: int = position % length
        self.tokens: Tensor = tokens.to(device)
        self.modules: Modules = Modules(model, self.tokens)
        few = BYTES.get(device.type, BYTES["cpu"]) // (length * model.cfg.d_model * 4)
        self.chunk_rows: int = chunk_rows or max(1, few)
        self.seen: Activations = Activations(
            self.modules, self.tokens, self.position, self.chunk_rows
        )

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
        self.seen.prepare(plan)
        device, n = self.tokens.device, len(plan.references)
        tree, at = _Tree(self, plan), torch.tensor([[self.position]], device=device)
        step = max(1, self.chunk_rows * n // max(draw.rows.numel() for draw in tree.inner))
        chunks = torch.arange(n, device=device).split(step)
        return torch.cat([self.modules.logits(tree.compute(0, c, at))[:, 0] for c in chunks])


class _Tree:
    """The nodes of a plan, each computed from those below.

    Everywhere ``index`` says which of a node's rows, as one flat list, are computed, and ``at``
    at which positions: ``[1 place]`` if these are the same for all rows, else
    ``[row place]``.
    """

    def __init__(self, evaluator: Evaluator, plan: Plan) -> None:
        self.plan, self.modules, self.seen = plan, evaluator.modules, evaluator.seen
        device = evaluator.tokens.device
        self.everywhere = torch.arange(plan.tokens.shape[1], device=device)[None]
        self.inner = [draw for draw in plan.draws if not draw.node.is_leaf]
        self.rows = [draw.rows.to(device) for draw in plan.draws]
        self.others = [d.others if d.others is None else d.others.to(device) for d in plan.draws]
        self.children: dict[int, list[int]] = defaultdict(list)
        for i, draw in enumerate(plan.draws[1:], start=1):
            assert draw.parent is not None  # only the root has none
            self.children[draw.parent].append(i)

    def value(self, i: int, index: Tensor, at: Tensor) -> Tensor:
        """What a node has for some rows of the node above, ``[row place d]``."""
        draw, rows = self.plan.draws[i], self.rows[i]
        if draw.node.is_leaf:
            own = rows[index[:, None], at] if rows.ndim == 2 else rows[index, None]
            return self.seen.value(draw.node.site, own, at)
        if rows.ndim == 1:
            return self.compute(i, index, at)
        places = index[:, None] * rows.shape[1] + at  # each position is computed on its own row
        own_at = at.expand_as(places).reshape(-1, 1)
        return self.compute(i, places.flatten(), own_at).view(*places.shape, -1)

    def compute(self, i: int, index: Tensor, at: Tensor) -> Tensor:
        """What a node with edges has for some of its own rows; for logits their stream."""
        site = self.plan.draws[i].node.site
        if isinstance(site, Moved) or (isinstance(site, Part) and site.kind == "head"):
            queries = at if self.modules.computes_single(site) else self.everywhere
            wanted = {"q": queries, "k": self.everywhere, "v": self.everywhere}
            q, k, v = self._streams(i, index, wanted)
            return self.modules.head(site, q, k, v, at)
        (stream,) = self._streams(i, index, {"in": at})
        if isinstance(site, Part) and site.kind == "mlp":
            return self.modules.mlp(site.layer, stream)
        return stream

    def _streams(self, i: int, index: Tensor, wanted: dict[str, Tensor]) -> list[Tensor]:
        """What each slot of a node reads, at the positions wanted."""
        places = {id(at): at for at in wanted.values()}
        base = {key: self._base(i, index, at) for key, at in places.items()}
        streams = {slot: base[id(at)] for slot, at in wanted.items()}
        for child in self.children[i]:
            edge = self.plan.draws[child].edge
            assert edge is not None  # only the root has none
            widest = max((wanted[slot] for slot in edge.slots), key=lambda at: at.shape[1])
            change = self._change(i, child, index, widest)
            for slot in edge.slots:
                own = change if wanted[slot] is widest else picked(change, wanted[slot])
                streams[slot] = streams[slot] + own
        return list(streams.values())

    def _base(self, i: int, index: Tensor, at: Tensor) -> Tensor:
        site, others = self.plan.draws[i].node.site, self._others(i, index)
        if self.plan.unimportant == "each":
            return self.seen.mixed(site, others, self.plan.writers, at)
        return self.seen.read(site, others, at)

    def _change(self, i: int, child: int, index: Tensor, at: Tensor) -> Tensor:
        """What a child adds to a slot: its scrubbed value minus what it had on the other row."""
        below = self.plan.draws[child]
        site, edge = below.node.site, below.edge
        value = self.value(child, index, at)
        change = self.modules.write(site, value - self._on_other(i, site, index, at))
        if below.carried is not None:
            where = below.carried.to(change.device)[self.rows[i].flatten()[index, None], at]
            change = change * where[..., None]
        if edge is not None and edge.subspace is not None:
            change = edge.subspace.project(change)
        return change

    def _on_other(self, i: int, site: sites.Site, index: Tensor, at: Tensor) -> Tensor:
        others = self._others(i, index)
        if self.plan.unimportant != "each":
            return self.seen.value(site, others[:, None], at)
        if isinstance(site, Stream):
            return self.seen.mixed(site, others, self.plan.writers, at)
        part = site.head if isinstance(site, Moved) else site
        return self.seen.value(site, others[:, self.plan.writers.index(part), None], at)

    def _others(self, i: int, index: Tensor) -> Tensor:
        others = self.others[i]
        assert others is not None  # only asked of nodes with edges
        return others[index]
