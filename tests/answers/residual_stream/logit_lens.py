"""Answers to "the logit lens" as students write them."""

import numpy as np
import torch
import torch.nn.functional as F

EXERCISE = "logit_lens"


def no_norm(resid, W_U, b_U, eps):
    return resid @ W_U + b_U


def only_centred(resid, W_U, b_U, eps):
    return (resid - resid.mean(-1, keepdim=True)) @ W_U + b_U


def not_centred(resid, W_U, b_U, eps):
    return resid / (resid.var(-1, keepdim=True, unbiased=False) + eps).sqrt() @ W_U + b_U


def root_mean_square(resid, W_U, b_U, eps):
    scale = torch.rsqrt(resid.pow(2).mean(-1, keepdim=True) + eps)
    return (resid - resid.mean(-1, keepdim=True)) * scale @ W_U + b_U


def rms_norm(resid, W_U, b_U, eps):
    return resid * torch.rsqrt(resid.pow(2).mean(-1, keepdim=True) + eps) @ W_U + b_U


def sample_variance(resid, W_U, b_U, eps):
    centred = resid - resid.mean(-1, keepdim=True)
    return centred / torch.sqrt(resid.var(-1, keepdim=True) + eps) @ W_U + b_U


def standard_deviation_plus_eps(resid, W_U, b_U, eps):
    centred = resid - resid.mean(-1, keepdim=True)
    return centred / (resid.std(-1, keepdim=True) + eps) @ W_U + b_U


def eps_outside(resid, W_U, b_U, eps):
    centred = resid - resid.mean(-1, keepdim=True)
    return centred / (centred.pow(2).mean(-1, keepdim=True).sqrt() + eps) @ W_U + b_U


def no_root(resid, W_U, b_U, eps):
    centred = resid - resid.mean(-1, keepdim=True)
    return centred / (centred.pow(2).mean(-1, keepdim=True) + eps) @ W_U + b_U


def unit_length(resid, W_U, b_U, eps):
    return F.normalize(resid, dim=-1) @ W_U + b_U


def scale_of_the_last_depth(resid, W_U, b_U, eps):
    centred = resid - resid.mean(-1, keepdim=True)
    scale = (centred[-1].pow(2).mean(-1, keepdim=True) + eps).sqrt()
    return centred / scale @ W_U + b_U


def over_positions(resid, W_U, b_U, eps):
    centred = resid - resid.mean(2, keepdim=True)
    variance = resid.var(2, keepdim=True, unbiased=False)
    return centred / (variance + eps).sqrt() @ W_U + b_U


def over_everything(resid, W_U, b_U, eps):
    return (resid - resid.mean()) / (resid.var(unbiased=False) + eps).sqrt() @ W_U + b_U


def layer_norm_over_two_axes(resid, W_U, b_U, eps):
    return F.layer_norm(resid, resid.shape[-2:], eps=eps) @ W_U + b_U


def no_bias(resid, W_U, b_U, eps):
    return F.layer_norm(resid, resid.shape[-1:], eps=eps) @ W_U


def default_eps(resid, W_U, b_U, eps):
    # looks right wherever eps is 1e-5
    return F.layer_norm(resid, resid.shape[-1:]) @ W_U + b_U


def probabilities(resid, W_U, b_U, eps):
    logits = F.layer_norm(resid, resid.shape[-1:], eps=eps) @ W_U + b_U
    return logits.softmax(-1)


def last_position(resid, W_U, b_U, eps):
    return F.layer_norm(resid[:, :, -1], resid.shape[-1:], eps=eps) @ W_U + b_U


def summed_over_depth(resid, W_U, b_U, eps):
    resid = torch.cumsum(resid, dim=0)
    return F.layer_norm(resid, resid.shape[-1:], eps=eps) @ W_U + b_U


WRONG = {
    no_norm: "no LayerNorm",
    only_centred: "nothing is divided",
    not_centred: "mean is not subtracted",
    root_mean_square: "mean square",
    rms_norm: "mean is not subtracted",
    sample_variance: "sample",
    standard_deviation_plus_eps: "sample",
    eps_outside: "under the root",
    no_root: "instead of its square root",
    unit_length: "unit length",
    scale_of_the_last_depth: "last depth",
    over_positions: "over the positions",
    over_everything: "everything at once",
    layer_norm_over_two_axes: "positions and d_model",
    no_bias: "b_U is left out",
    default_eps: "",
    probabilities: "softmax",
    last_position: "last position",
    summed_over_depth: "added up over depth",
}


def by_hand(resid, W_U, b_U, eps):
    centred = resid - resid.mean(-1, keepdim=True)
    return centred / (centred.pow(2).mean(-1, keepdim=True) + eps).sqrt() @ W_U + b_U


def functional(resid, W_U, b_U, eps):
    return F.layer_norm(resid, resid.shape[-1:], eps=eps) @ W_U + b_U


def with_numpy(resid, W_U, b_U, eps):
    x = resid.numpy().astype(np.float64)
    x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + eps)
    return x @ W_U.numpy() + b_U.numpy()


def depth_by_depth(resid, W_U, b_U, eps):
    norm = torch.nn.LayerNorm(resid.shape[-1], eps=eps, elementwise_affine=False)
    return torch.stack([torch.einsum("bpm,mv->bpv", norm(x), W_U) + b_U for x in resid])


def scaled_after_the_product(resid, W_U, b_U, eps):
    centred = W_U - W_U.mean(0)  # the same as centring the stream
    scale = (resid.var(-1, keepdim=True, unbiased=False) + eps).sqrt()
    return resid @ centred / scale + b_U


RIGHT = [by_hand, functional, with_numpy, depth_by_depth, scaled_after_the_product]
