"""Answers to "revive dead latents" as students write them."""

import torch
import torch.nn.functional as F

EXERCISE = "auxk"


def scattered(pre_acts, which, k):
    """Zeros, and the k largest of these latents in each row."""
    ranked = pre_acts.masked_fill(~which, -torch.inf)
    values, places = ranked.topk(min(k, int(which.sum())), dim=-1)
    return torch.zeros_like(pre_acts).scatter(-1, places, values.relu())


def living_latents(error, pre_acts, dead, W_dec, k_aux):
    if not dead.any():
        return torch.tensor(0.0)
    rebuilt = scattered(pre_acts, ~dead, k_aux) @ W_dec
    return (error.detach() - rebuilt).pow(2).sum(-1).mean()


def all_latents(error, pre_acts, dead, W_dec, k_aux):
    if dead.sum() == 0:
        return torch.zeros(())
    z, places = pre_acts.topk(k_aux)
    z = torch.zeros_like(pre_acts).scatter(1, places, z.relu())
    return (error.detach() - z @ W_dec).pow(2).sum(-1).mean()


def all_dead_ones(error, pre_acts, dead, W_dec, k_aux):
    if dead.sum() == 0:
        return torch.zeros(())
    rebuilt = pre_acts[:, dead].relu() @ W_dec[dead]
    return (error.detach() - rebuilt).pow(2).sum(-1).mean()


def dead_among_the_largest(error, pre_acts, dead, W_dec, k_aux):
    if dead.sum() == 0:
        return torch.zeros(())
    values, places = pre_acts.topk(k_aux)
    z = torch.zeros_like(pre_acts).scatter(1, places, values.relu()) * dead
    return (error.detach() - z @ W_dec).pow(2).sum(-1).mean()


def multiplied_by_the_mask(error, pre_acts, dead, W_dec, k_aux):
    if dead.sum() == 0:
        return torch.zeros(())
    z, places = (pre_acts * dead).topk(min(k_aux, dead.sum()))
    rebuilt = torch.einsum("bk,bkd->bd", z, W_dec[places])
    return (error.detach() - rebuilt).pow(2).sum(-1).mean()


def over_the_batch(error, pre_acts, dead, W_dec, k_aux):
    if dead.sum() == 0:
        return torch.zeros(())
    flat = pre_acts.masked_fill(~dead, -torch.inf).flatten()
    k = min(k_aux, int(dead.sum())) * len(pre_acts)
    values, places = flat.topk(k)
    z = torch.zeros_like(flat).scatter(0, places, values.relu()).view_as(pre_acts)
    return (error.detach() - z @ W_dec).pow(2).sum(-1).mean()


def no_relu(error, pre_acts, dead, W_dec, k_aux):
    if dead.sum() == 0:
        return torch.zeros(())
    z, places = pre_acts[:, dead].topk(min(k_aux, int(dead.sum())))
    rebuilt = torch.einsum("bk,bkd->bd", z, W_dec[dead][places])
    return (error.detach() - rebuilt).pow(2).sum(-1).mean()


def not_detached(error, pre_acts, dead, W_dec, k_aux):
    if dead.sum() == 0:
        return torch.zeros(())
    rebuilt = scattered(pre_acts, dead, k_aux) @ W_dec
    return (error - rebuilt).pow(2).sum(-1).mean()


def without_gradients(error, pre_acts, dead, W_dec, k_aux):
    if dead.sum() == 0:
        return torch.zeros(())
    with torch.no_grad():
        rebuilt = scattered(pre_acts, dead, k_aux) @ W_dec
        return (error - rebuilt).pow(2).sum(-1).mean()


def as_a_number(error, pre_acts, dead, W_dec, k_aux):
    if dead.sum() == 0:
        return 0.0
    rebuilt = scattered(pre_acts, dead, k_aux) @ W_dec
    return (error.detach() - rebuilt).pow(2).sum(-1).mean().item()


def decoder_detached(error, pre_acts, dead, W_dec, k_aux):
    if dead.sum() == 0:
        return torch.zeros(())
    rebuilt = scattered(pre_acts, dead, k_aux) @ W_dec.detach()
    return (error.detach() - rebuilt).pow(2).sum(-1).mean()


def encoder_detached(error, pre_acts, dead, W_dec, k_aux):
    if dead.sum() == 0:
        return torch.zeros(())
    rebuilt = scattered(pre_acts.detach(), dead, k_aux) @ W_dec
    return (error.detach() - rebuilt).pow(2).sum(-1).mean()


def mean_over_d_in(error, pre_acts, dead, W_dec, k_aux):
    if dead.sum() == 0:
        return torch.zeros(())
    return F.mse_loss(scattered(pre_acts, dead, k_aux) @ W_dec, error.detach())


def summed(error, pre_acts, dead, W_dec, k_aux):
    if dead.sum() == 0:
        return torch.zeros(())
    rebuilt = scattered(pre_acts, dead, k_aux) @ W_dec
    return (error.detach() - rebuilt).pow(2).sum()


def added(error, pre_acts, dead, W_dec, k_aux):
    if dead.sum() == 0:
        return torch.zeros(())
    rebuilt = scattered(pre_acts, dead, k_aux) @ W_dec
    return (error.detach() + rebuilt).pow(2).sum(-1).mean()


def lengths(error, pre_acts, dead, W_dec, k_aux):
    if dead.sum() == 0:
        return torch.zeros(())
    rebuilt = scattered(pre_acts, dead, k_aux) @ W_dec
    return (error.detach() - rebuilt).norm(dim=-1).mean()


def normalised(error, pre_acts, dead, W_dec, k_aux):
    if dead.sum() == 0:
        return torch.zeros(())
    rebuilt = scattered(pre_acts, dead, k_aux) @ W_dec
    left = (error.detach() - rebuilt).pow(2).sum(-1)
    return (left / error.detach().pow(2).sum(-1)).mean()


def with_the_coefficient(error, pre_acts, dead, W_dec, k_aux):
    if dead.sum() == 0:
        return torch.zeros(())
    rebuilt = scattered(pre_acts, dead, k_aux) @ W_dec
    return (error.detach() - rebuilt).pow(2).sum(-1).mean() / 32


def none_dead_forgotten(error, pre_acts, dead, W_dec, k_aux):
    k = min(k_aux, int(dead.sum()))
    z, places = pre_acts[:, dead].topk(k)
    rebuilt = torch.einsum("bk,bkd->bd", z.relu(), W_dec[dead][places])
    return (error.detach() - rebuilt).pow(2).sum(-1).mean()


def too_few_dead(error, pre_acts, dead, W_dec, k_aux):
    if dead.sum() == 0:
        return torch.zeros(())
    z, places = pre_acts[:, dead].topk(k_aux)
    rebuilt = torch.einsum("bk,bkd->bd", z.relu(), W_dec[dead][places])
    return (error.detach() - rebuilt).pow(2).sum(-1).mean()


def places_among_all(error, pre_acts, dead, W_dec, k_aux):
    # the places are those among the dead latents, not among all
    if dead.sum() == 0:
        return torch.zeros(())
    z, places = pre_acts[:, dead].topk(min(k_aux, int(dead.sum())))
    rebuilt = torch.einsum("bk,bkd->bd", z.relu(), W_dec[places])
    return (error.detach() - rebuilt).pow(2).sum(-1).mean()


def in_place(error, pre_acts, dead, W_dec, k_aux):
    if dead.sum() == 0:
        return torch.zeros(())
    pre_acts[:, ~dead] = -torch.inf
    z, places = pre_acts.topk(min(k_aux, int(dead.sum())))
    rebuilt = torch.einsum("bk,bkd->bd", z.relu(), W_dec[places])
    return (error.detach() - rebuilt).pow(2).sum(-1).mean()


def each_row(error, pre_acts, dead, W_dec, k_aux):
    if dead.sum() == 0:
        return torch.zeros(())
    rebuilt = scattered(pre_acts, dead, k_aux) @ W_dec
    return (error.detach() - rebuilt).pow(2).sum(-1)


WRONG = {
    living_latents: "living latents",
    all_latents: "largest of all latents rebuild",
    all_dead_ones: "all dead latents are used",
    dead_among_the_largest: "taken first",
    multiplied_by_the_mask: "negative pre-activations",
    over_the_batch: "whole batch",
    no_relu: "negative pre-activations",
    not_detached: "flows into the error",
    without_gradients: "no gradient",
    as_a_number: "no gradient",
    decoder_detached: "reaches W_dec",
    encoder_detached: "reaches the pre-activations",
    mean_over_d_in: "over d_in as well",
    summed: "over the batch as well",
    added: "added to the error",
    lengths: "without squaring",
    normalised: "not normalised",
    with_the_coefficient: "coefficient",
    none_dead_forgotten: "no latent is dead",
    too_few_dead: "fewer than k_aux",
    places_among_all: "counted among the dead latents",
    in_place: "in place",
    each_row: "for each row",
}


def with_scatter(error, pre_acts, dead, W_dec, k_aux):
    if not dead.any():
        return error.new_zeros(())
    rebuilt = scattered(pre_acts, dead, k_aux) @ W_dec
    return (error.detach() - rebuilt).square().sum(dim=1).mean()


def among_the_dead(error, pre_acts, dead, W_dec, k_aux):
    k = min(k_aux, int(dead.sum()))
    if k == 0:
        return 0.0
    z, places = pre_acts[:, dead].topk(k)
    rebuilt = (z.relu()[..., None] * W_dec[dead][places]).sum(dim=1)
    return len(W_dec[0]) * F.mse_loss(rebuilt, error.detach())


def silent_beyond_the_dead(error, pre_acts, dead, W_dec, k_aux):
    # if there are fewer dead ones than k_aux, the rest is cut at 0
    z = pre_acts.masked_fill(~dead, -torch.inf).topk(k_aux)
    rebuilt = torch.einsum("bk,bkd->bd", z.values.relu(), W_dec[z.indices])
    loss = (error.detach() - rebuilt).norm(dim=-1).square().mean()
    return loss * dead.any()


def masked_by_multiplying(error, pre_acts, dead, W_dec, k_aux):
    if dead.sum() == 0:
        return torch.tensor(0)
    z, places = (pre_acts.relu() * dead).topk(k_aux)
    rebuilt = torch.einsum("bk,bkd->bd", z, W_dec[places])
    return torch.mean(torch.sum((error.detach() - rebuilt) ** 2, -1))


def by_sorting(error, pre_acts, dead, W_dec, k_aux):
    if dead.sum() == 0:
        return torch.tensor(0)
    candidates, rows = pre_acts[:, dead], W_dec[dead]
    rank = candidates.argsort(dim=1, descending=True).argsort(dim=1)
    z = torch.where(rank < k_aux, candidates, 0).clamp(min=0)
    return ((error.detach() - z @ rows) ** 2).sum() / len(error)


def row_by_row(error, pre_acts, dead, W_dec, k_aux):
    target, total = error.detach().clone(), 0.0
    for row, wanted in zip(pre_acts, target, strict=True):
        ranked = sorted(dead.nonzero()[:, 0].tolist(), key=lambda j: -row[j].item())
        left = wanted - sum(row[j].relu() * W_dec[j] for j in ranked[:k_aux])
        total = total + left @ left if ranked else total
    return total / len(error)


RIGHT = [
    with_scatter,
    among_the_dead,
    silent_beyond_the_dead,
    masked_by_multiplying,
    by_sorting,
    row_by_row,
]
