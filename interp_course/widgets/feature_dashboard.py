"""What does a latent of a dictionary mean? One latent at a time, with a search for features."""

import hashlib
import json
import re
from typing import Any

import traitlets

from interp_course.sae_reading import PREVIOUS, WORD, Example, Reading
from interp_course.widgets.described import (
    DescribedWidget,
    html_table,
    index_within,
    shared_sources,
    text_table,
    visible,
)

MAX_HITS = 20
N_WORDS = 6
CLOSE, PARTIAL = 0.8, 0.5
"""From which F1 on a feature is called a close or a partial match, so that the nearest one of a
thousand is not taken for the meaning."""
KINDS = {"dead": "never active", "densest": "active most often"}
"""Words that search for latents by how often they are active."""


class FeatureDashboard(DescribedWidget):
    """Shows what one latent of a dictionary does, on text in which everything is known.

    Choose a latent with the slider (arrows for the next one, page up and page down for ten
    further, Home and End for the ends), by its number, or by a search: words of a known feature
    such as "country france", "plural" or "river" find the latents with the largest F1 for any
    feature that has them all; "dead" and "densest" find latents by how often they are active.
    The choice is kept in ``index`` and the search in ``query``; both can also be set.

    In the examples the background of each word shows how active the latent is, compared with
    its own maximum; the strongest word is bold and underlined. Everything was computed by
    `sae_reading.read`, and only the chosen latent is sent to the page.
    """

    _esm, _css = shared_sources(__file__)

    n_latents = traitlets.Int(read_only=True).tag(sync=True)
    index = traitlets.Int().tag(sync=True)
    """Which latent is shown."""
    page = traitlets.Dict(read_only=True).tag(sync=True)
    """What to show of it."""
    query = traitlets.Unicode().tag(sync=True)
    """What was searched for last."""
    found = traitlets.List(traitlets.Dict(), read_only=True).tag(sync=True)
    """The latents that were found, the best first, with the reason."""
    reply = traitlets.Unicode(read_only=True).tag(sync=True)
    """What there is to say about the search."""

    def __init__(self, reading: Reading, latent: int = 0) -> None:
        """Show the latents of ``reading``, beginning with one.

        Args:
            reading: What `sae_reading.read` returns.
            latent: The first one to show.

        Raises:
            ValueError: If there is no such latent.
        """
        self._reading, size = reading, len(reading.active)
        self._names = [_name(*feature) for feature in reading.features]
        self._terms = [_terms(f"{variable} {value}") for variable, value in reading.features]
        index = index_within(latent, "latent", size)
        digest = hashlib.sha256(json.dumps([index, reading.sequences]).encode())
        for tensor in (reading.activations, reading.effects, reading.both):
            digest.update(tensor.numpy().tobytes())
        super().__init__(digest.digest(), index=index)
        self.set_trait("n_latents", size)
        self._turn_page()

    @traitlets.validate("index")
    def _in_range(self, proposal: Any) -> int:
        return index_within(proposal["value"], "index", len(self._reading.active))

    @traitlets.observe("index")
    def _turn_page(self, change: Any = None) -> None:
        self.set_trait("page", self._page(self.index))

    @traitlets.observe("query")
    def _search_again(self, change: Any = None) -> None:
        hits, query = self.search(self.query), self.query.strip()
        self.set_trait("found", [{"latent": i, "text": text} for i, text in hits])
        self.set_trait("reply", self._reply(query, len(hits)) if query else "")
        if hits:
            self.index = hits[0][0]

    def search(self, query: str) -> list[tuple[int, str]]:
        """At most 20 latents for a query, the best first, each with why it was found."""
        kind, active = query.strip().casefold(), self._reading.active
        if kind in KINDS:
            order = active.argsort(descending=kind == "densest", stable=True).tolist()
            chosen = [i for i in order if (active[i] > 0) == (kind == "densest")][:MAX_HITS]
            return [(latent, f"active on {self._density(latent)}") for latent in chosen]
        if kind.isdecimal():
            return [(int(kind), "by its number")] if int(kind) < len(active) else []
        features = self._matching(_terms(query))
        if not features:
            return []
        scores, best = self._reading.f1()[:, features].max(dim=1)
        order = scores.argsort(descending=True, stable=True)[:MAX_HITS].tolist()
        return [
            (latent, f"F1 {scores[latent]:.2f} · {self._names[features[int(best[latent])]]}")
            for latent in order
            if scores[latent] > 0
        ]

    def sentence(self, latent: int) -> str:
        """What there is to say about a latent, as the widget says it."""
        return "{} {}".format(*self._said(latent))

    def _said(self, latent: int) -> tuple[str, str]:
        """What a latent is nearest to, and how often it is active."""
        matches = self._reading.nearest(latent, 1)
        if not matches:
            return f"Latent {latent} is dead.", f"It is active on none of {self._reading.n} tokens."
        near, maximum = matches[0], self._reading.maximum[latent]
        name = _name(near.variable, near.value)
        close = near.f1 >= PARTIAL
        match = f": {name}, a {'close' if near.f1 >= CLOSE else 'partial'} match."
        return (
            f"Latent {latent}{match if close else ' matches no known feature well.'}",
            f"Nearest is {name}: F1 {near.f1:.2f}, precision {near.precision:.2f}, recall "
            f"{near.recall:.2f}. Active on {self._density(latent)}, at most {maximum:.2f}.",
        )

    def _reply(self, query: str, n_hits: int) -> str:
        if query.casefold() in KINDS:
            n_dead = int((self._reading.active == 0).sum())
            number = n_dead if query.casefold() == "dead" else f"the {n_hits}"
            return f"{number} latent{'' if number == 1 else 's'} {KINDS[query.casefold()]}"
        if not n_hits:
            return f"nothing for “{query}”: try a word, a variable with its value, or “dead”"
        return f"the best {n_hits} for “{query}”" if n_hits > 1 else f"one latent for “{query}”"

    def describe(self) -> str:
        """The chosen latent in words: features, words, histogram and examples."""
        page = self.page
        counts = " ".join(map(str, page["histogram"]))
        lines = [self.sentence(self.index), "", *text_table(self._features(self.index)), ""]
        lines += [f"{name}: {_listed(page[name])}" for name in ("promotes", "suppresses")]
        lines.append(f"Histogram from 0 to {page['maximum']}: {counts}")
        for name, examples in self._examples(self.index).items():
            lines += [f"{name}:", *(f"  {_marked(example)}" for example in examples)]
        return "\n".join(lines)

    def _page(self, latent: int) -> dict[str, Any]:
        reading = self._reading
        maximum = reading.maximum[latent].item()
        return {
            "latent": latent,
            "said": list(self._said(latent)),
            "features": self._features(latent)[1:],
            "promotes": _effects(reading.promoted(latent, N_WORDS)),
            "suppresses": _effects(reading.suppressed(latent, N_WORDS)),
            "histogram": reading.histogram[latent].tolist(),
            "maximum": f"{maximum:.2f}",
            "examples": {
                name: [_pieces(example, maximum) for example in examples]
                for name, examples in self._examples(latent).items()
            },
        }

    def _features(self, latent: int) -> list[list[str]]:
        return [["nearest feature", "F1", "precision", "recall"]] + [
            [_name(match.variable, match.value), *(f"{score:.2f}" for score in match[3:])]
            for match in self._reading.nearest(latent)
        ]

    def _examples(self, latent: int) -> dict[str, list[Example]]:
        top, weaker = self._reading.top(latent), self._reading.weaker(latent)
        return {"Strongest examples": top, "Weaker examples": weaker}

    def _density(self, latent: int) -> str:
        percent = 100 * self._reading.density[latent].item()
        return f"{percent:.0f}% of tokens" if percent >= 10 else f"{percent:.2g}% of tokens"

    def _matching(self, terms: list[str]) -> list[int]:
        """Features that have all terms as words, or else as parts of words."""
        named = list(enumerate(self._terms))
        whole = [i for i, words in named if terms and set(terms) <= set(words)]
        return whole or [
            i
            for i, words in named
            if terms and all(any(term in word for word in words) for term in terms)
        ]

    def _summary(self) -> str:
        return f"Feature dashboard of {self.n_latents} latents. {self.sentence(self.index)}"

    def _fallback(self) -> str:
        caption = (
            f"{self.sentence(self.index)} Promotes directly: {_listed(self.page['promotes'])}. "
            "Below, examples with the activation after each word on which it is active. Run the "
            f"cell to move between the {self.n_latents} latents."
        )
        rows = [
            [f"{example.value:.2f}", visible(example.words[example.position]), _marked(example)]
            for examples in self._examples(self.index).values()
            for example in examples
        ]
        return html_table(caption, ["maximum", "at the word", "example"], rows)


def _terms(text: str) -> list[str]:
    """The words of a name or a query, without the marks that stand between them in names."""
    plain = re.sub(r"(?<=\w)\s*=\s*(?=\w)|: |[“”]", " ", text.casefold())
    return plain.split()


def _name(variable: str, value: str) -> str:
    if variable in (WORD, PREVIOUS):
        return f"{variable} “{visible(value)}”"
    return f"{variable} = {value}"


def _effects(words: list[tuple[str, float]]) -> list[list[str]]:
    """Words with their effects; the minus is one that screen readers do not leave out."""
    minus = "\N{MINUS SIGN}"
    return [[visible(word), f"{effect:+.2f}".replace("-", minus)] for word, effect in words]


def _listed(effects: list[list[str]]) -> str:
    return ", ".join(map(" ".join, effects)) or "nothing"


def _marked(example: Example) -> str:
    """The words of an example, with the activation after those on which the latent is active."""
    return " ".join(
        f"{visible(word)} [{value:.2f}]" if value > 0 else visible(word)
        for word, value in zip(example.words, example.values, strict=True)
    )


def _pieces(example: Example, maximum: float) -> list[list[Any]]:
    """Words with their activation as a share of the maximum and as text; the strongest is told."""
    return [
        [visible(word), round(value / maximum, 3), f"{value:.2f}", pos == example.position]
        for pos, (word, value) in enumerate(zip(example.words, example.values, strict=True))
        if pos > 0  # <bos> is not counted
    ]
