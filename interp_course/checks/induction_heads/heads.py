"""Which heads of a trained network form the induction circuit?"""

import functools
from typing import Any

import torch
from torch import Tensor

from interp_course import models, runtime, sequences
from interp_course.checking import Finding

CLEAR, FAINT = 0.32, 0.18
"""Above CLEAR a head must be named, below FAINT it must not; in between both are right."""


@functools.lru_cache(maxsize=8)
def scores(instance: int) -> tuple[Tensor, Tensor]:
    """Previous-token and induction scores ``[layer head]``, weight by weight."""
    model, period = models.load("induction", instance=instance), 24
    rng = runtime.generator("check heads", instance)
    tokens = sequences.repeated_random(8, period, model.cfg.d_vocab, rng)
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=lambda name: "hook_pattern" in name)
    previous = torch.zeros(model.cfg.n_layers, model.cfg.n_heads)
    induction = torch.zeros_like(previous)
    for layer in range(model.cfg.n_layers):
        weights = cache[f"blocks.{layer}.attn.hook_pattern"].mean(dim=0)
        for query in range(1, 2 * period + 1):
            previous[layer] += weights[:, query, query - 1] / (2 * period)
            if query > period:
                induction[layer] += weights[:, query, query - period + 1] / period
    return previous, induction


def _judge(answer: Any, instance: int) -> tuple[str, str | None] | None:
    """Compare {"previous": head, "induction": [heads]} with the scores of this instance."""
    problem = _malformed(answer)
    if problem is not None:
        return problem
    previous, induction = scores(instance)
    best = _at(int(previous.argmax()), previous.shape[1])
    named, guess = {tuple(head) for head in answer["induction"]}, tuple(answer["previous"])
    must = {head for head, score in _entries(induction) if score > CLEAR}
    may = {head for head, score in _entries(induction) if score > FAINT}
    if guess == best and must <= named <= may:
        return None
    mistake = _mistake(guess, named, best, must, may)
    if guess != best:
        return f"{guess} is not the previous-token head of this network", mistake
    if not named <= may:
        wrong = ", ".join(map(str, sorted(named - may)))
        return f"not every head you named has an induction score above 0.25: look at {wrong}", mistake
    return f"{len(must - named)} head(s) with an induction score above 0.25 are missing", mistake


def _malformed(answer: Any) -> tuple[str, str | None] | None:
    if not isinstance(answer, dict) or set(answer) != {"previous", "induction"}:
        return f"expected a dict with the keys 'previous' and 'induction', got {answer!r}", None
    heads = answer["induction"]
    if not isinstance(heads, (list, tuple, set)) or not heads:
        return f"'induction' must be a list of heads such as [(1, 0)], got {heads!r}", None
    for head in (answer["previous"], *heads):
        if not isinstance(head, (tuple, list)) or len(head) != 2:
            text = f"a head is a pair (layer, head), got {head!r}"
            return text, "a head is given by its number alone, without its layer"
    return None


def _mistake(guess: Any, named: set, best: Any, must: set, may: set) -> str | None:
    if guess == best[::-1] and must <= {head[::-1] for head in named} <= may:
        return "head and layer are swapped: the layer comes first"
    if guess == (best[0] + 1, best[1] + 1) and must <= {(a - 1, b - 1) for a, b in named} <= may:
        return "heads are counted from 1: layers and heads are counted from 0"
    if guess in may and best in named:
        return "the two kinds of head are swapped"
    if guess == best and named < must:
        return "only some of the induction heads are named: several share the work here"
    if guess == best and must < named:
        return "heads without an induction pattern are named as well: compare their scores"
    if guess != best and guess[0] == best[0]:
        return "another head of the right layer is taken for the previous-token head"
    return None


def _entries(scores: Tensor) -> list[tuple[tuple[int, int], float]]:
    return [(_at(i, scores.shape[1]), s) for i, s in enumerate(scores.flatten().tolist())]


def _at(place: int, n_heads: int) -> tuple[int, int]:
    return place // n_heads, place % n_heads


circuit = Finding(
    name="circuit",
    judge=_judge,
    reread="score every head with your own functions on repeated sequences, and read the table",
)
