"""Answers to "how sparse, how faithful" as students write them."""

import numpy as np
import torch
import torch.nn.functional as F

EXERCISE = "l0_fvu"


def l0_of(latents):
    return (latents > 0).float().sum(dim=-1).mean().item()


def fvu_of(x, x_hat):
    return ((x - x_hat).pow(2).sum() / (x - x.mean(0)).pow(2).sum()).item()


def around_zero(x, x_hat, latents):
    return l0_of(latents), ((x - x_hat).pow(2).sum() / x.pow(2).sum()).item()


def one_mean(x, x_hat, latents):
    fvu = ((x - x_hat) ** 2).sum() / ((x - x.mean()) ** 2).sum()
    return l0_of(latents), fvu.item()


def torch_var_of_everything(x, x_hat, latents):
    return l0_of(latents), (F.mse_loss(x_hat, x) / x.var()).item()


def mean_of_dimensions(x, x_hat, latents):
    fvu = ((x - x_hat) ** 2).sum(0) / ((x - x.mean(0)) ** 2).sum(0)
    return l0_of(latents), fvu.mean().item()


def mean_of_rows(x, x_hat, latents):
    fvu = ((x - x_hat) ** 2).sum(1) / ((x - x.mean(0)) ** 2).sum(1)
    return l0_of(latents), fvu.mean().item()


def mean_of_rows_around_zero(x, x_hat, latents):
    fvu = ((x - x_hat) ** 2).sum(-1) / (x**2).sum(-1)
    return l0_of(latents), fvu.mean().item()


def row_means(x, x_hat, latents):
    centred = x - x.mean(dim=-1, keepdim=True)
    return l0_of(latents), float((x - x_hat).square().sum() / centred.square().sum())


def explained(x, x_hat, latents):
    return l0_of(latents), 1 - fvu_of(x, x_hat)


def sample_variance(x, x_hat, latents):
    mse = (x - x_hat).square().sum(-1).mean()
    return l0_of(latents), (mse / x.var(dim=0).sum()).item()


def variance_of_the_error(x, x_hat, latents):
    fvu = torch.var(x - x_hat, dim=0).sum() / torch.var(x, dim=0).sum()
    return l0_of(latents), fvu.item()


def root(x, x_hat, latents):
    return l0_of(latents), fvu_of(x, x_hat) ** 0.5


def lengths(x, x_hat, latents):
    above = (x - x_hat).norm(dim=-1).mean()
    return l0_of(latents), (above / (x - x.mean(0)).norm(dim=-1).mean()).item()


def mse_alone(x, x_hat, latents):
    return l0_of(latents), F.mse_loss(x_hat, x).item()


def mean_above_sum_below(x, x_hat, latents):
    return l0_of(latents), (F.mse_loss(x_hat, x) / x.var(0).sum()).item()


def share(x, x_hat, latents):
    return (latents > 0).float().mean().item(), fvu_of(x, x_hat)


def sum_over_the_batch(x, x_hat, latents):
    return torch.count_nonzero(latents).float(), fvu_of(x, x_hat)


def l1(x, x_hat, latents):
    return latents.norm(p=1, dim=-1).mean(), fvu_of(x, x_hat)


def ever_active(x, x_hat, latents):
    return float((latents > 0).any(0).sum()), fvu_of(x, x_hat)


def silent(x, x_hat, latents):
    return (latents == 0).sum(-1).float().mean(), fvu_of(x, x_hat)


def over_the_wrong_axis(x, x_hat, latents):
    return (latents > 0).sum(0).float().mean(), fvu_of(x, x_hat)


def rounded(x, x_hat, latents):
    return float(int(l0_of(latents))), fvu_of(x, x_hat)


def whole(x, x_hat, latents):
    return float((latents > 0).sum() // len(latents)), fvu_of(x, x_hat)


def each_activation(x, x_hat, latents):
    return (latents > 0).sum(-1), fvu_of(x, x_hat)


def both_wrong(x, x_hat, latents):
    return (latents > 0).float().mean(), 1 - fvu_of(x, x_hat)


def swapped(x, x_hat, latents):
    return fvu_of(x, x_hat), l0_of(latents)


WRONG = {
    around_zero: "around zero",
    one_mean: "one mean",
    torch_var_of_everything: "one mean",
    mean_of_dimensions: "dimension by dimension",
    mean_of_rows: "activation by activation",
    mean_of_rows_around_zero: "activation by activation",
    row_means: "mean of each activation",
    explained: "explained",
    sample_variance: "n - 1",
    variance_of_the_error: "variance of the error",
    root: "root",
    lengths: "without squaring",
    mse_alone: "error alone",
    mean_above_sum_below: "mean over the dimensions above",
    share: "share of all latents",
    sum_over_the_batch: "whole batch",
    l1: "L1",
    ever_active: "anywhere in the batch",
    silent: "silent",
    over_the_wrong_axis: "mean over the latents",
    rounded: "rounded",
    whole: "rounded",
    each_activation: "one count for each activation",
    both_wrong: "share of all latents",
    swapped: "swapped",
}


def floats(x, x_hat, latents):
    return l0_of(latents), fvu_of(x, x_hat)


def tensors(x, x_hat, latents):
    l0 = (latents != 0).sum() / len(latents)
    return l0, F.mse_loss(x_hat, x) / x.var(dim=0, correction=0).mean()


def both_by_n_minus_one(x, x_hat, latents):
    n = len(x)
    error = (x - x_hat).square().sum() / (n - 1)
    return [latents.count_nonzero(dim=1).double().mean(), error / x.var(dim=0).sum()]


def with_numpy(x, x_hat, latents):
    x, x_hat = x.numpy(), x_hat.numpy()
    fvu = np.sum((x - x_hat) ** 2) / np.sum(x.shape[0] * x.var(axis=0))
    return np.count_nonzero(latents.numpy()) / len(x), fvu


def row_by_row(x, x_hat, latents):
    mean = x.double().mean(0)
    error = sum(float(((a - b) ** 2).sum()) for a, b in zip(x, x_hat, strict=True))
    spread = sum(float(((a - mean) ** 2).sum()) for a in x)
    return sum(int((z > 0).sum()) for z in latents) / len(x), error / spread


RIGHT = [floats, tensors, both_by_n_minus_one, with_numpy, row_by_row]
