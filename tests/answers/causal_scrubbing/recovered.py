"""Answers to "how much of the loss is recovered" as students write them."""

import math

import numpy as np
import torch

EXERCISE = "recovered"


def lost(scrubbed_loss, model_loss, baseline_loss):
    return (scrubbed_loss - model_loss) / (baseline_loss - model_loss)


def turned_sign(scrubbed_loss, model_loss, baseline_loss):
    return (scrubbed_loss - baseline_loss) / (baseline_loss - model_loss)


def between_0_and_1(scrubbed_loss, model_loss, baseline_loss):
    share = (baseline_loss - scrubbed_loss) / (baseline_loss - model_loss)
    return max(0, min(1, share))


def never_negative(scrubbed_loss, model_loss, baseline_loss):
    return max((baseline_loss - scrubbed_loss) / (baseline_loss - model_loss), 0.0)


def at_most_one(scrubbed_loss, model_loss, baseline_loss):
    return min((baseline_loss - scrubbed_loss) / (baseline_loss - model_loss), 1.0)


def distances(scrubbed_loss, model_loss, baseline_loss):
    return abs(scrubbed_loss - baseline_loss) / abs(model_loss - baseline_loss)


def of_the_baseline(scrubbed_loss, model_loss, baseline_loss):
    return (baseline_loss - scrubbed_loss) / baseline_loss


def one_minus_ratio_to_baseline(scrubbed_loss, model_loss, baseline_loss):
    return 1 - scrubbed_loss / baseline_loss


def ratio(scrubbed_loss, model_loss, baseline_loss):
    return model_loss / scrubbed_loss


def ratio_the_other_way(scrubbed_loss, model_loss, baseline_loss):
    return scrubbed_loss / model_loss


def relative_to_the_model(scrubbed_loss, model_loss, baseline_loss):
    return 1 - (scrubbed_loss - model_loss) / model_loss


def upside_down(scrubbed_loss, model_loss, baseline_loss):
    return (model_loss - baseline_loss) / (scrubbed_loss - baseline_loss)


def wrong_base(scrubbed_loss, model_loss, baseline_loss):
    return (baseline_loss - model_loss) / (scrubbed_loss - model_loss)


def roles_mixed(scrubbed_loss, model_loss, baseline_loss):
    return (baseline_loss - scrubbed_loss) / (model_loss - scrubbed_loss)


def gain(scrubbed_loss, model_loss, baseline_loss):
    return baseline_loss - scrubbed_loss


def percent(scrubbed_loss, model_loss, baseline_loss):
    return 100 * (scrubbed_loss - baseline_loss) / (model_loss - baseline_loss)


def rounded(scrubbed_loss, model_loss, baseline_loss):
    return round(float((scrubbed_loss - baseline_loss) / (model_loss - baseline_loss)), 2)


def of_probabilities(scrubbed_loss, model_loss, baseline_loss):
    s, m, b = (math.exp(-loss) for loss in (scrubbed_loss, model_loss, baseline_loss))
    return (s - b) / (m - b)


WRONG = {
    lost: "0 and 1 are swapped",
    turned_sign: "the sign is turned",
    between_0_and_1: "cut off",
    never_negative: "cut off",
    at_most_one: "cut off",
    distances: "sizes of the differences",
    of_the_baseline: "divided by the baseline",
    one_minus_ratio_to_baseline: "divided by the baseline",
    ratio: "baseline is not looked at",
    ratio_the_other_way: "baseline is not looked at",
    relative_to_the_model: "divided by the loss of the model",
    upside_down: "upside down",
    wrong_base: "divided by the scrubbed loss",
    roles_mixed: "scrubbed loss and the baseline's are swapped",
    gain: "difference of losses",
    percent: "percent",
    rounded: "rounded",
    of_probabilities: "probabilities",
}


def straight(scrubbed_loss, model_loss, baseline_loss):
    return (scrubbed_loss - baseline_loss) / (model_loss - baseline_loss)


def one_minus_lost(scrubbed_loss, model_loss, baseline_loss):
    return 1 - (scrubbed_loss - model_loss) / (baseline_loss - model_loss)


def with_numpy(scrubbed_loss, model_loss, baseline_loss):
    above, below = np.subtract([scrubbed_loss, model_loss], baseline_loss)
    return np.divide(above, below)


def with_tensors(scrubbed_loss, model_loss, baseline_loss):
    s, m, b = torch.tensor([float(scrubbed_loss), float(model_loss), float(baseline_loss)])
    return torch.div(b - s, b - m)


RIGHT = [straight, one_minus_lost, with_numpy, with_tensors]
