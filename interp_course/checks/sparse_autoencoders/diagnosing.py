"""Which of six training runs went wrong, and how: told from their curves.

For each wrong diagnosis there is a sentence on what in the curves speaks against it. The
numbers in these sentences hold for every seed of the runs.
"""

from collections.abc import Mapping
from typing import Any

import torch

from interp_course import runtime
from interp_course.checking import Finding

kinds = (
    "healthy",
    "learning rate too low",
    "learning rate too high",
    "sparsity price too high",
    "sparsity price too low",
    "dead latents",
    "batches not shuffled",
)
N_RUNS = 6
HEALTHY, SLOW, FAST, DEAR, CHEAP, DEAD, ORDERED = kinds
Problem = tuple[str, str | None]

_USUAL = {
    SLOW: "one curve is looked at alone: steps that are too small leave FVU above 1 and falling to "
    "the end, and here it is far below 1 after a quarter of the run",
    FAST: "one curve is looked at alone: steps that are too large leave nothing standing, and here "
    "FVU ends far below 1, with latents that are active",
    DEAR: "one curve is looked at alone: a price that is too high leaves about two active latents "
    "per activation or fewer, and here L0 ends at several times that",
    CHEAP: "one curve is looked at alone: a price that is too low gives a FVU of nearly 0 and an "
    "L0 that rises to dozens, and here neither is so",
    DEAD: "FVU or L0 is looked at alone: the share of dead latents stays below a fifth",
    ORDERED: "one curve is looked at alone: if successive batches differed in kind, FVU would jump "
    "from one to the next beside a smooth held_out_fvu, and here the two go together",
}
"""What speaks against a diagnosis, whatever the truth; `_AGAINST` goes before."""

_AGAINST = {
    (HEALTHY, SLOW): "a curve that falls is taken for one that is good: FVU ends above 1, where "
    "the mean of the activations would do better, and it is still falling",
    (HEALTHY, FAST): "a curve that falls at once is taken for one that is good: it stops where FVU "
    "is 1, and no latent is left active",
    (HEALTHY, DEAR): "a smooth curve is taken for one that is good: FVU ends above 0.7",
    (HEALTHY, CHEAP): "the reconstruction is looked at alone: look at L0, too, which is near to "
    "half of all 128 latents at the end",
    (HEALTHY, DEAD): "FVU and L0 are looked at alone: most latents are never active, and FVU ends "
    "at more than 0.2",
    (HEALTHY, ORDERED): "the general course of the curves is looked at alone: FVU on the batches "
    "jumps up and down to the end, and held_out_fvu, beside it, does not",
    (SLOW, FAST): "a FVU that stays high is taken for slow progress: it falls by most of its way "
    "in the first few steps and then never gets below 1 for good, while L0 falls to 0",
    (SLOW, DEAR): "a FVU that stays high is taken for slow progress: it is below 0.6 within 40 "
    "steps, and then it *rises* again, while L0 falls",
    (SLOW, CHEAP): "an L0 that stays high is taken for slow progress: FVU ends at nearly 0, and L0 "
    "first falls and then rises",
    (SLOW, DEAD): "a FVU that stays high is taken for slow progress: over the last hundred steps "
    "it hardly changes, so more time would not help",
    (SLOW, ORDERED): "the slow fall of held_out_fvu is looked at alone: FVU on the batches jumps "
    "up and down beside it, and small steps are no reason for that",
    (FAST, SLOW): "a FVU above 1 is taken for a run that went astray: it comes down steadily from "
    "where every run begins, and so does L0",
    (FAST, DEAR): "a small L0 is taken for a run that went astray: about two latents stay active, "
    "and FVU ends below 1, on a smooth curve",
    (FAST, DEAD): "silent latents are taken for the trace of steps that are too large: they were "
    "so from the beginning, when the learning rate was still rising, and the others do well",
    (FAST, ORDERED): "a curve that jumps is taken for weights that jump: held_out_fvu is measured "
    "on the same weights, and it is smooth",
    (
        DEAR,
        FAST,
    ): "an L0 near 0 is taken for the work of the price: a price acts smoothly, and "
    "here FVU and held_out_fvu jump about 1 from the first steps on",
    (DEAR, SLOW): "a FVU that ends high is taken for the work of the price: L0 is dozens, and a "
    "price that is too high pushes L0 down first",
    (DEAR, DEAD): "latents that are never active are taken for the work of the price: most are "
    "silent from the beginning, when the price is still rising, and L0 is not small",
    (CHEAP, SLOW): "an L0 of dozens is taken for the work of the price: it is still falling, and "
    "FVU is above 1, where a low price would leave it at nearly 0",
    (DEAD, FAST): "the share of dead latents is looked at alone: they are dead, but so is "
    "everything, with L0 at 0 and FVU at 1. Look at the first steps, before any was dead",
    (DEAD, DEAR): "the few dead latents are taken for the cause: they are below a fifth, too few "
    "for a FVU as high as this, and they come late",
    (ORDERED, FAST): "a curve that jumps is taken for batches that differ: held_out_fvu, on "
    "activations that stay the same, jumps as well",
}


def order(instance: int) -> list[str]:
    """The truth: what is the matter with each of the six runs."""
    rng = runtime.generator("training faults", instance)
    return [kinds[place] for place in torch.randperm(len(kinds), generator=rng)[:N_RUNS].tolist()]


def against(given: str, true: str) -> str:
    """What in the curves of a run speaks against a wrong diagnosis."""
    return _AGAINST.get((given, true)) or _USUAL[given]


def _judge(answer: Any, instance: int) -> Problem | None:
    if hasattr(answer, "tolist"):
        answer = answer.tolist()
    if isinstance(answer, (list, tuple)):
        answer = dict(enumerate(answer, start=1))
    problem = _malformed(answer)
    if problem is not None:
        return problem
    given = {int(run): _plain(kind) for run, kind in answer.items()}
    for run, true in enumerate(order(instance), start=1):
        if given[run] != true:
            text = f"run {run} is not {given[run]!r}"
            if len(set(given.values())) < N_RUNS:
                text += " (and one kind is told of two runs: each occurs at most once)"
            return text, against(given[run], true)
    return None


def _plain(kind: Any) -> str:
    return " ".join(kind.lower().split()) if isinstance(kind, str) else ""


def _malformed(answer: Any) -> Problem | None:
    if not isinstance(answer, Mapping):
        return f"expected a dict from the number of a run to its kind, got {answer!r}", None
    if answer and all(_plain(key) in kinds for key in answer):
        text = "expected a dict from the number of a run to its kind, got one from kinds"
        return text, "the dict is turned round: the numbers 1 to 6 are its keys"
    if set(answer) != set(range(1, N_RUNS + 1)):
        return f"expected the keys 1 to {N_RUNS}, got {list(answer)}", _wrong_keys(set(answer))
    for run, kind in answer.items():
        if kind is None:
            return f"run {run} has no diagnosis yet: it is still None", "a run is left out"
        if _plain(kind) not in kinds:
            text = f"run {run}: there is no kind {kind!r}; the kinds are: {', '.join(kinds)}"
            return text, "a kind is not told by its name"
    return None


def _wrong_keys(keys: set) -> str | None:
    if keys == set(range(N_RUNS)):
        return "runs are counted from 0: here they have the numbers 1 to 6"
    if keys < set(range(1, N_RUNS + 1)):
        return "a run is left out"
    if keys > set(range(1, N_RUNS + 1)):
        return "there are more diagnoses than runs: one of the seven kinds does not occur"
    return None


curves = Finding(
    name="curves",
    judge=_judge,
    reread="look at fvu, held_out_fvu, l0 and dead of each run together, at its start and at its "
    "end: what is high, what is low, what is rough, and what came first?",
)
