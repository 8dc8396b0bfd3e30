"""What does a model say when it is steered? One prompt, continued at many strengths."""

import difflib
import itertools
import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import traitlets

from interp_course.picture import need_words
from interp_course.widgets.described import (
    DescribedWidget,
    html_table,
    index_within,
    shared_sources,
    text_table,
    visible,
)

MAX_STRENGTHS = 101
MAX_WORDS = 12
_TOLERANCE = 0.01  # probabilities in bfloat16 are off by nearly as much
_ENDS_OF_BARS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


class SteeringSlider(DescribedWidget):
    """Shows how the continuation of a prompt changes with the strength of an intervention.

    Everything is computed beforehand, so the slider answers at once. Move it with the mouse or
    the keys: arrows for one step, page up and page down for about a tenth of the way, Home and
    End for the ends. The choice is kept in ``index``, which can also be set.

    Words that are not in the continuation at the strength nearest 0 (the lower one of two) are
    bold and underlined. The steps of the slider are equally wide, whatever the strengths are.
    """

    _esm, _css = shared_sources(__file__)

    prompt = traitlets.Unicode(read_only=True).tag(sync=True)
    label = traitlets.Unicode(read_only=True).tag(sync=True)
    """What the strength is of, or in which unit."""
    words = traitlets.List(traitlets.Unicode(), read_only=True).tag(sync=True)
    """The tokens with a bar, as shown."""
    steps = traitlets.List(traitlets.Dict(), read_only=True).tag(sync=True)
    """What to show at each strength."""
    baseline = traitlets.Int(read_only=True).tag(sync=True)
    """Index of the strength nearest 0."""
    bar_end = traitlets.Float(read_only=True).tag(sync=True)
    """The probability at which the bars end."""
    index = traitlets.Int().tag(sync=True)
    """Which of the strengths is shown."""

    def __init__(
        self,
        prompt: str,
        strengths: Sequence[float],
        continuations: Sequence[str],
        probabilities: Mapping[str, Sequence[float]],
        strength: float = 0.0,
        label: str = "steering strength",
    ) -> None:
        """Show ``prompt`` with one of its ``continuations``.

        Args:
            prompt: What the model was given.
            strengths: Increasing; 2 to 101 of them.
            continuations: What the model adds to the prompt at each strength.
            probabilities: For 1 to 12 tokens, by their text: how probable each is as the next
                token after the prompt, at each strength.
            strength: What to begin with; the nearest one of ``strengths`` is shown.
            label: Name and unit of the strength.

        Raises:
            ValueError: If lengths differ, strengths do not increase, or a probability is none.
        """
        need_words(prompt=prompt, label=label)
        self._strengths = _increasing(strengths)
        self._continuations = _texts(continuations, len(self._strengths))
        self._probabilities = _shares(probabilities, len(self._strengths))
        if not math.isfinite(strength):
            raise ValueError(f"strength must be finite, got {strength}")
        baseline = self._nearest(0.0)
        traits = {
            "prompt": prompt,
            "label": label,
            "words": [visible(word) for word in self._probabilities],
            "baseline": baseline,
            "bar_end": _bar_end(self._probabilities),
        }
        self._pieces = [
            _compared(text, self._continuations[baseline]) for text in self._continuations
        ]
        content = [prompt, label, strength, self._strengths, self._continuations]
        key = json.dumps([*content, self._probabilities])
        super().__init__(key.encode(), index=self._nearest(strength))
        for name, value in traits.items():
            self.set_trait(name, value)
        self.set_trait("steps", [self._step(i) for i in range(len(self._strengths))])

    @property
    def strength(self) -> float:
        """The strength that is shown."""
        return self._strengths[self.index]

    @traitlets.validate("index")
    def _in_range(self, proposal: Any) -> int:
        return index_within(proposal["value"], "index", len(self._strengths))

    def sentence(self, index: int) -> str:
        """What is special at one strength, as the widget says it."""
        index = index_within(index, "index", len(self._strengths))
        word, shares = max(self._probabilities.items(), key=lambda item: item[1][index])
        before = f" ({_share(shares[self.baseline])} at {self._name(self.baseline)})"
        most = "Most probable of the tokens shown" if len(self.words) > 1 else "Next token"
        return (
            f"At {self._name(index)}: {self._difference(index)}. {most}: “{visible(word)}”, "
            f"{_share(shares[index])}{before if index != self.baseline else ''}."
        )

    def describe(self) -> str:
        """The prompt, and a table with one line per strength."""
        return "\n".join([f"Prompt: “{_shown(self.prompt)}”", *text_table(self._table())])

    def _nearest(self, strength: float) -> int:
        distances = [abs(other - strength) for other in self._strengths]
        return distances.index(min(distances))

    def _name(self, index: int) -> str:
        return _signed(self._strengths[index])

    def _step(self, index: int) -> dict[str, Any]:
        shares = [values[index] for values in self._probabilities.values()]
        return {
            "strength": self._name(index),
            "pieces": self._pieces[index],
            "shares": shares,
            "share_texts": [_share(share) for share in shares],
            "sentence": self.sentence(index),
        }

    def _difference(self, index: int) -> str:
        zero = self._name(self.baseline)
        if index == self.baseline:
            return "the continuation that the others are compared with"
        n_words, n_new = self._counts(index)
        if n_new:
            return f"{n_new} of {n_words} words are not in the continuation at {zero}"
        same = n_words == self._counts(self.baseline)[0]
        return f"the same words as at {zero}" if same else f"fewer words than at {zero}, none new"

    def _counts(self, index: int) -> tuple[int, int]:
        """How many words there are, and how many of them are new."""
        return len(self._continuations[index].split()), sum(new for _, new in self._pieces[index])

    def _table(self) -> list[list[str]]:
        header = [self.label, *(f"p({word})" for word in self.words), "new words", "continuation"]
        return [header] + [
            [
                self._name(i),
                *(_share(values[i]) for values in self._probabilities.values()),
                "{1} of {0}".format(*self._counts(i)),
                f"“{_shown(text)}”",
            ]
            for i, text in enumerate(self._continuations)
        ]

    def _summary(self) -> str:
        size = f"{len(self._strengths)} strengths from {self._name(0)} to {self._name(-1)}"
        return f"Steering slider, {size}, for “{_shown(self.prompt)}”. {self.sentence(self.index)}"

    def _fallback(self) -> str:
        header, *rows = self._table()
        caption = (
            f"“{_shown(self.prompt)}” is continued at {len(rows)} strengths; p is the probability "
            f"of the next token; new words are those not in the continuation at "
            f"{self._name(self.baseline)}. Run the cell to move between the strengths."
        )
        return html_table(caption, header, rows)


def _increasing(strengths: Sequence[float]) -> list[float]:
    values = [float(value) for value in strengths]
    if not 2 <= len(values) <= MAX_STRENGTHS:
        raise ValueError(f"strengths must hold 2 to {MAX_STRENGTHS} values, got {len(values)}")
    if not all(map(math.isfinite, values)):
        raise ValueError(f"strengths must be finite, got {values}")
    for low, high in itertools.pairwise(values):
        if low >= high:
            raise ValueError(
                f"strengths must increase, but {high:g} comes after {low:g}; sort them, "
                "together with the continuations and probabilities, and leave out repeats"
            )
    return values


def _texts(continuations: Sequence[str], n_strengths: int) -> list[str]:
    if isinstance(continuations, str):
        raise ValueError("continuations must be a list with one text per strength, got one text")
    if len(continuations) != n_strengths:
        raise ValueError(
            f"continuations has {len(continuations)} entries, but strengths has {n_strengths}"
        )
    return [str(text) for text in continuations]


def _shares(
    probabilities: Mapping[str, Sequence[float]], n_strengths: int
) -> dict[str, list[float]]:
    """The probabilities as plain numbers in [0, 1], if they can belong to one distribution."""
    if not 1 <= len(probabilities) <= MAX_WORDS:
        raise ValueError(
            f"probabilities must hold 1 to {MAX_WORDS} words, got {len(probabilities)}"
        )
    shares = {str(word): [float(p) for p in values] for word, values in probabilities.items()}
    for word, values in shares.items():
        if len(values) != n_strengths:
            raise ValueError(
                f"probabilities[{word!r}] has {len(values)} entries, but strengths has "
                f"{n_strengths}"
            )
        if not all(-_TOLERANCE <= p <= 1 + _TOLERANCE for p in values):  # also refuses NaN
            raise ValueError(
                f"probabilities[{word!r}] must lie in [0, 1], got {min(values):.3g} to "
                f"{max(values):.3g}; take the softmax of the logits"
            )
    total = max(map(sum, zip(*shares.values(), strict=True)))
    if total > 1 + _TOLERANCE:
        raise ValueError(
            f"probabilities of different tokens sum to at most 1, but at one strength to "
            f"{total:.3g}; take them from one softmax over the vocabulary"
        )
    return {word: [min(max(p, 0.0), 1.0) for p in values] for word, values in shares.items()}


def _compared(text: str, reference: str) -> list[tuple[str, bool]]:
    """``text`` in pieces, each with whether it is a word that ``reference`` does not have there."""
    words = text.split()
    matcher = difflib.SequenceMatcher(None, reference.split(), words, autojunk=False)
    kept = {block.b + i for block in matcher.get_matching_blocks() for i in range(block.size)}
    new = iter(i not in kept for i in range(len(words)))
    pieces = re.findall(r"\s+|\S+", text)
    return [(_shown(piece), not piece.isspace() and next(new)) for piece in pieces]


def _shown(text: str) -> str:
    """``text`` on one line; spaces stay as they are."""
    return text.replace("\n", "⏎").replace("\t", "⇥")


def _signed(strength: float) -> str:
    """A strength with its sign; the minus is one that screen readers do not leave out."""
    return f"{strength:+g}".replace("-", "\N{MINUS SIGN}") if strength else "0"


def _share(p: float) -> str:
    if 0 < p < 0.0005:
        return "<0.001"
    return ">0.999" if 0.9995 <= p < 1 else f"{p:.3f}"


def _bar_end(probabilities: Mapping[str, Sequence[float]]) -> float:
    largest = max(map(max, probabilities.values()))
    return next(end for end in _ENDS_OF_BARS if end >= largest)
