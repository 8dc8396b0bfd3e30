"""How a model of the world is trained and graded: its loss, and the figures of its card."""

import functools
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from interp_course import training
from interp_course.world import geography as g
from interp_course.world import words as w
from interp_course.world.grammar import TEMPLATES, surprisal
from interp_course.world.questions import Question, accuracy, questions
from interp_course.world.sampling import sample
from interp_course.world.vocabulary import token_of

_PAD = token_of(w.PAD)
_PARTS = 4


class Excess(NamedTuple):
    """What a model loses on one template, beside what nothing can avoid; nats per token."""

    entropy: float
    """Mean exact surprisal of the words, given that nothing but the words before is known."""
    loss: float
    """Mean loss of the model on the same words."""
    tokens: float
    """Predicted tokens per sequence."""

    @property
    def excess(self) -> float:
        """Loss above the entropy."""
        return self.loss - self.entropy


class WorldText:
    """The training distribution: sequences of all templates, in their shares."""

    def batch(self, size: int, rng: torch.Generator) -> Int[Tensor, "batch pos"]:
        """Draw sequences, padded on the right."""
        return sample(size, int(torch.randint(2**62, (), generator=rng))).tokens


def loss(module: nn.Module, tokens: Int[Tensor, "batch pos"]) -> Float[Tensor, ""]:
    """Mean loss per predicted token; padding does not count.

    Sequences of similar length go through the network together, which saves a third of the work.
    """
    lengths = (tokens != _PAD).sum(dim=1)
    total = torch.zeros((), device=tokens.device)
    for part in lengths.argsort().chunk(_PARTS):
        rows = tokens[part, : int(lengths[part].max())]
        total = total + losses(module, rows).nansum()
    return total / (lengths - 1).sum()


def losses(model: Any, tokens: Int[Tensor, "batch pos"]) -> Float[Tensor, "batch predicted"]:
    """Loss in nats on each token after the first; nan on padding."""
    found = training.next_token_loss(model(tokens), tokens)
    return found.where(tokens[:, 1:] != _PAD, torch.nan)


def excess_by_template(model: Any, n: int = 200, seed: int = 0) -> dict[str, Excess]:
    """Loss and entropy of ``n`` fresh sequences of each template.

    Neither the model nor the entropy is told which template it is.
    """
    found = {}
    for template in TEMPLATES:
        tokens, exact = _exact(template, n, seed)
        with torch.no_grad():
            lost = losses(model, tokens.to(_device(model))).cpu()
        per_sequence = (~exact.isnan()).sum().item() / n
        means = exact.nanmean().item(), lost.nanmean().item()
        found[template] = Excess(*means, tokens=per_sequence)
    return found


def overall_excess(by_template: dict[str, Excess]) -> float:
    """Excess loss in nats per token of the mixture that training draws."""
    tokens = {name: TEMPLATES[name].share * e.tokens for name, e in by_template.items()}
    excess = sum(tokens[name] * e.excess for name, e in by_template.items())
    return excess / sum(tokens.values())


def card(model: Any) -> dict[str, float]:
    """The figures of a model card: excess loss, and shares of questions answered right."""
    held_out = questions("two_hop_held_out")
    shared = [question for question in held_out if question.kind in g.SHARED_POOL]
    own = [question for question in held_out if question.kind not in g.SHARED_POOL]
    return {
        "excess_loss": overall_excess(excess_by_template(model)),
        "facts": accuracy(model, questions("one_hop") + questions("attribute")),
        "two_hop_seen": accuracy(model, questions("two_hop")),
        "two_hop_own_pool": accuracy(model, own),
        "two_hop_shared_pool": accuracy(model, shared),
        "unknown": accuracy(model, questions("unknown")),
        "agreement_english": accuracy(model, questions("agreement_english")),
        "agreement_french": accuracy(model, questions("agreement_french")),
        "indirect_object": accuracy(model, questions("indirect_object")),
        "repeat": accuracy(model, questions("repeat")),
        "refused": accuracy(model, questions("refused")),
        "over_refused": 1 - accuracy(model, questions("answered")),
        "rhyme": accuracy(model, questions("rhyme")),
        "plan": accuracy(model, questions("plan")),
    }


def measured(module: nn.Module) -> dict[str, float]:
    """What is recorded during training: the loss on fresh sequences, and five accuracies."""
    asked = ("two_hop", "two_hop_held_out", "agreement_english", "indirect_object", "repeat")
    tokens = _fresh()
    accuracies = {name: accuracy(module, _drawn(name)) for name in asked}
    return {"loss": loss(module, tokens.to(_device(module))).item(), **accuracies}


def _device(model: Any) -> torch.device:
    return next(model.parameters()).device


@functools.cache
def _drawn(name: str) -> tuple[Question, ...]:
    return questions(name)


@functools.cache
def _fresh() -> Tensor:
    return sample(256, seed=0).tokens


@functools.lru_cache(maxsize=2 * len(TEMPLATES))
def _exact(template: str, n: int, seed: int) -> tuple[Tensor, Tensor]:
    tokens = sample(n, seed, template=template).tokens
    return tokens, surprisal(tokens)
