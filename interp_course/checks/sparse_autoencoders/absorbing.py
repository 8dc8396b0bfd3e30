"""How often a parent's latent is missing because of a child."""

from collections.abc import Callable

import torch
from torch import Tensor

from interp_course import runtime
from interp_course.checking import Case
from interp_course.checks.numbers import NumberCheck

Way = Callable[[Tensor, Tensor, Tensor], Tensor]

GROUPS = (
    # examples with parent and child, with the parent alone, with neither, and on how many of
    # each the parent's latent is silent
    ((19, 13), (31, 6), (40, 31)),
    ((29, 8), (17, 3), (23, 15)),
    ((23, 4), (27, 13), (34, 29)),
)
"""In the last one the latent misses more parents alone than with the child: a negative rate."""


def _cases(seed: int) -> list[Case]:
    cases = []
    for number, groups in enumerate(GROUPS):
        rng = runtime.generator("check absorption", seed + 1000 * number)
        more = torch.randint(4, (3, 2), generator=rng).tolist()
        sizes = [size + extra for (size, _), (extra, _) in zip(groups, more, strict=True)]
        kinds = torch.arange(3).repeat_interleave(torch.tensor(sizes))
        on = torch.ones(len(kinds), dtype=torch.bool)
        for kind, ((_, silent), (_, extra)) in enumerate(zip(groups, more, strict=True)):
            on[(kinds == kind).nonzero()[: silent + extra]] = False
        order = torch.randperm(len(kinds), generator=rng)
        parent, child = kinds[order] < 2, kinds[order] == 0
        text = f"{len(kinds)} examples, {sizes[0]} with the child, {sizes[1]} with the parent alone"
        cases.append(Case(text, (on[order], parent, child)))
    return cases


def _oracle(on: Tensor, parent: Tensor, child: Tensor) -> float:
    """One example after the other."""
    together = alone = missed_together = missed_alone = 0
    for active, has_parent, has_child in zip(
        on.tolist(), parent.tolist(), child.tolist(), strict=True
    ):
        if has_parent and has_child:
            together += 1
            missed_together += not active
        elif has_parent:
            alone += 1
            missed_alone += not active
    return missed_together / together - missed_alone / alone


def _share(what: Tensor, among: Tensor) -> Tensor:
    return what[among].double().mean()


def _minus(control: Way) -> Way:
    """With another group of examples as the control."""
    return lambda on, p, c: _share(~on, p & c) - _share(~on, control(on, p, c))


def _both_shares(on: Tensor, p: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    return _share(~on, p & c), _share(~on, p & ~c)


def _of(combine: Callable[[Tensor, Tensor], Tensor]) -> Way:
    """The two shares of silent examples, put together in another way."""
    return lambda on, p, c: combine(*_both_shares(on, p, c))


def _counts(on: Tensor, p: Tensor, c: Tensor) -> Tensor:
    return (~on & p & c).double().sum() - (~on & p & ~c).double().sum()


absorption = NumberCheck(
    name="absorption",
    oracle=_oracle,
    cases=_cases,
    reread="two shares of silent examples: among those with parent and child, and among those with "
    "the parent and no child; the first minus the second, whatever its sign",
    mistakes={
        "nothing is subtracted: the latent is silent now and then without the child, too": (
            _of(lambda together, alone: together),
        ),
        "only the parent without the child is looked at": _of(lambda together, alone: alone),
        "the share of active examples is returned, and nothing is subtracted": (
            _of(lambda together, alone: 1 - together),
            _of(lambda together, alone: 1 - alone),
        ),
        "the sign is turned: active examples are counted instead of silent ones, or the two "
        "groups are swapped": _of(lambda together, alone: alone - together),
        "the size of the difference is taken: the rate may be negative": _of(
            lambda together, alone: (together - alone).abs()
        ),
        "the difference is cut at 0: the rate may be negative": _of(
            lambda together, alone: (together - alone).clamp(min=0)
        ),
        "the shares are divided instead of subtracted": (
            _of(lambda together, alone: together / alone),
            _of(lambda together, alone: alone / together),
        ),
        "the difference is divided by one of the shares": (
            _of(lambda together, alone: (together - alone) / together),
            _of(lambda together, alone: (together - alone) / alone),
            _of(lambda together, alone: (together - alone) / (1 - alone)),
        ),
        "the shares are added or multiplied instead of subtracted": (
            _of(lambda together, alone: together + alone),
            _of(lambda together, alone: (together + alone) / 2),
            _of(lambda together, alone: together * alone),
            _of(lambda together, alone: together * (1 - alone)),
        ),
        "all examples with the parent are the control, those with the child among them": _minus(
            lambda on, p, c: p
        ),
        "all examples are the control: only those with the parent and no child are": _minus(
            lambda on, p, c: torch.ones_like(p)
        ),
        "examples without the parent are the control: the latent should be silent there": _minus(
            lambda on, p, c: ~p
        ),
        "all examples without the child are the control, also those without the parent": _minus(
            lambda on, p, c: ~c
        ),
        "all examples with the parent are compared, not only those with the child": (
            lambda on, p, c: _share(~on, p) - _share(~on, p & ~c),
            lambda on, p, c: _share(~on, p) - _share(~on, ~p),
            lambda on, p, c: _share(~on, p),
        ),
        "it is divided by the number of all examples: each share is one of its own group": (
            lambda *a: _counts(*a) / len(a[0]),
            lambda on, p, c: (~on & p & c).double().mean(),
        ),
        "it is divided by the number of all examples with the parent: each share is one of its "
        "own group": (
            lambda *a: _counts(*a) / a[1].sum(),
            lambda on, p, c: (~on & p & c).sum() / p.sum(),
        ),
        "both numbers are divided by the size of the same group: each has its own": (
            lambda *a: _counts(*a) / a[2].sum(),
            lambda *a: _counts(*a) / (a[1] & ~a[2]).sum(),
        ),
        "examples are counted, not shares of them": (
            _counts,
            lambda on, p, c: (~on & p & c).sum(),
        ),
        "it is the share of silent examples that have the child, not the share of examples with "
        "the child that are silent": (
            lambda on, p, c: _share(c, ~on & p) - _share(p & ~c, ~on & p),
            lambda on, p, c: _share(c, ~on & p),
            lambda on, p, c: _share(c, ~on),
            lambda on, p, c: _share(c, ~on) - _share(p & ~c, ~on),
            lambda on, p, c: _share(c, ~on & p) - _share(c, on & p),
            lambda on, p, c: _share(c, ~on) - _share(c, on),
        ),
        "it is about active examples: the share of them that have the child": (
            lambda on, p, c: _share(c, on),
            lambda on, p, c: _share(c, on & p),
            lambda on, p, c: _share(p & ~c, on & p) - _share(c, on & p),
        ),
        "silent examples are counted on one side and active ones on the other": (
            _of(lambda together, alone: together + alone - 1),
            _of(lambda together, alone: 1 - together - alone),
        ),
        "every example counts as silent, or none does: what is the opposite of a whole number?": (
            lambda on, p, c: torch.zeros((), dtype=torch.float64)
        ),
        "it is given in percent": _of(lambda together, alone: 100 * (together - alone)),
        "there is a number for each example: one rate is asked for": lambda on, p, c: ~on & p & c,
    },
)
