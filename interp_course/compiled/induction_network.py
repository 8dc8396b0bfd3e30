"""A network that does induction and nothing else: [A][B] ... [A] -> [B].

Two heads do the work (Elhage et al. 2021, "Induction heads"; Olsson et al. 2022):

* the *previous-token head* copies the token before each position into the space ``previous``;
* the *induction head*, in a later layer, looks with the current token for positions whose
  ``previous`` holds the same token, and copies the token that it finds there to the logits.
  Where there is no such position it rests on ``<bos>``, from which it copies nothing. That
  the keys read ``<bos>`` is dormant in the task, where there always is such a position.

Accuracy when the 126 dimensions of all spaces are compressed into fewer, mean of 10 instances
of 400 prompts (1 in 34 by chance), and the worst instance:

| dimensions | 126 | 118 | 112 | 100 | 88 | 74 | 62 | 44 |
|:--|:--|:--|:--|:--|:--|:--|:--|:--|
| mean | 1.00 | 1.00 | 1.00 | 0.97 | 0.86 | 0.64 | 0.39 | 0.12 |
| worst | 1.00 | 1.00 | 0.99 | 0.89 | 0.53 | 0.28 | 0.11 | 0.04 |

Accuracy at a beta of 2 is 0.67 and from 3 on 1.00; the mean probability of the answer is 0.19 at
a beta of 2, 0.87 at 3, and above 0.99 from 4 on.
"""

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor

from interp_course.circuits import EMBED, Edge, Part
from interp_course.compiled import induction_prompts
from interp_course.compiled.finishing import finish
from interp_course.compiled.language import POSITION, TOKEN, Head, Match, Network, Read
from interp_course.compiled.places import JUNK, JUNK_SIZE, Places, Settings, back
from interp_course.compiled.prompts import NOTHING, Compiled, Labels
from interp_course.compiled.words import COMMON, SPECIAL

PREVIOUS, OUTPUT = "previous", "output"
LOGIT = 20.0
"""Logit of a token that is written with length 1."""
WORDS = (*SPECIAL, *COMMON)


def induction(words: Sequence[str] = WORDS, n_ctx: int = 16, **options: Any) -> Compiled:
    """The network, 2 layers of 4 heads unless asked otherwise.

    Args:
        words: The vocabulary, from ``<bos>`` and ``<pad>`` on.
        n_ctx: Longest sequence; the prompts of the task have this length.
        options: Fields of `Settings`.

    Raises:
        ValueError: If there are too few words for a prompt of distinct ones, or an option is
            wrong.
    """
    settings = Settings.of(options)
    task = induction_prompts.task(words, n_ctx)
    places = Places(settings, "induction", at_least=2)
    low, high = places.layers(2)
    induce = induction_head(len(words), settings.beta)
    first = places.put(low, previous_token_head(len(words), n_ctx, settings.beta))
    second = places.put(high, induce)
    places.mimic(high, induce)
    return finish(
        written(words, n_ctx, places),
        settings,
        words,
        dormant=[Edge(EMBED, second, "k")],
        task=task,
        features=previous_token_features(first) | induction_features(second),
    )


def written(words: Sequence[str], n_ctx: int, places: Places, *extra: Read) -> Network:
    """The network with these heads, the rest decoys; the logits read ``output`` and ``extra``."""
    n = len(words)
    return Network(
        spaces={TOKEN: n, POSITION: n_ctx, PREVIOUS: n, OUTPUT: n, JUNK: JUNK_SIZE},
        n_layers=places.n_layers,
        n_heads=places.settings.n_heads,
        heads=places.fill(n, n_ctx),
        logits=(Read(OUTPUT, LOGIT * torch.eye(n)), *extra),
    )


def previous_token_head(d_vocab: int, n_ctx: int, beta: float) -> Head:
    """Copies the token of the position before; position 0 attends to itself."""
    match = Match(Read(POSITION, back(n_ctx, 1)), Read(POSITION))
    value = Read(TOKEN, torch.eye(d_vocab))
    return Head("previous-token head", (match,), value, PREVIOUS, beta)


def induction_head(d_vocab: int, beta: float) -> Head:
    """Copies the token that followed an earlier occurrence of the current one."""
    bos = torch.eye(d_vocab)[:, :1]
    same, rest = Match(Read(TOKEN), Read(PREVIOUS)), Match(None, Read(TOKEN, bos), 0.5)
    value = Read(TOKEN, torch.eye(d_vocab) - bos @ bos.T)
    return Head("induction head", (same, rest), value, OUTPUT, beta)


def previous_token_features(part: Part) -> dict[str, Labels]:
    """What the previous-token head reads, attends to and writes."""
    features: dict[str, Labels] = {
        f"{part}": _previous,
        f"{part}.pattern": _position_before,
        f"{part}.q": _position_before,
        f"{part}.k": _position,
        f"{part}.v": lambda tokens: tokens,
    }
    return features


def induction_features(part: Part) -> dict[str, Labels]:
    """What the induction head reads, attends to and writes."""
    features: dict[str, Labels] = {
        f"{part}": _following,
        f"{part}.pattern": lambda tokens: _last_match(tokens) + 1,
        f"{part}.q": lambda tokens: tokens,
        f"{part}.k": lambda tokens: _previous(tokens).where(_position(tokens) > 0, NOTHING),
        f"{part}.v": lambda tokens: tokens,
    }
    return features


def _position(tokens: Int[Tensor, "batch pos"]) -> Int[Tensor, "batch pos"]:
    return torch.arange(tokens.shape[1]).expand_as(tokens)


def _position_before(tokens: Int[Tensor, "batch pos"]) -> Int[Tensor, "batch pos"]:
    return (_position(tokens) - 1).clamp(min=0)


def _previous(tokens: Int[Tensor, "batch pos"]) -> Int[Tensor, "batch pos"]:
    """The token before each; the first stands for itself."""
    return torch.cat([tokens[:, :1], tokens[:, :-1]], dim=1)


def _last_match(tokens: Int[Tensor, "batch pos"]) -> Int[Tensor, "batch pos"]:
    """Where the same token stood last before each position; -1 where nowhere."""
    place = torch.arange(tokens.shape[1])
    earlier = (tokens[:, :, None] == tokens[:, None, :]) & (place < place[:, None])
    return torch.where(earlier, place, -1).amax(dim=2)


def _following(tokens: Int[Tensor, "batch pos"]) -> Int[Tensor, "batch pos"]:
    """The token after the earlier occurrence of each; `NOTHING` where there is none."""
    match = _last_match(tokens)
    return tokens.gather(1, match + 1).where(match >= 0, NOTHING)
