"""Answers to "a score card" as students write them."""

import numpy as np
import torch
import torch.nn.functional as F
from scipy.special import log_softmax, rel_entr

EXERCISE = "scorecard"


def kl_of(scrubbed, model):
    log_p, log_q = model.log_softmax(-1), scrubbed.log_softmax(-1)
    return (log_p.exp() * (log_p - log_q)).sum(-1).mean().item()


def card(scrubbed, model, labels, **changed):
    right = scrubbed.argmax(-1) == labels
    return {
        "loss": F.cross_entropy(scrubbed, labels).item(),
        "accuracy": right.float().mean().item(),
        "kl": kl_of(scrubbed, model),
        **changed,
    }


def swapped(scrubbed, model, labels):
    return card(model, scrubbed, labels)


def loss_of_the_model(scrubbed, model, labels):
    return card(scrubbed, model, labels, loss=F.cross_entropy(model, labels))


def loss_summed(scrubbed, model, labels):
    return card(scrubbed, model, labels, loss=F.cross_entropy(scrubbed, labels, reduction="sum"))


def losses_of_examples(scrubbed, model, labels):
    return card(scrubbed, model, labels, loss=F.cross_entropy(scrubbed, labels, reduction="none"))


def bits(scrubbed, model, labels):
    p = scrubbed.softmax(-1)[torch.arange(len(labels)), labels]
    return card(scrubbed, model, labels, loss=-p.log2().mean().item())


def not_normalised(scrubbed, model, labels):
    return card(scrubbed, model, labels, loss=-scrubbed[torch.arange(len(labels)), labels].mean())


def softmax_twice(scrubbed, model, labels):
    return card(scrubbed, model, labels, loss=F.cross_entropy(scrubbed.softmax(-1), labels))


def nll_without_sign(scrubbed, model, labels):
    log_q = scrubbed.log_softmax(-1)
    return card(scrubbed, model, labels, loss=log_q.gather(1, labels[:, None]).mean().item())


def all_columns(scrubbed, model, labels):
    return card(scrubbed, model, labels, loss=-scrubbed.log_softmax(-1).mean().item())


def softmax_over_the_batch(scrubbed, model, labels):
    log_q = scrubbed.log_softmax(0)
    return card(scrubbed, model, labels, loss=F.nll_loss(log_q, labels).item())


def difference_of_losses(scrubbed, model, labels):
    more = F.cross_entropy(scrubbed, labels) - F.cross_entropy(model, labels)
    return card(scrubbed, model, labels, loss=more)


def agreement(scrubbed, model, labels):
    same = scrubbed.argmax(-1) == model.argmax(-1)
    return card(scrubbed, model, labels, accuracy=same.float().mean())


def accuracy_of_the_model(scrubbed, model, labels):
    right = model.argmax(-1) == labels
    return card(scrubbed, model, labels, accuracy=right.float().mean())


def counted(scrubbed, model, labels):
    right = scrubbed.argmax(-1) == labels
    return card(scrubbed, model, labels, accuracy=right.sum().item())


def probability_of_the_label(scrubbed, model, labels):
    p = scrubbed.softmax(-1).gather(1, labels[:, None])
    return card(scrubbed, model, labels, accuracy=p.mean())


def percent(scrubbed, model, labels):
    right = scrubbed.argmax(-1) == labels
    return card(scrubbed, model, labels, accuracy=100 * right.float().mean())


def kl_backwards(scrubbed, model, labels):
    return card(scrubbed, model, labels, kl=kl_of(model, scrubbed))


def kl_of_means(scrubbed, model, labels):
    p, q = model.softmax(-1).mean(0), scrubbed.softmax(-1).mean(0)
    return card(scrubbed, model, labels, kl=(p * (p / q).log()).sum())


def kl_summed(scrubbed, model, labels):
    kl = F.kl_div(scrubbed.log_softmax(-1), model.softmax(-1), reduction="sum")
    return card(scrubbed, model, labels, kl=kl)


def kl_over_the_vocabulary(scrubbed, model, labels):
    kl = F.kl_div(scrubbed.log_softmax(-1), model.softmax(-1), reduction="mean")
    return card(scrubbed, model, labels, kl=kl)


def kl_div_of_probabilities(scrubbed, model, labels):
    kl = F.kl_div(scrubbed.softmax(-1), model.softmax(-1), reduction="batchmean")
    return card(scrubbed, model, labels, kl=kl)


def kl_div_wrong_order(scrubbed, model, labels):
    kl = F.kl_div(model.log_softmax(-1), scrubbed.softmax(-1), reduction="batchmean")
    return card(scrubbed, model, labels, kl=kl)


def kl_in_bits(scrubbed, model, labels):
    return card(scrubbed, model, labels, kl=kl_of(scrubbed, model) / np.log(2))


def kl_of_logits(scrubbed, model, labels):
    kl = (model.softmax(-1) * (model - scrubbed)).sum(-1).mean()
    return card(scrubbed, model, labels, kl=kl)


def cross_entropy_to_the_model(scrubbed, model, labels):
    return card(scrubbed, model, labels, kl=F.cross_entropy(scrubbed, model.softmax(-1)))


def kl_of_the_label(scrubbed, model, labels):
    kl = F.cross_entropy(scrubbed, labels) - F.cross_entropy(model, labels)
    return card(scrubbed, model, labels, kl=kl)


def log_of_rounded(scrubbed, model, labels):
    p, q = model.float().softmax(-1), scrubbed.float().softmax(-1)
    return card(scrubbed, model, labels, kl=(p * (p.log() - q.log())).sum(-1).mean())


def log_of_logits(scrubbed, model, labels):
    return card(scrubbed, model, labels, kl=(model * (model / scrubbed).log()).sum(-1).mean())


def both_ways(scrubbed, model, labels):
    kl = (kl_of(scrubbed, model) + kl_of(model, scrubbed)) / 2
    return card(scrubbed, model, labels, kl=kl)


def a_tuple(scrubbed, model, labels):
    return tuple(card(scrubbed, model, labels).values())


WRONG = {
    swapped: "scrubbed comes first",
    loss_of_the_model: "the loss is that of the model",
    loss_summed: "losses of the examples are added up",
    losses_of_examples: "one loss for each example",
    bits: "the loss is in bits",
    not_normalised: "not normalised",
    softmax_twice: "takes one itself",
    nll_without_sign: "sign of the loss",
    all_columns: "mean of the loss runs over the vocabulary",
    softmax_over_the_batch: "softmax runs over the examples",
    difference_of_losses: "difference of the two losses",
    agreement: "agreement with the model",
    accuracy_of_the_model: "the accuracy is that of the model",
    counted: "the right answers are counted",
    probability_of_the_label: "mean probability of the label",
    percent: "percent",
    kl_backwards: "other way round",
    kl_of_means: "averaged over the examples before",
    kl_summed: "KL is added up",
    kl_over_the_vocabulary: "mean of KL runs over the vocabulary",
    kl_div_of_probabilities: "wants their logarithms",
    kl_div_wrong_order: "other way round",
    kl_in_bits: "KL is in bits",
    kl_of_logits: "in KL: they are not normalised",
    cross_entropy_to_the_model: "entropy of the model is not taken away",
    kl_of_the_label: "only the label's probabilities",
    log_of_rounded: "rounded to 0",
    log_of_logits: "logarithm of a logit",
    both_ways: "both directions",
    a_tuple: "",
}


def with_log_softmax(scrubbed, model, labels):
    return card(scrubbed, model, labels)


def with_kl_div(scrubbed, model, labels):
    log_q, log_p = F.log_softmax(scrubbed, dim=-1), F.log_softmax(model, dim=-1)
    return {
        "loss": F.nll_loss(log_q, labels),
        "accuracy": (scrubbed.argmax(dim=-1) == labels).double().mean(),
        "kl": F.kl_div(log_q, log_p, log_target=True, reduction="batchmean"),
    }


def with_numpy(scrubbed, model, labels):
    s, m, y = scrubbed.double().numpy(), model.double().numpy(), labels.numpy()
    log_q, log_p = log_softmax(s, axis=1), log_softmax(m, axis=1)
    return {
        "loss": -np.take_along_axis(log_q, y[:, None], axis=1).mean(),
        "accuracy": np.mean(s.argmax(axis=1) == y),
        "kl": rel_entr(np.exp(log_p), np.exp(log_q)).sum(axis=1).mean(),
    }


def with_distributions(scrubbed, model, labels):
    q = torch.distributions.Categorical(logits=scrubbed)
    p = torch.distributions.Categorical(logits=model)
    return {
        "kl": torch.distributions.kl_divergence(p, q).mean(),
        "loss": -q.log_prob(labels).mean(),
        "accuracy": (q.mode == labels).sum().item() / len(labels),
    }


def as_a_difference(scrubbed, model, labels):
    p = model.softmax(-1)
    entropy = torch.special.entr(p).sum(-1).mean()
    return card(scrubbed, model, labels, kl=F.cross_entropy(scrubbed, p) - entropy)


RIGHT = [with_log_softmax, with_kl_div, with_numpy, with_distributions, as_a_difference]
