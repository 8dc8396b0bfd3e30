"""A hypothesis about what a network computes, written as a tree.

A `Node` claims: *all that matters about this place is this feature of the input*. An `Edge`
says through which input of the node above its value counts. What is not mentioned is claimed
not to matter. For the induction head:

>>> claim = Node(LOGITS, SAME, [Edge("in", Node(head(1, 3), induced), positions=-1)])

A node without ``edges`` is a *leaf*: everything below it is computed on one new input. With
``edges`` its inputs are scrubbed one by one, and those without an edge come from yet another
input; an empty list says that none of them matters. A tree stands for the graph in which
every path has its own copy of the input, as in the paper.

Source: Chan et al. (2022), "Causal Scrubbing: a method for rigorously testing
interpretability hypotheses".
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from torch import Tensor

from interp_course.scrubbing.sites import Site, Subspace, depth, slots

Function = Callable[[Tensor], Tensor]
Feature = Function | Literal["same", "any"]
Positions = int | Sequence[int] | Function | None

SAME: Literal["same"] = "same"
"""The feature of a node that keeps its reference: nothing may be exchanged."""
ANY: Literal["any"] = "any"
"""The feature of a node that may be exchanged for any other input."""


@dataclass(frozen=True)
class Edge:
    """Through which inputs of the node above, and where, a node's value counts.

    Raises:
        ValueError: If a slot is named twice or not at all.
    """

    slots: str | Sequence[str]
    """``"q"``, ``"k"``, ``"v"`` or several, ``"qk"``, which then receive one and the same
    sample; ``"in"`` for an MLP, a stream or the logits."""
    node: "Node"
    positions: Positions = None
    """Where it counts: one position, several, or a function of the tokens ``[n pos]`` of the
    node above that returns booleans ``[n pos]``. None: everywhere."""
    subspace: Subspace | None = None
    """Only this linear part of what the node writes counts."""

    def __post_init__(self) -> None:
        names = self.slots if self.slots != "in" else ("in",)
        if not names or len(set(names)) < len(names):
            raise ValueError(f"slots must name each input once, got {self.slots!r}")
        object.__setattr__(self, "slots", tuple(sorted(names, key="qkv".find)))
        if isinstance(self.positions, int):
            object.__setattr__(self, "positions", (self.positions,))
        elif isinstance(self.positions, Sequence):
            object.__setattr__(self, "positions", tuple(self.positions))

    def __repr__(self) -> str:
        return f"Edge({''.join(self.slots)!r}, {self.node!r}{self.where})"

    @property
    def where(self) -> str:
        """Positions and subspace in words; empty if everything counts."""
        text = ""
        if callable(self.positions):
            text = f" at {_called(self.positions)}"
        elif self.positions is not None:
            text = f" at {str(self.positions).strip('(,)')}"
        return text if self.subspace is None else f"{text} in a {self.subspace!r}"


@dataclass(frozen=True)
class Node:
    """The claim that a place matters through one feature of the input only.

    Raises:
        ValueError: If an edge enters through an input that the site does not have, or comes
            from a site that is not upstream.
    """

    site: Site
    feature: Feature = ANY
    """`SAME`, `ANY`, or a function of the tokens ``[n pos]`` that returns labels ``[n]`` or
    ``[n k]``; inputs with equal labels are claimed to be interchangeable here. With
    ``per_position`` labels ``[n pos]`` or ``[n pos k]``."""
    edges: "Sequence[Edge] | None" = None
    per_position: bool = False
    """Whether each position is exchanged for itself, each with a sample of its own."""
    share: str | None = None
    """Children of one node with the same word here use one sample; they need one feature."""
    name: str = field(default="", compare=False)
    """What to call it; the site by default. Renaming changes nothing."""

    def __post_init__(self) -> None:
        if self.feature not in (SAME, ANY) and not callable(self.feature):
            raise ValueError(
                f"{self.site}: the feature must be SAME, ANY or a function of the tokens, "
                f"got {self.feature!r}"
            )
        if self.edges is None:
            return
        object.__setattr__(self, "edges", tuple(self.edges))
        if not slots(self.site):
            raise ValueError(f"{self.site} has no inputs: leave out its edges")
        for edge in self.edges:
            for slot in edge.slots:
                if slot not in slots(self.site):
                    raise ValueError(
                        f"{self.site} has the inputs {', '.join(slots(self.site))}, but "
                        f"{edge.node.label} is to enter through {slot!r}"
                    )
            if depth(edge.node.site) >= depth(self.site):
                raise ValueError(f"{edge.node.label} is not upstream of {self.label}")

    @property
    def label(self) -> str:
        """Its name, or its site."""
        return self.name or str(self.site)

    @property
    def claim(self) -> str:
        """The feature in words."""
        text = self.feature if isinstance(self.feature, str) else _called(self.feature)
        return f"{text}, per position" if self.per_position else text

    @property
    def children(self) -> tuple[Edge, ...]:
        """Its edges; none for a leaf."""
        return tuple(self.edges or ())

    @property
    def is_leaf(self) -> bool:
        """Whether everything below it is computed on one and the same sample."""
        return self.edges is None

    def renamed(self, name: str) -> "Node":
        """The same claim under another name."""
        return replace(self, name=name)

    def walk(self) -> "Iterator[Node]":
        """This node and all below it, from the top."""
        yield self
        for edge in self.children:
            yield from edge.node.walk()

    def __repr__(self) -> str:
        options = "" if self.is_leaf else f", [{', '.join(map(repr, self.children))}]"
        options += f", share={self.share!r}" if self.share else ""
        options += f", name={self.name!r}" if self.name else ""
        return f"Node({self.site}, {self.claim}{options})"

    def __str__(self) -> str:
        return "\n".join(_outline(self))


def _called(function: Function) -> str:
    """The name of a function, or what an object says about itself."""
    return getattr(function, "__name__", None) or repr(function)


def _outline(node: Node) -> list[str]:
    """The tree as lines of text."""
    kind = "; nothing below it matters" if node.edges == () else ""
    joint = f"; sampled with {node.share!r}" if node.share else ""
    lines = [f"{node.label} ({node.claim}{joint}{kind})"]
    for i, edge in enumerate(node.children):
        last = i == len(node.children) - 1
        first, *rest = _outline(edge.node)
        slot = "" if edge.slots == ("in",) else f"{''.join(edge.slots)}: "
        lines.append(f"{'└─ ' if last else '├─ '}{slot}{first}{edge.where}")
        lines += [f"{'   ' if last else '│  '}{line}" for line in rest]
    return lines
