"""Causal scrubbing beside the obvious way: one forward pass with hooks for every node.

Both compute the same plan and must agree before a time counts. Times are of the process, so
that another load on the machine disturbs little. Read the ratio.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from interp_course import attention, hooks, models, runtime, sequences
from interp_course.circuits import EMBED, LOGITS, Part, head
from interp_course.scrubbing import SAME, Edge, Node, Plan, Scrubber, TokenAt, TokensBack
from interp_course.scrubbing import plan as make_plan
from interp_course.scrubbing.evaluating import Evaluator
from interp_course.scrubbing.planning import Draw

TOLERANCE = 1e-4
PERIOD, LENGTH = 12, 20


@dataclass(frozen=True)
class Ratio:
    """Seconds of process time for one plan."""

    nodes: int
    samples: int
    plain: float
    cold: float
    """Ours, with the activations of the data set."""
    warm: float
    """Ours, when these are there already."""

    def __str__(self) -> str:
        return (
            f"{self.nodes} nodes, {self.samples} samples: {self.plain:.2f} s with a forward pass "
            f"for each node, {self.cold:.2f} s ours ({self.plain / self.cold:.1f} times as fast), "
            f"{self.warm:.2f} s for further plans ({self.plain / self.warm:.1f} times)"
        )


def measure(samples: int = 1000, rows: int = 2000, device: str | None = None) -> Ratio:
    """Time a hypothesis about the induction heads of the zoo model ``induction``.

    Raises:
        AssertionError: If the two ways disagree.
    """
    model = models.load("induction", device=device)
    block = sequences.repeated_random(
        rows, PERIOD, model.cfg.d_vocab, runtime.generator("bench scrubbing")
    ).to(runtime.device(device))
    tokens, labels = block[:, :LENGTH], block[:, LENGTH]
    hypothesis = induction_hypothesis(model)
    Scrubber(model, tokens[:8], labels[:8]).test(Node(LOGITS, SAME, []), 8)  # warms up
    first, plan = (make_plan(hypothesis, tokens, samples, seed=seed) for seed in (0, 1))
    cold, evaluator = _timed(lambda: _seen(model, tokens, first))
    warm, ours = _timed(lambda: evaluator.logits(plan))
    plain, theirs = _timed(lambda: plain_logits(model, plan))
    worst = (ours - theirs).abs().max().item()
    assert worst < TOLERANCE, f"the two ways differ by {worst:.1e}"
    return Ratio(plan.cost.nodes, samples, plain, cold, warm)


def induction_hypothesis(model: Any) -> Node:
    """Every induction head compares its token with the one before each position."""
    scores = attention.head_scores(model)
    before, after = (
        [head(*map(int, place)) for place in (score > 0.4).nonzero()]
        for score in (scores.previous, scores.induction)
    )
    keys = [Edge("k", _previous(part)) for part in before]
    query = Edge("q", Node(EMBED, TokenAt(-1)))
    value = Edge("v", Node(EMBED, TokensBack(0), per_position=True))
    edges = [Edge("in", Node(part, SAME, [query, *keys, value]), -1) for part in after]
    return Node(LOGITS, SAME, edges)


def plain_logits(model: Any, plan: Plan, position: int = -1) -> Tensor:
    """The scrubbed logits of a plan, with one forward pass of the model for every node.

    Raises:
        ValueError: For what it cannot do: streams, distances, subspaces, and
            ``unimportant="each"``.
    """
    for draw in plan.draws:
        if not isinstance(draw.node.site, Part) or (draw.edge and draw.edge.subspace):
            raise ValueError(f"{draw.path}: the plain way knows whole parts only")
    if plan.unimportant == "each":
        raise ValueError('the plain way knows unimportant="shared" and "exact" only')
    with torch.no_grad():
        return _value(model, plan, 0)[:, position]


def _value(model: Any, plan: Plan, i: int) -> Tensor:
    """What a node writes (the logits at the top), for all samples."""
    draw = plan.draws[i]
    if draw.others is None:  # each row of the data set at most once
        rows, place = draw.rows.unique(return_inverse=True)
        value = _forward(model, plan, draw, rows, {})
        if draw.rows.ndim == 1:
            return value[place]
        return value[place, torch.arange(place.shape[1])]
    children = {c: _value(model, plan, c) for c, d in enumerate(plan.draws) if d.parent == i}
    return _own(draw, _forward(model, plan, draw, draw.others, children))


def _own(draw: Draw, value: Tensor) -> Tensor:
    if draw.rows.ndim == 1:
        return value
    places = torch.arange(draw.rows.shape[1])
    return value.unflatten(0, tuple(draw.rows.shape))[:, places, places]


def _forward(model: Any, plan: Plan, draw: Draw, rows: Tensor, children: dict[int, Tensor]) -> Any:
    """The output of a node's part in a forward pass in which it reads its scrubbed children."""
    part, written = draw.node.site, {}
    assert isinstance(part, Part)
    edits: dict[str, list[hooks.HookFunction]] = {}

    def keep(site: Part) -> None:
        edits.setdefault(_place(site), []).append(
            lambda x, hook: written.__setitem__(site, _written(model, site, x))
        )

    for c in children:
        site = plan.draws[c].node.site
        assert isinstance(site, Part)
        keep(site)
    if children:
        stream = _stream(part, model)
        edits.setdefault(stream, []).append(
            lambda x, hook: (
                written.__setitem__("stream", x)
                if part != LOGITS
                else _mixed(plan, draw, children, written, x, "in")
            )
        )
        for slot in part.slots if part != LOGITS else ():
            edits.setdefault(_input(part, slot), []).append(
                lambda x, hook, slot=slot: _normed(
                    model, part, _mixed(plan, draw, children, written, written["stream"], slot)
                )
            )
    if part != LOGITS:
        keep(part)
    pairs = [(name, function) for name, functions in edits.items() for function in functions]
    logits = model.run_with_hooks(plan.tokens[rows], fwd_hooks=pairs)
    return logits if part == LOGITS else written[part]


def _mixed(
    plan: Plan,
    draw: Draw,
    children: dict[int, Tensor],
    written: dict[Any, Tensor],
    stream: Tensor,
    slot: str,
) -> Tensor:
    for c, value in children.items():
        child = plan.draws[c]
        assert child.edge is not None
        if slot in child.edge.slots:
            change = value - written[child.node.site]
            if child.carried is not None:
                change = change * child.carried.to(change.device)[draw.rows.flatten(), :, None]
            stream = stream + change
    return stream


def _normed(model: Any, part: Part, stream: Tensor) -> Tensor:
    block = model.blocks[part.layer]
    return (block.ln1 if part.kind == "head" else block.ln2)(stream)


def _place(part: Part) -> str:
    if part.kind == "head":
        return hooks.z(part.layer)
    if part.kind == "mlp":
        return hooks.mlp_out(part.layer)
    return hooks.embed() if part.kind == "embed" else hooks.positions()


def _written(model: Any, part: Part, x: Tensor) -> Tensor:
    if part.kind != "head":
        return x
    return x[:, :, part.head] @ model.blocks[part.layer].attn.W_O[part.head]


def _stream(part: Part, model: Any) -> str:
    if part == LOGITS:
        return hooks.streams(model)[-1]
    return hooks.resid_pre(part.layer) if part.kind == "head" else hooks.resid_mid(part.layer)


def _input(part: Part, slot: Any) -> str:
    if part.kind == "head":
        return hooks.projection_in(part.layer, slot)
    return hooks.mlp_in(part.layer)


def _previous(part: Part) -> Node:
    return Node(part, TokensBack(1), per_position=True)


def _seen(model: Any, tokens: Tensor, plan: Plan) -> Evaluator:
    evaluator = Evaluator(model, tokens)
    evaluator.logits(plan)
    return evaluator


def _timed(function: Callable[[], Any]) -> tuple[float, Any]:
    start = time.process_time()
    result = function()
    return time.process_time() - start, result
