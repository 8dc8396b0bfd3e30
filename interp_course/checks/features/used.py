"""Six places where a variable can be decoded: does the network use what stands there?"""

import functools
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from interp_course import runtime, world
from interp_course.checking import Finding
from interp_course.checks.features.streams import (
    EVERY,
    LAST,
    TRAINING_RUNS,
    logits_after,
    model,
    streams,
    tokens_of,
)

PLACES = {
    "number after layer 1": ("number", 1),
    "number after layer 2": ("number", 2),
    "attractor after layer 1": ("attractor", 1),
    "sentiment after layer 1": ("sentiment", 1),
    "negation after layer 2": ("negation", 2),
    "harmful after layer 1": ("harmful", 1),
}
"""Variable and layer, counted from 0."""
TASKS = {"attractor": "number", "negation": "sentiment"}
"""Whose right answers are asked for, where it is not the variable itself."""
VERDICTS = ("used", "idle")
USED, IDLE = 0.10, 0.04
"""A loss of log-odds of at least USED is use, one of at most IDLE is none; between, both pass."""
CONTROLS, FEW = 50, 60
"""How many random directions are tried, and on how many prompts."""
ACCURATE = 0.9
"""From this accuracy on a student would say that a variable can be decoded."""
DECODED = (
    "whatever can be decoded is called used: accuracy says what can be read off, not what the "
    "network reads"
)
Problem = tuple[str, str | None]
Plane = tuple[Tensor, Tensor]
"""A unit direction, and the coordinate along it that an ablation puts in."""


@functools.lru_cache(maxsize=32)
def _classes(run: int, variable: str) -> tuple[Tensor, Tensor]:
    """Streams ``[layer batch d_model]`` at the last position, and who has the second value."""
    pairs = world.pairs(variable, 200, seed=1)
    values = [side.value for side in (*pairs.clean, *pairs.other)]
    second = torch.tensor([value == world.VARIABLES[variable][1] for value in values])
    tokens = torch.cat([pairs.tokens, pairs.other_tokens])
    return streams(run, tokens)[:, :, -1].double(), second


def _plane(run: int, variable: str, layer: int) -> Plane:
    """The unit difference of the class means, and the coordinate half-way between them."""
    resid, second = _classes(run, variable)
    one, other = resid[layer, second].mean(dim=0), resid[layer, ~second].mean(dim=0)
    direction = (one - other) / (one - other).norm()
    return direction, (one + other) / 2 @ direction


@functools.lru_cache(maxsize=64)
def _accuracy(run: int, variable: str, layer: int) -> float:
    """How well the sign of the coordinate tells the two values apart."""
    resid, second = _classes(run, variable)
    direction, middle = _plane(run, variable, layer)
    return ((resid[layer] @ direction > middle) == second).double().mean().item()


@functools.lru_cache(maxsize=16)
def _task(run: int, task: str) -> tuple[Tensor, Tensor, Tensor]:
    """Streams ``[layer batch pos d_model]``; one-hot right and wrong words ``[batch d_vocab]``."""
    pairs = world.pairs(task, 150, seed=5)
    resid = streams(run, torch.cat([pairs.tokens, pairs.other_tokens]))
    right = [tokens_of([side.right])[0] for side in (*pairs.clean, *pairs.other)]
    wrong = right[len(pairs) :] + right[: len(pairs)]
    marks = torch.zeros(2, len(right), model(run).cfg.d_vocab, dtype=torch.bool)
    for row, (yes, no) in enumerate(zip(right, wrong, strict=True)):
        marks[0, row, yes] = True
        marks[1, row, no] = True
    return resid, marks[0], marks[1]


def _log_odds(run: int, resid: Tensor, layer: int, right: Tensor, wrong: Tensor) -> Tensor:
    logits = logits_after(run, resid, layer, LAST)[:, -1].double()
    no = torch.tensor(-torch.inf, dtype=torch.float64)
    return logits.where(right, no).logsumexp(-1) - logits.where(wrong, no).logsumexp(-1)


def _ablated(resid: Tensor, plane: Plane, everywhere: bool = False) -> Tensor:
    direction, value = plane[0].to(resid.dtype), plane[1].to(resid.dtype)
    edited = resid.clone()
    where = EVERY if everywhere else LAST
    edited[:, where] += (value - resid[:, where] @ direction)[..., None] * direction
    return edited


@functools.lru_cache(maxsize=256)
def effect(run: int, variable: str, layer: int, everywhere: bool = False) -> float:
    """Mean loss of log-odds by the ablation, as a share of the log-odds without it."""
    resid, right, wrong = _task(run, TASKS.get(variable, variable))
    resid = resid[layer]
    edited = _ablated(resid, _plane(run, variable, layer), everywhere)
    before, after = (_log_odds(run, x, layer, right, wrong).mean() for x in (resid, edited))
    return ((before - after) / before).item()


@functools.lru_cache(maxsize=64)
def control(run: int, task: str, layer: int) -> float:
    """The 95th percentile of the effects of random directions, on some of the prompts."""
    rng = runtime.generator("random directions", run)
    resid, right, wrong = _task(run, task)
    resid, right, wrong = resid[layer, :FEW], right[:FEW], wrong[:FEW]
    mean = resid[:, -1].double().mean(dim=0)
    directions = torch.randn(CONTROLS, len(mean), generator=rng, dtype=torch.float64)
    directions /= directions.norm(dim=1, keepdim=True)
    edited = torch.cat([_ablated(resid, (one, mean @ one)) for one in directions])
    words = right.repeat(CONTROLS, 1), wrong.repeat(CONTROLS, 1)
    before = _log_odds(run, resid, layer, right, wrong).mean()
    after = _log_odds(run, edited, layer, *words).view(CONTROLS, len(resid)).mean(dim=1)
    return ((before - after) / before).quantile(0.95).item()


def _verdict(loss: float, noise: float = 0.0) -> str | None:
    """What a loss of log-odds means; None where both verdicts pass."""
    if loss <= max(IDLE, noise):
        return "idle"
    return "used" if loss >= USED else None


@functools.lru_cache(maxsize=TRAINING_RUNS)
def _truth(run: int) -> Mapping[str, str | None]:
    return {
        key: _verdict(effect(run, name, layer), control(run, TASKS.get(name, name), layer))
        for key, (name, layer) in PLACES.items()
    }


def _judge(answer: Any, instance: int) -> Problem | None:
    problem = _malformed(answer)
    if problem is not None:
        return problem
    given = {key: str(answer[key]).strip().lower() for key in PLACES}
    run = instance % TRAINING_RUNS
    wrong = _differing(given, _truth(run))
    if not wrong:
        return None
    number = f"{len(wrong)} of the {len(PLACES)} verdicts"
    text = f"{number} {'does' if len(wrong) == 1 else 'do'} not fit what the ablations show"
    return text, _mistake(given, wrong, run)


def _malformed(answer: Any) -> Problem | None:
    if not isinstance(answer, dict) or set(answer) != set(PLACES):
        return f"expected a dict with the keys {', '.join(PLACES)}, got {answer!r}", None
    for key, value in answer.items():
        if isinstance(value, str) and value.strip().lower() in VERDICTS:
            continue
        text = f"{key!r}: expected 'used' or 'idle', got {value!r}"
        if isinstance(value, str):
            return text, None
        return text, "a number or a truth value is handed in: a verdict is the word used or idle"
    return None


def _differing(given: Mapping[str, str], table: Mapping[str, str | None]) -> list[str]:
    return [key for key, verdict in table.items() if verdict not in (given[key], None)]


def _mistake(given: Mapping[str, str], wrong: list[str], run: int) -> str | None:
    """What gives just these six verdicts (two mistakes may agree), or else what is wrong most."""
    same = [sentence for sentence, table in _ways(run) if not _differing(given, table)]
    if same:
        return ", or when ".join(dict.fromkeys(same))
    if given["attractor after layer 1"] == "used":
        return (
            "the attractor is called used: it can be decoded at the last position, but taking "
            "it away *there* costs the verb nothing"
        )
    if all(given[key] == "idle" for key in wrong):
        return (
            "a partial loss is overlooked: a direction from which a tenth of the log-odds hangs "
            "is used, even if the answers stay right"
        )
    if all(given[key] == "used" for key in wrong):
        return "a loss that is next to nothing is called use: the bar is a tenth of the log-odds"
    return None


def _ways(run: int) -> list[tuple[str, Mapping[str, str | None]]]:
    """What comes out, verdict by verdict, when a mistake is made."""
    truth = _truth(run)
    one, two, *_ = PLACES
    turned = {"used": "idle", "idle": "used", None: None}
    ways: list[tuple[str, Mapping[str, str | None]]] = [
        (DECODED, dict.fromkeys(PLACES, "used")),
        (
            "nothing is called used: a loss is the log-odds without the ablation minus those with "
            "it, and a tenth of them is enough",
            dict.fromkeys(PLACES, "idle"),
        ),
        (
            "the verdicts are turned round: log-odds that rise (a negative effect) are no use",
            {key: turned[verdict] for key, verdict in truth.items()},
        ),
        (
            "the stream is read one layer too early: layers are counted from 0, and "
            "hook_resid_post is what stands *after* the layer",
            {key: _verdict(effect(run, name, at - 1)) for key, (name, at) in PLACES.items()},
        ),
        (
            "the verdicts on the number after layer 1 and after layer 2 are swapped",
            {**truth, one: truth[two], two: truth[one]},
        ),
        (
            "the direction is ablated at all positions: then it is also missing where the last "
            "position fetches it from",
            {key: _verdict(effect(run, *at, everywhere=True)) for key, at in PLACES.items()},
        ),
        (
            DECODED,
            {key: VERDICTS[_accuracy(run, *at) < ACCURATE] for key, at in PLACES.items()},
        ),
    ]
    ways.append(
        (
            "depth is taken for use: what stands in the last layer is called used, the rest idle",
            {key: VERDICTS[layer < 2] for key, (_, layer) in PLACES.items()},
        )
    )
    taken = "the verdicts are those of another training run: load the one of your instance"
    others = [other for other in range(TRAINING_RUNS) if other != run]
    for other in others:
        ways.append((taken, {key: _verdict(effect(other, *at)) for key, at in PLACES.items()}))
    return ways


used = Finding(
    name="used",
    judge=_judge,
    reread="at the last position only: put the mean coordinate of the two classes in, and compare "
    "the loss of log-odds with the log-odds you started from",
)
