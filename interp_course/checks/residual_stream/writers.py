"""Which part of a trained network writes the answer to each of three questions?"""

import functools
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from interp_course import models, world
from interp_course.checking import Finding

VARIABLES = ("number", "country", "receiver")
TRAINING_RUNS = 4
TIE = 0.25
"""Parts that are this close to the largest one (logits) are right too."""
Problem = tuple[str, str | None]
Table = Mapping[str, Mapping[str, float]]


def _ids(model: Any, sides: Any) -> Tensor:
    return torch.tensor([model.to_single_token(side.right[0]) for side in sides])


def _terms(model: Any, tokens: Tensor) -> dict[str, Tensor]:
    """What each part adds to the stream, ``[batch pos d_model]``, by name."""
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens)
        embed = cache["hook_embed"]
        terms = {"embed": embed, "position": cache["hook_pos_embed"].expand_as(embed)}
        for layer in range(model.cfg.n_layers):
            z = cache[f"blocks.{layer}.attn.hook_z"]
            for head in range(model.cfg.n_heads):
                terms[f"L{layer}.H{head}"] = z[:, :, head] @ model.W_O[layer, head]
            terms[f"L{layer}.b_O"] = model.b_O[layer].expand_as(embed)
            terms[f"L{layer}.mlp"] = cache[f"blocks.{layer}.hook_mlp_out"]
    return {name: term.double() for name, term in terms.items()}


def _readers(model: Any, sides: Any) -> Tensor:
    """What the logit of each right answer reads in the normalised stream, ``[batch d_model]``."""
    columns = model.W_U.detach().double()[:, _ids(model, sides)].T
    return model.ln_final.weight.detach().double() * columns


def _contributions(stream: Tensor, term: Tensor, eps: float, reader: Tensor) -> Tensor:
    """What is lost when a term is taken out of the stream and the scale stays, for each example."""
    scale = (stream.var(dim=-1, unbiased=False, keepdim=True) + eps).sqrt()

    def read(x: Tensor) -> Tensor:
        return ((x - x.mean(dim=-1, keepdim=True)) / scale * reader).sum(dim=-1)

    return read(stream) - read(stream - term)


@functools.lru_cache(maxsize=64)
def _tables(run: int, instance: int, variable: str) -> Mapping[str, Mapping[str, float]]:
    """Mean contribution of each part: as it should be taken, and as it is taken by mistake."""
    model = models.load("world", seed=run)
    pairs = world.pairs(variable, 64, seed=instance)
    eps, first = model.cfg.eps, models.load("world")
    yes, no = _readers(model, pairs.clean), _readers(model, pairs.other)
    foreign = _readers(first, pairs.clean) - _readers(first, pairs.other)
    terms = _terms(model, pairs.tokens)
    stream = torch.stack(list(terms.values())).sum(dim=0)
    ways: dict[str, dict[str, float]] = {}
    for name, term in terms.items():
        last, here = stream[:, -1], term[:, -1]
        answers = {
            "right": _contributions(last, here, eps, yes - no),
            "answer alone": _contributions(last, here, eps, yes),
            "own scale": _contributions(here, here, eps, yes - no),
            "first position": _contributions(stream[:, 0], term[:, 0], eps, yes - no),
            "first run's W_U": _contributions(last, here, eps, foreign),
            "size": here.norm(dim=-1),
        }
        every = _contributions(stream, term, eps, (yes - no)[:, None])
        answers["all positions"] = every.mean(dim=1)
        for way, values in answers.items():
            ways.setdefault(way, {})[name] = values.mean().item()
    return ways


def _best(table: Mapping[str, float], tie: float = TIE) -> set[str]:
    top = max(table.values())
    return {name for name, value in table.items() if value >= top - tie}


def _negated(table: Mapping[str, float]) -> dict[str, float]:
    return {name: -value for name, value in table.items()}


def _heads(table: Mapping[str, float]) -> dict[str, float]:
    return {name: value for name, value in table.items() if "H" in name}


def _truth(instance: int, way: str = "right", run: int | None = None) -> dict[str, Any]:
    run = instance % TRAINING_RUNS if run is None else run
    return {variable: _tables(run, instance, variable)[way] for variable in VARIABLES}


def _judge(answer: Any, instance: int) -> Problem | None:
    truth = _truth(instance)
    known = list(truth["number"])
    if not isinstance(answer, dict) or set(answer) != set(VARIABLES):
        return f"expected a dict with the keys {', '.join(VARIABLES)}, got {answer!r}", None
    strange = [part for part in answer.values() if part not in known]
    if strange:
        text = f"there is no part {strange[0]!r}; the parts are {', '.join(known)}"
        return text, None
    wrong = [v for v in VARIABLES if answer[v] not in _best(truth[v])]
    if not wrong:
        return None
    text = f"not right yet: {', '.join(repr(variable) for variable in wrong)}"
    return text, _mistake(answer, wrong, instance)


def _mistake(answer: Mapping[str, str], wrong: list[str], instance: int) -> str | None:
    """The first way of being wrong that gives all three parts, or else all of the wrong ones."""
    truth = _truth(instance)
    other_runs = [run for run in range(TRAINING_RUNS) if run != instance % TRAINING_RUNS]
    ways = [
        (
            "the sign is turned round: the right answer's direction comes first",
            {v: _negated(truth[v]) for v in VARIABLES},
        ),
        (
            "the right answer's logit is taken alone: subtract the wrong answer's direction",
            _truth(instance, "answer alone"),
        ),
        (
            "each part is divided by its own scale: the scale is that of the whole stream",
            _truth(instance, "own scale"),
        ),
        (
            "the unembedding belongs to another training run: fold that of your own",
            _truth(instance, "first run's W_U"),
        ),
        (
            "the position is wrong: the answer is read at the last one",
            _truth(instance, "first position"),
        ),
        (
            "the mean runs over all positions: the answer is read at the last one",
            _truth(instance, "all positions"),
        ),
        (
            "parts are ranked by the length of what they add, whatever its direction",
            _truth(instance, "size"),
        ),
        (
            "only heads are compared: an MLP writes too",
            {v: _heads(truth[v]) for v in VARIABLES},
        ),
        *(
            (
                "another training run is taken: load the one of your instance",
                _truth(instance, run=run),
            )
            for run in other_runs
        ),
    ]
    for asked in (VARIABLES, wrong):
        for sentence, tables in ways:
            if all(answer[v] in _best(tables[v], tie=1e-3) for v in asked):
                return sentence
    if len(set(answer.values())) == 1:
        return "one part is named for all three questions: each question has its own writer"
    return None


writers = Finding(
    name="writers",
    judge=_judge,
    reread="for each variable: your attribution at the last position, its mean over the 64 pairs, "
    "and the part with the largest one",
)
