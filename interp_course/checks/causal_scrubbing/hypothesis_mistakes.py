"""What is wrong with a hypothesis about the induction circuit, in words."""

from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor

from interp_course.checks.causal_scrubbing.claims import STREAM, Claim, same, tells
from interp_course.checks.causal_scrubbing.hypothesis_refusals import FOREIGN
from interp_course.compiled import Compiled

EMBED, POSITIONS = "embed", "positions"
INPUTS = {"q": "queries", "k": "keys", "v": "values"}
FEW_EXCHANGED = 0.25
"""A feature from which fewer draws bring another prompt says too much; the right ones, 0.9."""
Problem = tuple[str, str | None]

_TOO_SPECIFIC = (
    "it passes because hardly anything was exchanged: the feature says so much about a prompt that "
    "only the prompt itself fits"
)
_ALL_POSITIONS = (
    "it passes because hardly anything was exchanged: without per_position, a label for each "
    "position is one label for all of them together, and only the prompt itself has the same"
)


@dataclass(frozen=True)
class Truth:
    """What is known about a network from its weights."""

    previous: str
    induction: str
    tokens: Int[Tensor, "batch pos"]
    wired: frozenset[tuple[str, str, str]]
    """Who reads whom through which input: reader, input, writer."""
    match: Int[Tensor, " batch"]
    """Where the last token stood before."""

    @classmethod
    def of(cls, built: Compiled, tokens: Int[Tensor, "batch pos"]) -> "Truth":
        """The truth about these prompts, in each of which the last token stands once before."""
        edges = built.circuit.edges | built.dormant.edges
        return cls(
            str(built.part("previous-token head")),
            str(built.part("induction head")),
            tokens,
            frozenset((str(e.target), e.slot, str(e.source)) for e in edges),
            (tokens[:, :-1] == tokens[:, -1:]).long().argmax(dim=1),
        )

    @property
    def answer(self) -> Int[Tensor, " batch"]:
        """The token that followed."""
        return self.tokens.gather(1, self.match[:, None] + 1)[:, 0]

    def back(self, by: int) -> Int[Tensor, "batch pos"]:
        """The token so many positions back; -1 where there is none."""
        shifted = torch.full_like(self.tokens, -1)
        shifted[:, by:] = self.tokens[:, : self.tokens.shape[1] - by]
        return shifted


def why_lost(claim: Claim, truth: Truth) -> str | None:
    """Why a network loses its behaviour when this claim is scrubbed."""
    if not tells(claim.groups, truth.answer):
        return (
            "the prompt at the top is exchanged: the label that counts is that of the reference, "
            "so the logits keep it"
        )
    if not claim.inputs:
        return "nothing is said to reach the logits: no edge leads there"
    if any(_is_foreign_head(c, truth) for c in claim.walk()):
        return FOREIGN
    heads = [below for below in claim.inputs if below.part == truth.induction]
    if not heads:
        return _not_from_the_head(claim, truth)
    head = next((h for h in heads if bool(h.where[:, -1].all())), None)
    if head is None:
        return "the wrong positions are named: the logits are read at the last one"
    return _why_head(head, truth) or _why_inputs(head, truth)


def why_not_enough(claim: Claim, truth: Truth) -> Problem | None:
    """What a claim leaves out, or says too much of, although nothing is lost by scrubbing it."""
    heads = [below for below in claim.inputs if below.part == truth.induction]
    text = "nothing is lost by scrubbing it, but it does not say what is asked for"
    if not heads or all(head.leaf for head in heads):
        leaf = "the logits are" if claim.leaf else "a stream is" if not heads else "the head is"
        return text, (
            f"{leaf} a leaf: a leaf is computed as a whole, so nothing is claimed about what its "
            "queries, keys and values read"
        )
    inputs = [below for head in heads for below in head.inputs]
    if any(below.site.startswith(STREAM) and not below.is_anything for below in inputs):
        return text, (
            "a whole stream is named, the sum of everything written so far: which part writes what "
            "is read?"
        )
    for below in inputs:
        share = _exchanged_below(below)
        if share is not None and share < FEW_EXCHANGED:
            names = " and ".join(INPUTS[slot] for slot in below.slots)
            text = f"only {share:.0%} of what {names} read from {below.site} was exchanged"
            return text, _ALL_POSITIONS if below.flattened else _TOO_SPECIFIC
    return _needless(claim, truth)


def _not_from_the_head(claim: Claim, truth: Truth) -> str | None:
    if any(below.part == truth.previous for below in claim.inputs):
        return (
            "the two heads are swapped: the logits are said to read the previous-token head, whose "
            "output at the last position is the token before the last one"
        )
    if any(below.site == EMBED for below in claim.inputs):
        return "the logits are said to read embeddings: at the last position that is the last token"
    return None


def _why_head(head: Claim, truth: Truth) -> str | None:
    """Whether the feature of the induction head is too coarse."""
    if tells(head.groups, truth.answer):
        return None
    if head.is_anything:
        return (
            "the induction head has no feature: it is ANY then, and the head is exchanged for that "
            "of any prompt before its inputs are looked at"
        )
    if same(head.groups, truth.match):
        return (
            "the place of the match is taken for what the head's output depends on: that is what "
            "its *pattern* depends on, and the output brings along the word that stands there"
        )
    if same(head.groups, truth.tokens[:, -1]):
        return "the last token is taken for what the head's output depends on: that is its query"
    return "the feature of the induction head puts prompts together in which another token follows"


def _why_inputs(head: Claim, truth: Truth) -> str | None:
    if head.leaf:
        return None
    writers = {slot: [claim.part for claim in head.through(slot)] for slot in INPUTS}
    if truth.previous in writers["q"] and EMBED in writers["k"]:
        return (
            "queries and keys are exchanged: a query is what the last token asks for, a key is "
            "what an earlier position offers"
        )
    for slot, source in (("q", EMBED), ("k", truth.previous), ("v", EMBED)):
        streams = [name for name in writers[slot] if name.startswith(STREAM)]
        if source not in writers[slot] and not streams:
            return _wrong_writer(slot, writers[slot])
    match_alone = [
        claim for slot in "qk" for claim in head.through(slot) if same(claim.groups, truth.match)
    ]
    if len(match_alone) > 1 and not all(claim.shared for claim in match_alone):
        return (
            "queries and keys come from different prompts which agree in the place of the match "
            "only: what is asked for in one is not found in the other"
        )
    for slot in INPUTS:
        for claim in head.through(slot):
            sentence = _why_input(slot, claim, truth)
            if sentence is not None:
                return sentence
    return None


def _wrong_writer(slot: str, writers: list[str]) -> str:
    if not writers:
        return (
            f"the {INPUTS[slot]} are not mentioned: what no edge leads to is claimed not to "
            "matter, and comes from another prompt"
        )
    if slot == "k" and EMBED in writers:
        return (
            "keys are said to read embeddings: the head would look for the last token itself. The "
            "share of the loss that is recovered misleads, because a network that has become "
            "unsure loses less than one that is sure of a wrong answer"
        )
    return f"the {INPUTS[slot]} are said to read the wrong part: {', '.join(writers)}"


def _why_input(slot: str, claim: Claim, truth: Truth) -> str | None:
    """Whether one input of the induction head counts at too few positions, or is too coarse."""
    name = INPUTS[slot]
    rows = torch.arange(len(truth.tokens))
    place = rows * 0 + truth.tokens.shape[1] - 1 if slot == "q" else truth.match + 1
    if not bool(claim.where[rows, place].all()):
        return f"the {name} count at the wrong positions: elsewhere another prompt's are used"
    if " from " in claim.site and not claim.site.endswith(" from 1 back"):
        return f"the {name} read what is moved over another distance than a match needs"
    if claim.is_anything:
        return f"the {name} have no feature: it is ANY then, and any other prompt's are used"
    if _suffices(slot, claim, truth):
        return _why_previous(claim, truth) if claim.part == truth.previous else None
    return _too_coarse(slot, claim, truth)


def _needed(slot: str, claim: Claim, truth: Truth) -> Int[Tensor, "batch ..."]:
    """The token that an input carries."""
    if slot == "q":
        return truth.tokens[:, -1]
    return truth.back(1 if claim.part == truth.previous else 0)


def _suffices(slot: str, claim: Claim, truth: Truth) -> bool:
    if tells(claim.groups, _needed(slot, claim, truth)):
        return True
    if claim.groups is None or claim.groups.ndim == 2 or not tells(claim.groups, truth.match):
        return False
    return tells(claim.groups, truth.answer) if slot == "v" else claim.shared


def _too_coarse(slot: str, claim: Claim, truth: Truth) -> str:
    name = INPUTS[slot]
    assert claim.groups is not None, "what may not be exchanged is not too coarse"
    for back, text in enumerate(
        ("their own positions", "the positions before", "two positions back")
    ):
        given = truth.back(back) if claim.groups.ndim == 2 else truth.back(back)[:, -1]
        if same(claim.groups, given):
            return f"the {name} are said to carry the tokens of {text}: they carry others"
    if same(claim.groups, truth.answer):
        return (
            f"the {name} agree in the token that follows only: it stands elsewhere in another "
            "prompt, and what stands at a position is exchanged for what stands there"
        )
    if same(claim.groups, truth.match):
        return f"the {name} agree in the place of the match only, and another token stands there"
    if tells(_needed(slot, claim, truth), claim.groups):
        return f"the feature of the {name} is too coarse: it joins tokens that the head tells apart"
    return f"the feature of the {name} puts prompts together in which they carry another token"


def _why_previous(claim: Claim, truth: Truth) -> str | None:
    """Whether something is wrong below the previous-token head."""
    values = claim.through("v")
    if claim.leaf or (values and tells(values[0].groups, truth.tokens)):
        return None
    return (
        "the previous-token head gets the wrong values: the token before is what it *writes*; a "
        "value that it reads is the token of the value's own position"
    )


def _exchanged_below(claim: Claim) -> float | None:
    """How much is exchanged on the way to the leaf where it is least; None for positions."""
    if claim.site == POSITIONS:
        return None
    found = [share for below in claim.inputs if (share := _exchanged_below(below)) is not None]
    return max(claim.exchanged, min(found)) if found else claim.exchanged


def _needless(claim: Claim, truth: Truth) -> Problem | None:
    for reader in claim.walk():
        for source in reader.inputs:
            edges = {(reader.part, slot, source.part) for slot in source.slots}
            unread = edges - truth.wired
            if unread and not source.is_anything and STREAM not in reader.site + source.site:
                text = f"what {source.site} gives to {reader.site} can be exchanged for anything"
                return text, (
                    "more is claimed to matter than does: it is not wrong, but the less is "
                    "exchanged, the less is tested"
                )
    return None


def _is_foreign_head(claim: Claim, truth: Truth) -> bool:
    return claim.part[0] == "L" and claim.part not in (truth.previous, truth.induction)
