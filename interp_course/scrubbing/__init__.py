"""Causal scrubbing: test a hypothesis about a network by exchanging what it says may be.

Write a hypothesis as a tree of `Node` and `Edge`; ``Scrubber(model, tokens,
labels).test(hypothesis)`` says how much of the network's behaviour is left. See `hypothesis`
for what a tree means, `planning` for what is drawn and `report` for how to read the numbers.
"""

from interp_course.scrubbing.comparing import compare, differences, equivalent
from interp_course.scrubbing.features import TokenAt, TokensBack, induced, match_position
from interp_course.scrubbing.graphs import from_graph, whole_model
from interp_course.scrubbing.hypothesis import ANY, SAME, Edge, Node
from interp_course.scrubbing.planning import Plan, cost, plan
from interp_course.scrubbing.report import Report
from interp_course.scrubbing.scrubber import Scrubber
from interp_course.scrubbing.showing import branches, in_words, mermaid
from interp_course.scrubbing.sites import Moved, Stream, Subspace

__all__ = [
    "ANY",
    "SAME",
    "Edge",
    "Moved",
    "Node",
    "Plan",
    "Report",
    "Scrubber",
    "Stream",
    "Subspace",
    "TokenAt",
    "TokensBack",
    "branches",
    "compare",
    "cost",
    "differences",
    "equivalent",
    "from_graph",
    "in_words",
    "induced",
    "match_position",
    "mermaid",
    "plan",
    "whole_model",
]
