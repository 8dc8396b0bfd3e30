"""Rows that are drawn from the class of a reference row: what counts is how they are distributed.

Bounds are so wide that fair draws are rejected less than once in a billion times.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from interp_course import runtime
from interp_course.checking import Case, Check, Reply, Verdict

Problem = tuple[str, str | None]
LARGE = 10_000
"""References of the case whose frequencies are looked at."""
SIZES = (1, 4, 7, 12, 20)
"""Rows of each class there."""
WIDE = 25.0
"""Fair draws exceed the bound of a sum of squares with probability exp(-WIDE) at most."""


class _Generator(torch.Generator):
    """A generator that says how it was made, and not where it lies in memory."""

    made = ""

    def __repr__(self) -> str:
        return self.made


def _generator(seed: int, used: int = 0) -> _Generator:
    """A generator from which numbers have been drawn already."""
    rng = _Generator()
    rng.manual_seed(seed)
    rng.made = f"generator of seed {seed}, {used} numbers drawn"
    torch.rand(used, generator=rng)
    return rng


@dataclass(frozen=True)
class _DrawCheck(Check):
    """Looks at each draw alone, and then at what changes with the generator and what must not."""

    def judge(self, cases: Sequence[Case], replies: Sequence[Reply]) -> Verdict:
        verdict = super().judge(cases, replies)
        if not verdict.passed:
            return verdict
        for case, reply, (problem, mistake) in _between(cases, replies):
            text = self._message(case, problem, mistake, reply.printed)
            return Verdict(False, text, mistake)
        return verdict


def _cases(seed: int) -> list[Case]:
    """Small; many references; four states of the generator; fewer references than members."""
    rng = runtime.generator("check same class", seed)
    first, second = torch.randint(2**40, (2,), generator=rng).tolist()
    second += second == first
    small = _data((2, 5, 3, 4), rng)
    large = _data(SIZES, rng)
    many = _half_of(large, rng)
    sparse = _data((60, 60, 60), rng)
    few = torch.cat([(sparse == label).nonzero()[:40, 0] for label in sparse.unique()])
    few = few[torch.randperm(len(few), generator=rng)]
    some = torch.randint(14, (11,), generator=rng)
    text = f"{len(large)} rows in {len(SIZES)} classes"
    fewer = many[:200]
    return [
        Case("14 rows in 4 classes, 11 references", (small, some, _generator(first))),
        Case(f"{text}, {LARGE} references", (large, many, _generator(first))),
        Case("180 rows in 3 classes, 120 references", (sparse, few, _generator(second))),
        Case(f"{text}, 200 references", (large, fewer, _generator(first))),
        Case(f"{text}, another seed", (large, fewer, _generator(second))),
        Case(f"{text}, the first seed again", (large, fewer, _generator(first))),
        Case(f"{text}, a generator in use", (large, fewer, _generator(first, used=9))),
    ]


def _data(sizes: tuple[int, ...], rng: torch.Generator) -> Tensor:
    """Labels with gaps, of classes of these sizes, in any order."""
    names = torch.randperm(90, generator=rng)[: len(sizes)] + 5
    labels = names.repeat_interleave(torch.tensor(sizes))
    return labels[torch.randperm(len(labels), generator=rng)]


def _half_of(labels: Tensor, rng: torch.Generator) -> Tensor:
    """References to half of the rows of each class; each of these rows about as often."""
    rows = []
    for label in labels.unique():
        members = (labels == label).nonzero()[:, 0]
        members = members[torch.randperm(len(members), generator=rng)]
        rows.append(members[: (len(members) + 1) // 2])
    chosen = torch.cat(rows)
    return chosen[torch.randint(len(chosen), (LARGE,), generator=rng)]


def _oracle(labels: Tensor, references: Tensor, generator: torch.Generator) -> Tensor:
    """One draw after the other."""
    drawn, listed = [], labels.tolist()
    for row in references.tolist():
        members = [i for i, label in enumerate(listed) if label == listed[row]]
        drawn.append(members[int(torch.randint(len(members), (), generator=generator))])
    return torch.tensor(drawn)


def _judge(case: Case, value: Any) -> Problem | None:
    """Is it one row of the right class for each reference, and could it be a fair draw?"""
    labels, references = case.args[:2]
    rows = _read(labels, references, value)
    if not isinstance(rows, Tensor):
        return rows
    wrong = int((labels[rows] != labels[references]).sum())
    if wrong:
        text = f"{wrong} of {len(rows)} rows have another label than their reference"
        return text, _why_not_same(labels, references, rows)
    mistake = _not_drawn(labels, references, rows)
    if mistake is not None:
        return "the labels are right, but this is no fair draw from the rows of a class", mistake
    return None


def _read(labels: Tensor, references: Tensor, value: Any) -> Tensor | Problem:
    """The drawn rows as a tensor, or what is wrong with their form."""
    n, m = len(labels), len(references)
    try:
        rows = torch.as_tensor(value).detach()
    except (TypeError, ValueError, RuntimeError):
        return f"returned a {type(value).__name__}, expected {m} indices of rows", None
    if rows.is_floating_point() or rows.is_complex() or rows.dtype == torch.bool:
        text = f"returned {rows.dtype}, expected whole numbers such as {references.dtype}"
        mask = "a mask says which rows are in a class: the index of one of them is asked for"
        return text, mask if rows.dtype == torch.bool else "rows are numbered by floats"
    if rows.shape != (m,):
        text = f"returned shape {tuple(rows.shape)}, expected ({m},)"
        return text, _why_no_shape(tuple(rows.shape), n, m)
    if bool((rows < 0).any()) or bool((rows >= n).any()):
        text = f"returned indices from {int(rows.min())} to {int(rows.max())} of {n} rows"
        returned = torch.equal(rows, labels[references])
        return text, "labels are returned instead of rows" if returned else None
    return rows.long()


def _why_no_shape(shape: tuple[int, ...], n: int, m: int) -> str | None:
    if shape in ((m, 1), (1, m)):
        return "an axis of length 1 is left over"
    if shape == (n,):
        return "one row is drawn for each row of the data set, not for each reference"
    if shape == ():
        return "one row is drawn for all references together"
    return None


def _why_not_same(labels: Tensor, references: Tensor, rows: Tensor) -> str | None:
    """What these rows have in common with their references, if not the label."""
    n, m = len(labels), len(references)
    right = labels[references]
    sizes = (labels == right[:, None]).sum(dim=1)
    if torch.equal(rows, right):
        return "labels are returned instead of rows"
    if m <= n and torch.equal(labels[rows], labels[:m]):
        return "the label of row i is used in place of that of references[i]"
    if bool((rows < m).all()) and torch.equal(labels[references[rows.clamp(max=m - 1)]], right):
        return "places among the references are returned, not rows of the data set"
    if bool((rows < sizes).all()):
        return "positions within the class are returned: look up which row stands there"
    if torch.equal(rows.sort().values, references.sort().values):
        return "the references are shuffled without regard to their labels"
    share = float((labels[rows] == right).double().mean())
    by_chance = float((sizes / n).mean())
    if abs(share - by_chance) < 4 * (by_chance * (1 - by_chance) / m) ** 0.5 + 1 / m:
        return "rows are drawn without regard to the labels"
    return None


def _not_drawn(labels: Tensor, references: Tensor, rows: Tensor) -> str | None:
    """The way in which these rows of the right classes were found, if not by a fair draw."""
    if len(references) < LARGE:
        return _in_few(labels, references, rows)
    if torch.equal(rows, references):
        return "each reference is its own partner: nothing is drawn"
    same = [_in_class(labels, references, rows, label) for label in labels.unique()]
    classes = [part for part in same if len(part[0]) > 1]
    fixed = _fixed(classes)
    if fixed is not None:
        return fixed
    if all(torch.equal(a.sort().values, b.sort().values) for _, b, a in classes):
        return "the references of a class are shuffled: that draws without replacement"
    if all(bool(torch.isin(found, given).all()) for _, given, found in classes):
        return "only the references are drawn from: every row with the label can be a partner"
    return _uneven(classes)


def _in_class(labels: Tensor, references: Tensor, rows: Tensor, label: Tensor) -> Any:
    """The members of a class, the references to it, and what was drawn for them."""
    here = labels[references] == label
    return (labels == label).nonzero()[:, 0], references[here], rows[here]


def _in_few(labels: Tensor, references: Tensor, rows: Tensor) -> str | None:
    """With fewer references than members no row need be drawn twice, but some are."""
    largest = int((labels == labels[:, None]).sum(dim=1).max())
    if largest >= 60 and len(rows.unique()) == len(rows):
        return "no row is drawn twice: that draws without replacement"
    return None


def _fixed(classes: list[tuple[Tensor, Tensor, Tensor]]) -> str | None:
    """What is the same for all references of a class, or for all references to a row."""
    if all(bool((found == members[0]).all()) for members, _, found in classes):
        return "the first row of the class is taken each time"
    if all(bool((found == members[-1]).all()) for members, _, found in classes):
        return "the last row of the class is taken each time"
    if all(len(found.unique()) == 1 for _, _, found in classes):
        return "one row is drawn for all references of a class: each reference has its own draw"
    pairs = [torch.stack([given, found]).unique(dim=1).shape[1] for _, given, found in classes]
    if pairs == [len(given.unique()) for _, given, _ in classes]:
        return "each row has one partner: two references to the same row have draws of their own"
    if not any(bool((found == given).any()) for _, given, found in classes):
        return "the reference itself is left out: it is a member of its class"
    return None


def _uneven(classes: list[tuple[Tensor, Tensor, Tensor]]) -> str | None:
    """Compare how often each row was drawn, for all references and for each alone."""
    missing = [_never(members, found) for members, _, found in classes]
    for place, name in ((0, "first"), (-1, "last")):
        if all(bool(never[place]) and int(never.sum()) == 1 for never in missing):
            return f"the {name} row of a class is never drawn: is the range one too short?"
    kept = sum(int((found == given).sum()) for _, given, found in classes)
    fair = sum(len(found) / len(members) for members, _, found in classes)
    if kept > fair + 10 * fair**0.5:
        return "the reference is kept more often than chance would have it"
    if kept < fair - 10 * fair**0.5:
        return "the reference is drawn less often than other rows of its class"
    if _beyond([_table(members, found[None]) for members, _, found in classes]):
        return "some rows of a class are drawn more often than others"
    if _beyond(
        [_table(m, [found[given == row] for row in given.unique()]) for m, given, found in classes]
    ):
        return "what is drawn depends on which row of the class the reference is"
    return None


def _never(members: Tensor, found: Tensor) -> Tensor:
    return ~torch.isin(members, found)


def _table(members: Tensor, groups: Any) -> Tensor:
    """How often each member was drawn, ``[group member]``."""
    return torch.stack([(group[:, None] == members).sum(dim=0) for group in groups])


def _beyond(tables: list[Tensor]) -> bool:
    """Whether the counts are too uneven along the rows of these tables, all taken together."""
    statistic, freedom = 0.0, 0
    for counts in tables:
        expected = counts.sum(dim=1, keepdim=True).double() / counts.shape[1]
        statistic += float(((counts - expected) ** 2 / expected).sum())
        freedom += counts.shape[0] * (counts.shape[1] - 1)
    return statistic > freedom + 2 * (WIDE * freedom) ** 0.5 + 2 * WIDE


def _between(
    cases: Sequence[Case], replies: Sequence[Reply]
) -> Iterator[tuple[Case, Reply, Problem]]:
    """Same generator, same rows; another seed or another state, other rows."""
    first, other, again, used = (torch.as_tensor(reply.value) for reply in replies[3:])
    if not torch.equal(first, again):
        text = "the same inputs and a generator of the same seed gave other rows than before"
        mistake = "the generator is not used for the draw: is it passed as generator=generator?"
        yield cases[5], replies[5], (text, mistake)
    if torch.equal(first, other):
        text = "generators of two different seeds gave the same rows"
        mistake = "the generator is ignored, or its seed is set: every draw gives the same rows"
        yield cases[4], replies[4], (text, mistake)
    if torch.equal(first, used):
        text = "a generator from which numbers had been drawn gave the same rows as a new one"
        mistake = "the draw starts again from the generator's seed: every draw would be the same"
        yield cases[6], replies[6], (text, mistake)


same_class = _DrawCheck(
    name="same_class",
    oracle=_oracle,
    judge_value=_judge,
    cases=_cases,
    reread="for each reference all rows whose label is labels[reference], itself among them; of "
    "these one is drawn with the generator, each with the same probability, independently of "
    "what is drawn for other references",
)
