"""A network that adds, of two heads that carry the same thing with opposite signs.

* the *a + c head* writes a + c into the space ``sum``;
* the *b - c head* adds b - c to it, so that a + b is left;
* the logits are best at the number that stands there.

Neither head attends to anything in particular: both take the mean over all positions of what
each word is worth to them, times the number of positions. That c cancels is what a hypothesis
"one head brings a, the other b" leaves out: a test case of Redwood Research's implementation of
causal scrubbing (``intermediates_cancel``; Chan et al. 2022).
"""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor

from interp_course.circuits import Part
from interp_course.compiled import adder_prompts as prompts
from interp_course.compiled.finishing import finish
from interp_course.compiled.language import POSITION, TOKEN, Head, Network, Read
from interp_course.compiled.places import JUNK, JUNK_SIZE, Places, Settings
from interp_course.compiled.prompts import Compiled, Labels

SUM = "sum"
LOGIT = 20.0
"""Twice the lead of the right number over the numbers next to it."""
NEVER = -200.0
"""Logit of words that are no numbers."""
N_WORDS = len(prompts.WORDS)


@dataclass(frozen=True)
class Total:
    """The sum of the variables in a prompt, each as often as it counts: a feature."""

    a: int = 0
    b: int = 0
    c: int = 0

    @property
    def of_words(self) -> Int[Tensor, " d_vocab"]:
        """What each word adds."""
        found = torch.zeros(N_WORDS, dtype=torch.long)
        for word in prompts.INPUTS:
            found[prompts.WORDS.index(word)] = getattr(self, word[0]) * int(word[1:])
        return found

    def __call__(self, tokens: Int[Tensor, "batch pos"]) -> Int[Tensor, " batch"]:
        """The sum for each prompt."""
        return self.of_words[tokens].sum(dim=1)

    def __repr__(self) -> str:
        names = [(name, getattr(self, name)) for name in prompts.VARIABLES]
        terms = [
            f"{'-' if n < 0 else '+'} {'' if abs(n) == 1 else abs(n)}{v}" for v, n in names if n
        ]
        return " ".join(terms).removeprefix("+ ") or "0"


def adder(**options: Any) -> Compiled:
    """The network, 1 layer of 4 heads unless asked otherwise.

    The instance also draws in which order the variables stand. `Settings.beta` has nothing to
    sharpen here.

    Args:
        options: Fields of `Settings`.

    Raises:
        ValueError: If an option is wrong.
    """
    settings = Settings.of(options)
    places = Places(settings, "adder", at_least=1)
    one, other = (places.between(0, places.n_layers - 1) for _ in range(2))
    a_and_c, b_and_c = Total(a=1, c=1), Total(b=1, c=-1)
    second_head = adding_head("b - c head", b_and_c, settings.beta)
    first = places.put(one, adding_head("a + c head", a_and_c, settings.beta))
    second = places.put(other, second_head)
    places.mimic(other, second_head)
    order = torch.randperm(len(prompts.VARIABLES), generator=places.rng).tolist()
    return finish(
        written(places),
        settings,
        prompts.WORDS,
        task=prompts.task(order),
        features=adding_features(first, a_and_c) | adding_features(second, b_and_c),
    )


def written(places: Places) -> Network:
    """The network with these heads; the rest are decoys."""
    spaces = {TOKEN: N_WORDS, POSITION: prompts.LENGTH, SUM: 1, JUNK: JUNK_SIZE}
    slope, offset = torch.zeros(1, N_WORDS), torch.full((1, N_WORDS), NEVER)
    number = torch.arange(prompts.N_SUMS)
    sums = prompts.FIRST_SUM + number
    slope[0, sums], offset[0, sums] = LOGIT * number, -LOGIT / 2 * number**2
    return Network(
        spaces=spaces,
        n_layers=places.n_layers,
        n_heads=places.settings.n_heads,
        heads=places.fill(N_WORDS, prompts.LENGTH),
        logits=(Read(SUM, slope), Read(POSITION, offset.expand(prompts.LENGTH, -1))),
    )


def adding_head(role: str, total: Total, beta: float) -> Head:
    """Adds up the values of some variables."""
    value = Read(TOKEN, total.of_words[:, None].float())
    times = torch.full((1, 1), float(prompts.LENGTH))
    return Head(role, (), value, SUM, beta, times)


def adding_features(part: Part, total: Total) -> dict[str, Labels]:
    """What an adding head writes (the mean so far), and what it reads."""
    words, lowest = total.of_words, prompts.N_VALUES
    common = 60  # a multiple of all numbers of positions

    def mean(tokens: Tensor) -> Tensor:
        seen = torch.arange(1, tokens.shape[1] + 1)
        return common * lowest + words[tokens].cumsum(dim=1) * common // seen

    return {f"{part}": mean, f"{part}.v": lambda tokens: lowest + words[tokens]}
