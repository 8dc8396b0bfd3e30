"""Labels of a control task: random, but the same for a word wherever it occurs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from interp_course import runtime
from interp_course.checking import Case, Check, Reply, Verdict

Problem = tuple[str, str | None]
FEWEST, MOST = 0.25, 0.75
"""Share of the words that may be labelled True; chance strays further once in 10 million times."""
ALIKE = 0.1
"""Labels of two seeds that agree or disagree on nearly all words come from one another."""


@dataclass(frozen=True)
class _SeededCheck(Check):
    """Looks at each value alone, and then at what changes with the seed and what must not."""

    def judge(self, cases: Sequence[Case], replies: Sequence[Reply]) -> Verdict:
        verdict = super().judge(cases, replies)
        if not verdict.passed:
            return verdict
        for place, case in enumerate(cases):
            for before in range(place):
                problem = _between(cases[before], replies[before], case, replies[place])
                if problem is not None:
                    text, mistake = problem
                    text = self._message(case, text, mistake, replies[place].printed)
                    return Verdict(False, text, mistake)
        return verdict


def _cases(seed: int) -> list[Case]:
    """One text with two seeds and then the first again, and another text."""
    rng = runtime.generator("check control labels", seed)
    first, second = torch.randint(10_000, (2,), generator=rng).tolist()
    second += second == first
    texts = [_text(100, 420, rng), _text(131, 500, rng)]
    plan = ((0, first), (0, second), (0, first), (1, second))
    cases = []
    for number, (text, asked) in enumerate(plan):
        kinds = len(texts[text].unique())
        name = f"{len(texts[text])} words of {kinds} kinds, seed {asked}"
        again = ", a second time" if number == 2 else ""
        cases.append(Case(name + again, (texts[text], asked)))
    return cases


def _text(kinds: int, n: int, rng: torch.Generator) -> Tensor:
    """Each kind of word at least once, some much more often, their numbers with gaps."""
    ids = torch.randperm(5000, generator=rng)[:kinds]
    often = 1 / torch.arange(1.0, kinds + 1)
    more = torch.multinomial(often, n - kinds, replacement=True, generator=rng)
    places = torch.cat([torch.arange(kinds), more])
    return ids[places[torch.randperm(n, generator=rng)]]


def _judge(case: Case, value: Any) -> Problem | None:
    """Is this a labelling of the words that could come from fair draws?"""
    words = case.args[0]
    labels = _read(words, value)
    if not isinstance(labels, Tensor):
        return labels
    order = words.argsort(stable=True)
    if not _steady(words, labels):
        text = "the same word has two different labels, at two places"
        return text, _why_not_steady(words, labels, order)
    share = labels[_first_places(words)].double().mean().item()
    if share in (0, 1):
        return f"all words are labelled {bool(share)}", "every word draws the same label"
    rule = _rule(words, labels)
    if rule is not None:
        return "the labels follow a rule that a probe could learn without knowing the words", rule
    if not FEWEST <= share <= MOST:
        text = f"{share:.0%} of the kinds of words are labelled True, expected about half"
        return text, "the two labels are not drawn with the same probability"
    return None


def _read(words: Tensor, value: Any) -> Tensor | Problem:
    """The labels as a bool tensor, or what is wrong with their form."""
    n, kinds = len(words), len(words.unique())
    if isinstance(value, dict):
        text = f"returned a dict with {len(value)} entries, expected {n} labels"
        return text, "the table from word to label is returned instead of looked up for each word"
    if isinstance(value, tuple) and len(value) != n:
        text = f"returned {len(value)} values, expected one tensor of {n} labels"
        return text, "the labels are returned together with something else"
    try:
        labels = torch.as_tensor(value).detach()
    except (TypeError, ValueError, RuntimeError):
        return f"returned a {type(value).__name__}, expected {n} labels, True or False", None
    if labels.shape == (kinds,):
        text = f"returned {kinds} labels, expected {n}"
        return text, "there is one label for each *kind* of word, not for each word of the text"
    if labels.shape != (n,):
        text = f"returned shape {tuple(labels.shape)}, expected ({n},)"
        wide = labels.ndim == 1 and len(labels) > int(words.max())
        table = "the table with a label for every possible word is returned, before it is looked up"
        return text, table if wide else None
    if bool(((labels == 0) | (labels == 1)).all()):
        return labels.bool()
    found = ", ".join(f"{x:.4g}" for x in labels.unique()[:4].tolist())
    return f"the labels are not True and False (or 1 and 0): {found}", _why_no_labels(words, labels)


def _why_no_labels(words: Tensor, labels: Tensor) -> str | None:
    """What these numbers are that should have been labels."""
    if bool(((labels == 1) | (labels == -1)).all()):
        return "the labels are 1 and -1 instead of True and False"
    if labels.is_floating_point():
        return "random numbers are returned: they become labels by a comparison with 0.5"
    if torch.equal(labels, words):
        return "the words themselves are returned"
    return "numbers of words or places are returned instead of labels"


def _steady(words: Tensor, labels: Tensor) -> bool:
    """Whether each word has one label."""
    return torch.equal(labels[_first_places(words)][_kinds(words)], labels)


def _kinds(words: Tensor) -> Tensor:
    """For each word the rank of its number among the numbers that occur."""
    return words.unique(return_inverse=True)[1]


def _first_places(words: Tensor) -> Tensor:
    """Where each kind of word occurs first, in the order of their numbers."""
    return torch.tensor([int((words == kind).nonzero()[0]) for kind in words.unique()])


def _why_not_steady(words: Tensor, labels: Tensor, order: Tensor) -> str:
    place = torch.arange(len(words))
    if _is_or_is_not(labels, place % 2 == 0) or _changes(labels) == 1:
        return "the label depends on the place in the text, not on the word"
    if _steady(words[order], labels):
        return "the labels are in the order of the sorted words, not in that of the text"
    return (
        "each occurrence has a label of its own, drawn or shuffled: a word must keep its label "
        "(as a key of a dict a tensor equals itself alone: take word.item())"
    )


def _rule(words: Tensor, labels: Tensor) -> str | None:
    """The rule by which the labels follow from the words' numbers or order, if there is one."""
    first = _first_places(words)
    by_number, by_place = labels[first], labels[first.sort().values]
    ids, rank = words.unique(), torch.arange(len(first))
    if _is_or_is_not(by_number, ids % 2 == 0) or _is_or_is_not(by_number, rank % 2 == 0):
        return "odd and even numbers of words get different labels: that is a rule, not chance"
    if _changes(by_number) == 1:
        return "words with small and with large numbers get different labels: a threshold"
    if _is_or_is_not(by_place, rank % 2 == 0) or _changes(by_place) == 1:
        return "the labels follow the order in which the words occur first"
    return None


def _is_or_is_not(labels: Tensor, other: Tensor) -> bool:
    return torch.equal(labels, other) or torch.equal(labels, ~other)


def _changes(labels: Tensor) -> int:
    return int((labels[1:] != labels[:-1]).sum())


def _between(before: Case, old: Reply, case: Case, new: Reply) -> Problem | None:
    """Compare the labels of one text: same seed, same labels; other seed, other labels."""
    if not torch.equal(before.args[0], case.args[0]):
        return None
    first = _first_places(case.args[0])
    earlier, labels = (torch.as_tensor(reply.value).bool()[first] for reply in (old, new))
    differing = (earlier != labels).double().mean().item()
    if before.args[1] == case.args[1]:
        if differing == 0:
            return None
        text = "the same words and the same seed gave other labels than before"
        return text, "the draw does not start from the seed: what was drawn before changes it"
    text = f"the labels of the seeds {before.args[1]} and {case.args[1]} are"
    if differing == 0:
        return f"{text} the same", "the seed is ignored: every seed gives the same labels"
    if ALIKE < differing < 1 - ALIKE:
        return None
    how = "all turned round" if differing == 1 else f"different for {differing:.0%} of the kinds"
    return f"{text} {how}", "the seed changes the labels by a rule instead of drawing new ones"


control_labels = _SeededCheck(
    name="control_labels",
    judge_value=_judge,
    cases=_cases,
    reread="draw one label for each *kind* of word from a generator with this seed, then look up "
    "the label of each word in the text",
)
