"""What does a hypothesis claim? The tree of causal scrubbing, one node at a time."""

import json
from typing import Any

import traitlets

from interp_course.scrubbing import Edge, Node, Plan, Report, branches, in_words
from interp_course.scrubbing.planning import Draw
from interp_course.widgets.described import (
    DescribedWidget,
    html_table,
    index_within,
    shared_sources,
    text_table,
)

MAX_NODES = 200


class HypothesisTree(DescribedWidget):
    """Shows a hypothesis as a tree: what is claimed to matter about each place, and where.

    Click a node, or use the keys: up and down for the node above and below on the screen, left
    for the node that reads it, right for the first one that it reads, Home and End for the
    ends. The choice is kept in ``index``, which can also be set; nodes count from the top, as
    in `scrubbing.branches`.

    Given what was drawn or measured, a bar at each node is the share of its rows that have
    other tokens than their references. Where little was exchanged, little was tested.

    Source: Chan et al. (2022), "Causal Scrubbing: a method for rigorously testing
    interpretability hypotheses".
    """

    _esm, _css = shared_sources(__file__)

    nodes = traitlets.List(traitlets.Dict(), read_only=True).tag(sync=True)
    """What to show of each node, from the top."""
    caption = traitlets.Unicode(read_only=True).tag(sync=True)
    """What there is to say about the whole."""
    index = traitlets.Int().tag(sync=True)
    """Which node is shown."""

    def __init__(
        self, hypothesis: Node, tested: Plan | Report | None = None, index: int = 0
    ) -> None:
        """Show ``hypothesis``, beginning with one of its nodes.

        Args:
            hypothesis: Its root.
            tested: What `scrubbing.plan` drew for it, or what `scrubbing.Scrubber.test` found.
            index: Which node is shown first.

        Raises:
            ValueError: If the plan or report is for another hypothesis, there are more than 200
                nodes, or no such node.
        """
        plan = tested.plan if isinstance(tested, Report) else tested
        if plan is not None and plan.hypothesis != hypothesis:
            raise ValueError(
                "tested is for another hypothesis; pass that one, or test this one: "
                f"{hypothesis!r} against {plan.hypothesis!r}"
            )
        self._hypothesis = hypothesis
        found = list(zip(branches(hypothesis), _walk(hypothesis, None), strict=True))
        if len(found) > MAX_NODES:
            raise ValueError(f"at most {MAX_NODES} nodes can be shown, got {len(found)}")
        draws = [None] * len(found) if plan is None else plan.draws
        self._nodes: list[dict[str, Any]] = []
        for (branch, (node, edge)), draw in zip(found, draws, strict=True):
            above = None if branch.parent is None else self._nodes[branch.parent]
            share = None if plan is None or draw is None else plan.share_resampled(draw)
            facts = _facts(node, edge, above) + _measured(draw, share)
            self._nodes.append(
                {
                    "label": node.label,
                    "claim": node.claim,
                    "on_edge": branch.on_edge,
                    "parent": branch.parent,
                    "level": 0 if above is None else above["level"] + 1,
                    "share": share,
                    "facts": facts,
                    "sentence": _sentence(node, edge, above, share),
                }
            )
        caption = _caption(len(found), tested)
        start = index_within(index, "index", len(found))
        super().__init__(json.dumps([self._nodes, caption, start]).encode(), index=start)
        self.set_trait("nodes", self._nodes)
        self.set_trait("caption", caption)

    @traitlets.validate("index")
    def _in_range(self, proposal: Any) -> int:
        return index_within(proposal["value"], "index", len(self._nodes))

    def sentence(self, index: int) -> str:
        """What one node claims, as the widget says it."""
        return self._nodes[index_within(index, "index", len(self._nodes))]["sentence"]

    def describe(self) -> str:
        """The claim in sentences, the tree as text, and all about the chosen node."""
        chosen = self._nodes[self.index]
        facts = text_table([["node", chosen["label"]], *chosen["facts"]])
        parts = [self.caption, in_words(self._hypothesis), str(self._hypothesis), "\n".join(facts)]
        return "\n\n".join(parts)

    def _summary(self) -> str:
        return f"Hypothesis tree. {self.caption} {self.sentence(self.index)}"

    def _fallback(self) -> str:
        caption = f"{self.caption} Run the cell to walk through the tree."
        header = ["node", "enters", "what matters"]
        rows = [
            ["\N{NO-BREAK SPACE}" * 4 * n["level"] + n["label"], n["on_edge"], n["claim"]]
            for n in self._nodes
        ]
        if self._nodes[0]["share"] is not None:
            header.append("exchanged")
            rows = [[*row, f"{n['share']:.0%}"] for row, n in zip(rows, self._nodes, strict=True)]
        return html_table(caption, header, rows)


def _walk(node: Node, edge: Edge | None) -> list[tuple[Node, Edge | None]]:
    """All nodes from the top, each with the edge through which it is read."""
    below = (_walk(child.node, child) for child in node.children)
    return [(node, edge), *(pair for pairs in below for pair in pairs)]


def _facts(node: Node, edge: Edge | None, above: dict[str, Any] | None) -> list[list[str]]:
    """Names and values of what a hypothesis says about a node."""
    facts = [["site", str(node.site)], ["what matters", node.claim]]
    if edge is not None and above is not None:
        slots = "" if edge.slots == ("in",) else f" through {' and '.join(edge.slots)}"
        facts.append(["read by", f"{above['label']}{slots}"])
        facts.append(["where it counts", edge.where.strip() or "at all positions"])
    if node.share:
        facts.append(["one sample with", f"all siblings that share {node.share!r}"])
    return [*facts, ["below it", _below(node)]]


def _below(node: Node) -> str:
    if node.is_leaf:
        return "nothing is claimed: all of it is run on one input"
    n = len(node.children)
    return f"{n} input{'' if n == 1 else 's'} claimed to matter, all others not"


def _measured(draw: Draw | None, share: float | None) -> list[list[str]]:
    """What was drawn for a node."""
    if draw is None or share is None:
        return []
    sizes = draw.classes.sizes
    rows = f"{len(draw.references)} references"
    copies = "" if draw.copies == 1 else f", {draw.copies} rows each (one per position)"
    return [
        ["samples", rows + copies],
        ["classes", f"{draw.classes.n_classes:.0f} of {int(sizes.min())} to {int(sizes.max())}"],
        ["rows exchanged", f"{share:.0%}"],
    ]


def _sentence(
    node: Node, edge: Edge | None, above: dict[str, Any] | None, share: float | None
) -> str:
    if node.feature in ("same", "any"):
        claim = "keeps its own input" if node.feature == "same" else "may have any input"
        claim += ", per position" if node.per_position else ""
    else:
        claim = f"matters through {node.claim} only"
    reader = ""
    if edge is not None and above is not None:
        slots = "" if edge.slots == ("in",) else f" through {' and '.join(edge.slots)}"
        reader = f", read by {above['label']}{slots}{edge.where},"
    said = f"{node.label}{reader} {claim}."
    return said if share is None else f"{said} {share:.0%} of its rows were exchanged."


def _caption(n_nodes: int, tested: Plan | Report | None) -> str:
    size = f"{n_nodes} node{'' if n_nodes == 1 else 's'}"
    if tested is None:
        return f"A hypothesis of {size}, not tested."
    plan = tested.plan if isinstance(tested, Report) else tested
    drawn = f"A hypothesis of {size}, {len(plan.references)} samples"
    if isinstance(tested, Plan):
        return f"{drawn} drawn."
    return (
        f"{drawn} tested: loss {tested.loss} (model {tested.model_loss}), accuracy "
        f"{tested.accuracy.mean:.3f} (model {tested.model_accuracy.mean:.3f}), "
        f"{tested.resampled:.0%} of the inputs exchanged."
    )
