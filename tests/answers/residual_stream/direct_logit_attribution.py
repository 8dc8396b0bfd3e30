"""Answers to "direct logit attribution" as students write them."""

import numpy as np
import torch
import torch.nn.functional as F

EXERCISE = "direct_logit_attribution"


def _direction(W_U, right, wrong):
    return (W_U[:, right] - W_U[:, wrong]).T


def _deviation(x, eps):
    return (x.var(-1, keepdim=True, unbiased=False) + eps).sqrt()


def each_part_normalised(parts, W_U, right, wrong, eps):
    normalised = F.layer_norm(parts, parts.shape[-1:], eps=eps)
    return (normalised * _direction(W_U, right, wrong)).sum(-1)


def mean_of_the_scales(parts, W_U, right, wrong, eps):
    centred = parts - parts.mean(-1, keepdim=True)
    return (centred / _deviation(parts, eps).mean(0) * _direction(W_U, right, wrong)).sum(-1)


def variances_added(parts, W_U, right, wrong, eps):
    centred = parts - parts.mean(-1, keepdim=True)
    scale = (parts.var(-1, keepdim=True, unbiased=False).sum(0) + eps).sqrt()
    return torch.einsum("cbm,bm->cb", centred / scale, _direction(W_U, right, wrong))


def not_scaled(parts, W_U, right, wrong, eps):
    return (parts * _direction(W_U, right, wrong)).sum(-1)


def not_centred(parts, W_U, right, wrong, eps):
    scale = _deviation(parts.sum(0), eps)
    return (parts / scale * _direction(W_U, right, wrong)).sum(-1)


def mean_of_the_stream(parts, W_U, right, wrong, eps):
    stream = parts.sum(0)
    centred = parts - stream.mean(-1, keepdim=True)
    return (centred / _deviation(stream, eps) * _direction(W_U, right, wrong)).sum(-1)


def mean_over_parts(parts, W_U, right, wrong, eps):
    centred = parts - parts.mean(0, keepdim=True)
    return (centred / _deviation(parts.sum(0), eps) * _direction(W_U, right, wrong)).sum(-1)


def wrong_minus_right(parts, W_U, right, wrong, eps):
    centred = parts - parts.mean(-1, keepdim=True)
    direction = W_U[:, wrong] - W_U[:, right]
    return torch.einsum("cbm,mb->cb", centred / _deviation(parts.sum(0), eps), direction)


def only_right(parts, W_U, right, wrong, eps):
    centred = parts - parts.mean(-1, keepdim=True)
    return torch.einsum("cbm,mb->cb", centred / _deviation(parts.sum(0), eps), W_U[:, right])


def rows_of_the_unembedding(parts, W_U, right, wrong, eps):
    centred = parts - parts.mean(-1, keepdim=True)
    return (centred / _deviation(parts.sum(0), eps) * (W_U[right] - W_U[wrong])).sum(-1)


def sample_variance(parts, W_U, right, wrong, eps):
    centred = parts - parts.mean(-1, keepdim=True)
    scale = (parts.sum(0).var(-1, keepdim=True) + eps).sqrt()
    return (centred / scale * _direction(W_U, right, wrong)).sum(-1)


def no_root(parts, W_U, right, wrong, eps):
    centred = parts - parts.mean(-1, keepdim=True)
    scale = parts.sum(0).var(-1, keepdim=True, correction=0) + eps
    return (centred / scale * _direction(W_U, right, wrong)).sum(-1)


def mean_square_of_the_stream(parts, W_U, right, wrong, eps):
    centred = parts - parts.mean(-1, keepdim=True)
    scale = (parts.sum(0).pow(2).mean(-1, keepdim=True) + eps).sqrt()
    return (centred / scale * _direction(W_U, right, wrong)).sum(-1)


def one_scale_for_the_batch(parts, W_U, right, wrong, eps):
    centred = parts - parts.mean(-1, keepdim=True)
    scale = _deviation(parts.sum(0), eps).mean()
    return (centred / scale * _direction(W_U, right, wrong)).sum(-1)


def summed_over_parts(parts, W_U, right, wrong, eps):
    normalised = F.layer_norm(parts.sum(0), parts.shape[-1:], eps=eps)
    return (normalised * _direction(W_U, right, wrong)).sum(-1)


def batch_first(parts, W_U, right, wrong, eps):
    centred = parts - parts.mean(-1, keepdim=True)
    return torch.einsum(
        "cbm,bm->bc", centred / _deviation(parts.sum(0), eps), _direction(W_U, right, wrong)
    )


def mean_over_the_batch(parts, W_U, right, wrong, eps):
    centred = parts - parts.mean(-1, keepdim=True)
    scaled = centred / _deviation(parts.sum(0), eps)
    return (scaled * _direction(W_U, right, wrong)).sum(-1).mean(-1)


WRONG = {
    each_part_normalised: "its own scale",
    mean_of_the_scales: "averaged or added",
    variances_added: "variances of the parts",
    not_scaled: "nothing is divided",
    not_centred: "not centred",
    mean_of_the_stream: "mean of the whole stream",
    mean_over_parts: "mean over the parts",
    wrong_minus_right: "sign is turned",
    only_right: "only the logit of the right",
    rows_of_the_unembedding: "rows of W_U",
    sample_variance: "sample",
    no_root: "instead of its square root",
    mean_square_of_the_stream: "still in the scale",
    one_scale_for_the_batch: "whole batch",
    summed_over_parts: "added up",
    batch_first: "batch comes before",
    mean_over_the_batch: "averaged over",
}


def by_the_formula(parts, W_U, right, wrong, eps):
    centred = parts - parts.mean(-1, keepdim=True)
    return (centred / _deviation(parts.sum(0), eps) * _direction(W_U, right, wrong)).sum(-1)


def all_logits_first(parts, W_U, right, wrong, eps):
    logits = (parts - parts.mean(-1, keepdim=True)) @ W_U
    logits = logits / _deviation(parts.sum(0), eps)
    example = torch.arange(len(right))
    return logits[:, example, right] - logits[:, example, wrong]


def centred_direction_with_numpy(parts, W_U, right, wrong, eps):
    # centring the direction does the same as centring the parts
    parts, W_U = parts.numpy().astype(np.float64), W_U.numpy().astype(np.float64)
    direction = W_U[:, right.numpy()] - W_U[:, wrong.numpy()]
    direction = direction - direction.mean(0)
    scale = np.sqrt(parts.sum(0).var(-1) + eps)
    return np.einsum("cbm,mb->cb", parts, direction) / scale


def example_by_example(parts, W_U, right, wrong, eps):
    result = torch.zeros(parts.shape[:2], dtype=torch.float64)
    for b in range(parts.shape[1]):
        x = parts[:, b].double()
        scale = (x.sum(0).var(correction=0) + eps).sqrt()
        x = (x - x.mean(1, keepdim=True)) / scale
        result[:, b] = x @ (W_U[:, right[b]] - W_U[:, wrong[b]]).double()
    return result


RIGHT = [by_the_formula, all_logits_first, centred_direction_with_numpy, example_by_example]
