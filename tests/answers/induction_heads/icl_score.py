"""Answers to "in-context-learning score" as students write them."""

import torch
import torch.nn.functional as F

EXERCISE = "icl_score"


def _losses(logits, tokens):
    return F.cross_entropy(logits[:, :-1].mT, tokens[:, 1:], reduction="none")


def early_minus_late(logits, tokens, early, late):
    losses = _losses(logits, tokens)
    return losses[:, early].mean() - losses[:, late].mean()


def not_shifted(logits, tokens, early, late):
    losses = F.cross_entropy(logits.mT, tokens, reduction="none")
    return losses[:, late].mean() - losses[:, early].mean()


def cut_but_not_shifted(logits, tokens, early, late):
    losses = F.cross_entropy(logits[:, :-1].mT, tokens[:, :-1], reduction="none")
    return losses[:, late].mean() - losses[:, early].mean()


def shifted_backwards(logits, tokens, early, late):
    losses = F.cross_entropy(logits[:, 1:].mT, tokens[:, :-1], reduction="none")
    return losses[:, late].mean() - losses[:, early].mean()


def log_probability(logits, tokens, early, late):
    log_probs = logits[:, :-1].log_softmax(-1).gather(-1, tokens[:, 1:, None])[..., 0]
    return log_probs[:, late].mean() - log_probs[:, early].mean()


def in_bits(logits, tokens, early, late):
    log_probs = torch.log2(logits[:, :-1].softmax(-1)).gather(-1, tokens[:, 1:, None])[..., 0]
    return -(log_probs[:, late].mean() - log_probs[:, early].mean())


def probabilities(logits, tokens, early, late):
    probs = logits[:, :-1].softmax(-1).gather(-1, tokens[:, 1:, None])[..., 0]
    return (1 - probs[:, late]).mean() - (1 - probs[:, early]).mean()


def without_softmax(logits, tokens, early, late):
    picked = -logits[:, :-1].gather(-1, tokens[:, 1:, None])[..., 0]
    return picked[:, late].mean() - picked[:, early].mean()


def slices_the_batch(logits, tokens, early, late):
    losses = _losses(logits, tokens)
    return losses[late].mean() - losses[early].mean()


def per_sequence(logits, tokens, early, late):
    losses = _losses(logits, tokens)
    return losses[:, late].mean(1) - losses[:, early].mean(1)


WRONG = {
    early_minus_late: "sign is turned",
    not_shifted: "",
    cut_but_not_shifted: "instead of token i + 1",
    shifted_backwards: "shifted the wrong way",
    log_probability: "sign is turned",
    in_bits: "base 2",
    probabilities: "one minus the probability",
    without_softmax: "there is no softmax",
    slices_the_batch: "select sequences",
    per_sequence: "batch is not averaged",
}


def with_cross_entropy(logits, tokens, early, late):
    losses = _losses(logits, tokens).mean(0)
    return losses[late].mean() - losses[early].mean()


def a_python_float(logits, tokens, early, late):
    losses = _losses(logits, tokens)
    return (losses[:, late].mean() - losses[:, early].mean()).item()


def by_hand(logits, tokens, early, late):
    log_probs = logits - logits.logsumexp(-1, keepdim=True)
    batch, pos = torch.arange(len(tokens))[:, None], torch.arange(tokens.shape[1] - 1)
    losses = -log_probs[batch, pos, tokens[:, 1:]]
    return losses[:, late].mean() - losses[:, early].mean()


RIGHT = [with_cross_entropy, a_python_float, by_hand]
