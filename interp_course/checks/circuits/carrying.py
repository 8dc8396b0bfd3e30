"""Which head of the tiny world's network carries the country of a city to the word *is*?"""

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from interp_course import models, runtime
from interp_course.checking import Finding
from interp_course.checks.circuits.naming import Place, no_name, place
from interp_course.world.geography import ATTRIBUTES, CITIES, COUNTRIES, COUNTRY_OF, RELATIONS
from interp_course.world.vocabulary import encode

TRAINING_RUNS, N, DRAWN = 4, 240, 300
TOLERANCE = 0.03
CITY, IS = -2, -1
"""Positions of the city and of the word before the answer."""
Problem = tuple[str, str | None]


@dataclass(frozen=True)
class Questions:
    """Questions of two hops, each with the same question about a city of another country."""

    tokens: Tensor
    """``[question pos]``"""
    other_tokens: Tensor
    answers: Tensor
    """``[question]``, the right answers, which the network gives."""
    other_answers: Tensor


@functools.lru_cache(maxsize=32)
def country_questions(instance: int) -> Questions:
    """The 240 questions of an instance, all of which its network answers right.

    The cities are drawn from all: those of which training told two-hop sentences, and those of
    which it told the country alone.
    """
    rng = runtime.generator("country questions", instance)
    relations = torch.randint(len(RELATIONS), (DRAWN,), generator=rng)
    city = torch.randint(len(CITIES), (DRAWN,), generator=rng)
    country = torch.tensor([COUNTRIES.index(COUNTRY_OF[name]) for name in CITIES])
    elsewhere = country != country[city][:, None]
    other = (torch.rand(elsewhere.shape, generator=rng) * elsewhere).argmax(dim=1)
    sides = []
    for cities in (city, other):
        pairs = [(RELATIONS[r], CITIES[c]) for r, c in zip(relations, cities, strict=True)]
        texts = [f"<bos> the {r} of the country containing {c} is".split() for r, c in pairs]
        words = [ATTRIBUTES[r][COUNTRY_OF[c]] for r, c in pairs]
        sides.append((torch.tensor([encode(text) for text in texts]), torch.tensor(encode(words))))
    (tokens, answers), (other_tokens, other_answers) = sides
    known = (_said(instance, tokens) == answers) & (_said(instance, other_tokens) == other_answers)
    rows = known.nonzero()[:N, 0]
    assert len(rows) == N, f"only {len(rows)} questions are answered right"
    return Questions(tokens[rows], other_tokens[rows], answers[rows], other_answers[rows])


@functools.lru_cache(maxsize=TRAINING_RUNS)
def _model(run: int) -> Any:
    return models.load("world", seed=run, device="cpu")


def _said(instance: int, tokens: Tensor) -> Tensor:
    with torch.no_grad():
        return _model(instance % TRAINING_RUNS)(tokens)[:, IS].argmax(dim=-1)


@functools.lru_cache(maxsize=256)
def shares(instance: int, layer: int = 0, position: int = IS, kind: str = "other") -> list[float]:
    """What exchanging each head of a layer does to the answers, in shares of the questions.

    ``kind`` is what is counted: answers of the *other* country, answers that *stay*; *silenced*
    puts zeros there instead, and counts those that stay no more.
    """
    asked, model = country_questions(instance), _model(instance % TRAINING_RUNS)
    name, found = f"blocks.{layer}.attn.hook_z", []
    with torch.no_grad():
        _, cache = model.run_with_cache(asked.other_tokens, names_filter=[name])
        foreign = torch.zeros_like(cache[name]) if kind == "silenced" else cache[name]
        for head in range(model.cfg.n_heads):
            hook = _exchange(foreign, position, head)
            said = model.run_with_hooks(asked.tokens, fwd_hooks=[(name, hook)])[:, IS].argmax(-1)
            counted = {
                "other": said == asked.other_answers,
                "stay": said == asked.answers,
                "silenced": said != asked.answers,
            }
            found.append(counted[kind].double().mean().item())
    return found


def _attention(instance: int, head: int) -> float:
    """Mean attention of a head of layer 0 from the last word to the city."""
    asked, name = country_questions(instance), "blocks.0.attn.hook_pattern"
    with torch.no_grad():
        model = _model(instance % TRAINING_RUNS)
        _, cache = model.run_with_cache(asked.tokens, names_filter=[name])
    return cache[name][:, head, IS, CITY].mean().item()


def _exchange(foreign: Tensor, position: int, head: int) -> Callable[..., Tensor]:
    def hook(z: Tensor, hook: Any) -> Tensor:
        z = z.clone()
        z[:, position, head] = foreign[:, position, head]
        return z

    return hook


def truth(instance: int) -> tuple[Place, float]:
    """The head and its share."""
    found = shares(instance)
    return (0, found.index(max(found))), max(found)


def _judge(answer: Any, instance: int) -> Problem | None:
    if not isinstance(answer, Mapping) or set(answer) != {"head", "share"}:
        return f"expected a dict with the keys 'head' and 'share', got {answer!r}", None
    given = place(answer["head"])
    if given is None:
        return f"head: {answer['head']!r} is no head", no_name(answer["head"])
    try:
        share = float(answer["share"])
    except (TypeError, ValueError, RuntimeError):
        text = f"share: expected one number, got {answer['share']!r}"
        return text, "the shares of several heads are told: that of the named one is wanted"
    if not 0 <= share <= 1:
        percent = "the share is told in percent, or is a count" if 1 < share <= 240 else None
        return f"share: expected a number from 0 to 1, got {answer['share']!r}", percent
    (_, best), right = truth(instance)
    if given != (0, best):
        text = f"not right yet: the head ({given[0]}, {given[1]} in numbers)"
        return text, _wrong_head(given, share, instance)
    if math.isclose(share, right, abs_tol=TOLERANCE):
        return None
    return f"the head is right, its share is not {share:.3f}", _wrong_share(share, instance)


def _near(share: float, value: float) -> bool:
    return math.isclose(share, value, abs_tol=0.002)


def _wrong_head(given: Place, share: float, instance: int) -> str | None:
    (_, best), right = truth(instance)
    layer, head = given
    if given == (best, 0) and _near(share, right):
        return "layer and head are exchanged: the layer comes first"
    if given == (0, best + 1) and _near(share, right):
        return "heads are counted from 1: the first one of a layer is H0"
    if given == (1, best) and _near(share, right):
        return "layers are counted from 1: the first one is L0"
    if layer > 0:
        return (
            "a head of a later layer is named: it may read the country, but the question is which "
            "head of layer 0 brings it to the word"
        )
    if head > 3:
        return None
    if _near(share, shares(instance, position=CITY)[head]):
        return (
            "the exchange is at the city's position: what a head carries to a word, it writes "
            "at that word"
        )
    if share > 0.5:
        for run in range(TRAINING_RUNS):
            if truth(run)[0][1] == head:
                return "another training run is taken: load the one of your instance"
    if _near(share, shares(instance, kind="stay")[head]):
        return "answers that stay are counted: the head is wanted that changes them"
    return "a head is named that can be exchanged without changing many answers"


def _wrong_share(share: float, instance: int) -> str | None:
    best = truth(instance)[0][1]
    every = shares(instance)
    if share < 0.1:
        return (
            "answers that stay are counted, or the exchange is at the city's position: ask how "
            "many become the other country's, by an exchange at the last word"
        )
    if _near(share, sum(every) / len(every)):
        return "the mean over all four heads is told: the share is that of one of them"
    if _near(share, shares(instance, kind="silenced")[best]):
        return (
            "the head is silenced and lost answers are counted: exchange its output, and count "
            "the answers that become the other country's"
        )
    if _near(share, _attention(instance, best)):
        return "attention is told: how much a head looks at the city is not what this changes"
    return None


country_head = Finding(
    name="country_head",
    judge=_judge,
    reread="for each head of layer 0: put its output at the last position on the other question "
    "into the run of the first; in what share of the questions is the top word then the answer "
    "to the other?",
)
