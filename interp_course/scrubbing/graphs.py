"""Hypotheses from a graph with named nodes, and the largest one a model allows."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from interp_course import circuits
from interp_course.circuits import LOGITS, Part
from interp_course.scrubbing.hypothesis import SAME, Edge, Feature, Node

MAX_NODES = 100_000


def from_graph(nodes: Mapping[str, Node], edges: Sequence[tuple[str, Edge | str, str]]) -> Node:
    """The tree of a graph: a node that is read in several places gets a copy for each.

    Args:
        nodes: Each node by its name, without edges.
        edges: (name below, slots, name above), such as ``("previous", "k", "induction")``.
            Instead of slots an `Edge`, whose node is ignored, can give positions too.

    Returns:
        The one node that no other reads, with everything below it. Nodes are named.

    Raises:
        ValueError: If an edge names no node, or the graph has a cycle or not exactly one root.
    """
    for below, _, above in edges:
        for name in (below, above):
            if name not in nodes:
                raise ValueError(f"an edge names {name!r}; there are {', '.join(nodes)}")
    _refuse_cycle(nodes, edges)
    lower = {below for below, _, _ in edges}
    roots = [name for name in nodes if name not in lower]
    if len(roots) != 1:
        raise ValueError(
            f"a hypothesis has one root, but nothing reads {', '.join(map(repr, roots))}: "
            "connect them, or leave them out"
        )
    return _grown(roots[0], nodes, edges)


def whole_model(model: Any, feature: Feature = SAME, max_nodes: int = MAX_NODES) -> Node:
    """Every path through a model as one tree. With `SAME` its scrubbed logits are the model's.

    Raises:
        ValueError: If the tree would have more than ``max_nodes`` nodes.
    """
    parts = circuits.parts(model)
    counts: dict[Part, int] = {}
    for part in parts:
        below = sum(counts[p] for p in parts if p in counts and p.depth < part.depth)
        counts[part] = 1 + len(part.slots) * below
    if counts[LOGITS] > max_nodes:
        raise ValueError(
            f"this model has {counts[LOGITS]:,} paths, more than max_nodes = {max_nodes:,}: "
            "write a hypothesis about some of them"
        )
    return _everything(LOGITS, parts, feature)


def _everything(part: Part, parts: list[Part], feature: Feature) -> Node:
    if not part.slots:
        return Node(part, feature)
    below = [p for p in parts if p.depth < part.depth]
    edges = [Edge(slot, _everything(p, parts, feature)) for slot in part.slots for p in below]
    return Node(part, feature, edges)


def _refuse_cycle(nodes: Mapping[str, Node], edges: Sequence[tuple[str, Any, str]]) -> None:
    """Take away nodes with nothing left above or below them until none is: the rest is cycles."""
    left = set(nodes)
    while left:
        inside = [(below, above) for below, _, above in edges if {below, above} <= left]
        between = {below for below, _ in inside} & {above for _, above in inside}
        if between == left:
            names = ", ".join(repr(name) for name in nodes if name in left)
            raise ValueError(f"the hypothesis has a cycle among {names}")
        left = between


def _grown(name: str, nodes: Mapping[str, Node], edges: Sequence[tuple[str, Any, str]]) -> Node:
    found = [
        replace(how, node=_grown(below, nodes, edges))
        if isinstance(how, Edge)
        else Edge(how, _grown(below, nodes, edges))
        for below, how, above in edges
        if above == name
    ]
    node = nodes[name]
    return replace(node, name=node.name or name, edges=found or node.edges)
