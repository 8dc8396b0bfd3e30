"""Answers to "push along a direction" as students write them."""

import numpy as np
import torch

EXERCISE = "add_direction"


def at_all_positions(resid, direction, strength, start):
    return resid + strength * direction


def at_start_only(resid, direction, strength, start):
    new = resid.clone()
    new[:, start] += strength * direction
    return new


def before_start(resid, direction, strength, start):
    new = resid.clone()
    new[:, :start] += strength * direction
    return new


def after_start(resid, direction, strength, start):
    new = resid.clone()
    new[:, start + 1 :] += strength * direction
    return new


def last_positions(resid, direction, strength, start):
    new = resid.clone()
    new[:, -start:] += strength * direction
    return new


def last_position(resid, direction, strength, start):
    new = resid.clone()
    new[:, -1] += strength * direction
    return new


def along_the_batch(resid, direction, strength, start):
    new = resid.clone()
    new[start:] += strength * direction
    return new


def along_d_model(resid, direction, strength, start):
    new = resid.clone()
    new[..., start:] += strength * direction[start:]
    return new


def first_example(resid, direction, strength, start):
    new = resid.clone()
    new[0, start:] += strength * direction
    return new


def normalised(resid, direction, strength, start):
    new = resid.clone()
    new[:, start:] += strength * direction / direction.norm()
    return new


def no_strength(resid, direction, strength, start):
    new = resid.clone()
    new[:, start:] += direction
    return new


def strength_added(resid, direction, strength, start):
    new = resid.clone()
    new[:, start:] += strength + direction
    return new


def subtracts(resid, direction, strength, start):
    new = resid.clone()
    new[:, start:] -= strength * direction
    return new


def replaces(resid, direction, strength, start):
    new = resid.clone()
    new[:, start:] = strength * direction
    return new


def sets_the_coordinate(resid, direction, strength, start):
    unit = direction / direction.norm()
    new = resid.clone()
    along = (resid @ unit)[..., None]
    new[:, start:] += ((strength - along) * unit)[:, start:]
    return new


def stretches(resid, direction, strength, start):
    unit = direction / direction.norm()
    push = strength * (resid @ unit)[..., None] * unit
    push[:, :start] = 0
    return resid + push


def multiplies(resid, direction, strength, start):
    new = resid.clone()
    new[:, start:] *= 1 + strength * direction
    return new


def only_the_tail(resid, direction, strength, start):
    return resid[:, start:] + strength * direction


def only_the_push(resid, direction, strength, start):
    push = torch.zeros_like(resid)
    push[:, start:] = strength * direction
    return push


def front_is_zero(resid, direction, strength, start):
    new = torch.zeros_like(resid)
    new[:, start:] = resid[:, start:] + strength * direction
    return new


def grows(resid, direction, strength, start):
    new = resid.clone()
    for i in range(start, resid.shape[1]):
        new[:, i:] += strength * direction
    return new


def chained_slices(resid, direction, strength, start):
    new = resid.clone()
    new[:, start:].add(strength * direction)
    return new


def in_place(resid, direction, strength, start):
    resid[:, start:] += strength * direction
    return resid


def a_view_is_no_copy(resid, direction, strength, start):
    new = resid.view(resid.shape)
    new[:, start:] += strength * direction
    return new


def edits_the_direction(resid, direction, strength, start):
    direction *= strength
    new = resid.clone()
    new[:, start:] += direction
    return new


WRONG = {
    at_all_positions: "all positions",
    at_start_only: "start only",
    before_start: "before start",
    after_start: "after start",
    last_positions: "last positions",
    last_position: "last positions",
    along_the_batch: "number of an example",
    along_d_model: "along d_model",
    first_example: "first example",
    normalised: "scaled to length 1",
    no_strength: "strength is left out",
    strength_added: "added to the direction",
    subtracts: "subtracted",
    replaces: "replaced",
    sets_the_coordinate: "set to strength",
    stretches: "along the direction is multiplied",
    multiplies: "entry by entry",
    only_the_tail: "only the positions from start on are returned",
    only_the_push: "only what is added",
    front_is_zero: "set to zero",
    grows: "grows",
    chained_slices: "nothing is changed",
    in_place: "in place",
    a_view_is_no_copy: "in place",
    edits_the_direction: "in place",
}


def a_clone(resid, direction, strength, start):
    new = resid.clone()
    new[:, start:] += strength * direction
    return new


def with_a_mask(resid, direction, strength, start):
    mask = (torch.arange(resid.shape[1]) >= start).to(resid.dtype)
    return resid + strength * mask[:, None] * direction


def concatenated(resid, direction, strength, start):
    return torch.cat([resid[:, :start], resid[:, start:] + strength * direction], dim=1)


def with_where(resid, direction, strength, start):
    later = torch.arange(resid.shape[1])[None, :, None] >= start
    return torch.where(later, resid + strength * direction, resid)


def with_numpy(resid, direction, strength, start):
    new = np.array(resid, dtype=np.float64)
    new[:, start:] += strength * direction.numpy()
    return new


RIGHT = [a_clone, with_a_mask, concatenated, with_where, with_numpy]
