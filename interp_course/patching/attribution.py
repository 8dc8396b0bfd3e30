"""What every edge is worth, estimated from gradients: all edges in one pass.

The score of an edge is ``(clean - corrupted contribution of its source) . gradient``, where the
gradient is that of the metric by the input of the target, before its norm, summed over positions
and averaged over prompts: the first-order estimate of patching the edge (denoising). Positive
means that the clean contribution raises the metric.

* `edge_attribution` (EAP) takes the gradient of the corrupted run, or of the clean one.
* `integrated_edge_attribution` (EAP-IG) averages it over ``steps`` runs whose token embeddings lie
  between: ``corrupted + k / steps * (clean - corrupted)`` for ``k = 1 .. steps``.

Where attention is saturated the gradient is zero although patching changes everything, and EAP
gives 0 to an edge that decides. Integration helps if the way there crosses the slope. Check the
edges that matter with `paths.path_effects`.

Sources: Nanda (2023), "Attribution Patching"; Syed et al. (2023), "Attribution Patching
Outperforms Automated Circuit Discovery"; Hanna et al. (2024), "Have Faith in Faithfulness".
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import torch
from jaxtyping import Int
from torch import Tensor

from interp_course import circuits, hooks
from interp_course.circuits import Circuit, Edge
from interp_course.patching import effects
from interp_course.patching.metrics import Metric, measure
from interp_course.patching.wiring import Run, Stage, Wiring

EdgeScores = dict[Edge, float]
BYTES = 1 << 28
"""About how much memory the gradients by one stage's inputs may take."""


def edge_attribution(
    model: Any,
    clean: Int[Tensor, "batch pos"],
    corrupted: Int[Tensor, "batch pos"],
    metric: Metric,
    *,
    at: Literal["corrupted", "clean"] = "corrupted",
) -> EdgeScores:
    """Edge attribution patching: a score for every edge of the model.

    Args:
        model: A bridge.
        clean: Prompts on which the model does its job.
        corrupted: As many prompts of the same length, on which it does not.
        metric: See `metrics`; torch must be able to differentiate it.
        at: Which run the gradient is taken of.

    Raises:
        ValueError: If the prompts, the metric or the kind of model do not fit.
    """
    if at not in ("corrupted", "clean"):
        raise ValueError(f"at must be corrupted or clean, got {at!r}")
    return _scores(model, clean, corrupted, metric, [0.0 if at == "corrupted" else 1.0])


def integrated_edge_attribution(
    model: Any,
    clean: Int[Tensor, "batch pos"],
    corrupted: Int[Tensor, "batch pos"],
    metric: Metric,
    *,
    steps: int = 5,
) -> EdgeScores:
    """Edge attribution patching with integrated gradients: a score for every edge.

    Args:
        model: A bridge.
        clean: See `edge_attribution`.
        corrupted: See `edge_attribution`.
        metric: See `edge_attribution`.
        steps: How many gradients are averaged.

    Raises:
        ValueError: As in `edge_attribution`, or if steps is not positive.
    """
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}")
    return _scores(model, clean, corrupted, metric, [k / steps for k in range(1, steps + 1)])


def strongest(
    scores: Mapping[Edge, float], n_edges: int, *, by: Literal["size", "value"] = "size"
) -> Circuit:
    """The circuit of the edges with the highest scores; ties go to the earlier edge.

    Args:
        scores: A score for each edge.
        n_edges: How many to keep.
        by: ``"size"`` keeps edges that change the metric most either way, ``"value"`` those that
            raise it most.

    Raises:
        ValueError: If there are not so many edges.
    """
    if not 0 <= n_edges <= len(scores):
        raise ValueError(f"n_edges must be between 0 and {len(scores)}, got {n_edges}")
    if by not in ("size", "value"):
        raise ValueError(f"by must be size or value, got {by!r}")
    weight = abs if by == "size" else float
    ranked = sorted(scores, key=lambda edge: -weight(scores[edge]))
    return Circuit(frozenset(ranked[:n_edges]))


def _scores(
    model: Any, clean: Tensor, corrupted: Tensor, metric: Metric, shares: list[float]
) -> EdgeScores:
    effects.check_pair(model, clean, corrupted)
    wiring = Wiring(model)
    good, bad = wiring.run(clean), wiring.run(corrupted)
    effects.scale(metric, good.logits, bad.logits)  # refuses metrics without a difference
    change = good.writes - bad.writes
    total = torch.zeros(len(wiring.writers), len(wiring.readers), dtype=torch.float64)
    for part in torch.tensor(shares).split(_at_once(wiring, bad)):
        # Token embeddings between the runs, on the corrupted prompts.
        between = torch.stack([bad.writes[0].lerp(good.writes[0], s) for s in part.tolist()])
        for stage, gradient in _gradients(wiring, corrupted, between, metric):
            above = slice(0, stage.writers.start)
            found = torch.einsum("wbpd,rbpd->wr", change[above], gradient).double()
            total[above, stage.readers] += found.cpu() / (len(shares) * len(clean))
    table = total.tolist()
    places = {edge: wiring.index(edge) for edge in circuits.edges(model)}
    return {edge: table[writer][reader] for edge, (writer, reader) in places.items()}


def _gradients(
    wiring: Wiring, tokens: Tensor, embedded: Tensor, metric: Metric
) -> Iterator[tuple[Stage, Tensor]]:
    """For each stage the gradients by its inputs ``[reader batch pos d_model]``.

    They are summed over the runs whose token embeddings are ``embedded [cell batch ...]``.
    """
    model, start = wiring.model, embedded.flatten(0, 1).detach().requires_grad_()
    kept: dict[str, Tensor] = {}
    heads = [stage for stage in wiring.stages if stage.parts[0].kind == "head"]
    names = {stage: [wiring.stream(stage)] for stage in wiring.stages}
    names |= {
        stage: [hooks.head_vectors(stage.layer, p) for p in ("q", "k", "v")] for stage in heads
    }
    streams = {stage: wiring.stream(stage) for stage in heads}
    edits = {name: _keep(kept, name) for several in names.values() for name in several}
    edits |= {name: _look(kept, name) for name in streams.values()}
    with torch.enable_grad(), hooks.editing(model, edits | {hooks.embed(): lambda x, hook: start}):
        logits = model(tokens.repeat(len(embedded), 1))
        total = measure(metric, logits.unflatten(0, embedded.shape[:2])).sum()
        if not total.requires_grad:
            raise ValueError("the metric has no gradient: compute it from the logits with torch")
        readers = {name: kept[name] for several in names.values() for name in several}
        gradients = torch.autograd.grad(total, list(readers.values()))
    found = dict(zip(readers, gradients, strict=True))
    for stage in wiring.stages:
        several = [found[name] for name in names[stage]]
        if stage in heads:
            every = _before_norm(model.blocks[stage.layer], kept[streams[stage]], several)
        else:
            every = several[0][None]
        yield stage, every.unflatten(1, embedded.shape[:2]).sum(dim=1)


def _before_norm(block: Any, stream: Tensor, gradients: list[Tensor]) -> Tensor:
    """Gradients by what each head reads ``[reader batch pos d_model]``.

    They come from those by its queries, keys and values. Backwards through the norm all readers
    are the same, because they see the same stream.
    """
    weights = [getattr(block.attn, f"W_{name}").detach() for name in ("Q", "K", "V")]
    after = [
        torch.einsum("bphe,hde->hbpd", gradient.reshape(*gradient.shape[:2], *w.shape[::2]), w)
        for gradient, w in zip(gradients, weights, strict=True)
    ]
    readers = torch.stack(after, dim=1).flatten(0, 1)
    with torch.enable_grad():
        leaf = stream.detach().expand_as(readers).flatten(0, 1).requires_grad_()
        (before,) = torch.autograd.grad(block.ln1(leaf), leaf, readers.flatten(0, 1))
    return before.view_as(readers)


def _keep(kept: dict[str, Tensor], name: str) -> hooks.HookFunction:
    def keep(x: Tensor, hook: Any) -> Tensor:
        kept[name] = x.clone()  # without it a gradient taken here includes the skip path
        return kept[name]

    return keep


def _look(kept: dict[str, Tensor], name: str) -> hooks.HookFunction:
    def look(x: Tensor, hook: Any) -> None:
        kept[name] = x.detach()

    return look


def _at_once(wiring: Wiring, run: Run) -> int:
    """Interpolation steps that are run together."""
    row = run.writes[0].numel() * 6 * wiring.model.cfg.n_heads * run.writes.element_size()
    return max(1, BYTES // row)
