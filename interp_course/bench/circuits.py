"""How fast circuits are searched, against transformer-lens doing the same one by one.

Both sides run in one process on the same inputs, in turns, and must agree before a time counts.
Time is CPU time of all threads on a CPU, and time on the clock on a GPU. transformer-lens runs
without gradients where it needs none; by itself it would keep them.

A comparison is a function that takes a `Case` and returns a `Comparison`. To measure another
method, add its function to ``COMPARISONS``.
"""

import contextlib
import io
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor
from transformer_lens import patching
from transformer_lens.model_bridge.sources._bridge_builder import build_bridge_from_module
from transformer_lens.tools import analysis
from transformer_lens.tools.analysis.attribution_patching import EdgeAttributionConfig, Node

from interp_course import circuits, models, runtime
from interp_course.bench.lens import Timing
from interp_course.models import Architecture
from interp_course.patching import attribution, metrics, sweeps

TOLERANCE = 1e-5
"""Largest difference, as a share of the largest number."""
SMALL = {
    "2 layers of 4 heads": Architecture(2, 4, 64, 16, 64, 64, d_mlp=256),
    "4 layers of 8 heads": Architecture(4, 8, 128, 16, 64, 64, d_mlp=512),
}
GPT2 = {"size of GPT-2 small": Architecture(12, 12, 768, 64, 50257, 64, d_mlp=3072)}
"""Only timed on a GPU."""
BATCHES, LENGTH = (1, 8), 16


class Case(NamedTuple):
    """The shape of a model, whose weights are random, and prompts."""

    name: str
    shape: Architecture
    clean: Tensor
    corrupted: Tensor


class Comparison(NamedTuple):
    """The same numbers computed twice."""

    name: str
    ours: Callable[[], Tensor]
    peer_name: str
    peer: Callable[[], Tensor]


def run(device: str | None = None, *, repeats: int = 5) -> Iterator[Timing]:
    """Time every comparison on every case.

    Raises:
        AssertionError: If the two sides of a comparison disagree.
    """
    where = runtime.device(device)
    for name, shape in (SMALL if where.type == "cpu" else SMALL | GPT2).items():
        for batch in BATCHES:
            rng = runtime.generator(f"bench circuits {name}", batch)
            tokens = torch.randint(shape.d_vocab, (2, batch, LENGTH), generator=rng)
            case = Case(f"{name}, batch {batch}", shape, *tokens.to(where))
            for comparison in COMPARISONS:
                yield compare(comparison(case), where, repeats)


def compare(comparison: Comparison, device: torch.device, repeats: int) -> Timing:
    """Check that both sides agree, then time them in turns.

    Raises:
        AssertionError: If they disagree.
    """
    name, ours, peer_name, peer = comparison
    mine, theirs = ours(), peer()
    worst = ((mine - theirs).abs().max() / theirs.abs().max()).item()
    assert worst < TOLERANCE, f"{name}: the two ways differ by {worst:.1e}"
    pairs = [(_milliseconds(ours, device), _milliseconds(peer, device)) for _ in range(repeats)]
    medians = [statistics.median(times) for times in zip(*pairs, strict=True)]
    return Timing(name, medians[0], medians[1], peer_name)


def head_sweep(case: Case) -> Comparison:
    """Every head at every position, on a native model."""
    model = models.wrap(models.build(case.shape, seed=1).to(case.clean.device))
    metric = metrics.logit_difference(case.clean[:, 1], case.corrupted[:, 1])
    with torch.no_grad():
        _, cache = model.run_with_cache(case.clean)
        high, low = (metric(model(tokens)).mean() for tokens in (case.clean, case.corrupted))

    def ours() -> Tensor:
        found = sweeps.head_sweep(model, case.clean, case.corrupted, metric, positions="each")
        return found * (high - low) + low

    def peer() -> Tensor:
        with torch.no_grad(), contextlib.redirect_stderr(io.StringIO()):  # its progress bar
            found = patching.get_act_patch_attn_head_out_by_pos(
                model, case.corrupted, cache, lambda logits: metric(logits).mean()
            )
        return found.transpose(1, 2)

    return Comparison(f"heads by position, {case.name}", ours, "patching", peer)


def edge_attribution(case: Case) -> Comparison:
    """Every edge, on a Hugging Face model: transformer-lens has no edges of native ones."""
    model = hugging_face(case.shape, case.clean.device)
    config = EdgeAttributionConfig(granularity="edge")
    places = {str(edge): i for i, edge in enumerate(circuits.edges(model))}

    def ours() -> Tensor:
        scores = attribution.edge_attribution(model, case.clean, case.corrupted, _worth)
        return torch.tensor(list(scores.values()))

    def peer() -> Tensor:
        found = analysis.attribution_patch(
            model, case.clean, case.corrupted, lambda logits: _worth(logits)[0], config
        )
        total = torch.zeros(len(places))
        for (source, target), score in found.edge_scores.items():
            total[places[f"{_part(source)} -> {_part(target)}"]] += score
        return total

    return Comparison(f"attribution of edges, {case.name}", ours, "attribution_patch", peer)


COMPARISONS: list[Callable[[Case], Comparison]] = [head_sweep, edge_attribution]


def hugging_face(shape: Architecture, device: torch.device) -> Any:
    """A GPT-2 of this shape with random weights, made without any download."""
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(
        vocab_size=shape.d_vocab,
        n_positions=shape.n_ctx,
        n_embd=shape.n_heads * shape.d_head,
        n_layer=shape.n_layers,
        n_head=shape.n_heads,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module: Any = GPT2LMHeadModel(config).eval()
        module.to(device)
    return build_bridge_from_module(module, "GPT2LMHeadModel", hf_config=config).eval()


def _worth(logits: Tensor) -> Tensor:
    return logits[:, -1, 0] - logits[:, -1, 1]


def _part(node: Node) -> str:
    """A node of transformer-lens in our words."""
    if node.kind in ("embed", "logits"):
        return node.kind
    if node.kind in ("mlp_in", "mlp_out"):
        return f"L{node.layer}.MLP"
    slot = "" if node.kind == "attn_head_out" else f".{node.kind[0]}"
    return f"L{node.layer}.H{node.head}{slot}"


def _milliseconds(function: Callable[[], Tensor], device: torch.device) -> float:
    if device.type == "cpu":
        start = time.process_time()
        function()
        return 1000 * (time.process_time() - start)
    start = time.perf_counter()
    function().sum().item()  # waits for the GPU
    return 1000 * (time.perf_counter() - start)
