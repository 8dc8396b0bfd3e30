"""An induction circuit built by hand is judged by what it does, and diagnosed by its parts."""

from typing import Any

import torch
from torch import Tensor

from interp_course import compiled, runtime, sequences
from interp_course.checking import Case, Check

Problem = tuple[str, str | None]
FOCUS, ACCURACY = 0.9, 0.99


def _cases(seed: int) -> list[Case]:
    cases = []
    for number, (d_vocab, n_ctx) in enumerate(((9, 15), (14, 27), (8, 24))):
        rng = runtime.generator("check built", seed + 1000 * number)
        low = 2 if number == 2 else d_vocab // 2
        period = int(torch.randint(low, min(d_vocab - 1, (n_ctx - 1) // 2) + 1, (), generator=rng))
        cases.append(Case(f"d_vocab {d_vocab}, n_ctx {n_ctx}, period {period}", (d_vocab, n_ctx)))
    return cases


def _judge(case: Case, weights: Any) -> Problem | None:
    layout = compiled.SlotLayout(*case.args)
    problem = _malformed(layout, weights)
    if problem is not None:
        return problem, None
    period = int(case.name.rsplit(" ", 1)[1])
    rng = runtime.generator("judge built", period)
    tokens = sequences.repeated_random(32, period, layout.d_vocab, rng)
    run = _Run(layout, weights, tokens)
    guesses = run.logits[:, period + 1 : -1].argmax(dim=-1)
    accuracy = (guesses == tokens[:, period + 2 :]).float().mean().item()
    if accuracy >= ACCURACY:
        return None
    text = f"predicts {accuracy:.0%} of the second copy right, expected at least {ACCURACY:.0%}"
    return text, _diagnosis(run, layout, tokens, period)


class _Run:
    """The two-layer model in plain matrix products, with everything kept."""

    def __init__(self, layout: compiled.SlotLayout, weights: dict[str, Tensor], tokens: Tensor):
        w = {name: torch.as_tensor(value).double() for name, value in weights.items()}
        start = layout.embedding()[tokens] + layout.positions()[: tokens.shape[1]]
        self.first, self.middle = self._layer(layout, w, 0, start.double())
        self.second, self.end = self._layer(layout, w, 1, self.middle)
        self.logits = self.end @ layout.unembedding().double()

    def _layer(self, layout: Any, w: dict, layer: int, x: Tensor) -> tuple[Tensor, Tensor]:
        queries, keys = x @ w[f"W_Q_{layer}"], x @ w[f"W_K_{layer}"]
        scores = queries @ keys.mT / layout.d_head**0.5
        future = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
        pattern = scores.masked_fill(future, -torch.inf).softmax(-1)
        return pattern, x + pattern @ x @ w[f"W_V_{layer}"] @ w[f"W_O_{layer}"]


def _malformed(layout: compiled.SlotLayout, weights: Any) -> str | None:
    if not isinstance(weights, dict):
        return f"returned {type(weights).__name__}, expected a dict of eight matrices"
    try:
        compiled.assemble(layout, {name: torch.as_tensor(w) for name, w in weights.items()})
    except (ValueError, TypeError, RuntimeError) as error:
        return str(error)
    if not all(torch.as_tensor(w).isfinite().all() for w in weights.values()):
        return "a matrix contains nan or inf: for a sharp attention a factor of 100 is enough"
    return None


def _diagnosis(run: _Run, layout: Any, tokens: Tensor, period: int) -> str | None:
    """Go through the circuit from the bottom and name the first part that is off."""
    mistake = _first_layer(run.first)
    if mistake is None and not _holds(run.middle, layout, "previous", tokens[:, :-1], 1):
        mistake = _wrong_content(run.middle, layout, tokens)
    if mistake is None:
        mistake = _second_layer(run.second, period)
    if mistake is None:
        mistake = _wrong_output(run, layout, tokens, period)
    return mistake


def _first_layer(pattern: Tensor) -> str | None:
    query = torch.arange(2, pattern.shape[-1])
    if _weight(pattern, query, query - 1) > FOCUS:
        return None
    if _weight(pattern, query, query) > FOCUS:
        return "the head of layer 0 attends to its own position: the code is not shifted by one"
    if _weight(pattern, query, query - 2) > FOCUS:
        return "the head of layer 0 attends two positions back"
    best = pattern[:, query].argmax(-1)
    if (best == query - 1).double().mean() > FOCUS:
        return "the head of layer 0 prefers the previous token but not sharply: scale W_Q or W_K up"
    if pattern[:, query, 0].mean() > 0.5 or _is_flat(pattern):
        return (
            "the head of layer 0 never finds the previous position: is the shift turned around, "
            "so that it looks at the future, which is masked? or do W_Q, W_K read other slots?"
        )
    return "the head of layer 0 does not attend to the previous position"


def _wrong_content(middle: Tensor, layout: Any, tokens: Tensor) -> str:
    if middle[:, 1:, layout.slot("previous")].abs().max() < 1e-3:
        return "layer 0 writes nothing into the slot 'previous'"
    if not _holds(middle, layout, "token", tokens, 0):
        return "layer 0 overwrites the slot 'token', which layer 1 still needs"
    return "the slot 'previous' does not hold the previous token after layer 0"


def _second_layer(pattern: Tensor, period: int) -> str | None:
    query = torch.arange(period + 2, pattern.shape[-1] - 1)
    if len(query) == 0 or _weight(pattern, query, query - period + 1) > FOCUS:
        return None
    if _weight(pattern, query, query - period) > 0.4:
        return (
            "layer 1 attends to the same token's earlier occurrence: its keys read the slot "
            "'token', so it is a duplicate-token head; read 'previous' (K-composition)"
        )
    if _weight(pattern, query, query - period - 1) > 0.4:
        return (
            "layer 1 attends to the token *before* the earlier occurrence: its queries read "
            "'previous' and its keys 'token'; it must be the other way round"
        )
    best = pattern[:, query].argmax(-1)
    if (best == query - period + 1).double().mean() > FOCUS:
        return "layer 1 prefers the right position but not sharply: scale its W_Q or W_K up"
    if _is_flat(pattern):
        return "layer 1 attends to all positions alike: do its queries and keys meet at all?"
    return "layer 1 does not attend to the token after the earlier occurrence"


def _wrong_output(run: _Run, layout: Any, tokens: Tensor, period: int) -> str | None:
    written = run.end[..., layout.slot("output")]
    query = torch.arange(period + 2, tokens.shape[1] - 1)
    if written.abs().max() < 1e-3:
        return "layer 1 writes nothing into the slot 'output', from which the logits are read"
    if len(query) and (written[:, query].argmax(-1) == tokens[:, query]).double().mean() > FOCUS:
        return (
            "layer 1 copies the slot 'previous' of the attended position, which is the current "
            "token again: its values must read 'token'"
        )
    if len(query) and (written[:, query].argmin(-1) == tokens[:, query + 1]).double().mean() > 0.9:
        return "layer 1 lowers the right logit instead of raising it: look at the sign of W_O"
    return "layer 1 attends to the right position but copies something else into 'output'"


def _holds(stream: Tensor, layout: Any, slot: str, tokens: Tensor, start: int) -> bool:
    """Whether the largest coordinate of a slot is the token, from position ``start`` on."""
    held = stream[:, start:, layout.slot(slot)].argmax(dim=-1)
    return bool((held == tokens).double().mean() > FOCUS)


def _weight(pattern: Tensor, query: Tensor, key: Tensor) -> Tensor:
    return pattern[:, query, key].mean()


def _is_flat(pattern: Tensor) -> bool:
    last = pattern[:, -1]
    return bool(last.max() < 3 / last.shape[-1])


induction_weights = Check(
    name="induction_weights",
    judge_value=_judge,
    cases=_cases,
    reread="layer 0: position p asks for position p - 1 and copies its token into 'previous'; "
    "layer 1: my 'token' asks for the position whose 'previous' is the same, and copies its "
    "'token' into 'output'",
)
