"""Answers to "what survives a BatchTopK" as students write them."""

import numpy as np
import torch

EXERCISE = "batch_topk"


def for_each_sample(pre_acts, k):
    values, columns = pre_acts.topk(k, dim=-1)
    return torch.zeros_like(pre_acts).scatter(-1, columns, values.relu())


def for_each_sample_by_a_threshold(pre_acts, k):
    smallest = pre_acts.topk(k, dim=1).values[:, -1:]
    return torch.where(pre_acts >= smallest, pre_acts, 0.0)


def for_each_latent(pre_acts, k):
    values, rows = pre_acts.topk(k, dim=0)
    return torch.zeros_like(pre_acts).scatter_(0, rows, values.relu())


def k_in_all(pre_acts, k):
    flat = pre_acts.flatten()
    values, places = flat.topk(k)
    return torch.zeros_like(flat).scatter(0, places, values.relu()).view_as(pre_acts)


def k_in_all_by_a_quantile(pre_acts, k):
    threshold = torch.quantile(pre_acts, 1 - k / pre_acts.numel())
    return torch.relu(pre_acts) * (pre_acts >= threshold)


def k_times_latents(pre_acts, k):
    flat = pre_acts.flatten()
    values, places = flat.topk(k * pre_acts.shape[-1])
    return torch.zeros_like(flat).scatter(0, places, values.relu()).view_as(pre_acts)


def negative_ones_too(pre_acts, k):
    flat = pre_acts.flatten()
    values, places = flat.topk(k * pre_acts.shape[0])
    latents = torch.zeros_like(flat)
    latents[places] = values
    return latents.reshape(pre_acts.shape)


def by_size(pre_acts, k):
    flat = pre_acts.flatten()
    places = flat.abs().topk(k * len(pre_acts)).indices
    latents = torch.zeros_like(flat)
    latents[places] = flat[places]
    return latents.view_as(pre_acts)


def by_size_and_relu(pre_acts, k):
    smallest = pre_acts.abs().flatten().topk(k * len(pre_acts)).values.min()
    return torch.where(pre_acts.abs() >= smallest, pre_acts, torch.zeros_like(pre_acts)).relu()


def size_of_the_survivors(pre_acts, k):
    smallest = pre_acts.flatten().sort(descending=True).values[k * len(pre_acts) - 1]
    return (pre_acts * (pre_acts >= smallest)).abs()


def mask(pre_acts, k):
    smallest = pre_acts.flatten().topk(k * len(pre_acts)).values[-1]
    return (pre_acts >= smallest).float()


def mask_of_the_positive(pre_acts, k):
    latents = pre_acts.relu()
    smallest = latents.flatten().topk(k * len(pre_acts)).values[-1]
    return ((latents >= smallest) & (latents > 0)).float()


def strictly_greater(pre_acts, k):
    smallest = pre_acts.flatten().topk(k * len(pre_acts)).values[-1]
    return torch.where(pre_acts > smallest, pre_acts.relu(), 0)


def place_off_by_one(pre_acts, k):
    ordered = pre_acts.flatten().sort(descending=True).values
    return pre_acts.relu() * (pre_acts >= ordered[k * len(pre_acts)])


def smallest_ones(pre_acts, k):
    flat = pre_acts.flatten()
    places = flat.sort().indices[: k * len(pre_acts)]
    return torch.zeros_like(flat).scatter(0, places, flat[places]).view_as(pre_acts)


def relu_alone(pre_acts, k):
    return torch.relu(pre_acts)


def same_latents_for_all(pre_acts, k):
    chosen = pre_acts.mean(0).topk(k).indices
    latents = torch.zeros_like(pre_acts)
    latents[:, chosen] = pre_acts[:, chosen].relu()
    return latents


def mean_of_thresholds(pre_acts, k):
    threshold = pre_acts.topk(k, dim=-1).values.min(dim=-1).values.mean()
    return pre_acts.relu() * (pre_acts >= threshold)


def quantile_of_each_latent(pre_acts, k):
    threshold = torch.quantile(pre_acts, 1 - k / pre_acts.shape[1], dim=0)
    return torch.relu(pre_acts) * (pre_acts >= threshold)


def shrunk(pre_acts, k):
    smallest = pre_acts.flatten().topk(k * len(pre_acts)).values[-1]
    return torch.relu(pre_acts - smallest)


def values_alone(pre_acts, k):
    return pre_acts.flatten().topk(k * len(pre_acts)).values.relu()


def flat_table(pre_acts, k):
    flat = pre_acts.flatten().relu()
    values, places = flat.topk(k * len(pre_acts))
    return torch.zeros_like(flat).scatter(0, places, values)


def in_place(pre_acts, k):
    smallest = pre_acts.flatten().topk(k * len(pre_acts)).values[-1]
    pre_acts[pre_acts < smallest] = 0
    return pre_acts.relu()


def relu_in_place(pre_acts, k):
    pre_acts.relu_()
    flat = pre_acts.flatten()
    values, places = flat.topk(k * len(pre_acts))
    return torch.zeros_like(flat).scatter(0, places, values).view_as(pre_acts)


WRONG = {
    for_each_sample: "each sample keeps its own k",
    for_each_sample_by_a_threshold: "each sample keeps its own k",
    for_each_latent: "each latent keeps its k",
    k_in_all: "k entries survive in the whole batch",
    k_in_all_by_a_quantile: "k entries survive in the whole batch",
    k_times_latents: "number of latents",
    negative_ones_too: "negative entries survive",
    by_size: "chosen by their size",
    by_size_and_relu: "chosen by their size",
    size_of_the_survivors: "size is taken instead of the ReLU",
    mask: "mask",
    mask_of_the_positive: "mask",
    strictly_greater: "smallest of the k * batch is lost",
    place_off_by_one: "one entry too many",
    smallest_ones: "smallest entries survive",
    relu_alone: "nothing is selected",
    same_latents_for_all: "for all samples together",
    mean_of_thresholds: "mean over samples",
    quantile_of_each_latent: "own quantile",
    shrunk: "taken off what survives",
    values_alone: "without their places",
    flat_table: "one long row",
    in_place: "edited in place",
    relu_in_place: "edited in place",
}


def by_the_paper(pre_acts, k):
    flat = pre_acts.relu().flatten()
    values, places = flat.topk(k * len(pre_acts))
    return torch.zeros_like(flat).scatter(0, places, values).view_as(pre_acts)


def by_a_threshold(pre_acts, k):
    n = k * pre_acts.shape[0]
    smallest = pre_acts.flatten().sort(descending=True).values[n - 1]
    return torch.where(pre_acts >= smallest, pre_acts, 0.0).clamp(min=0)


def by_a_quantile(pre_acts, k):
    threshold = torch.quantile(pre_acts, 1 - k / pre_acts.shape[1])
    return torch.relu(pre_acts) * (pre_acts > threshold)


def by_kthvalue(pre_acts, k):
    n = k * pre_acts.shape[0]
    smallest = pre_acts.flatten().kthvalue(pre_acts.numel() - n + 1).values
    kept = pre_acts.clone()
    kept[pre_acts < smallest] = 0
    return kept.relu()


def by_places(pre_acts, k):
    places = pre_acts.flatten().argsort(descending=True)[: k * len(pre_acts)]
    rows, columns = places // pre_acts.shape[1], places % pre_acts.shape[1]
    latents = torch.zeros_like(pre_acts)
    latents[rows, columns] = pre_acts[rows, columns].relu()
    return latents


def by_ranks(pre_acts, k):
    flat = pre_acts.flatten()
    larger = (flat[None, :] > flat[:, None]).sum(dim=1)
    return (flat.relu() * (larger < k * len(pre_acts))).view(pre_acts.shape)


def with_numpy(pre_acts, k):
    values = np.maximum(pre_acts.numpy(), 0)
    places = np.argpartition(values, -k * len(values), axis=None)[-k * len(values) :]
    latents = np.zeros_like(values)
    latents.flat[places] = values.flat[places]
    return latents


RIGHT = [
    by_the_paper,
    by_a_threshold,
    by_a_quantile,
    by_kthvalue,
    by_places,
    by_ranks,
    with_numpy,
]
