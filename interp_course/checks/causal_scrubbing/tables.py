"""Hypotheses as plain data: what each feature says of every prompt, instead of the feature.

A hypothesis holds functions, and a function cannot leave the process in which it was written
without being run somewhere else. What it says of the prompts of a test can, and is all that the
test asks.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor

from interp_course.circuits import Part
from interp_course.scrubbing import ANY, SAME, Edge, Moved, Node, Stream, Subspace
from interp_course.scrubbing.hypothesis import Feature

KIND, NODE = "tabulated", "hypothesis"
Row = tuple[int, ...]


@dataclass(frozen=True)
class OnPrompts:
    """Wraps an answer that returns a hypothesis, so that it returns one as plain data.

    What is no hypothesis is returned as it is.
    """

    prompts: Mapping[str, Int[Tensor, "batch pos"]]
    """Of each case, by its arguments as text."""

    def __call__(self, answer: Callable[..., Any]) -> Callable[..., Any]:
        """The answer, tabulated."""

        def asked(*args: Any) -> Any:
            found = answer(*args)
            prompts = self.prompts[str(args)]
            return {KIND: NODE, **_node(found, prompts)} if isinstance(found, Node) else found

        return asked


def restored(value: Any, prompts: Int[Tensor, "batch pos"]) -> Any:
    """The hypothesis that `OnPrompts` has written down; any other value as it is.

    Raises:
        ValueError: If it cannot be one.
    """
    if not isinstance(value, dict) or value.get(KIND) != NODE:
        return value
    rows = {tuple(row): number for number, row in enumerate(prompts.tolist())}
    return _restored_node(value, rows)


class Table:
    """A function of the prompts, known by its values."""

    def __init__(self, values: Any, rows: Mapping[Row, int]) -> None:
        self.values, self.rows = values, rows

    def __call__(self, tokens: Int[Tensor, "batch pos"]) -> Any:
        """What it says of these prompts; what is no row for each prompt comes back as it is."""
        values = self.values
        if isinstance(values, dict):
            raise ValueError(str(values.get("error")))
        if not isinstance(values, Tensor) or not values.ndim or len(values) != len(self.rows):
            return values
        return values[torch.tensor([self.rows[tuple(row)] for row in tokens.tolist()])]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Table):
            return False
        ours, theirs = self.values, other.values
        if not isinstance(ours, Tensor) or not isinstance(theirs, Tensor):
            return self is other
        return ours.shape == theirs.shape and bool((ours == theirs).all())

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return "a feature"


def _node(node: Node, prompts: Tensor) -> dict[str, Any]:
    feature, edges = node.feature, node.edges
    return {
        "site": _site(node.site),
        "feature": feature if isinstance(feature, str) else _says(feature, prompts),
        "edges": None if edges is None else [_edge(edge, prompts) for edge in edges],
        "per_position": node.per_position,
        "share": node.share,
        "name": node.name,
    }


def _edge(edge: Edge, prompts: Tensor) -> dict[str, Any]:
    where = edge.positions
    return {
        "slots": "".join(edge.slots),
        "node": _node(edge.node, prompts),
        "positions": {"says": _says(where, prompts)} if callable(where) else where,
        "subspace": None if edge.subspace is None else edge.subspace.basis,
    }


def _site(site: Any) -> Any:
    if isinstance(site, Moved):
        return ["moved", site.head, site.by]
    return ["stream", site.layer] if isinstance(site, Stream) else site


def _says(function: Callable[[Tensor], Any], prompts: Tensor) -> Any:
    """Its values in as few bytes as hold them, or why there are none."""
    try:
        values = function(prompts.clone())
    except Exception as error:  # the student's code
        return {"error": f"{type(error).__name__}: {error}"[:500]}
    if not isinstance(values, Tensor):
        return {"error": f"a feature must return a tensor, got {type(values).__name__}"}
    values = values.detach().cpu()
    small = values.dtype == torch.int64 and values.numel() and values.abs().max() < 2**31
    return values.to(torch.int32) if small else values


def _restored_node(data: Mapping[str, Any], rows: Mapping[Row, int]) -> Node:
    feature, edges = data["feature"], data["edges"]
    return Node(
        _restored_site(data["site"]),
        _restored_feature(feature, rows),
        None if edges is None else [_restored_edge(edge, rows) for edge in edges],
        per_position=data["per_position"] is True,
        share=None if data["share"] is None else str(data["share"]),
        name=str(data["name"]),
    )


def _restored_feature(data: Any, rows: Mapping[Row, int]) -> Feature:
    if isinstance(data, str):
        return SAME if data == SAME else ANY
    return Table(data, rows)


def _restored_edge(data: Mapping[str, Any], rows: Mapping[Row, int]) -> Edge:
    where, basis = data["positions"], data["subspace"]
    positions = Table(where["says"], rows) if isinstance(where, dict) else where
    subspace = None if basis is None else Subspace(basis)
    return Edge(str(data["slots"]), _restored_node(data["node"], rows), positions, subspace)


def _restored_site(data: Any) -> Any:
    if isinstance(data, Part):
        return data
    kind, *rest = data
    return Moved(*rest) if kind == "moved" else Stream(*rest)
