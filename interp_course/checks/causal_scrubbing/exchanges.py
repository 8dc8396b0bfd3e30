"""Which things may an induction head be given from another sentence?

According to the hypothesis each of them carries something of the sentence, and may be exchanged
for that of any other sentence from which it would carry the same:

* ``"output"`` of the head: the token that followed when the last token stood there before;
* ``"pattern"``, at the last position: the place of that earlier occurrence;
* ``"query"``, at the last position: the last token;
* ``"keys"``, all of them: the token before each position, so all tokens but the last;
* ``"values"``, all of them: the token of each position, so all tokens.

This is why hypotheses exchange keys and values position by position: as a whole they can hardly
be exchanged at all.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from interp_course.checking import Case, Check, Reply
from interp_course.checks.causal_scrubbing.sentence_pairs import PAIRS, pair

Judged = Callable[[Tensor, Tensor], bool]
SITES = ("output", "pattern", "query", "keys", "values")


@dataclass(frozen=True)
class _SiteCheck(Check):
    """Names a mistake by all answers about one site: a single yes or no tells nothing."""

    def _known_mistake(
        self, failed: Case, cases: Sequence[Case], replies: Sequence[Reply]
    ) -> str | None:
        here = [
            (case, reply.value)
            for case, reply in zip(cases, replies, strict=True)
            if case.args[0] == failed.args[0]
        ]
        for sentence, ways in self.mistakes.items():
            for wrong in ways if isinstance(ways, tuple) else (ways,):
                if all(_truth(value) == wrong(*case.args) for case, value in here):
                    return sentence
        return None


def _cases(seed: int) -> list[Case]:
    """Every kind of pair for every site; each pair is drawn for itself."""
    drawn = []
    for site in SITES:
        for kind in PAIRS:
            ours, theirs = pair(kind, f"{site} {seed}")
            text = f"{site!r}, {kind}: ours {ours.tolist()}, theirs {theirs.tolist()}"
            drawn.append(Case(text, (site, ours, theirs)))
    return drawn


def _oracle(site: str, ours: Tensor, theirs: Tensor) -> bool:
    """Write down what the site carries, place by place, and compare."""
    return _carried(site, ours.tolist()) == _carried(site, theirs.tolist())


def _carried(site: str, tokens: list[int]) -> Any:
    last = len(tokens) - 1
    (match,) = (place for place in range(last) if tokens[place] == tokens[last])
    if site == "keys":
        return [tokens[place - 1] for place in range(1, len(tokens))]
    carried = {"output": tokens[match + 1], "pattern": match, "query": tokens[last]}
    return tokens if site == "values" else carried[site]


def _truth(value: Any) -> bool | None:
    """A yes or no in any usual form; None for anything else."""
    if isinstance(value, (Tensor, np.ndarray)) and value.ndim == 0:
        value = value.item()
    if isinstance(value, (bool, np.bool_)) or (isinstance(value, int) and value in (0, 1)):
        return bool(value)
    return None


def _judge(case: Case, value: Any) -> tuple[str, str | None] | None:
    given = _truth(value)
    if given is None:
        return _no_truth(value)
    if given == _oracle(*case.args):
        return None
    return f"returned {given}, expected {not given}", None


def _no_truth(value: Any) -> tuple[str, str | None]:
    if isinstance(value, (Tensor, np.ndarray)) and value.ndim > 0:
        text = f"returned {tuple(value.shape)} entries of {value.dtype}, expected True or False"
        return text, "tokens are compared one by one: whether all of them agree is asked for"
    text = f"returned {value!r}, expected True or False"
    number = isinstance(value, (Tensor, np.generic, int, float))
    return text, "what a site carries is returned: it is to be compared" if number else None


def _match(tokens: Tensor) -> int:
    return int((tokens[:-1] == tokens[-1]).nonzero()[0])


def _next(tokens: Tensor) -> int:
    return int(tokens[_match(tokens) + 1])


def _equal(carried: Callable[[Tensor], Any]) -> Judged:
    """The answer of those who think that this is what is carried."""

    def judged(ours: Tensor, theirs: Tensor) -> bool:
        mine, other = carried(ours), carried(theirs)
        return torch.equal(mine, other) if isinstance(mine, Tensor) else mine == other

    return judged


def _at(site: str, *judged: Judged) -> tuple[Callable[..., bool], ...]:
    """Answers that are wrong about one site only."""

    def answer(judge: Judged) -> Callable[..., bool]:
        def given(at: str, ours: Tensor, theirs: Tensor) -> bool:
            return judge(ours, theirs) if at == site else _oracle(at, ours, theirs)

        return given

    return tuple(map(answer, judged))


def _everywhere(truth: bool) -> tuple[Callable[..., bool], ...]:
    return tuple(answer for site in SITES for answer in _at(site, lambda ours, theirs: truth))


def _both(*judged: Judged) -> Judged:
    return lambda ours, theirs: all(judge(ours, theirs) for judge in judged)


_place, _follows = _equal(_match), _equal(_next)
_last = _equal(lambda tokens: tokens[-1])
_all = _equal(lambda tokens: tokens)
_all_but_the_last = _equal(lambda tokens: tokens[:-1])
_whole_match = _both(_last, _place, _follows)

_MISTAKES: dict[str, tuple[Callable[..., bool], ...]] = {
    "the output is judged by the place of the match: the output brings along the word that stands "
    "there in the other sentence, and only the pattern is the same": _at("output", _place),
    "the output is judged by the last token: that is what is looked for, not what is found": _at(
        "output", _last, _both(_last, _place)
    ),
    "the output is compared with too much: only what it writes counts, not where that was found, "
    "nor by which token": _at(
        "output", _both(_place, _follows), _both(_last, _follows), _whole_match
    ),
    "the output is taken from next to where it comes from: it is off by one": _at(
        "output", _equal(lambda t: t[_match(t) - 1]), _equal(lambda t: t[_match(t) + 2])
    ),
    "the pattern is judged by the next token: a pattern is where the head looks, whatever stands "
    "there": _at("pattern", _follows, _both(_place, _follows), _both(_last, _follows)),
    "the pattern is judged by the last token: its match can be at another place there, and that of "
    "another token at the same place": _at("pattern", _last, _both(_place, _last), _whole_match),
    "the query is judged by more than it is computed from: that is the last token alone": _at(
        "query", _all_but_the_last, _both(_last, _place), _both(_last, _follows), _whole_match
    ),
    "the query is judged by what is found with it: it only says what is looked for": _at(
        "query", _follows, _place, _both(_place, _follows)
    ),
    "keys are compared by the tokens of their own positions: a key carries the token before it, so "
    "that none carries the last one": _at("keys", _all, _equal(lambda t: t[2:])),
    "only the key at the match is compared: all keys are exchanged, and any of them might be what "
    "is looked for": _at(
        "keys", _place, _last, _follows, _both(_place, _last), _both(_place, _follows), _whole_match
    ),
    "only some of the keys are compared: all of them are exchanged": _at(
        "keys",
        _equal(lambda t: t[:-2]),
        _equal(lambda t: t[2:-1]),
        _equal(lambda t: t[: _match(t) + 1]),
        lambda ours, theirs: torch.equal(ours[: _match(ours) + 1], theirs[: _match(ours) + 1]),
    ),
    "only the value at the match is compared: that is a claim about what the head writes, while "
    "all values are exchanged": _at("values", _follows, _both(_place, _follows), _whole_match),
    "one value is left out of the comparison: each position has one, the last one too": _at(
        "values", _all_but_the_last, _equal(lambda t: t[2:])
    ),
    "order is lost: the same tokens in another order are other keys and other values": (
        *_at("keys", _equal(lambda t: sorted(t[:-1].tolist())), _equal(lambda t: set(t.tolist()))),
        *_at("values", _equal(lambda t: sorted(t.tolist())), _equal(lambda t: set(t.tolist()))),
    ),
    "whole sentences are compared: nothing false is exchanged then, but hardly anything at all": (
        *_at("output", _all),
        *_at("pattern", _all),
        *_at("query", _all),
    ),
    "everything is allowed, as when the last position is taken for its own match": _everywhere(
        True
    ),
    "nothing is allowed: a sentence will do in which a site carries the same": _everywhere(False),
    "yes and no are exchanged": (lambda at, ours, theirs: not _oracle(at, ours, theirs),),
}

exchangeable = _SiteCheck(
    name="exchangeable",
    oracle=_oracle,
    judge_value=_judge,
    cases=_cases,
    reread="the pattern says where, the output what: write down for each site what it carries of "
    "a sentence, for keys and values at every position, and compare that and nothing else",
    mistakes=_MISTAKES,
)
