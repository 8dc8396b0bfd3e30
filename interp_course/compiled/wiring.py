"""Which edges a written network has, read off its description and not off its behaviour.

An edge is *wired* when the target reads a space that the source writes into. It is *live* when
moreover the logits can be reached from its target along wired edges. What a decoy does is
wired but not live.
"""

from interp_course import circuits
from interp_course.circuits import EMBED, LOGITS, POSITIONS, Edge, Part
from interp_course.compiled.language import POSITION, TOKEN, Network


def wired(network: Network) -> frozenset[Edge]:
    """Every edge along which anything is read."""
    writes, reads = _writes(network), _reads(network)
    return frozenset(
        Edge(source, target, slot)  # pyright: ignore[reportArgumentType]
        for (target, slot), wanted in reads.items()
        for source, written in writes.items()
        if written & wanted and source.depth < target.depth
    )


def live(network: Network) -> frozenset[Edge]:
    """The wired edges from which the logits can be reached."""
    edges, reached, before = wired(network), {LOGITS}, set[Part]()
    while reached != before:
        before = set(reached)
        reached |= {e.source for e in edges if e.target in reached}
    return frozenset(e for e in edges if e.target in reached)


def roles(network: Network) -> dict[Part, str]:
    """What each part does, in words; parts that do nothing are idle."""
    found = {EMBED: "which token it is", POSITIONS: "which position it is"}
    for layer in range(network.n_layers):
        for index in range(network.n_heads):
            head = network.heads.get((layer, index))
            found[circuits.head(layer, index)] = head.role if head else "idle"
        gates = network.mlps.get(layer, ())
        found[circuits.mlp(layer)] = ", ".join(g.role for g in gates) or "idle"
    return found | {LOGITS: "the prediction"}


def _writes(network: Network) -> dict[Part, set[str]]:
    found = {EMBED: {TOKEN}, POSITIONS: {POSITION}}
    found |= {circuits.head(*place): {head.target} for place, head in network.heads.items()}
    mlps = network.mlps.items()
    return found | {circuits.mlp(layer): {g.target for g in gates} for layer, gates in mlps}


def _reads(network: Network) -> dict[tuple[Part, str], set[str]]:
    found = {(LOGITS, "in"): {read.space for read in network.logits}}
    for place, head in network.heads.items():
        part = circuits.head(*place)
        found[part, "q"] = {m.query.space for m in head.matches if m.query is not None}
        found[part, "k"] = {m.key.space for m in head.matches}
        found[part, "v"] = {head.value.space}
    for layer, gates in network.mlps.items():
        found[circuits.mlp(layer), "in"] = {space for g in gates for space in g.reads}
    return found
