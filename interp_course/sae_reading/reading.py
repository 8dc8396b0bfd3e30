"""What was found out about the latents of a dictionary, and how to ask for it."""

from dataclasses import dataclass
from difflib import get_close_matches
from typing import NamedTuple

from jaxtyping import Float, Int
from torch import Tensor

from interp_course import world
from interp_course.world.vocabulary import VOCABULARY

WORD, PREVIOUS = "word", "previous word"
"""What the features about single words are called where variables have their names."""


class Match(NamedTuple):
    """How well a latent agrees with a known feature; all scores lie between 0 and 1."""

    latent: int
    variable: str
    value: str
    f1: float
    precision: float
    """Share of the latent's activity during which the feature is present."""
    recall: float
    """Share of the feature's presence during which the latent is active."""


class Example(NamedTuple):
    """A sequence in which a latent is active, and where it is strongest in it."""

    sequence: int
    """Its place in the batch."""
    position: int
    value: float
    """The activation there."""
    words: tuple[str, ...]
    values: tuple[float, ...]
    """The activation at each word; 0 at ``<bos>``, which is not counted."""


@dataclass(frozen=True, eq=False)
class Reading:
    """What `sae_reading.read` found, for all latents; that package defines the words."""

    n: int
    """Number of tokens counted."""
    sequences: tuple[tuple[str, ...], ...]
    active: Int[Tensor, " d_sae"]
    """On how many tokens each latent is active."""
    maximum: Float[Tensor, " d_sae"]
    histogram: Int[Tensor, "d_sae bin"]
    """Counts of the activations above 0, in equal bins from 0 to the latent's maximum."""
    n_top: int
    """How many of the examples are the strongest; the others are weaker ones."""
    shown: Int[Tensor, "d_sae example"]
    """The sequences of each latent's examples, strongest first; -1 where there is none."""
    activations: Float[Tensor, "d_sae example pos"]
    """The activations of the latent in them."""
    effects: Float[Tensor, "d_sae d_vocab"]
    """See `logit_effects`; of width 0 if nothing adds this place to the residual stream."""
    features: tuple[tuple[str, str], ...]
    """Variable and value of every known feature."""
    present: Int[Tensor, " feature"]
    """On how many tokens each feature is present."""
    both: Int[Tensor, "d_sae feature"]
    """On how many of them the latent is active."""

    @property
    def density(self) -> Float[Tensor, " d_sae"]:
        """Share of the tokens on which each latent is active; 0 is dead."""
        return self.active.double() / self.n

    def f1(self) -> Float[Tensor, "d_sae feature"]:
        """F1 of every latent with every known feature; 0 where both never occur."""
        return 2 * self.both / (self.active[:, None] + self.present).clamp(min=1)

    def match(self, latent: int, feature: int) -> Match:
        """How a latent agrees with the feature at this place of ``features``."""
        both, active = self.both[latent, feature].item(), self.active[latent].item()
        present = self.present[feature].item()
        scores = (
            2 * both / max(active + present, 1),
            both / max(active, 1),
            both / max(present, 1),
        )
        return Match(latent, *self.features[feature], *scores)

    def nearest(self, latent: int, n: int = 4) -> list[Match]:
        """The known features with the largest F1, the best first; none if the latent is dead."""
        both, active = self.both[self.check(latent)], self.active[latent]
        f1 = 2 * both / (active + self.present).clamp(min=1)
        best = f1.argsort(descending=True, stable=True)[:n].tolist()
        return [self.match(latent, feature) for feature in best if both[feature] > 0]

    def find(self, variable: str, value: str, n: int = 10) -> list[Match]:
        """The latents with the largest F1 for "this variable has this value here".

        Args:
            variable: One of `world.VARIABLES`, or `WORD` or `PREVIOUS`.
            value: One of its values.
            n: At most how many; latents with an F1 of 0 are left out.

        Raises:
            ValueError: If there is no such variable or value; the message gives near ones.
        """
        values = [v for name, v in self.features if name == variable]
        if not values:
            raise ValueError(
                f"there is no variable {variable!r}; there are {', '.join(world.VARIABLES)}, "
                f"{WORD} and {PREVIOUS}"
            )
        if value not in values:
            near = ", ".join(get_close_matches(value, values, n=3) or values[:8])
            raise ValueError(
                f"{variable!r} has no value {value!r}; values are, for example, {near}"
            )
        feature = self.features.index((variable, value))
        f1 = 2 * self.both[:, feature] / (self.active + self.present[feature]).clamp(min=1)
        best = f1.argsort(descending=True, stable=True)[:n].tolist()
        return [self.match(latent, feature) for latent in best if f1[latent] > 0]

    def find_word(self, word: str, n: int = 10) -> list[Match]:
        """The latents with the largest F1 for "the word here is this one"; see `find`."""
        return self.find(WORD, word, n)

    def top(self, latent: int) -> list[Example]:
        """The sequences in which the latent is strongest, no text twice."""
        return self._examples(latent, slice(0, self.n_top))

    def weaker(self, latent: int) -> list[Example]:
        """Examples from the rest of the texts in which it is active, spread over their ranks.

        The texts are ordered by the largest activation in each; the ones taken stand in the
        middle of equal parts of that list.
        """
        return self._examples(latent, slice(self.n_top, None))

    def promoted(self, latent: int, n: int = 8) -> list[tuple[str, float]]:
        """The words whose logits the latent raises most, directly; see `effects`."""
        return self._words(latent, n, descending=True)

    def suppressed(self, latent: int, n: int = 8) -> list[tuple[str, float]]:
        """The words whose logits it lowers most, the lowest first."""
        return self._words(latent, n, descending=False)

    def check(self, latent: int) -> int:
        """The latent, if there is one of this number.

        Raises:
            ValueError: If there is none.
        """
        if not 0 <= latent < len(self.active):
            raise ValueError(f"latent must be between 0 and {len(self.active) - 1}, got {latent}")
        return latent

    def _examples(self, latent: int, part: slice) -> list[Example]:
        self.check(latent)
        found = []
        for place, row in zip(
            self.shown[latent, part], self.activations[latent, part], strict=True
        ):
            if place >= 0:
                words, at = self.sequences[place], int(row.argmax())
                values = tuple(row[: len(words)].tolist())
                found.append(Example(int(place), at, values[at], words, values))
        return found

    def _words(self, latent: int, n: int, *, descending: bool) -> list[tuple[str, float]]:
        effects = self.effects[self.check(latent)]
        order = effects.argsort(descending=descending, stable=True)[:n].tolist()
        return [(VOCABULARY[token], effects[token].item()) for token in order]
