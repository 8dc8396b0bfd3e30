"""A hypothesis as a diagram, and in words for somebody who cannot see it."""

from typing import NamedTuple

from interp_course.scrubbing.hypothesis import ANY, SAME, Edge, Node


class Branch(NamedTuple):
    """One node of a tree that is to be drawn."""

    label: str
    parent: int | None
    """Its index among the branches; None at the top."""
    on_edge: str
    """Through which input it enters the one above."""


def branches(hypothesis: Node) -> list[Branch]:
    """The nodes of a hypothesis from the top, as `figures.tree` draws them."""
    found: list[Branch] = []
    _branch(hypothesis, None, "", found)
    return found


def mermaid(hypothesis: Node) -> str:
    """The tree as a Mermaid diagram, which JupyterLab draws from Markdown.

    Information flows upwards, as it does in the network. Title and description become the
    alternative text.
    """
    lines = ["flowchart BT", "accTitle: a hypothesis for causal scrubbing"]
    lines.append(f"accDescr: {_safe(in_words(hypothesis))}")
    for i, branch in enumerate(branches(hypothesis)):
        lines.append(f'  n{i}["{_safe(branch.label)}"]')
        if branch.parent is not None:
            arrow = f'-- "{_safe(branch.on_edge)}" -->' if branch.on_edge else "-->"
            lines.append(f"  n{i} {arrow} n{branch.parent}")
    return "\n".join(lines)


def in_words(hypothesis: Node) -> str:
    """The claim as sentences."""
    sentences = [f"{hypothesis.label}: {_claim(hypothesis)}."]
    for node in hypothesis.walk():
        for edge in node.children:
            slot = "" if edge.slots == ("in",) else f" through {' and '.join(edge.slots)}"
            sentences.append(
                f"{node.label} reads {edge.node.label}{slot}{edge.where}: {_claim(edge.node)}."
            )
        if node.edges == ():
            sentences.append(f"Nothing that {node.label} reads matters.")
    return " ".join(sentences)


def _claim(node: Node) -> str:
    if node.feature == SAME:
        return "its own input is kept"
    if node.feature == ANY:
        return "any input will do"
    return f"all that matters is {node.claim}"


def _branch(node: Node, parent: int | None, on_edge: str, found: list[Branch]) -> None:
    here = len(found)
    found.append(Branch(f"{node.label}\n{node.claim}", parent, on_edge))
    for edge in node.children:
        _branch(edge.node, here, _mark(edge), found)


def _mark(edge: Edge) -> str:
    slot = "" if edge.slots == ("in",) else "".join(edge.slots)
    return f"{slot}{edge.where}".strip()


def _safe(text: str) -> str:
    for sign, code in (("#", "#35;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;")):
        text = text.replace(sign, code)
    return text.replace("\n", "<br/>")
