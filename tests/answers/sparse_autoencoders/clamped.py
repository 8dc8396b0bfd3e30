"""Answers to "set a latent" as students write them."""

import numpy as np
import torch
import torch.nn.functional as F

EXERCISE = "clamped"


def added(x, latents, W_dec, latent, value):
    return x + value * W_dec[latent]


def reconstruction(x, latents, W_dec, latent, value):
    new = latents.clone()
    new[..., latent] = value
    return new @ W_dec


def reconstruction_on_top(x, latents, W_dec, latent, value):
    new = latents.clone()
    new[:, :, latent] = value
    return x + new @ W_dec


def others_lost(x, latents, W_dec, latent, value):
    new = torch.zeros_like(latents)
    new[..., latent] = value
    error = x - latents @ W_dec
    return error + new @ W_dec


def multiplied(x, latents, W_dec, latent, value):
    new = latents.clone()
    new[..., latent] *= value
    return x - latents @ W_dec + new @ W_dec


def silenced(x, latents, W_dec, latent, value):
    return x - torch.einsum("bp,d->bpd", latents[:, :, latent], W_dec[latent])


def turned(x, latents, W_dec, latent, value):
    return x + (latents[..., [latent]] - value) * W_dec[latent]


def subtracted_twice(x, latents, W_dec, latent, value):
    return x - (latents[..., [latent]] - value) * -W_dec[latent]


def last_position(x, latents, W_dec, latent, value):
    edited = x.clone()
    edited[:, -1] += (value - latents[:, -1, latent, None]) * W_dec[latent]
    return edited


def unit_row(x, latents, W_dec, latent, value):
    direction = F.normalize(W_dec[latent], dim=-1)
    return x + (value - latents[..., latent]).unsqueeze(-1) * direction


def where_active(x, latents, W_dec, latent, value):
    z = latents[..., latent]
    change = torch.where(z > 0, value - z, 0.0)
    return x + change[..., None] * W_dec[latent]


def at_least(x, latents, W_dec, latent, value):
    z = latents[..., latent]
    return x + (z.clamp(min=value) - z)[..., None] * W_dec[latent]


def at_most(x, latents, W_dec, latent, value):
    z = latents[..., latent]
    return x + (z.clamp(max=value) - z)[..., None] * W_dec[latent]


def in_place(x, latents, W_dec, latent, value):
    x += (value - latents[..., latent, None]) * W_dec[latent]
    return x


def latents_in_place(x, latents, W_dec, latent, value):
    error = x - latents @ W_dec
    latents[..., latent] = value
    return error + latents @ W_dec


def column(x, latents, W_dec, latent, value):
    return x + (value - latents[..., latent, None]) * W_dec[:, latent]


def read_from_x(x, latents, W_dec, latent, value):
    row = W_dec[latent]
    return x - (x @ row)[..., None] * row + value * row


def projected(x, latents, W_dec, latent, value):
    unit = W_dec[latent] / W_dec[latent].norm()
    return x - (x @ unit)[..., None] * unit + value * unit


def coordinate(x, latents, W_dec, latent, value):
    edited = x.clone()
    edited[..., latent] = value
    return edited


def mean_activation(x, latents, W_dec, latent, value):
    return x + (value - latents[..., latent].mean()) * W_dec[latent]


def all_latents(x, latents, W_dec, latent, value):
    return x - latents @ W_dec + torch.full_like(latents, value) @ W_dec


def only_the_change(x, latents, W_dec, latent, value):
    return (value - latents[..., latent, None]) * W_dec[latent]


def result_lost(x, latents, W_dec, latent, value):
    latents = latents.clone()
    latents[..., latent] = value
    return x


WRONG = {
    added: "added to the latent",
    reconstruction: "leaves out of x is lost",
    reconstruction_on_top: "contains it already",
    others_lost: "all other latents",
    multiplied: "multiplied",
    silenced: "silenced",
    turned: "sign",
    subtracted_twice: "sign",
    last_position: "last position",
    unit_row: "length 1",
    where_active: "only where it is active",
    at_least: "only ever raised",
    at_most: "only ever lowered",
    in_place: "in place",
    latents_in_place: "in place",
    column: "column",
    read_from_x: "read from x",
    projected: "read from x",
    coordinate: "coordinate",
    mean_activation: "mean activation",
    all_latents: "all latents",
    only_the_change: "only what is added",
    result_lost: "nothing is changed",
}


def one_row(x, latents, W_dec, latent, value):
    return x + (value - latents[..., latent, None]) * W_dec[latent]


def error_kept(x, latents, W_dec, latent, value):
    error = x - latents @ W_dec
    new = latents.clone()
    new[..., latent] = value
    return new @ W_dec + error


def silenced_then_set(x, latents, W_dec, latent, value):
    x = x - torch.einsum("bp,d->bpd", latents[..., latent], W_dec[latent])
    return x + value * W_dec[latent]


def with_numpy(x, latents, W_dec, latent, value):
    change = value - latents.numpy()[..., latent]
    return x.numpy() + np.multiply.outer(change, W_dec.numpy()[latent])


def position_by_position(x, latents, W_dec, latent, value):
    edited = x.clone()
    for b in range(x.shape[0]):
        for i in range(x.shape[1]):
            edited[b, i] += (value - latents[b, i, latent]) * W_dec[latent]
    return edited


RIGHT = [one_row, error_kept, silenced_then_set, with_numpy, position_by_position]
