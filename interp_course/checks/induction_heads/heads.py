"""Which heads of a trained network form the induction circuit?"""

import functools
from typing import Any

import torch
from torch import Tensor

from interp_course import models, runtime, sequences
from interp_course.checking import Finding

SHORT, LONG = 12, 31
CLEAR, FAINT = 0.5, 0.25
"""Above CLEAR a head must be named, below FAINT it must not; in between both are right."""
KEYS = ("previous", "induction", "long_range")
Head = tuple[int, int]


@functools.lru_cache(maxsize=8)
def scores(instance: int, period: int) -> tuple[Tensor, Tensor]:
    """Previous-token and induction scores ``[layer head]`` at a period, weight by weight."""
    model = models.load("induction", instance=instance)
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


def _truth(instance: int) -> tuple[Head, dict[str, tuple[set[Head], set[Head]]]]:
    """The previous-token head, and for each list the heads that must and those that may stand."""
    previous, short = scores(instance, SHORT)
    _, long = scores(instance, LONG)
    best = divmod(int(previous.argmax()), previous.shape[1])
    at_short, at_long = (
        (_above(induction, CLEAR), _above(induction, FAINT)) for induction in (short, long)
    )
    late = (at_long[0] - at_short[1], at_long[1] - at_short[0])
    return best, {"induction": at_short, "long_range": late}


def _above(scores: Tensor, bound: float) -> set[Head]:
    return {(layer, head) for layer, head in (scores > bound).nonzero().tolist()}


def _judge(answer: Any, instance: int) -> tuple[str, str | None] | None:
    """Compare the named heads with the scores of this instance."""
    problem = _malformed(answer)
    if problem is not None:
        return problem
    best, lists = _truth(instance)
    guess = _heads([answer["previous"]]).pop()
    named = {key: _heads(answer[key]) for key in lists}
    wrong = [key for key, (must, may) in lists.items() if not must <= named[key] <= may]
    if guess == best and not wrong:
        return None
    places = [*(["previous"] if guess != best else []), *wrong]
    text = f"not right yet: {', '.join(repr(place) for place in places)}"
    return text, _mistake(guess, named, best, lists)


def _malformed(answer: Any) -> tuple[str, str | None] | None:
    if not isinstance(answer, dict) or set(answer) != set(KEYS):
        return f"expected a dict with the keys {', '.join(KEYS)}, got {answer!r}", None
    for key in KEYS[1:]:
        if not isinstance(answer[key], (list, tuple, set)):
            return f"{key!r} must be a list of heads such as [(1, 0)], got {answer[key]!r}", None
    for head in (answer["previous"], *answer["induction"], *answer["long_range"]):
        if not isinstance(head, (tuple, list)) or len(head) != 2:
            text = f"a head is a pair (layer, head), got {head!r}"
            return text, "a head is given by its number alone, without its layer"
    return None


def _heads(heads: Any) -> set[Head]:
    return {(int(layer), int(head)) for layer, head in heads}


def _mistake(guess: Head, named: dict[str, set[Head]], best: Head, lists: dict) -> str | None:
    (must, may), (late, _) = lists["induction"], lists["long_range"]
    induction = named["induction"]
    if guess == best[::-1] and must <= {head[::-1] for head in induction} <= may:
        return "head and layer are swapped: the layer comes first"
    if guess == (best[0] + 1, best[1] + 1) and {(a - 1, b - 1) for a, b in induction} <= may:
        return "heads are counted from 1: layers and heads are counted from 0"
    if guess in may and best in induction:
        return "the two kinds of head are swapped"
    if guess != best and guess[0] == best[0]:
        return "another head of the right layer is taken for the previous-token head"
    if late and named["long_range"] == must and induction == late:
        return "the two lists are swapped: 'induction' is what scores at period 12 already"
    if must | late <= induction:
        return "the score is taken at a long period only: some of these heads are silent at 12"
    if guess == best and induction < must:
        return "only some of the induction heads are named: several share the work here"
    if induction <= may and not late <= named["long_range"]:
        return "the heads that wake up at long periods are missing: score them at period 31 too"
    return None


circuit = Finding(
    name="circuit",
    judge=_judge,
    reread="score every head with your own functions on repeated sequences of period 12 and of "
    "period 31, and read the table",
)
