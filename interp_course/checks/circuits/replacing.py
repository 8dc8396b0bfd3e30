"""What an ablation puts in the place of a head's output."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from interp_course import runtime
from interp_course.checking import Case, Check
from interp_course.comparing import difference

Way = Callable[..., Any]
SIZES = {  # batch, prompts of the reference, positions, d_head
    "mean": ((3, 5, 5, 5), (4, 7, 3, 6)),
    "zero": ((3, 4, 5, 2), (2, 6, 4, 3)),
    "resample": ((4, 6, 5, 3), (3, 5, 4, 7)),
}
OTHER_ROW = "a row gets another prompt of the reference than the one that stands at its place"
ONE_ROW = "one prompt of the reference is put into every row: each row has its own"
MIXED = "each position gets another prompt of the reference: a row comes from one prompt"
SHUFFLED = "the positions are moved: a position gets what stood at the same position"


def _cases(seed: int) -> list[Case]:
    """Positions, prompts and d_head are equally many in the first, so that axes can be confused.

    The reference has more prompts than the batch, and both have a mean at each position.
    """
    cases = []
    for double in (False, True):
        for number, (kind, sizes) in enumerate(SIZES.items()):
            batch, prompts, n, d_head = sizes[double]
            rng = runtime.generator("check replaced", seed + 1000 * number + 100_000 * double)
            centre = torch.randn(n, d_head, generator=rng) + 0.5
            reference = centre + 0.8 * torch.randn(prompts, n, d_head, generator=rng)
            values = 0.4 - centre + torch.randn(batch, n, d_head, generator=rng)
            if double:
                values, reference = values.double(), reference.double()
            size = f"batch {batch}, {prompts} reference prompts, {n} positions"
            text = f'"{kind}", {"float64, " if double else ""}{size}'
            cases.append(Case(text, (values, kind, reference)))
    return cases


def _oracle(values: Tensor, kind: str, reference: Tensor) -> Tensor:
    """One number after the other."""
    result = torch.zeros_like(values)
    if kind == "zero":
        return result
    batch, n, d_head = values.shape
    for b in range(batch):
        for i in range(n):
            for d in range(d_head):
                there = [prompt[i, d].item() for prompt in reference]
                result[b, i, d] = sum(there) / len(there) if kind == "mean" else there[b]
    return result


def _judge(case: Case, value: Any) -> tuple[str, str | None] | None:
    """Compare, and find out where the rows come from if they are those of the reference."""
    values, kind, reference = case.args
    problem = difference(value, _oracle(*case.args), Check.rtol, Check.atol)
    if problem is None:
        return None
    malformed = difference(value, torch.zeros_like(values), rtol=0.0, atol=1e30)
    if kind != "resample" or malformed is not None:
        return problem, None
    return problem, _origin(torch.as_tensor(value).detach().to(reference), reference)


def _origin(value: Tensor, reference: Tensor) -> str | None:
    """What was done wrong if every vector is one of the reference."""
    apart = (value[:, :, None, None] - reference).abs().amax(dim=-1)  # row, place, prompt, place
    same = apart < Check.atol
    if not same.any(dim=3).any(dim=2).all():
        return None
    there = same.diagonal(dim1=1, dim2=3)  # row, prompt, place: kept at its position
    whole = there.all(dim=2)
    if whole.all(dim=0).any():
        return ONE_ROW
    if whole.any(dim=1).all():
        return OTHER_ROW
    return MIXED if there.any(dim=1).all() else SHUFFLED


def _right(values: Tensor, kind: str, reference: Tensor) -> Any:
    if kind == "zero":
        return torch.zeros_like(values)
    batch = len(values)
    return reference.mean(dim=0).repeat(batch, 1, 1) if kind == "mean" else reference[:batch]


def _at(kind: str, way: Way) -> Way:
    """Right, but for one of the three kinds: there it is done another way."""
    return lambda v, k, r: way(v, r) if k == kind else _right(v, k, r)


def _zero(way: Way) -> Way:
    return _at("zero", way)


def _mean(way: Way) -> Way:
    """The mean done another way, and repeated until it has the shape of the values."""
    return _at("mean", lambda v, r: way(v, r).expand_as(v))


def _resample(way: Way) -> Way:
    return _at("resample", way)


def _always(kind: str) -> Way:
    return lambda v, k, r: _right(v, kind, r)


def _exchanged(one: str, other: str) -> Way:
    kinds = {kind: kind for kind in SIZES} | {one: other, other: one}
    return lambda v, k, r: _right(v, kinds[k], r)


replaced = Check(
    name="replaced",
    oracle=_oracle,
    judge_value=_judge,
    cases=_cases,
    reread='"zero": zeros in the shape of the values. "mean": an average over the prompts of the '
    'reference, one for each position and dimension, the same in all rows. "resample": as many '
    "prompts of the reference as there are rows, in their order",
    mistakes={
        "nothing is replaced: it is the head's own output": (
            lambda v, k, r: v,
            _zero(lambda v, r: v),
            _at("mean", lambda v, r: v),
            _resample(lambda v, r: v),
        ),
        "the kind is not looked at: the same is done for all three": (
            _always("zero"),
            _always("mean"),
            _always("resample"),
        ),
        "two of the three kinds are exchanged": (
            _exchanged("mean", "resample"),
            _exchanged("zero", "mean"),
            _exchanged("zero", "resample"),
        ),
        "the mean runs over the positions as well: each position has its own": _mean(
            lambda v, r: r.mean(dim=(0, 1))
        ),
        "the mean runs over everything: each position and dimension has its own": _mean(
            lambda v, r: r.mean()
        ),
        "the mean is that of the batch itself: what the prompts have in common stays in": (
            _mean(lambda v, r: v.mean(dim=0)),
            _mean(lambda v, r: v.mean(dim=(0, 1))),
            _mean(lambda v, r: v.mean(dim=1, keepdim=True)),
            _mean(lambda v, r: v.mean()),
        ),
        "the mean runs over the dimensions of the head: each dimension has its own": (
            _mean(lambda v, r: r.mean(dim=(0, 2))[:, None]),
            _mean(lambda v, r: r.mean(dim=2)[: len(v), :, None]),
            _mean(lambda v, r: r.mean(dim=2)),
            _mean(lambda v, r: r.mean(dim=(0, 2))),
        ),
        "each prompt keeps a mean of its own over the positions: the mean runs over the prompts": (
            _mean(lambda v, r: r.mean(dim=1, keepdim=True)[: len(v)]),
            _mean(lambda v, r: r.mean(dim=1)),
        ),
        "only as many reference prompts as the batch has rows are averaged: all count": _mean(
            lambda v, r: r[: len(v)].mean(dim=0)
        ),
        "the batch is averaged together with the reference": _mean(
            lambda v, r: torch.cat([v, r]).mean(dim=0)
        ),
        "the prompts are added up, or the sum is divided by another number than theirs": (
            _mean(lambda v, r: r.sum(dim=0)),
            _mean(lambda v, r: r.sum(dim=0) / len(v)),
            _mean(lambda v, r: r.sum(dim=0) / (len(r) - 1)),
        ),
        "the median is taken instead of the mean": _mean(lambda v, r: r.median(dim=0).values),
        "the mean is taken off the values, or averaged with them: it takes their place": (
            _mean(lambda v, r: v - r.mean(dim=0)),
            _mean(lambda v, r: (v + r.mean(dim=0)) / 2),
            _mean(lambda v, r: v + r.mean(dim=0)),
        ),
        "the mean is not repeated for every row of the batch": (
            _at("mean", lambda v, r: r.mean(dim=0)),
            _at("mean", lambda v, r: r.mean(dim=0, keepdim=True)),
        ),
        "what is returned is shaped like the reference: like the values is asked for": (
            _zero(lambda v, r: torch.zeros_like(r)),
            _at("mean", lambda v, r: r.mean(dim=0).expand_as(r)),
            _resample(lambda v, r: r),
        ),
        "one zero is returned, or the zeros of one prompt: like the values is asked for": (
            _zero(lambda v, r: 0.0),
            _zero(lambda v, r: torch.zeros_like(v[0])),
        ),
        "only one position is set to zero: all are": (
            _zero(lambda v, r: torch.cat([v[:, :-1], 0 * v[:, -1:]], dim=1)),
            _zero(lambda v, r: torch.cat([0 * v[:, :1], v[:, 1:]], dim=1)),
        ),
        OTHER_ROW: (
            _resample(lambda v, r: r[-len(v) :]),
            _resample(lambda v, r: r.flip(0)[: len(v)]),
            _resample(lambda v, r: r[1 : len(v) + 1]),
            _resample(lambda v, r: r[: len(v)].roll(1, 0)),
        ),
        ONE_ROW: (
            _resample(lambda v, r: r[0].expand_as(v)),
            _resample(lambda v, r: r[-1].expand_as(v)),
        ),
        SHUFFLED: (
            _resample(lambda v, r: r[: len(v)].flip(1)),
            _resample(lambda v, r: r[: len(v)].roll(1, 1)),
        ),
        "rows of the batch are exchanged: they are to come from the reference": (
            _resample(lambda v, r: v.roll(1, 0)),
            _resample(lambda v, r: v.roll(-1, 0)),
            _resample(lambda v, r: v.flip(0)),
        ),
        "the reference is mixed with the values: it takes their place": (
            _resample(lambda v, r: (v + r[: len(v)]) / 2),
            _resample(lambda v, r: v + r[: len(v)]),
            _resample(lambda v, r: v - r[: len(v)]),
        ),
        "the mean of the reference is put in where one of its prompts is meant": _resample(
            lambda v, r: _right(v, "mean", r)
        ),
        "zeros are put in for the mean, or for another prompt": (
            _at("mean", lambda v, r: torch.zeros_like(v)),
            _resample(lambda v, r: torch.zeros_like(v)),
        ),
        "the mean is put in where zeros are meant": _zero(lambda v, r: _right(v, "mean", r)),
    },
)
