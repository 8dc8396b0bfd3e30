"""Answers to "a clean edit" as students write them."""

import numpy as np
import torch

EXERCISE = "replace_head"


def in_place(z, head, position, value):
    z[:, position, head] = value
    return z


def clone_after_the_edit(z, head, position, value):
    z[:, position, head, :] = value
    return z.clone()


def detached_is_no_copy(z, head, position, value):
    new = z.detach()
    new[:, position, head] = value
    return new


def returns_nothing(z, head, position, value):
    z = z.clone()
    z[:, position, head] = value


def edits_the_copy_returns_the_original(z, head, position, value):
    new = z.clone()
    new[:, position, head] = value
    return z


def axes_swapped(z, head, position, value):
    z = z.clone()
    z[:, head, position] = value
    return z


def adds(z, head, position, value):
    z = z.clone()
    z[:, position, head] += value
    return z


def all_positions(z, head, position, value):
    z = z.clone()
    z[:, :, head] = value
    return z


def all_heads(z, head, position, value):
    z = z.clone()
    z[:, position] = value
    return z


def first_example_only(z, head, position, value):
    z = z.clone()
    z[0, position, head] = value
    return z


def forgets_the_batch_axis(z, head, position, value):
    z = z.clone()
    z[head] = value
    return z


def rest_is_zero(z, head, position, value):
    new = torch.zeros_like(z)
    new[:, position, head] = value
    return new


def ablates(z, head, position, value):
    z = z.clone()
    z[:, position, head] = 0
    return z


def from_this_position_on(z, head, position, value):
    z = z.clone()
    z[:, position:, head] = value
    return z


def only_the_vector(z, head, position, value):
    z = z.clone()
    z[:, position, head] = value
    return z[:, position, head]


def rounds_the_rest(z, head, position, value):
    z = (z + 10) - 10
    z[:, position, head] = value
    return z


WRONG = {
    in_place: "in place",
    clone_after_the_edit: "in place",
    detached_is_no_copy: "in place",
    returns_nothing: "not returned",
    edits_the_copy_returns_the_original: "nothing is changed",
    axes_swapped: "swapped",
    adds: "added",
    all_positions: "all positions of this head",
    all_heads: "all heads at this position",
    first_example_only: "first example",
    forgets_the_batch_axis: "number of the example",
    rest_is_zero: "everything else",
    ablates: "silenced",
    from_this_position_on: "from this one on",
    only_the_vector: "only the changed vector",
    rounds_the_rest: "computed anew",
}


def a_clone(z, head, position, value):
    z = z.clone()
    z[:, position, head] = value
    return z


def with_a_mask(z, head, position, value):
    mask = torch.zeros(z.shape[1:3], dtype=torch.bool)
    mask[position, head] = True
    return torch.where(mask[None, :, :, None], value, z)


def index_put(z, head, position, value):
    where = (torch.arange(len(z)), torch.tensor(position), torch.tensor(head))
    return z.index_put(where, value)


def a_difference_added(z, head, position, value):
    change = torch.zeros_like(z)
    change[:, position, head] = value - z[:, position, head]
    return z + change


def with_numpy(z, head, position, value):
    new = np.array(z, dtype=np.float64)
    new[:, position, head] = value.numpy()
    return new


RIGHT = [a_clone, with_a_mask, index_put, a_difference_added, with_numpy]
