"""Answers to "take a direction out" as students write them."""

import numpy as np
import torch
import torch.nn.functional as F

EXERCISE = "ablate_direction"


def not_normalised(activations, direction, coordinate):
    along = (activations @ direction)[..., None]
    return activations + (coordinate - along) * direction


def normalised_in_one_place(activations, direction, coordinate):
    unit = direction / direction.norm()
    along = (activations @ unit)[..., None]
    return activations - along * direction + coordinate * unit


def divided_by_the_length_once(activations, direction, coordinate):
    along = (activations @ direction)[..., None]
    return activations + (coordinate - along / direction.norm()) * direction


def squared_length(activations, direction, coordinate):
    unit = direction / (direction @ direction)
    along = (activations @ unit)[..., None]
    return activations - along * unit + coordinate * unit


def sum_instead_of_length(activations, direction, coordinate):
    unit = direction / direction.abs().sum()
    along = (activations @ unit)[..., None]
    return activations + (coordinate - along) * unit


def coordinate_times_direction(activations, direction, coordinate):
    along = (activations @ direction)[..., None] / direction.norm() ** 2
    return activations - along * direction + coordinate * direction


def only_adds(activations, direction, coordinate):
    return activations + coordinate * direction / direction.norm()


def only_removes(activations, direction, coordinate):
    unit = F.normalize(direction, dim=0)
    return activations - torch.einsum("...m,m,k->...k", activations, unit, unit)


def subtracts_the_direction(activations, direction, coordinate):
    unit = direction / direction.norm()
    return activations - unit + coordinate * unit


def mean_projection(activations, direction, coordinate):
    unit = direction / direction.norm()
    along = (activations @ unit).mean()
    return activations - along * unit + coordinate * unit


def one_projection_for_all(activations, direction, coordinate):
    unit = direction / direction.norm()
    return activations - (activations * unit).sum() * unit + coordinate * unit


def no_keepdim(activations, direction, coordinate):
    unit = direction / direction.norm()
    return activations - (activations @ unit) * unit + coordinate * unit


def zeroes_the_largest_entry(activations, direction, coordinate):
    edited = activations.clone()
    edited[..., direction.abs().argmax()] = 0
    return edited


def overwrites_large_entries(activations, direction, coordinate):
    large = direction.abs() > direction.abs().mean()
    return torch.where(large, torch.full_like(activations, coordinate), activations)


def projects_onto(activations, direction, coordinate):
    unit = direction / direction.norm()
    return (activations @ unit)[..., None] * unit


def loses_the_rest(activations, direction, coordinate):
    unit = direction / direction.norm()
    return coordinate * unit.expand_as(activations)


def adds_the_projection(activations, direction, coordinate):
    unit = direction / direction.norm()
    return activations + (activations @ unit)[..., None] * unit + coordinate * unit


def wrong_sign(activations, direction, coordinate):
    unit = direction / direction.norm()
    return activations - ((activations @ unit)[..., None] + coordinate) * unit


def scales_the_coordinate(activations, direction, coordinate):
    unit = direction / direction.norm()
    along = (activations @ unit)[..., None] * unit
    return activations - along + coordinate * along


def along_the_examples(activations, direction, coordinate):
    unit = direction / direction.norm()
    along = torch.einsum("...nm,n->...m", activations, unit)
    return activations - unit[:, None] * along[..., None, :] + coordinate * unit[:, None]


def in_place(activations, direction, coordinate):
    unit = direction / direction.norm()
    activations -= (activations @ unit)[..., None] * unit
    return activations + coordinate * unit


def normalises_the_argument(activations, direction, coordinate):
    direction /= direction.norm()
    return activations + (coordinate - activations @ direction)[..., None] * direction


def the_coordinates(activations, direction, coordinate):
    return activations @ (direction / direction.norm())


WRONG = {
    not_normalised: "not scaled to length 1",
    normalised_in_one_place: "only once",
    divided_by_the_length_once: "only once",
    squared_length: "squared length",
    sum_instead_of_length: "sum of its entries",
    coordinate_times_direction: "direction itself instead of the unit vector",
    only_adds: "without what was there",
    only_removes: "coordinate is left out",
    subtracts_the_direction: "direction itself is subtracted",
    mean_projection: "mean coordinate",
    one_projection_for_all: "together",
    no_keepdim: "keepdim",
    zeroes_the_largest_entry: "single entries",
    overwrites_large_entries: "single entries",
    projects_onto: "everything else removed",
    loses_the_rest: "rest of the activation is lost",
    adds_the_projection: "added instead of subtracted",
    wrong_sign: "wrong sign",
    scales_the_coordinate: "multiplied by the new one",
    along_the_examples: "over the examples",
    in_place: "in place",
    normalises_the_argument: "in place",
    the_coordinates: "old coordinates are returned",
}


def by_the_formula(activations, direction, coordinate):
    unit = direction / direction.norm()
    along = (activations @ unit)[..., None]
    return activations - along * unit + coordinate * unit


def with_a_projector(activations, direction, coordinate):
    unit = direction / direction.norm()
    away = torch.eye(len(unit), dtype=unit.dtype) - torch.outer(unit, unit)
    return activations @ away + coordinate * unit


def without_a_unit_vector(activations, direction, coordinate):
    along = (activations * direction).sum(-1, keepdim=True) / direction.square().sum()
    return activations + (coordinate / direction.norm() - along) * direction


def row_by_row(activations, direction, coordinate):
    unit = direction / direction.norm()
    rows = activations.reshape(-1, len(unit)).clone()
    for i in range(len(rows)):
        rows[i] += (coordinate - rows[i] @ unit) * unit
    return rows.reshape(activations.shape)


def with_numpy(activations, direction, coordinate):
    x, v = activations.numpy().astype(np.float64), direction.numpy().astype(np.float64)
    unit = v / np.linalg.norm(v)
    return x + (coordinate - x @ unit)[..., np.newaxis] * unit


RIGHT = [by_the_formula, with_a_projector, without_a_unit_vector, row_by_row, with_numpy]
