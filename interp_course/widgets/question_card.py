"""Multiple-choice questions to be answered on the page; what is right stays in the kernel."""

import html
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import traitlets

from interp_course.widgets.described import DescribedWidget, shared_sources

_MARKS = re.compile(r"(\*\*[^*]+\*\*|\*[^*]+\*|`[^`]+`)")
_KINDS = {"**": "strong", "*": "em", "`": "code"}


class Asked(NamedTuple):
    """A question without its key."""

    text: str
    options: Mapping[str, str]
    """From letter to text."""


class Reply(NamedTuple):
    """What there is to say about one option."""

    right: bool
    text: str


class QuestionCard(DescribedWidget):
    """Questions with radio buttons, and the line of code that holds what was chosen.

    Arrows move between the options, Enter or the button checks one. Neither the page nor a
    saved notebook knows which options are right: the kernel is asked about one option at a
    time, and the page receives what there is to say about that one. No variable is set; the
    line of code is there to be copied, so that answers stay visible in the notebook.
    """

    _esm, _css = shared_sources(__file__)

    questions = traitlets.List(traitlets.Dict(), read_only=True).tag(sync=True)
    """Texts and options, in pieces that are plain, emphasised or code."""
    name = traitlets.Unicode(read_only=True).tag(sync=True)
    """What a screen reader calls the whole."""
    heading = traitlets.Unicode(read_only=True).tag(sync=True)
    variable = traitlets.Unicode(read_only=True).tag(sync=True)
    """What the line of code sets."""
    numbered = traitlets.Bool(read_only=True).tag(sync=True)
    """Whether it sets a dict with the numbers of the questions, or one letter."""
    explains = traitlets.Bool(read_only=True).tag(sync=True)
    """Whether options can be checked."""
    hint = traitlets.Unicode(read_only=True).tag(sync=True)
    chosen = traitlets.Dict().tag(sync=True)
    """The letter that is chosen, by the number of the question as a text."""
    checked = traitlets.Dict().tag(sync=True)
    """The letter that is to be explained, in the same way."""
    replies = traitlets.Dict(read_only=True).tag(sync=True)
    """What was said last about each question that was checked."""

    def __init__(
        self,
        questions: Sequence[Asked],
        markdown: str,
        variable: str,
        explain: Callable[[int, str], Reply] | None = None,
        *,
        numbered: bool = True,
        heading: str = "",
        hint: str = "",
    ) -> None:
        """Ask ``questions``.

        Args:
            questions: One or more.
            markdown: The same as text, for viewers that run no widgets.
            variable: The name of the variable that the answers belong into.
            explain: Says something about an option, given the number of its question from 1
                and its letter; None if nothing is to be said before an experiment was run.
            numbered: Whether the variable holds a dict, or the letter of the only question.
            heading: Words before a single question.
            hint: What to do, below the questions.

        Raises:
            ValueError: If there is no question, one has less than two options, or there are
                several although their answers are not numbered.
        """
        if not questions or (len(questions) > 1 and not numbered):
            raise ValueError(
                f"{'one question is' if questions else 'questions are'} needed, got "
                f"{len(questions)}; answers to several questions have to be numbered"
            )
        for asked in questions:
            if len(asked.options) < 2:
                raise ValueError(f"{asked.text!r} needs two options, got {list(asked.options)}")
        self._asked, self._markdown, self._explain = tuple(questions), markdown, explain
        traits = {
            "questions": [
                {
                    "text": _pieces(asked.text),
                    "options": [[a, _pieces(text)] for a, text in asked.options.items()],
                }
                for asked in questions
            ],
            "name": "Quiz" if numbered else "Prediction",
            "heading": heading,
            "variable": variable,
            "numbered": numbered,
            "explains": explain is not None,
            "hint": hint,
        }
        super().__init__(json.dumps(traits).encode())
        for name, content in traits.items():
            self.set_trait(name, content)

    @property
    def line(self) -> str:
        """The line of code with what is chosen now."""
        letters = [self.chosen.get(str(n)) for n in self._numbers]
        values = [f'"{letter}"' if letter else "None" for letter in letters]
        pairs = ", ".join(f"{n}: {value}" for n, value in zip(self._numbers, values, strict=True))
        return f"{self.variable} = {'{' + pairs + '}' if self.numbered else values[0]}"

    @property
    def _numbers(self) -> range:
        return range(1, len(self._asked) + 1)

    @traitlets.validate("chosen", "checked")
    def _options_only(self, proposal: Any) -> dict[str, str]:
        options = {
            str(n): asked.options for n, asked in zip(self._numbers, self._asked, strict=True)
        }
        for number, letter in proposal["value"].items():
            if number not in options or letter not in options[number]:
                raise ValueError(f"there is no option {letter!r} of a question {number!r}")
        return proposal["value"]

    @traitlets.observe("checked")
    def _answer(self, change: Any) -> None:
        if self._explain is None:
            return
        replies = {}
        for number, letter in self.checked.items():
            right, text = self._explain(int(number), letter)
            replies[number] = {"letter": letter, "right": right, "text": _plain(text)}
        self.set_trait("replies", replies)

    def describe(self) -> str:
        """The questions, the line of code, and what was said about options so far."""
        said = [
            f"{number}{reply['letter']}: {reply['text']}" for number, reply in self.replies.items()
        ]
        return "\n".join([self._markdown, self.line, *said])

    def _summary(self) -> str:
        return self._markdown

    def _fallback(self) -> str:
        parts = []
        for number, asked in enumerate(self.questions, start=1):
            start = f"{number}. " if self.numbered else self.heading
            lines = "".join(f"<li><b>{a}</b> {_html(text)}</li>" for a, text in asked["options"])
            parts.append(f"<p><b>{start}</b>{_html(asked['text'])}</p><ul>{lines}</ul>")
        return "".join(parts)

    def _static(self) -> dict[str, str]:
        return {**super()._static(), "text/markdown": self._markdown}


def _pieces(text: str) -> list[list[str]]:
    """A text in pieces: how each is marked up, by the name of its element, and what it says."""
    found = []
    for piece in filter(None, _MARKS.split(text)):
        mark = re.match(r"\*\*|\*|`", piece) if _MARKS.fullmatch(piece) else None
        width = mark.end() if mark else 0
        found.append([_KINDS[mark[0]] if mark else "", piece[width : len(piece) - width]])
    return found


def _html(pieces: list[list[str]]) -> str:
    escaped = [(kind, html.escape(text)) for kind, text in pieces]
    return "".join(f"<{kind}>{text}</{kind}>" if kind else text for kind, text in escaped)


def _plain(text: str) -> str:
    return "".join(piece for _, piece in _pieces(text))
