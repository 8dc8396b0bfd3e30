"""The textbook induction circuit as a hypothesis, tested on networks that contain it.

A claim is right if nothing is lost when it is scrubbed, if it says what each input of the
induction head reads, and if what it says leaves something to be exchanged. The networks are
written by `compiled`, so that the circuit in them is known; the engine only measures.
"""

import functools
import itertools
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from interp_course import compiled
from interp_course.checking import Case, Check, Reply, Verdict
from interp_course.checks.causal_scrubbing import hypothesis_mistakes as mistakes
from interp_course.checks.causal_scrubbing import hypothesis_refusals as refusals
from interp_course.checks.causal_scrubbing import tables
from interp_course.checks.causal_scrubbing.claims import Claim, grouped, without_streams
from interp_course.checks.circuits.handed import number
from interp_course.circuits import Part
from interp_course.compiled import Compiled
from interp_course.scrubbing import ANY, SAME, Edge, Node, Plan, Report, Scrubber

NETWORKS, PROMPTS, SAMPLES = 3, 1_000, 120
MAX_ROWS = 100_000
"""A claim that costs more than this is not tested: a deep one takes a tenth."""
LESS_ACCURATE, DIVERGED = 0.01, 1e-4
Problem = tuple[str, str | None]


@dataclass(frozen=True)
class _NetworkCase(Case):
    """A case with the number of its network."""

    network: int = 0


class _Behaviour(NamedTuple):
    built: Compiled
    scrubber: Scrubber


@dataclass(frozen=True)
class _ClaimCheck(Check):
    """Names mistakes that cannot even be written down as a tree."""

    def asking(self, cases: Sequence[Case]) -> tables.OnPrompts:
        """A hypothesis is asked for as plain data: its features are the student's code."""
        prompts = {str(c.args): _behaviour(_network(c)).scrubber.tokens for c in cases}
        return tables.OnPrompts(prompts)

    def judge(self, cases: Sequence[Case], replies: Sequence[Reply]) -> Verdict:
        verdict = super().judge(cases, replies)
        error = replies[0].error
        if error is None:
            return verdict
        mistake = refusals.why_not_written(error)
        text = self._message(cases[0], error, mistake, replies[0].printed)
        return Verdict(False, text, mistake)


@functools.lru_cache(maxsize=64)
def _behaviour(instance: int) -> _Behaviour:
    built = compiled.induction(instance=instance, rotate=True)
    prompts = built.task.sample(PROMPTS, seed=instance)
    return _Behaviour(built, Scrubber(built.model, prompts.tokens, prompts.answers))


@functools.lru_cache(maxsize=64)
def _instances(seed: int) -> tuple[int, ...]:
    """Networks of which no two have a head of the circuit at the same place."""
    found: list[int] = []
    taken: set[Part] = set()
    for attempt in itertools.count():
        drawn = number(f"hypothesis {attempt}", seed)
        heads = set(_heads(drawn))
        if heads & taken:
            continue
        found.append(drawn)
        taken |= heads
        if len(found) == NETWORKS:
            return tuple(found)
    raise AssertionError("unreachable")


def _heads(instance: int) -> tuple[Part, Part]:
    built = _behaviour(instance).built
    return built.part("previous-token head"), built.part("induction head")


def _cases(seed: int) -> list[Case]:
    drawn: list[Case] = []
    for instance in _instances(seed):
        previous, induction = _heads(instance)
        text = f"network {instance}, previous = {previous}, induction = {induction}"
        drawn.append(_NetworkCase(text, (previous, induction), network=instance))
    return drawn


def _network(case: Case) -> int:
    assert isinstance(case, _NetworkCase)
    return case.network


def _judge(case: Case, value: Any) -> Problem | None:
    built, scrubber = _behaviour(_network(case))
    try:
        value = tables.restored(value, scrubber.tokens)
    except Exception as error:  # written in another process
        return f"this is no hypothesis: {error}", refusals.why_not_written(str(error))
    if not isinstance(value, Node):
        kind = repr(value) if isinstance(value, str) else type(value).__name__
        return f"expected a Node, got {kind}", _why_no_node(value)
    try:
        report = _tested(scrubber, value)
        claim = without_streams(_claim(report.plan, 0))
    except Exception as error:  # features are the student's code
        text = f"it cannot be tested: {type(error).__name__}: {error}"
        return text, refusals.why_untestable(str(error))
    truth = mistakes.Truth.of(built, scrubber.tokens)
    if not _keeps_behaviour(report):
        return _loss_in_words(report), mistakes.why_lost(claim, truth)
    return mistakes.why_not_enough(claim, truth)


def _why_no_node(value: Any) -> str | None:
    if isinstance(value, Edge):
        return "an edge is returned: it hangs below a node, and the tree begins with the logits"
    if isinstance(value, (list, tuple)) and value and all(isinstance(x, Edge) for x in value):
        return "edges are returned: they hang below a node, and the tree begins with the logits"
    if isinstance(value, Report):
        return "the hypothesis is tested already: the tree itself is asked for"
    return None


def _tested(scrubber: Scrubber, hypothesis: Node) -> Report:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of prompts that are alone: judged by what is exchanged
        return scrubber.test(hypothesis, SAMPLES, max_rows=MAX_ROWS)


def _keeps_behaviour(report: Report) -> bool:
    as_right = report.accuracy.mean >= report.model_accuracy.mean - LESS_ACCURATE
    return as_right and report.kl.mean < DIVERGED


def _loss_in_words(report: Report) -> str:
    share = report.recovered["shuffled inputs"].mean
    return (
        f"scrubbed, the network is right on {report.accuracy.mean:.0%} of the prompts (untouched: "
        f"{report.model_accuracy.mean:.0%}) and is {report.kl.mean:.2g} nats (KL) away from "
        f"itself; {share:.0%} of the loss is recovered"
    )


def _claim(plan: Plan, place: int) -> Claim:
    """The node that was drawn as number ``place``, and all below it, as plain data."""
    draw = plan.draws[place]
    below = [i for i, other in enumerate(plan.draws) if other.parent == place]
    everywhere = torch.ones_like(plan.tokens, dtype=torch.bool)
    labels = _labels(draw.node, plan.tokens)
    return Claim(
        site=str(draw.node.site),
        slots=() if draw.edge is None else tuple(draw.edge.slots),
        where=everywhere if draw.carried is None else draw.carried,
        groups=_groups(draw.node, labels, plan.tokens),
        exchanged=plan.share_resampled(draw),
        shared=draw.node.share is not None,
        leaf=draw.node.is_leaf,
        flattened=not draw.node.per_position and labels.shape == plan.tokens.shape,
        inputs=tuple(_claim(plan, i) for i in below),
    )


def _labels(node: Node, tokens: Tensor) -> Tensor:
    """What its feature says about each prompt; an empty label where it is no function."""
    return node.feature(tokens).detach().cpu() if callable(node.feature) else tokens[:, :0]


def _groups(node: Node, labels: Tensor, tokens: Tensor) -> Tensor | None:
    n, length = tokens.shape
    if node.feature == SAME:
        return None
    if node.feature == ANY:
        return torch.zeros(n, dtype=torch.long)
    return grouped(labels if node.per_position else labels.reshape(n, 1, -1), n, length)


hypothesis = _ClaimCheck(
    name="hypothesis",
    cases=_cases,
    judge_value=_judge,
    reread="from the top: Node(LOGITS, SAME, [...]); what the logits read; then for its queries, "
    "keys and values: which part writes what they read, at which positions it counts, and what of "
    "the prompt it depends on, one label for a prompt or (per_position) one for each position",
)
