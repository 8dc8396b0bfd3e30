"""Answers to "draw from the same class" as students write them."""

import random

import numpy as np
import torch

EXERCISE = "same_class"


def rows_of(labels, row):
    return (labels == labels[row]).nonzero()[:, 0]


def pick(rows, generator):
    return rows[torch.randint(len(rows), (), generator=generator)]


def itself(labels, references, generator):
    return references.clone()


def others_only(labels, references, generator):
    drawn = []
    for row in references:
        rows = rows_of(labels, row)
        rest = rows[rows != row]
        drawn.append(pick(rest if len(rest) else rows, generator))
    return torch.stack(drawn)


def first_member(labels, references, generator):
    return torch.stack([rows_of(labels, row)[0] for row in references])


def last_member(labels, references, generator):
    return torch.tensor([int(rows_of(labels, row)[-1]) for row in references])


def argmax_of_the_mask(labels, references, generator):
    return (labels[references][:, None] == labels).int().argmax(dim=1)


def any_row(labels, references, generator):
    return torch.randint(len(labels), (len(references),), generator=generator)


def one_draw_for_a_class(labels, references, generator):
    partner = {}
    for label in labels.unique().tolist():
        rows = (labels == label).nonzero()[:, 0]
        partner[label] = pick(rows, generator)
    return torch.stack([partner[label] for label in labels[references].tolist()])


def one_partner_for_a_row(labels, references, generator):
    partner = torch.stack([pick(rows_of(labels, row), generator) for row in range(len(labels))])
    return partner[references]


def permuted_within_classes(labels, references, generator):
    partner = torch.empty_like(labels)
    for label in labels.unique():
        rows = (labels == label).nonzero()[:, 0]
        partner[rows] = rows[torch.randperm(len(rows), generator=generator)]
    return partner[references]


def shuffled_references(labels, references, generator):
    drawn = torch.empty_like(references)
    for label in labels.unique():
        here = (labels[references] == label).nonzero()[:, 0]
        drawn[here] = references[here][torch.randperm(len(here), generator=generator)]
    return drawn


def without_replacement_where_possible(labels, references, generator):
    drawn = torch.empty_like(references)
    for label in labels.unique():
        rows = (labels == label).nonzero()[:, 0]
        here = (labels[references] == label).nonzero()[:, 0]
        rounds = -(-len(here) // len(rows))
        parts = [rows[torch.randperm(len(rows), generator=generator)] for _ in range(rounds)]
        if parts:
            drawn[here] = torch.cat(parts)[: len(here)]
    return drawn


def from_the_references(labels, references, generator):
    kinds = labels[references]
    drawn = []
    for kind in kinds:
        rows = references[kinds == kind]
        drawn.append(pick(rows, generator))
    return torch.stack(drawn)


def global_randomness(labels, references, generator):
    drawn = []
    for row in references:
        rows = rows_of(labels, row)
        drawn.append(rows[torch.randint(len(rows), (1,)).item()])
    return torch.stack(drawn)


def choice_of_random(labels, references, generator):
    return [random.choice(rows_of(labels, row).tolist()) for row in references]


def seed_zero(labels, references, generator):
    generator.manual_seed(0)
    return torch.stack([pick(rows_of(labels, row), generator) for row in references])


def starts_again(labels, references, generator):
    rng = np.random.default_rng(generator.initial_seed())
    return [int(rng.choice(rows_of(labels, row).numpy())) for row in references]


def labels_returned(labels, references, generator):
    return labels[references]


def positions_in_class(labels, references, generator):
    sizes = (labels[references][:, None] == labels).sum(dim=1)
    return (torch.rand(len(references), generator=generator) * sizes).long()


def labels_of_the_first_rows(labels, references, generator):
    drawn = []
    for i in range(len(references)):
        rows = (labels == labels[i % len(labels)]).nonzero()[:, 0]
        drawn.append(pick(rows, generator))
    return torch.stack(drawn)


def places_among_the_references(labels, references, generator):
    kinds = labels[references]
    return torch.stack([pick((kinds == kind).nonzero()[:, 0], generator) for kind in kinds])


def one_for_each_row(labels, references, generator):
    return torch.stack([pick(rows_of(labels, row), generator) for row in range(len(labels))])


def axis_left(labels, references, generator):
    same = (labels[references][:, None] == labels).float()
    return torch.multinomial(same, 1, generator=generator)


def range_too_short(labels, references, generator):
    drawn = []
    for row in references:
        rows = rows_of(labels, row)
        i = torch.randint(max(1, len(rows) - 1), (), generator=generator)
        drawn.append(rows[i])
    return torch.stack(drawn)


def rounded(labels, references, generator):
    drawn = []
    for row in references:
        rows = rows_of(labels, row)
        i = torch.round(torch.rand((), generator=generator) * (len(rows) - 1))
        drawn.append(rows[int(i)])
    return torch.stack(drawn)


def kept_unless_it_fits(labels, references, generator):
    rows = torch.randint(len(labels), (len(references),), generator=generator)
    return torch.where(labels[rows] == labels[references], rows, references)


def nearest_to_a_random_row(labels, references, generator):
    drawn = []
    for row in references:
        i = int(torch.randint(len(labels), (), generator=generator))
        while labels[i] != labels[row]:
            i = (i + 1) % len(labels)
        drawn.append(i)
    return drawn


def floats(labels, references, generator):
    drawn = torch.zeros(len(references))
    for i, row in enumerate(references):
        drawn[i] = pick(rows_of(labels, row), generator)
    return drawn


def mask(labels, references, generator):
    return labels[references][:, None] == labels


WRONG = {
    itself: "its own partner",
    others_only: "left out",
    first_member: "first row of the class",
    last_member: "last row of the class",
    argmax_of_the_mask: "first row of the class",
    any_row: "without regard to the labels",
    one_draw_for_a_class: "one row is drawn for all references of a class",
    one_partner_for_a_row: "each row has one partner",
    permuted_within_classes: "each row has one partner",
    shuffled_references: "without replacement",
    without_replacement_where_possible: "without replacement",
    from_the_references: "only the references are drawn from",
    global_randomness: "generator is not used",
    choice_of_random: "generator is not used",
    seed_zero: "generator is ignored",
    starts_again: "starts again",
    labels_returned: "labels are returned",
    positions_in_class: "positions within the class",
    labels_of_the_first_rows: "label of row i",
    places_among_the_references: "places among the references",
    one_for_each_row: "for each row of the data set",
    axis_left: "axis of length 1",
    range_too_short: "last row of a class is never drawn",
    rounded: "more often than others",
    kept_unless_it_fits: "kept more often",
    nearest_to_a_random_row: "more often than others",
    floats: "floats",
    mask: "mask",
}


def in_a_loop(labels, references, generator):
    drawn = []
    for row in references:
        rows = rows_of(labels, row)
        drawn.append(rows[torch.randint(len(rows), (1,), generator=generator)])
    return torch.cat(drawn)


def multinomial(labels, references, generator):
    same = (labels[references][:, None] == labels).float()
    return torch.multinomial(same, 1, generator=generator)[:, 0]


def class_by_class(labels, references, generator):
    drawn = torch.empty_like(references)
    for label in labels.unique():
        rows = torch.where(labels == label)[0]
        here = labels[references] == label
        n = int(here.sum())
        drawn[here] = rows[torch.randint(len(rows), (n,), generator=generator)]
    return drawn


def sorted_rows(labels, references, generator):
    order = labels.argsort(stable=True)
    kinds, counts = labels.unique(return_counts=True)
    starts = counts.cumsum(0) - counts
    kind = torch.searchsorted(kinds, labels[references])
    offset = (torch.rand(len(references), generator=generator) * counts[kind]).long()
    return order[starts[kind] + offset.clamp(max=counts[kind] - 1)]


def largest_noise(labels, references, generator):
    same = labels[references][:, None] == labels
    noise = torch.rand(same.shape, generator=generator)
    return noise.masked_fill(~same, -1).argmax(dim=1)


def with_numpy(labels, references, generator):
    rng = np.random.default_rng(torch.randint(2**62, (), generator=generator).item())
    labels = labels.numpy()
    classes = {label: np.flatnonzero(labels == label) for label in np.unique(labels)}
    return np.array([rng.choice(classes[labels[row]]) for row in references.numpy()])


def until_it_fits(labels, references, generator):
    rows = torch.randint(len(labels), (len(references),), generator=generator)
    while (wrong := labels[rows] != labels[references]).any():
        rows[wrong] = torch.randint(len(labels), (int(wrong.sum()),), generator=generator)
    return rows


RIGHT = [
    in_a_loop,
    multinomial,
    class_by_class,
    sorted_rows,
    largest_noise,
    with_numpy,
    until_it_fits,
]
