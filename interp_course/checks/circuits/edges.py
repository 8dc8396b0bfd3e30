"""Which edges does a network need that answers in two hops?

The network is `compiled.two_hop`, turned at random. ACDC (Conmy et al. 2023) finds its circuit
if edges are ablated by means; if they are ablated by counterparts that differ in one word, it
finds only the edges along which that word makes a difference.
"""

import functools
import re
from collections.abc import Collection
from typing import Any

from interp_course import circuits, compiled
from interp_course.checking import Finding
from interp_course.checks.circuits.handed import Handed, handed, mimics, number
from interp_course.circuits import EMBED, LOGITS, Circuit, Edge
from interp_course.compiled import Compiled

ENOUGH = 0.93
"""F1 from which a circuit is right: with one of the 8 edges missing, or one too many."""
Problem = tuple[str, str | None]
Edges = frozenset[Edge]


def puzzle(instance: int) -> Handed:
    """A network that answers "the capital of the country containing Lyon is"."""
    return handed(_compiled(instance))


def circuit(instance: int) -> Circuit:
    """The truth."""
    return _compiled(instance).circuit


@functools.lru_cache(maxsize=64)
def _compiled(instance: int) -> Compiled:
    return compiled.two_hop(instance=number("edges", instance), rotate=True)


@functools.lru_cache(maxsize=64)
def _every(instance: int) -> Edges:
    return frozenset(circuits.edges(_compiled(instance).model))


def _judge(answer: Any, instance: int) -> Problem | None:
    if isinstance(answer, Circuit):
        answer = answer.edges
    if isinstance(answer, (str, dict)) or not isinstance(answer, Collection):
        text = f"expected a set of names of edges such as 'L0.H1 -> L1.H3.k', got {answer!r}"
        return text, "a single edge is named" if isinstance(answer, str) else None
    if not answer:
        text = "there is no edge: without any, nothing reaches the logits"
        return text, "the threshold is so large that every edge is cut"
    given = set()
    for name in answer:
        found = name if isinstance(name, Edge) else _edge(name)
        if isinstance(found, str):
            return found, _misnamed(name, answer)
        if found not in _every(instance):
            return f"there is no edge {found} in this network: layers and heads count from 0", None
        given.add(found)
    score = Circuit(frozenset(given)).f1(circuit(instance))
    if score >= ENOUGH:
        return None
    return f"not right yet: the {len(given)} edges are not those that the task needs", _mistake(
        frozenset(given), _compiled(instance), len(_every(instance))
    )


def _edge(name: Any) -> Edge | str:
    """The edge, or what is wrong with its name."""
    try:
        return circuits.edge(_spelled(name))
    except ValueError as error:
        return str(error)


def _spelled(name: Any) -> str:
    """A name in the usual spelling of arrows and letters."""
    text = str(name).replace("→", "->").lower()
    return re.sub(r"l(\d+)\.(h\d+|mlp)", lambda found: found[0].upper(), text)


def _misnamed(name: Any, names: Collection[Any]) -> str | None:
    if all("->" not in _spelled(one) for one in names):
        return "parts are named: an edge says which part reads from which, and through what"
    ends = [re.sub(r"\.[qkv]$", "", end.strip()) for end in _spelled(name).split("->")]
    try:
        source, target = (circuits.part(end) for end in ends)
    except ValueError:
        return None
    if source.depth >= target.depth:
        return "the direction is reversed: an arrow leads from the writer to the reader"
    if target.kind == "head":
        return "an input is left out: a head reads the stream three times, as .q, .k and .v"
    return "an input is named where there is only one: MLPs and logits have no .q, .k or .v"


def _mistake(given: Edges, found: Compiled, n_edges: int) -> str | None:
    truth = found.circuit.edges
    decoys = set(mimics(found))
    if len(given) > 0.9 * n_edges:
        return "nothing is cut: most edges of a network can be ablated without changing an answer"
    if all(e.target == LOGITS for e in given):
        return "only edges into the logits are kept: what these parts read needs edges, too"
    if not truth <= given and _exchanged(given, "q", "k") == truth:
        return (
            "queries are taken for keys: what decides *where* a head attends can lie in what is "
            "asked or in what is found"
        )
    if given < truth:
        return _missing(given, truth)
    if decoys & Circuit(given).parts and not truth <= given:
        return (
            "an attention pattern is believed: a head attends as a head of the circuit does, but "
            "its edges can be ablated without changing an answer"
        )
    if truth <= given:
        return _superfluous(given, found)
    if {(e.source, e.target) for e in given} == {(e.source, e.target) for e in truth}:
        return "the right parts are joined, but some read through another of .q, .k and .v"
    if given & truth:
        return "edges are kept that can be ablated without changing an answer, and others are cut"
    return "all these edges can be ablated together without changing an answer"


def _exchanged(given: Edges, old: str, new: str) -> Edges:
    """The edges with another input where they have this one."""
    return frozenset(
        Edge(e.source, e.target, new) if e.slot == old else e  # pyright: ignore[reportArgumentType]
        for e in given
    )


def _missing(given: Edges, truth: Edges) -> str:
    if not any(e.slot == "k" for e in given):
        return (
            "edges are ablated by counterparts in which they carry the same: ablation shows only "
            "what differs, so compare with something that differs in every word, such as a mean"
        )
    if all(e.source == EMBED for e in truth - given):
        return "the edges from the embeddings are left out: the words come from there"
    if any(e.target == LOGITS for e in truth - given):
        return "the way to the logits is left out: the answer must be read from something"
    return "the threshold is too large: edges are cut without which answers are lost"


def _superfluous(given: Edges, found: Compiled) -> str:
    parts = found.circuit.parts
    if all(e.source in parts and e.target in parts for e in given):
        return (
            "every edge between the parts that matter is kept: two parts can both matter without "
            "one reading what the other writes"
        )
    if Circuit(given).parts & set(mimics(found)):
        return (
            "an attention pattern is believed: beside the edges that are needed, those of a head "
            "are kept which attends as if it were, and whose output can be ablated"
        )
    return "the threshold is too small: edges are kept whose ablation changes no answer"


edges = Finding(
    name="edges",
    judge=_judge,
    reread="what replaces an edge when it is cut? Whatever that has in common with the clean run "
    "cannot be missed. And check the result: ablate all other edges at once",
)
