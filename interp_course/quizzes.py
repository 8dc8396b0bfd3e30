"""Multiple-choice questions: quizzes that are graded, predictions that are not.

A notebook shows them as a `widgets.QuestionCard`, and as Markdown where no kernel runs. Neither
form holds the key or an explanation, and neither does any ``repr``: notebooks are stored.
"""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from interp_course import progress
from interp_course.checking import LINE, Finding

if TYPE_CHECKING:
    from interp_course.widgets import Asked, QuestionCard

_QUIZ_HINT = (
    "Choose with the arrow keys or the mouse; Enter or Check asks the kernel about the option. "
    "Nothing is handed in here: copy the line into the cell that is graded."
)
_PREDICTION_HINT = (
    "Decide before you go on. Put the line into the cell in place of the one with None, and run "
    "it; what happened is said after the experiment."
)


@dataclass(frozen=True)
class Option:
    """One possible answer, and what is to be said about it."""

    text: str
    explanation: str = field(repr=False)
    right: bool = field(default=False, repr=False)


@dataclass(frozen=True)
class Question:
    """A question with lettered options, of which exactly one is right."""

    text: str
    options: Mapping[str, Option]

    def __post_init__(self) -> None:
        right = [letter for letter, option in self.options.items() if option.right]
        if len(right) != 1:
            raise ValueError(f"exactly one option must be right, got {right} for {self.text!r}")

    @property
    def key(self) -> str:
        """The letter of the right option."""
        return next(letter for letter, option in self.options.items() if option.right)

    def as_markdown(self, heading: str = "") -> str:
        """The question and its options, without the key."""
        options = "\n".join(f"- **{a}** {option.text}" for a, option in self.options.items())
        return f"{heading}{self.text}\n\n{options}\n"

    def asked(self) -> "Asked":
        """The question and its options for a widget, without the key."""
        from interp_course.widgets import Asked

        return Asked(self.text, {a: option.text for a, option in self.options.items()})


@dataclass(frozen=True)
class Quiz:
    """Several questions. Displayed in a notebook it shows them, numbered from 1."""

    questions: Sequence[Question]

    def card(self) -> "QuestionCard":
        """The questions to be answered on the page, where each option can be explained."""
        from interp_course.widgets import QuestionCard, Reply

        def explain(number: int, letter: str) -> Reply:
            option = self.questions[number - 1].options[letter]
            return Reply(option.right, option.explanation)

        asked = [question.asked() for question in self.questions]
        return QuestionCard(asked, repr(self), "answers", explain, hint=_QUIZ_HINT)

    def __repr__(self) -> str:
        parts = enumerate(self.questions, start=1)
        return "\n".join(question.as_markdown(f"**{i}.** ") for i, question in parts)

    def _repr_markdown_(self) -> str:
        return repr(self)

    def _ipython_display_(self) -> None:
        self.card()._ipython_display_()

    def finding(self) -> Finding:
        """The graded exercise: a dict from question number to letter, all of them right."""
        reread = "answer every question; where a letter is wrong, the line above says why"
        return Finding("quiz", self._judge, reread, keeps_answer=True)

    def _judge(self, answers: Any, instance: int) -> tuple[str, str | None] | None:
        numbers = range(1, len(self.questions) + 1)
        if not isinstance(answers, dict) or set(answers) != set(numbers):
            return f"expected a dict with the keys 1 to {len(numbers)}, got {answers!r}", None
        still_open = [number for number in numbers if answers[number] is None]
        remarks, first = ([_not_answered(still_open)] if still_open else []), None
        for number, question in enumerate(self.questions, start=1):
            if number in still_open:
                continue
            letter = str(answers[number]).strip().lower()
            if letter not in question.options:
                remarks.append(f"{number}: {letter!r} is not one of {', '.join(question.options)}")
            elif letter != question.key:
                first = first or question.options[letter].explanation
                remarks.append(f"{number}{letter}: {question.options[letter].explanation}")
        return ("\n  ".join(remarks), first) if remarks else None

    def explanations(self) -> str:
        """Why each right option is right; shown after a full score."""
        parts = enumerate(self.questions, start=1)
        return "\n".join(f"{i}{q.key}: {q.options[q.key].explanation}" for i, q in parts)


@dataclass(frozen=True)
class Prediction:
    """A question to answer before an experiment is run. Never graded: a surprise teaches."""

    question: Question

    def card(self) -> "QuestionCard":
        """The question to be answered on the page, which says nothing before the experiment."""
        from interp_course.widgets import QuestionCard

        return QuestionCard(
            [self.question.asked()],
            repr(self),
            "my_prediction",
            numbered=False,
            heading="Predict first. ",
            hint=_PREDICTION_HINT,
        )

    def __repr__(self) -> str:
        return self.question.as_markdown("**Predict first.** ")

    def _repr_markdown_(self) -> str:
        return repr(self)

    def _ipython_display_(self) -> None:
        self.card()._ipython_display_()

    def __call__(self, letter: Any) -> None:
        """Compare the prediction, or None, with what happened."""
        options, key = self.question.options, self.question.key
        chosen = "" if letter is None else str(letter).strip().lower()
        if letter is None:
            verdict = f"You made no prediction. The answer is {key}."
        elif chosen not in options:
            raise ValueError(f"choose one of {', '.join(options)} or None, got {letter!r}")
        elif chosen == key:
            verdict = f"You predicted {chosen}, and so it is."
        else:
            verdict = f"You predicted {chosen}; the answer is {key}."
        progress.note(self, None, chosen or None)
        print(textwrap.fill(f"{verdict} {options[key].explanation}", LINE))  # noqa: T201


def _not_answered(numbers: Sequence[int]) -> str:
    if len(numbers) == 1:
        return f"question {numbers[0]} is not answered yet: put a letter in place of None"
    listed = f"{', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"
    return f"questions {listed} are not answered yet: put a letter in place of each None"
