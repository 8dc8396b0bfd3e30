"""Answers to "what takes its place" as students write them."""

import numpy as np
import torch

EXERCISE = "replaced"


def _else(values, kind, reference):
    if kind == "zero":
        return torch.zeros_like(values)
    if kind == "mean":
        return reference.mean(0).expand_as(values)
    return reference[: len(values)]


def over_positions_too(values, kind, reference):
    if kind == "mean":
        return reference.mean(dim=(0, 1)).expand_as(values)
    return _else(values, kind, reference)


def over_everything(values, kind, reference):
    if kind == "mean":
        return torch.full_like(values, reference.mean().item())
    return _else(values, kind, reference)


def of_the_batch(values, kind, reference):
    if kind == "mean":
        return values.mean(dim=0, keepdim=True).expand_as(values)
    return _else(values, kind, reference)


def over_the_dimensions(values, kind, reference):
    if kind == "mean":
        mean = reference.mean(dim=(0, 2))
        return torch.ones_like(values) * mean[:, None]
    return _else(values, kind, reference)


def wrong_axis(values, kind, reference):
    if kind == "mean":
        return torch.zeros_like(values) + reference.mean(1)
    return _else(values, kind, reference)


def not_repeated(values, kind, reference):
    if kind == "mean":
        return reference.mean(0)
    return _else(values, kind, reference)


def only_the_used_rows(values, kind, reference):
    reference = reference[: values.shape[0]]
    if kind == "zero":
        return torch.zeros_like(values)
    if kind == "mean":
        return reference.mean(0).expand_as(values)
    return reference


def shaped_like_the_reference(values, kind, reference):
    if kind == "zero":
        return torch.zeros_like(values)
    if kind == "mean":
        return reference.mean(0).expand_as(values)
    return reference


def centred(values, kind, reference):
    if kind == "mean":
        return values - reference.mean(0)
    return _else(values, kind, reference)


def summed(values, kind, reference):
    if kind == "mean":
        return reference.sum(0).repeat(len(values), 1, 1)
    return _else(values, kind, reference)


def zero_forgotten(values, kind, reference):
    if kind == "mean":
        return reference.mean(0).expand_as(values)
    if kind == "resample":
        return reference[: len(values)]
    return values


def a_number(values, kind, reference):
    return 0.0 if kind == "zero" else _else(values, kind, reference)


def always_the_mean(values, kind, reference):
    return reference.mean(0).expand_as(values)


def first_row(values, kind, reference):
    if kind == "resample":
        return reference[0].expand_as(values)
    return _else(values, kind, reference)


def last_rows(values, kind, reference):
    if kind == "resample":
        return reference[-len(values) :]
    return _else(values, kind, reference)


def drawn_by_chance(values, kind, reference):
    if kind == "resample":
        order = torch.randperm(len(reference))[: len(values)]
        while order[0] == 0:  # a draw that is right would be no wrong answer
            order = torch.randperm(len(reference))[: len(values)]
        return reference[order]
    return _else(values, kind, reference)


def one_drawn_by_chance(values, kind, reference):
    if kind == "resample":
        return reference[torch.randint(1, len(reference), ())].expand_as(values)
    return _else(values, kind, reference)


def each_position_from_another(values, kind, reference):
    if kind == "resample":
        n = values.shape[1]
        rows = (torch.arange(len(values))[:, None] + torch.arange(n)) % len(reference)
        return reference[rows, torch.arange(n)]
    return _else(values, kind, reference)


def positions_shuffled(values, kind, reference):
    if kind == "resample":
        order = torch.arange(values.shape[1]).roll(2)
        return reference[: len(values), order]
    return _else(values, kind, reference)


def own_batch_rolled(values, kind, reference):
    if kind == "resample":
        return torch.roll(values, shifts=1, dims=0)
    return _else(values, kind, reference)


def mean_for_resample(values, kind, reference):
    if kind == "zero":
        return values * 0
    return reference.mean(0, keepdim=True).expand_as(values)


def zeroed_in_place(values, kind, reference):
    if kind == "zero":
        return values.zero_()
    return _else(values, kind, reference)


def written_into_the_values(values, kind, reference):
    if kind == "zero":
        values[:] = 0
    elif kind == "mean":
        values[:] = reference.mean(0)
    else:
        values[:] = reference[: len(values)]
    return values


def kinds_misspelled(values, kind, reference):
    if kind == "zeros":
        return torch.zeros_like(values)
    return reference.mean(0).expand_as(values) if kind == "mean" else None


WRONG = {
    over_positions_too: "over the positions as well",
    over_everything: "over everything",
    of_the_batch: "of the batch itself",
    over_the_dimensions: "dimensions of the head",
    wrong_axis: "each prompt keeps a mean of its own",
    not_repeated: "not repeated",
    only_the_used_rows: "only as many reference prompts",
    shaped_like_the_reference: "shaped like the reference",
    centred: "taken off the values",
    summed: "added up",
    zero_forgotten: "nothing is replaced",
    a_number: "one zero is returned",
    always_the_mean: "not looked at",
    first_row: "one prompt of the reference",
    last_rows: "another prompt of the reference",
    drawn_by_chance: "another prompt of the reference",
    one_drawn_by_chance: "one prompt of the reference",
    each_position_from_another: "each position gets another prompt",
    positions_shuffled: "positions are moved",
    own_batch_rolled: "rows of the batch are exchanged",
    mean_for_resample: "where one of its prompts is meant",
    zeroed_in_place: "in place",
    written_into_the_values: "in place",
    kinds_misspelled: "",
}


def three_branches(values, kind, reference):
    if kind == "zero":
        return torch.zeros_like(values)
    if kind == "mean":
        return reference.mean(dim=0).expand_as(values)
    return reference[: values.shape[0]]


def filled(values, kind, reference):
    new = torch.empty_like(values)
    sources = {"zero": 0.0, "mean": reference.mean(0), "resample": reference[: len(new)]}
    new[:] = sources[kind]
    return new


def with_numpy(values, kind, reference):
    values, reference = values.numpy(), reference.numpy()
    if kind == "zero":
        return np.zeros_like(values)
    if kind == "mean":
        return np.broadcast_to(np.mean(reference, axis=0), values.shape)
    return reference[: values.shape[0]]


def row_by_row(values, kind, reference):
    rows = []
    for b in range(len(values)):
        match kind:
            case "zero":
                rows.append(values[b] * 0)
            case "mean":
                rows.append(sum(reference) / len(reference))
            case "resample":
                rows.append(reference[b].clone())
    return torch.stack(rows)


def einsum_mean(values, kind, reference):
    if kind != "mean":
        return values * 0.0 if kind == "zero" else reference[: len(values)].double()
    share = torch.full((len(values), len(reference)), 1 / len(reference), dtype=values.dtype)
    return torch.einsum("bn,npd->bpd", share, reference)


RIGHT = [three_branches, filled, with_numpy, row_by_row, einsum_mean]
