"""Losses that are judged by their gradients too."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from interp_course.checking import Case, Reply, Verdict
from interp_course.checks.numbers import NumberCheck
from interp_course.comparing import difference

Problem = tuple[str, str | None]
Gradients = dict[int, Tensor | None]
NO_GRADIENT = "the loss has no gradient, so that nothing can be learnt from it"


class Learning(NamedTuple):
    """What an answer returned, and the gradients of it."""

    loss: Any
    gradients: Gradients | None
    """By the place of the argument; None if the loss has no gradient."""


@dataclass(frozen=True)
class LearningCheck(NumberCheck):
    """A check of a loss and, once it is right, of its gradients, with those of the oracle."""

    learning: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    """Arguments that may learn from the loss, by their place: what each is called, and the
    mistake if no gradient reaches it."""
    fixed: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    """Arguments that may not: what each is called, and the mistake if a gradient does."""
    name_error: Callable[[Case, str], str | None] = lambda case, error: None
    """Gets what was raised and returns the mistake that leads to it, if any."""

    def asking(self, cases: Sequence[Case] = ()) -> "_WithGradients":
        """The answer is asked for its gradients as well."""
        return _WithGradients(tuple(sorted({*self.learning, *self.fixed})))

    def judge(self, cases: Sequence[Case], replies: Sequence[Reply]) -> Verdict:
        """First the losses are compared with right ones, then the gradients."""
        replies = [replace(r, value=_learning(r.value)) for r in replies]
        losses = [replace(r, value=r.value.loss) for r in replies]
        verdict = super().judge(cases, losses)
        if not verdict.passed:
            return verdict
        for case, reply in zip(cases, replies, strict=True):
            problem = self._wrong_gradient(case, reply.value.gradients)
            if problem is not None:
                message = self._message(case, *problem, reply.printed)
                return Verdict(False, message, problem[1])
        return verdict

    def _problem(self, case: Case, reply: Reply) -> Problem | None:
        if reply.error is not None:
            return reply.error, self.name_error(case, reply.error)
        return super()._problem(case, reply)

    def _wrong_gradient(self, case: Case, gradients: Gradients | None) -> Problem | None:
        """Where the right gradients are all 0, the loss may have none."""
        assert self.oracle is not None, "gradients are compared with those of the oracle"
        right = self.asking()(self.oracle)(*case.args).gradients or {}
        if gradients is None and not any(_moves(g) for g in right.values()):
            return None
        if gradients is None:
            return "the loss is right, but it is cut off from what it was computed from", (
                NO_GRADIENT
            )
        for place, (name, mistake) in {**self.fixed, **self.learning}.items():
            own, other = (
                torch.zeros_like(case.args[place]) if found is None else found
                for found in (gradients[place], right.get(place))
            )
            if difference(own, other, rtol=1e-3, atol=1e-4) is not None:
                text = f"the loss is right, but its gradient with respect to {name} is not"
                return text, mistake if place in self.fixed or not _moves(own) else None
        return None


@dataclass(frozen=True)
class _WithGradients:
    """Wraps an answer so that it gives its gradients, too; knows nothing of what is right."""

    places: tuple[int, ...]
    """Of the arguments that gradients are taken with respect to."""

    def __call__(self, answer: Callable[..., Any]) -> Callable[..., Learning]:
        """The answer; what it edits in place is handed back."""

        def asked(*args: Any) -> Learning:
            with torch.enable_grad():
                leaves = {place: args[place].detach().clone() for place in self.places}
                given = list(args)
                for place, leaf in leaves.items():
                    given[place] = leaf.requires_grad_().clone()  # no leaf: it may be edited
                loss = answer(*given)
                gradients = _gradients(loss, leaves)
            for place in leaves:
                args[place].copy_(given[place].detach())
            return Learning(loss.detach() if isinstance(loss, Tensor) else loss, gradients)

        return asked


def _learning(value: Any) -> Learning:
    """Also of a plain tuple, which is what comes from another process."""
    if isinstance(value, tuple) and len(value) == 2:
        return Learning(*value)
    return Learning(None, None)


def _moves(gradient: Tensor | None) -> bool:
    return gradient is not None and bool(gradient.any())


def _gradients(loss: Any, leaves: Mapping[int, Tensor]) -> Gradients | None:
    if not isinstance(loss, Tensor) or not loss.requires_grad or loss.numel() != 1:
        return None
    found = torch.autograd.grad(loss, list(leaves.values()), allow_unused=True)
    return dict(zip(leaves, found, strict=True))
