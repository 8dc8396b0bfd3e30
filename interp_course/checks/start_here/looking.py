"""Which of four heads looks back at what came next the last time?"""

from typing import Any

import torch

from interp_course import models, runtime, sequences
from interp_course.checking import Finding

PERIOD = 8
heads = {"A": (0, 2), "B": (0, 1), "C": (1, 1), "D": (1, 0)}
"""(layer, head) of the small network ``induction``, by the letter in the figure."""
_MEANINGS = {
    "one step back": "the short way back is taken for the long one: this head looks at the token "
    "just before, in both copies alike",
    "the start": "resting is taken for looking: this head looks at the start all the time, "
    "whatever comes",
    "nearby": "a broad look at the neighbourhood is taken for an aim: this head spreads over the "
    "last few tokens",
}


def looks() -> dict[str, dict[str, float]]:
    """For each head its mean weight, in the second copy, on the places that it might look at."""
    model = models.load("induction")
    rng = runtime.generator("check looking back", 0)
    tokens = sequences.repeated_random(16, PERIOD, model.cfg.d_vocab, rng)
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=lambda name: "hook_pattern" in name)
    return {
        letter: _mean_weights(cache[f"blocks.{layer}.attn.hook_pattern"][:, head].tolist())
        for letter, (layer, head) in heads.items()
    }


def _mean_weights(patterns: list[list[list[float]]]) -> dict[str, float]:
    found = {"what came next": 0.0, "one step back": 0.0, "the start": 0.0}
    queries = range(PERIOD + 2, 2 * PERIOD + 1)
    for pattern in patterns:
        for query in queries:
            row = pattern[query]
            found["what came next"] += row[query - PERIOD + 1]
            found["one step back"] += row[query - 1]
            found["the start"] += row[0]
    return {place: total / len(patterns) / len(queries) for place, total in found.items()}


def _judge(answer: Any, instance: int) -> tuple[str, str | None] | None:
    letter = str(answer).strip().upper()
    if letter not in heads:
        return f"expected one of the letters {', '.join(heads)} in quotes, got {answer!r}", None
    found = looks()
    if letter == max(found, key=lambda name: found[name]["what came next"]):
        return None
    place = max(found[letter], key=lambda place: found[letter][place])
    kind = place if found[letter][place] > 0.5 else "nearby"
    return f"it is not head {letter}", _MEANINGS[kind]


looks_back = Finding(
    name="looks_back",
    judge=_judge,
    reread="in the lower half of each picture, follow one row to its bright cell, and see whether "
    "it has the letter that is to come",
)
