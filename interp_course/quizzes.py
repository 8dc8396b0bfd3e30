"""Multiple-choice questions: quizzes that are graded, predictions that are not."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from interp_course import progress
from interp_course.checking import Finding


@dataclass(frozen=True)
class Option:
    """One possible answer, and what is to be said about it."""

    text: str
    explanation: str
    right: bool = False


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


@dataclass(frozen=True)
class Quiz:
    """Several questions. Displayed in a notebook it shows them, numbered from 1."""

    questions: Sequence[Question]

    def _repr_markdown_(self) -> str:
        parts = enumerate(self.questions, start=1)
        return "\n".join(question.as_markdown(f"**{i}.** ") for i, question in parts)

    def finding(self) -> Finding:
        """The graded exercise: a dict from question number to letter, all of them right."""
        reread = "read the explanations above and answer again"
        return Finding("quiz", self._judge, reread, keeps_answer=True)

    def _judge(self, answers: Any, instance: int) -> tuple[str, str | None] | None:
        numbers = range(1, len(self.questions) + 1)
        if not isinstance(answers, dict) or set(answers) != set(numbers):
            return f"expected a dict with the keys 1 to {len(numbers)}, got {answers!r}", None
        remarks, first = [], None
        for number, question in enumerate(self.questions, start=1):
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

    def _repr_markdown_(self) -> str:
        return self.question.as_markdown("**Predict first.** ")

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
        print(textwrap.fill(f"{verdict} {options[key].explanation}", 90))  # noqa: T201
