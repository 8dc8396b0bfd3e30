"""Answers to "measure absorption" as students write them."""

import numpy as np
import torch

EXERCISE = "absorption"


def no_control(on, parent, child):
    return (~on[parent & child]).float().mean().item()


def divided_by_all(on, parent, child):
    missed = (~on & parent & child).float().mean()
    return (missed - (~on & parent & ~child).float().mean()).item()


def divided_by_the_parents(on, parent, child):
    missed = (~on & child).sum() / parent.sum()
    return (missed - (~on & parent & ~child).sum() / parent.sum()).item()


def active(on, parent, child):
    together, alone = parent & child, parent & ~child
    return on[together].float().mean().item() - on[alone].float().mean().item()


def groups_swapped(on, parent, child):
    silent = (~on).float()
    return (silent[parent & ~child].mean() - silent[parent & child].mean()).item()


def given_silent(on, parent, child):
    silent = parent & ~on
    return (child[silent].float().mean() - (~child[silent]).float().mean()).item()


def given_silent_without_control(on, parent, child):
    return child[~on & parent].float().mean().item()


def given_active(on, parent, child):
    silent, active = parent & ~on, parent & on
    return (child[silent].float().mean() - child[active].float().mean()).item()


def all_parents_as_control(on, parent, child):
    silent = (~on).float()
    return (silent[child].mean() - silent[parent].mean()).item()


def everything_without_the_child(on, parent, child):
    silent = (~on).float()
    return (silent[child].mean() - silent[~child].mean()).item()


def without_the_parent(on, parent, child):
    silent = 1 - on.float()
    return (silent[parent & child].mean() - silent[~parent].mean()).item()


def ratio(on, parent, child):
    silent = (~on).float()
    return (silent[parent & child].mean() / silent[parent & ~child].mean()).item()


def relative(on, parent, child):
    silent = (~on).float()
    together, alone = silent[parent & child].mean(), silent[parent & ~child].mean()
    return ((together - alone) / together).item()


def size(on, parent, child):
    silent = (~on).float()
    return abs(silent[parent & child].mean().item() - silent[parent & ~child].mean().item())


def not_negative(on, parent, child):
    silent = (~on).float()
    return max(0.0, silent[child].mean().item() - silent[parent & ~child].mean().item())


def counts(on, parent, child):
    return int((~on & parent & child).sum()) - int((~on & parent & ~child).sum())


def opposite_of_a_number(on, parent, child):
    silent = (~on.int()).bool().float()
    return (silent[parent & child].mean() - silent[parent & ~child].mean()).item()


def active_control(on, parent, child):
    missed = (~on[parent & child]).float().mean()
    return (missed - on[parent & ~child].float().mean()).item()


def minus_on_booleans(on, parent, child):
    silent = (1 - on).float()
    return silent[parent & child].mean() - silent[parent & ~child].mean()


WRONG = {
    no_control: "nothing is subtracted",
    divided_by_all: "all examples",
    divided_by_the_parents: "all examples with the parent",
    active: "sign is turned",
    groups_swapped: "sign is turned",
    given_silent: "share of silent examples that have the child",
    given_silent_without_control: "share of silent examples that have the child",
    given_active: "share of silent examples that have the child",
    all_parents_as_control: "all examples with the parent are the control",
    everything_without_the_child: "without the child are the control",
    without_the_parent: "without the parent are the control",
    ratio: "divided instead of subtracted",
    relative: "divided by one of the shares",
    size: "size of the difference",
    not_negative: "cut at 0",
    counts: "counted, not shares",
    opposite_of_a_number: "every example counts as silent",
    active_control: "silent examples are counted on one side",
    minus_on_booleans: "",
}


def two_masks(on, parent, child):
    together, alone = parent & child, parent & ~child
    return ((~on[together]).float().mean() - (~on[alone]).float().mean()).item()


def the_child_implies_the_parent(on, parent, child):
    silent = ~on
    alone = parent ^ child
    return (silent & child).sum() / child.sum() - (silent & alone).sum() / alone.sum()


def from_the_active_ones(on, parent, child):
    on, parent, child = on.double(), parent.double(), child.double()
    alone = parent * (1 - child)
    return (on * alone).sum() / alone.sum() - (on * parent * child).sum() / (parent * child).sum()


def with_numpy(on, parent, child):
    on, parent, child = (np.asarray(t) for t in (on, parent, child))
    return np.mean(~on[parent & child]) - np.mean(~on[np.logical_and(parent, ~child)])


def example_by_example(on, parent, child):
    rows = [row for row in zip(on.tolist(), parent.tolist(), child.tolist(), strict=True) if row[1]]
    together = [not active for active, _, has_child in rows if has_child]
    alone = [not active for active, _, has_child in rows if not has_child]
    return sum(together) / len(together) - sum(alone) / len(alone)


def slope(on, parent, child):
    """The regression of silence on the child has this slope."""
    x = torch.stack([child[parent].double(), torch.ones(int(parent.sum())).double()], dim=1)
    y = (~on[parent]).double()[:, None]
    return torch.linalg.lstsq(x, y).solution[0, 0]


RIGHT = [
    two_masks,
    the_child_implies_the_parent,
    from_the_active_ones,
    with_numpy,
    example_by_example,
    slope,
]
