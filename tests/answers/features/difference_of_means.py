"""Answers to "the direction between two classes" as students write them."""

import numpy as np
import torch
import torch.nn.functional as F

EXERCISE = "difference_of_means"


def not_normalised(activations, labels):
    return activations[labels].mean(dim=0) - activations[~labels].mean(dim=0)


def false_minus_true(activations, labels):
    direction = activations[~labels].mean(dim=0) - activations[labels].mean(dim=0)
    return direction / direction.norm()


def minus_the_mean_of_all(activations, labels):
    return activations[labels].mean(dim=0) - activations.mean(dim=0)


def sums(activations, labels):
    sign = 2 * labels.float() - 1
    direction = (sign[:, None] * activations).sum(dim=0)
    return direction / direction.norm()


def signed_mean(activations, labels):
    sign = torch.where(labels, 1.0, -1.0).to(activations.dtype)
    return F.normalize((sign @ activations) / len(labels), dim=0)


def normalises_each_activation(activations, labels):
    activations = F.normalize(activations, dim=-1)
    direction = activations[labels].mean(0) - activations[~labels].mean(0)
    return direction / direction.norm()


def normalises_each_mean(activations, labels):
    yes = activations[labels].mean(0)
    no = activations[~labels].mean(0)
    return yes / yes.norm() - no / no.norm()


def medians(activations, labels):
    direction = activations[labels].median(0).values - activations[~labels].median(0).values
    return direction / direction.norm()


def medians_of_numpy(activations, labels):
    x, y = activations.numpy(), labels.numpy()
    direction = np.median(x[y], axis=0) - np.median(x[~y], axis=0)
    return direction / np.linalg.norm(direction)


def per_coordinate(activations, labels):
    direction = activations[labels].mean(0) - activations[~labels].mean(0)
    return direction / direction.abs()


def normalises_along_a_new_axis(activations, labels):
    direction = activations[labels].mean(0) - activations[~labels].mean(0)
    return F.normalize(direction[:, None], dim=-1)[:, 0]


def divides_by_the_sum(activations, labels):
    direction = activations[labels].mean(0) - activations[~labels].mean(0)
    return direction / direction.abs().sum()


def forgets_the_root(activations, labels):
    direction = activations[labels].mean(0) - activations[~labels].mean(0)
    return direction / (direction**2).sum()


def t_statistic(activations, labels):
    yes, no = activations[labels], activations[~labels]
    error = (yes.var(0) / len(yes) + no.var(0) / len(no)).sqrt()
    t = (yes.mean(0) - no.mean(0)) / error
    return t / t.norm()


def standardised(activations, labels):
    x = (activations - activations.mean(0)) / activations.std(0)
    direction = x[labels].mean(0) - x[~labels].mean(0)
    return direction / direction.norm()


def only_true(activations, labels):
    direction = activations[labels].mean(0)
    return direction / direction.norm()


def both_means(activations, labels):
    return activations[labels].mean(0), activations[~labels].mean(0)


def mean_over_everything(activations, labels):
    direction = activations[labels].mean() - activations[~labels].mean()
    return direction / direction.norm()


def labels_as_indices(activations, labels):
    direction = activations[labels.long()].mean(0) - activations[1 - labels.long()].mean(0)
    return direction / direction.norm()


def first_component(activations, labels):
    _, _, V = torch.linalg.svd(activations - activations.mean(0), full_matrices=False)
    return V[0]


def keeps_an_axis(activations, labels):
    yes = activations[labels].mean(dim=0, keepdim=True)
    direction = yes - activations[~labels].mean(dim=0, keepdim=True)
    return direction / direction.norm()


def mean_over_d_model(activations, labels):
    yes = activations[labels].mean(dim=1)
    return yes / yes.norm()


def forgets_return(activations, labels):
    direction = activations[labels].mean(0) - activations[~labels].mean(0)
    direction / direction.norm()


def centres_in_place(activations, labels):
    activations -= activations.mean(0)
    direction = activations[labels].mean(0) - activations[~labels].mean(0)
    return direction / direction.norm()


WRONG = {
    not_normalised: "not scaled to length 1",
    false_minus_true: "sign is turned",
    minus_the_mean_of_all: "mean of all examples",
    sums: "sums are compared",
    signed_mean: "sums are compared",
    normalises_each_activation: "every activation",
    normalises_each_mean: "each of the two means",
    medians: "medians",
    medians_of_numpy: "medians",
    per_coordinate: "only signs",
    normalises_along_a_new_axis: "only signs",
    divides_by_the_sum: "sum of its entries",
    forgets_the_root: "square of its length",
    t_statistic: "standard deviation",
    standardised: "standard deviation",
    only_true: "only the mean of the examples labelled True",
    both_means: "two means are returned",
    mean_over_everything: "over all entries",
    labels_as_indices: "row numbers",
    first_component: "vary most",
    keeps_an_axis: "axis of length 1",
    mean_over_d_model: "",
    forgets_return: "not returned",
    centres_in_place: "in place",
}


def by_the_formula(activations, labels):
    direction = activations[labels].mean(dim=0) - activations[~labels].mean(dim=0)
    return direction / direction.norm()


def from_the_mean_of_all(activations, labels):
    # the mean of all lies between the two means, so only the length differs
    direction = activations[labels].mean(0) - activations.mean(0)
    return F.normalize(direction, dim=0)


def with_weights(activations, labels):
    y = labels.to(activations.dtype)
    weights = y / y.sum() - (1 - y) / (1 - y).sum()
    direction = weights @ activations
    return direction / direction.square().sum().sqrt()


def with_numpy(activations, labels):
    x, y = activations.numpy(), labels.numpy()
    direction = x[y].mean(axis=0) - x[~y].mean(axis=0)
    return direction / np.linalg.norm(direction)


def with_a_loop(activations, labels):
    means = {True: [], False: []}
    for row, label in zip(activations, labels, strict=True):
        means[bool(label)].append(row)
    direction = torch.stack(means[True]).mean(0) - torch.stack(means[False]).mean(0)
    return direction / torch.linalg.vector_norm(direction)


def by_regression(activations, labels):
    # the slope of each coordinate on the label is the difference of the means
    y = labels.double() - labels.double().mean()
    slope = y @ activations.double() / (y @ y)
    return slope / slope.norm()


RIGHT = [
    by_the_formula,
    from_the_mean_of_all,
    with_weights,
    with_numpy,
    with_a_loop,
    by_regression,
]
