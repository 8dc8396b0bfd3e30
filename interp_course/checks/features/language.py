"""Where, and how hard, to push a network so that its next sentence is in the other language."""

import functools
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from interp_course import world
from interp_course.checking import Finding
from interp_course.checks.features.streams import (
    LAST,
    LAYERS,
    TRAINING_RUNS,
    logits_after,
    model,
    streams,
)

NEUTRAL = (
    "one_hop",
    "attribute",
    "two_hop",
    "indirect_object",
    "repeat",
    "instruction",
    "couplet",
    "code",
    "dna",
    "base64",
    "ambiguous",
)
"""Templates whose texts have no language."""
ENOUGH, PRICE = 0.9, 0.2
SLACK = 0.01  # rounding may move one sentence of a hundred
Problem = tuple[str, str | None]


@functools.cache
def words_of(language: str) -> Tensor:
    """Numbers of the words that only sentences of one language, "english" or "french", have."""
    spoken = {
        name: set(world.sample(500, 0, template=f"agreement_{name}").tokens.flatten().tolist())
        for name in ("english", "french")
    }
    (other,) = spoken.keys() - {language}
    return torch.tensor(sorted(spoken[language] - spoken[other]))


@functools.cache
def _texts(template: str) -> Any:
    return world.sample(64, 3, template=template)


@functools.lru_cache(maxsize=64)
def _stream(run: int, layer: int, template: str) -> Tensor:
    return streams(run, _texts(template).tokens)[layer]


def _pushed(run: int, tokens: Tensor, stream: Tensor, change: Tensor) -> Tensor:
    """The stream with a vector added at every full stop."""
    stops = (tokens == model(run).to_single_token("."))[:, :, None]
    return torch.where(stops, stream + change, stream)


def _sentences(n: int, seed: int) -> tuple[Tensor, Tensor]:
    """English and French sentences."""
    pairs = world.pairs("language", n, seed=seed)
    both = torch.cat([pairs.tokens, pairs.other_tokens])
    french = torch.tensor([side.value == "french" for side in (*pairs.clean, *pairs.other)])
    return both[~french], both[french]


@functools.lru_cache(maxsize=64)
def _direction(run: int, layer: int) -> Tensor:
    """Mean stream at the full stop of French sentences minus that of English ones."""
    english, french = (streams(run, tokens)[layer, :, -1] for tokens in _sentences(200, 1))
    return french.mean(dim=0) - english.mean(dim=0)


@functools.lru_cache(maxsize=1024)
def flips(run: int, layer: int, strength: float) -> float:
    """Share of sentences that begin in the other language, the smaller one of both ways."""
    d = strength * _direction(run, layer)
    english, french = _sentences(100, 7)
    never = [model(run).to_single_token(word) for word in (".", "<eos>")]
    shares = []
    for tokens, change, wanted in ((english, d, "french"), (french, -d, "english")):
        resid = _pushed(run, tokens, streams(run, tokens)[layer], change)
        logits = logits_after(run, resid, layer, LAST)[:, -1]
        logits[:, never] = -torch.inf
        shares.append(torch.isin(logits.argmax(dim=-1), words_of(wanted)).double().mean().item())
    return min(shares)


@functools.lru_cache(maxsize=1024)
def price(run: int, layer: int, strength: float) -> float:
    """Mean increase of the loss on texts without a language, both ways, nats per word."""
    d = strength * _direction(run, layer)
    pushed = [_loss(run, layer, template, change) for template in NEUTRAL for change in (d, -d)]
    return sum(pushed) / len(pushed) - _untouched(run)


@functools.cache
def _untouched(run: int) -> float:
    losses = [_loss(run, LAYERS - 1, template, torch.zeros(1)) for template in NEUTRAL]
    return sum(losses) / len(losses)


def _loss(run: int, layer: int, template: str, change: Tensor) -> float:
    """Mean loss of each word that is not padding, nats."""
    texts = _texts(template)
    resid = _pushed(run, texts.tokens, _stream(run, layer, template), change)
    log_probs = logits_after(run, resid, layer)[:, :-1].double().log_softmax(dim=-1)
    loss = -log_probs.gather(2, texts.tokens[:, 1:, None])[:, :, 0]
    return loss[texts.mask[:, 1:]].mean().item()


def _works(run: int, layer: int, strength: float) -> bool:
    enough = flips(run, layer, strength) >= ENOUGH - SLACK
    return enough and price(run, layer, strength) <= PRICE + SLACK


def _judge(answer: Any, instance: int) -> Problem | None:
    problem = _malformed(answer)
    if problem is not None:
        return problem
    push = instance % TRAINING_RUNS, int(answer["layer"]), float(answer["strength"])
    if _works(*push):
        return None
    text = (
        f"{flips(*push):.0%} of the sentences change their language (at least {ENOUGH:.0%} "
        f"wanted), and other texts lose {price(*push):.2f} nats per word (at most {PRICE} allowed)"
    )
    return text, _mistake(*push)


def _malformed(answer: Any) -> Problem | None:
    if not isinstance(answer, Mapping) or set(answer) != {"layer", "strength"}:
        return f"expected a dict with the keys layer and strength, got {answer!r}", None
    layer, strength = answer["layer"], answer["strength"]
    if isinstance(layer, bool) or layer not in (0, 1, 2):
        mistakes = {
            3: "layers are counted from 1: they are 0, 1 and 2",
            str: "the hook's name is given instead of the layer's number",
        }
        known = type(layer) if isinstance(layer, str) else layer
        return f"layer must be 0, 1 or 2, got {layer!r}", mistakes.get(known)
    if not isinstance(strength, (int, float)) or not abs(strength) < 1e6:
        return f"strength must be a number, got {strength!r}", None
    return None


def _mistake(run: int, layer: int, strength: float) -> str | None:
    if strength == 0:
        return "nothing is pushed: the strength is 0"
    if strength < 0 and _works(run, layer, -strength):
        return "the sign is turned round: each sentence is pushed further into its own language"
    if flips(run, layer, strength) >= ENOUGH:
        return "the push is too strong, so that other texts suffer: look for the weakest that works"
    if strength > 0 and any(_works(run, layer, more * strength) for more in (1.5, 2, 3, 4, 6)):
        return "the push is too weak: most sentences keep their language"
    return "the layer is not one where the decision can be moved this cheaply"


steering = Finding(
    name="steering",
    judge=_judge,
    reread="flips(mine, layer, strength) must be at least 0.9 and side_effect(mine, layer, "
    "strength) at most 0.2: try layers and strengths one by one",
)
