"""Answers to "one path" as students write them."""

import numpy as np
import torch
import torch.nn.functional as F

EXERCISE = "edge_input"


def _norm(y, eps):
    return F.layer_norm(y, y.shape[-1:], eps=eps)


def whole_stream(resid, source_here, source_other, eps):
    return _norm(source_other, eps)


def only_added(resid, source_here, source_other, eps):
    return _norm(resid + source_other, eps)


def only_removed(resid, source_here, source_other, eps):
    return _norm(resid - source_here, eps)


def turned(resid, source_here, source_other, eps):
    return _norm(resid + source_here - source_other, eps)


def brackets_added(resid, source_here, source_other, eps):
    return _norm(resid - (source_here + source_other), eps)


def lost(resid, source_here, source_other, eps):
    patched = resid.clone()
    patched - source_here + source_other
    return _norm(patched, eps)


def difference_alone(resid, source_here, source_other, eps):
    return _norm(source_other - source_here, eps)


def last_position(resid, source_here, source_other, eps):
    patched = resid.clone()
    patched[:, -1] += source_other[:, -1] - source_here[:, -1]
    return _norm(patched, eps)


def not_normalised(resid, source_here, source_other, eps):
    return resid - source_here + source_other


def norm_first(resid, source_here, source_other, eps):
    return _norm(resid, eps) - _norm(source_here, eps) + _norm(source_other, eps)


def norm_of_the_stream_first(resid, source_here, source_other, eps):
    return _norm(resid, eps) - source_here + source_other


def normalised_contributions(resid, source_here, source_other, eps):
    return _norm(resid - _norm(source_here, eps) + _norm(source_other, eps), eps)


def frozen_scale(resid, source_here, source_other, eps):
    scale = (resid.var(-1, keepdim=True, correction=0) + eps).sqrt()
    y = resid - source_here + source_other
    return (y - y.mean(-1, keepdim=True)) / scale


def frozen_norm(resid, source_here, source_other, eps):
    mean = resid.mean(-1, keepdim=True)
    scale = torch.sqrt(resid.var(-1, keepdim=True, unbiased=False) + eps)
    return (resid - source_here + source_other - mean) / scale


def sample_variance(resid, source_here, source_other, eps):
    y = resid - source_here + source_other
    return (y - y.mean(-1, keepdim=True)) / torch.sqrt(y.var(-1, keepdim=True) + eps)


def sample_deviation(resid, source_here, source_other, eps):
    y = resid - source_here + source_other
    return (y - y.mean(-1, keepdim=True)) / (y.std(-1, keepdim=True) + eps)


def rms(resid, source_here, source_other, eps):
    y = resid - source_here + source_other
    return y * torch.rsqrt(y.pow(2).mean(-1, keepdim=True) + eps)


def eps_outside(resid, source_here, source_other, eps):
    y = resid - source_here + source_other
    y = y - y.mean(-1, keepdim=True)
    return y / (y.pow(2).mean(-1, keepdim=True).sqrt() + eps)


def eps_forgotten(resid, source_here, source_other, eps):
    y = resid - source_here + source_other
    return F.layer_norm(y, (y.shape[-1],))


def no_root(resid, source_here, source_other, eps):
    y = resid - source_here + source_other
    y = y - y.mean(-1, keepdim=True)
    return y / (y.pow(2).mean(-1, keepdim=True) + eps)


def over_positions(resid, source_here, source_other, eps):
    y = resid - source_here + source_other
    variance = y.var(1, keepdim=True, correction=0)
    return (y - y.mean(1, keepdim=True)) / (variance + eps).sqrt()


def over_everything(resid, source_here, source_other, eps):
    y = resid - source_here + source_other
    return (y - y.mean()) / (y.var(correction=0) + eps).sqrt()


def scaled_by_length(resid, source_here, source_other, eps):
    y = resid - source_here + source_other
    return F.normalize(y - y.mean(-1, keepdim=True), dim=-1)


def in_place(resid, source_here, source_other, eps):
    resid -= source_here
    resid += source_other
    return _norm(resid, eps)


def no_keepdim(resid, source_here, source_other, eps):
    y = resid - source_here + source_other
    return (y - y.mean(-1)) / (y.var(-1, correction=0) + eps).sqrt()


WRONG = {
    whole_stream: "whole stream is replaced",
    only_added: "not taken out",
    only_removed: "ablation",
    turned: "change places",
    brackets_added: "both are taken off",
    lost: "nothing is exchanged",
    difference_alone: "rest of the stream is lost",
    last_position: "one position is exchanged",
    not_normalised: "nothing is normalised",
    norm_first: "after the norm",
    norm_of_the_stream_first: "after the norm",
    normalised_contributions: "by themselves",
    frozen_scale: "frozen",
    frozen_norm: "frozen",
    sample_variance: "d_model - 1",
    sample_deviation: "d_model - 1",
    rms: "nothing is centred",
    eps_outside: "outside the root",
    eps_forgotten: "another one is used",
    no_root: "instead of its square root",
    over_positions: "over the positions",
    over_everything: "over several axes",
    scaled_by_length: "length of the vector",
    in_place: "in place",
    no_keepdim: "axis that the mean ran over",
}


def with_layer_norm(resid, source_here, source_other, eps):
    y = resid - source_here + source_other
    return F.layer_norm(y, y.shape[-1:], eps=eps)


def by_hand(resid, source_here, source_other, eps):
    y = resid + (source_other - source_here)
    y = y - y.mean(dim=-1, keepdim=True)
    return y / (y.square().mean(dim=-1, keepdim=True) + eps).sqrt()


def in_a_copy(resid, source_here, source_other, eps):
    y = resid.clone()
    y -= source_here
    y += source_other
    variance, mean = torch.var_mean(y, dim=-1, correction=0, keepdim=True)
    return (y - mean) * torch.rsqrt(variance + eps)


def with_numpy(resid, source_here, source_other, eps):
    y = resid.numpy() - source_here.numpy() + source_other.numpy()
    mean = y.mean(axis=-1, keepdims=True)
    return (y - mean) / np.sqrt(np.var(y, axis=-1, keepdims=True) + eps)


def centred_parts(resid, source_here, source_other, eps):
    # centring is linear: the parts may be centred one by one
    def centred(x):
        return x.double() - x.double().mean(-1, keepdim=True)

    y = centred(resid) - centred(source_here) + centred(source_other)
    return y / (y.pow(2).sum(-1, keepdim=True) / y.shape[-1] + eps) ** 0.5


def position_by_position(resid, source_here, source_other, eps):
    y = torch.stack([resid, -source_here, source_other]).sum(0)
    rows = [(row - row.mean()) / (row.var(correction=0) + eps).sqrt() for row in y.flatten(0, 1)]
    return torch.stack(rows).view_as(resid)


RIGHT = [
    with_layer_norm,
    by_hand,
    in_a_copy,
    with_numpy,
    centred_parts,
    position_by_position,
]
