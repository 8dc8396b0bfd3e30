"""Answers to "the best constant prediction" as students write them."""

import math
from collections import Counter

import numpy as np
import scipy.stats
import torch
import torch.nn.functional as F

EXERCISE = "constant_baseline"


def frequencies(labels, d_vocab):
    return torch.bincount(labels, minlength=d_vocab) / len(labels)


def uniform(labels, d_vocab):
    return math.log(d_vocab)


def uniform_over_what_occurs(labels, d_vocab):
    return math.log(len(set(labels.tolist())))


def bits(labels, d_vocab):
    p = frequencies(labels, d_vocab)
    p = p[p > 0]
    return -(p * p.log2()).sum().item()


def scipy_base_two(labels, d_vocab):
    return scipy.stats.entropy(torch.bincount(labels), base=2)


def nan(labels, d_vocab):
    p = frequencies(labels, d_vocab)
    return -(p * p.log()).sum().item()


def counts(labels, d_vocab):
    c = labels.unique(return_counts=True)[1].float()
    return -(c * c.log()).sum().item()


def divided_by_d_vocab(labels, d_vocab):
    p = torch.bincount(labels) / d_vocab
    p = p[p > 0]
    return -(p * p.log()).sum().item()


def softmax_of_counts(labels, d_vocab):
    p = torch.bincount(labels, minlength=d_vocab).float().softmax(dim=0)
    return torch.special.entr(p).sum().item()


def frequencies_as_logits(labels, d_vocab):
    p = frequencies(labels, d_vocab)
    return F.cross_entropy(p.expand(len(labels), -1), labels).item()


def counts_as_logits(labels, d_vocab):
    c = torch.bincount(labels, minlength=d_vocab).float()
    return F.cross_entropy(c.expand(len(labels), -1), labels).item()


def best_accuracy(labels, d_vocab):
    return frequencies(labels, d_vocab).max().item()


def most_frequent(labels, d_vocab):
    return -frequencies(labels, d_vocab).max().log().item()


def gini(labels, d_vocab):
    return 1 - (frequencies(labels, d_vocab) ** 2).sum().item()


def mean_over_labels(labels, d_vocab):
    p = labels.unique(return_counts=True)[1] / len(labels)
    return -p.log().mean().item()


def mean_over_vocabulary(labels, d_vocab):
    return torch.special.entr(frequencies(labels, d_vocab)).mean().item()


def sum_of_logarithms(labels, d_vocab):
    p = labels.unique(return_counts=True)[1] / len(labels)
    return -p.log().sum().item()


def no_sign(labels, d_vocab):
    p = labels.unique(return_counts=True)[1] / len(labels)
    return (p * p.log()).sum().item()


def smoothed(labels, d_vocab):
    p = (torch.bincount(labels, minlength=d_vocab) + 1) / (len(labels) + d_vocab)
    return -(p * p.log()).sum().item()


def perplexity(labels, d_vocab):
    return torch.special.entr(frequencies(labels, d_vocab)).sum().exp().item()


def normalised(labels, d_vocab):
    return torch.special.entr(frequencies(labels, d_vocab)).sum().item() / math.log(d_vocab)


WRONG = {
    uniform: "every token of d_vocab",
    uniform_over_what_occurs: "every label that occurs",
    bits: "bits",
    scipy_base_two: "bits",
    nan: "0 times the logarithm",
    counts: "not divided by the number of labels",
    divided_by_d_vocab: "divided by d_vocab",
    softmax_of_counts: "softmax",
    frequencies_as_logits: "softmax",
    counts_as_logits: "softmax",
    best_accuracy: "share of right answers",
    most_frequent: "only the most frequent",
    gini: "share of right answers",
    mean_over_labels: "the frequencies are the weights",
    mean_over_vocabulary: "the frequencies are the weights",
    sum_of_logarithms: "just added up",
    no_sign: "sign is forgotten",
    smoothed: "one is added",
    perplexity: "perplexity",
    normalised: "largest possible entropy",
}


def entr(labels, d_vocab):
    return torch.special.entr(frequencies(labels, d_vocab)).sum().item()


def as_a_loss(labels, d_vocab):
    logits = frequencies(labels, d_vocab).log()
    return F.cross_entropy(logits.expand(len(labels), d_vocab), labels)


def with_a_counter(labels, d_vocab):
    n = len(labels)
    return -sum(c / n * math.log(c / n) for c in Counter(labels.tolist()).values())


def with_numpy(labels, d_vocab):
    _, c = np.unique(labels.numpy(), return_counts=True)
    return float(scipy.stats.entropy(c))


def a_distribution(labels, d_vocab):
    counts = torch.bincount(labels, minlength=d_vocab).double()
    return torch.distributions.Categorical(probs=counts).entropy()


def small_number_added(labels, d_vocab):
    p = frequencies(labels, d_vocab)
    return -(p * (p + 1e-10).log()).sum()


RIGHT = [entr, as_a_loss, with_a_counter, with_numpy, a_distribution, small_number_added]
