"""When, and through which head, does the subject's number reach the word before the verb?"""

import functools
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from interp_course import models, runtime, world
from interp_course.checks.circuits.naming import Place
from interp_course.circuits import LOGITS, Part, head, mlp
from interp_course.scrubbing import ANY, SAME, Edge, Node, Scrubber, Stream
from interp_course.scrubbing.hypothesis import Feature
from interp_course.world.vocabulary import encode
from interp_course.world.words import ENGLISH_NOUNS, ENGLISH_VERBS

TRAINING_RUNS, LAYERS, HEADS, N = 4, 3, 4, 240
SUBJECT, LAST = 2, -1
ENOUGH, SAMPLES, FEW = 0.95, 3000, 1000
"""So many of the verbs must keep their number for a hypothesis to pass."""


@dataclass(frozen=True)
class Agreement:
    """Sentences such as *the dog near the cats*, of which the verb is still to come."""

    tokens: Int[Tensor, "batch pos"]
    """In pairs: sentence ``i`` and ``i + N`` differ in the subject's number alone."""
    labels: Int[Tensor, " batch"]
    """A verb that may follow; there are ten, equally likely."""
    singular_verbs: Int[Tensor, " k"]
    plural_verbs: Int[Tensor, " k"]

    def number(self, tokens: Int[Tensor, "batch pos"]) -> Int[Tensor, " batch"]:
        """1 for sentences with a plural subject, 0 for the others: a feature."""
        return torch.isin(tokens[:, SUBJECT].cpu(), torch.tensor(encode(ENGLISH_NOUNS[1]))).long()

    def kept(
        self, logits: Float[Tensor, "sample d_vocab"], rows: Int[Tensor, " sample"]
    ) -> Bool[Tensor, " sample"]:
        """Whether the verbs with the number of these sentences are together more probable.

        Of a report: ``kept(report.logits, report.plan.references)``.
        """
        plural, singular = (
            logits.cpu()[:, verbs].logsumexp(-1)
            for verbs in (self.plural_verbs, self.singular_verbs)
        )
        return (plural > singular) == self.number(self.tokens[rows.cpu()]).bool()


@functools.lru_cache(maxsize=32)
def agreement(instance: int) -> Agreement:
    """The 480 sentences of an instance; its network gets the number of every verb right."""
    pairs = world.pairs("number", N, seed=instance)
    tokens = torch.cat([pairs.tokens, pairs.other_tokens])
    singular, plural = (torch.tensor(encode(verbs)) for verbs in ENGLISH_VERBS)
    asked = Agreement(tokens, tokens[:, 0], singular, plural)
    verb = torch.randint(len(plural), (2 * N,), generator=runtime.generator("verbs", instance))
    labels = torch.where(asked.number(tokens).bool(), plural[verb], singular[verb])
    return Agreement(tokens, labels, singular, plural)


@functools.lru_cache(maxsize=TRAINING_RUNS)
def _model(run: int) -> Any:
    return models.load("world", seed=run, device="cpu")


def _into(layer: int) -> str:
    """The name of the stream into a layer; that into layer 3 is its end."""
    return f"blocks.{layer - 1}.hook_resid_post" if layer else "blocks.0.hook_resid_pre"


@functools.lru_cache(maxsize=256)
def held(run: int, instance: int, layer: int) -> float:
    """Share of verbs that keep their number when the last position alone keeps its stream.

    The stream into ``layer`` is that of a sentence of the same number, and all that the later
    layers find at other positions is that of a third sentence of either number.
    """
    asked, rng = agreement(instance), runtime.generator("held", instance)
    order = asked.number(asked.tokens).argsort()  # singular ones first, N of either number
    rows = torch.randint(2 * N, (FEW,), generator=rng)
    partners = torch.randint(N, (FEW,), generator=rng) + N * asked.number(asked.tokens[rows])
    hosts = torch.randint(2 * N, (FEW,), generator=rng)
    streams = _read(run, asked.tokens, _into(layer))[order[partners]]
    logits = _edited(run, asked.tokens[hosts], _into(layer), streams[:, LAST], LAST)
    return asked.kept(logits, rows).double().mean().item()


@functools.lru_cache(maxsize=64)
def turned(run: int, instance: int, position: int = LAST) -> dict[Place, float]:
    """Share of verbs whose number turns when a head writes what it writes in the other number."""
    asked, shares = agreement(instance), {}
    rows = torch.arange(2 * N)
    for layer in range(LAYERS):
        name = f"blocks.{layer}.attn.hook_z"
        z = _read(run, asked.tokens, name)
        for number in range(HEADS):
            mixed = z[:, position].clone()
            mixed[:, number] = z.roll(N, dims=0)[:, position, number]
            logits = _edited(run, asked.tokens, name, mixed, position)
            shares[layer, number] = 1 - asked.kept(logits, rows).double().mean().item()
    return shares


def _read(run: int, tokens: Tensor, name: str) -> Tensor:
    with torch.no_grad():
        return _model(run).run_with_cache(tokens, names_filter=[name])[1][name]


def _edited(run: int, tokens: Tensor, name: str, value: Tensor, position: int) -> Tensor:
    """The logits at the end when this activation is put in at one position."""

    def put(x: Tensor, hook: Any) -> Tensor:
        x = x.clone()
        x[:, position] = value
        return x

    with torch.no_grad():
        return _model(run).run_with_hooks(tokens, fwd_hooks=[(name, put)])[:, LAST]


def onward(site: Part | Stream, feature: Feature) -> Node:
    """The claim that of the last position's stream only this counts, on all ways to the logits."""
    first = site.layer
    nodes = [Node(site, feature)]
    for layer in range(first, LAYERS):
        if isinstance(site, Stream) or layer > first:
            nodes += [Node(head(layer, h), SAME, _read_by(nodes, "qkv")) for h in range(HEADS)]
        nodes = [*nodes, Node(mlp(layer), SAME, _read_by(nodes, "in"))]
    return Node(LOGITS, SAME, _read_by(nodes, "in"))


def direct(site: Part | Stream, feature: Feature) -> Node:
    """The claim that only what this writes counts, and only where the logits read it."""
    return Node(LOGITS, SAME, _read_by([Node(site, feature)], "in"))


def _read_by(nodes: list[Node], slots: str) -> list[Edge]:
    return [Edge(slots, node, LAST) for node in nodes]


@functools.lru_cache(maxsize=64)
def truth(run: int, instance: int) -> tuple[int, Place]:
    """The first layer of which the stream is enough, and the head whose exchange turns most."""
    layer = next(at for at in range(LAYERS + 1) if held(run, instance, at) >= ENOUGH)
    shares = turned(run, instance)
    return layer, max(shares, key=shares.__getitem__)


@functools.lru_cache(maxsize=256)
def alone(run: int, instance: int, name: Place, way: str = "onward") -> float:
    """Share of verbs that keep their number if only a head's number reaches the last position.

    ``way`` is what is tested: *onward* or *direct*; *control* has sentences of either number.
    """
    asked = agreement(instance)
    feature: Feature = ANY if way == "control" else asked.number
    claim = (direct if way == "direct" else onward)(head(*name), feature)
    report = Scrubber(_model(run), asked.tokens, asked.labels).test(claim, SAMPLES, seed=99)
    return asked.kept(report.logits, report.plan.references).double().mean().item()
