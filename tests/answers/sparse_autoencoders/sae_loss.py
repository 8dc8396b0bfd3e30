"""Answers to "what does training minimise" as students write them."""

import numpy as np
import torch
import torch.nn.functional as F

EXERCISE = "sae_loss"


def encode(x, W_enc, b_enc, b_dec):
    return torch.relu((x - b_dec) @ W_enc + b_enc)


def loss_of(x, x_hat, latents, W_dec, l1_coefficient):
    squares = (x - x_hat).pow(2).sum(dim=-1)
    return (squares + l1_coefficient * (latents * W_dec.norm(dim=-1)).sum(dim=-1)).mean()


def finished(x, latents, W_dec, b_dec, l1_coefficient):
    """What follows from latents, right or wrong."""
    x_hat = latents @ W_dec + b_dec
    return latents, x_hat, loss_of(x, x_hat, latents, W_dec, l1_coefficient)


def no_pre_bias(x, W_enc, b_enc, W_dec, b_dec, l1_coefficient):
    latents = torch.relu(x @ W_enc + b_enc)
    return finished(x, latents, W_dec, b_dec, l1_coefficient)


def no_pre_bias_and_default_mse(x, W_enc, b_enc, W_dec, b_dec, l1_coefficient):
    latents = F.relu(x @ W_enc + b_enc)
    x_hat = latents @ W_dec + b_dec
    loss = F.mse_loss(x_hat, x) + l1_coefficient * latents.abs().sum(-1).mean()
    return latents, x_hat, loss


def pre_bias_added(x, W_enc, b_enc, W_dec, b_dec, l1_coefficient):
    latents = torch.relu((x + b_dec) @ W_enc + b_enc)
    return finished(x, latents, W_dec, b_dec, l1_coefficient)


def no_relu(x, W_enc, b_enc, W_dec, b_dec, l1_coefficient):
    latents = (x - b_dec) @ W_enc + b_enc
    return finished(x, latents, W_dec, b_dec, l1_coefficient)


def no_relu_but_sizes(x, W_enc, b_enc, W_dec, b_dec, l1_coefficient):
    latents = (x - b_dec) @ W_enc + b_enc
    x_hat = latents @ W_dec + b_dec
    return latents, x_hat, loss_of(x, x_hat, latents.abs(), W_dec, l1_coefficient)


def no_encoder_bias(x, W_enc, b_enc, W_dec, b_dec, l1_coefficient):
    latents = ((x - b_dec) @ W_enc).relu()
    return finished(x, latents, W_dec, b_dec, l1_coefficient)


def tied_encoder(x, W_enc, b_enc, W_dec, b_dec, l1_coefficient):
    latents = torch.relu((x - b_dec) @ W_dec.T + b_enc)
    return finished(x, latents, W_dec, b_dec, l1_coefficient)


def encoder_as_a_linear_layer(x, W_enc, b_enc, W_dec, b_dec, l1_coefficient):
    latents = F.relu(F.linear(x - b_dec, W_enc, b_enc))
    return finished(x, latents, W_dec, b_dec, l1_coefficient)


def no_decoder_bias(x, W_enc, b_enc, W_dec, b_dec, l1_coefficient):
    latents = encode(x, W_enc, b_enc, b_dec)
    x_hat = latents @ W_dec
    return latents, x_hat, loss_of(x, x_hat, latents, W_dec, l1_coefficient)


def tied_decoder(x, W_enc, b_enc, W_dec, b_dec, l1_coefficient):
    latents = encode(x, W_enc, b_enc, b_dec)
    x_hat = latents @ W_enc.T + b_dec
    return latents, x_hat, loss_of(x, x_hat, latents, W_dec, l1_coefficient)


def decoder_bias_taken_off(x, W_enc, b_enc, W_dec, b_dec, l1_coefficient):
    latents = encode(x, W_enc, b_enc, b_dec)
    x_hat = latents @ W_dec - b_dec
    return latents, x_hat, loss_of(x, x_hat, latents, W_dec, l1_coefficient)


def unit_rows(x, W_enc, b_enc, W_dec, b_dec, l1_coefficient):
    latents = encode(x, W_enc, b_enc, b_dec)
    x_hat = latents @ F.normalize(W_dec, dim=1) + b_dec
    return latents, x_hat, ((x - x_hat) ** 2).sum(1).mean() + l1_coefficient * latents.sum(1).mean()


def with_loss(loss):
    """An answer with the right latents and reconstruction."""

    def answer(x, W_enc, b_enc, W_dec, b_dec, l1_coefficient):
        latents = encode(x, W_enc, b_enc, b_dec)
        x_hat = latents @ W_dec + b_dec
        return latents, x_hat, loss(x, x_hat, latents, W_dec, l1_coefficient)

    answer.__name__ = loss.__name__
    return answer


@with_loss
def default_mse(x, x_hat, z, W_dec, c):
    return F.mse_loss(x_hat, x) + c * (z * W_dec.norm(dim=1)).sum(1).mean()


@with_loss
def means_everywhere(x, x_hat, z, W_dec, c):
    return F.mse_loss(x_hat, x) + c * z.mean()


@with_loss
def sums_everywhere(x, x_hat, z, W_dec, c):
    return ((x - x_hat) ** 2).sum() + c * (z * W_dec.norm(dim=1)).sum()


@with_loss
def root(x, x_hat, z, W_dec, c):
    return ((x - x_hat).norm(dim=1) + c * z @ W_dec.norm(dim=1)).mean()


@with_loss
def no_norms(x, x_hat, z, W_dec, c):
    return ((x - x_hat) ** 2).sum(dim=1).mean() + c * z.sum(dim=1).mean()


@with_loss
def l1_from_torch(x, x_hat, z, W_dec, c):
    return ((x - x_hat) ** 2).sum(dim=1).mean() + c * z.norm(p=1, dim=-1).mean()


@with_loss
def norms_of_columns(x, x_hat, z, W_dec, c):
    return ((x - x_hat) ** 2).sum(dim=1).mean() + c * (z * W_dec.norm(dim=0)).sum(dim=1).mean()


@with_loss
def squared_norms(x, x_hat, z, W_dec, c):
    return ((x - x_hat) ** 2).sum(dim=1).mean() + c * (z * (W_dec**2).sum(1)).sum(1).mean()


@with_loss
def norm_of_the_matrix(x, x_hat, z, W_dec, c):
    return ((x - x_hat) ** 2).sum(dim=1).mean() + c * (z.sum(dim=1) * W_dec.norm()).mean()


@with_loss
def mean_over_latents(x, x_hat, z, W_dec, c):
    return ((x - x_hat) ** 2).sum(dim=1).mean() + c * (z * W_dec.norm(dim=1)).mean()


@with_loss
def penalty_of_the_whole_batch(x, x_hat, z, W_dec, c):
    return ((x - x_hat) ** 2).sum(dim=1).mean() + c * (z * W_dec.norm(dim=1)).sum()


@with_loss
def squared_penalty(x, x_hat, z, W_dec, c):
    return ((x - x_hat) ** 2).sum(dim=1).mean() + c * ((z * W_dec.norm(dim=1)) ** 2).sum(1).mean()


@with_loss
def l2_penalty(x, x_hat, z, W_dec, c):
    return ((x - x_hat) ** 2).sum(dim=1).mean() + c * (z * W_dec.norm(dim=1)).norm(dim=1).mean()


@with_loss
def counted(x, x_hat, z, W_dec, c):
    return ((x - x_hat) ** 2).sum(dim=1).mean() + c * (z > 0).sum(dim=1).float().mean()


@with_loss
def no_coefficient(x, x_hat, z, W_dec, c):
    return ((x - x_hat) ** 2).sum(dim=1).mean() + (z * W_dec.norm(dim=1)).sum(dim=1).mean()


@with_loss
def no_penalty(x, x_hat, z, W_dec, c):
    return ((x - x_hat) ** 2).sum(dim=1).mean()


@with_loss
def loss_of_each(x, x_hat, z, W_dec, c):
    return ((x - x_hat) ** 2).sum(dim=1) + c * (z * W_dec.norm(dim=1)).sum(dim=1)


def loss_alone(x, W_enc, b_enc, W_dec, b_dec, l1_coefficient):
    return finished(x, encode(x, W_enc, b_enc, b_dec), W_dec, b_dec, l1_coefficient)[2]


def loss_first(x, W_enc, b_enc, W_dec, b_dec, l1_coefficient):
    z, x_hat, loss = finished(x, encode(x, W_enc, b_enc, b_dec), W_dec, b_dec, l1_coefficient)
    return loss, z, x_hat


def centred_in_place(x, W_enc, b_enc, W_dec, b_dec, l1_coefficient):
    x -= b_dec
    latents = torch.relu(x @ W_enc + b_enc)
    centred = latents @ W_dec
    loss = loss_of(x, centred, latents, W_dec, l1_coefficient)
    return latents, centred + b_dec, loss


WRONG = {
    no_pre_bias: "b_dec is not taken off",
    no_pre_bias_and_default_mse: "b_dec is not taken off",
    pre_bias_added: "b_dec is added before the encoder",
    no_relu: "no ReLU",
    no_relu_but_sizes: "no ReLU",
    no_encoder_bias: "b_enc is left out",
    tied_encoder: "decoder's transpose encodes",
    encoder_as_a_linear_layer: "W_enc is transposed",
    no_decoder_bias: "b_dec is left out",
    tied_decoder: "encoder's transpose decodes",
    decoder_bias_taken_off: "b_dec is taken off the reconstruction",
    unit_rows: "rows are scaled",
    default_mse: "runs over the width",
    means_everywhere: "runs over the width",
    sums_everywhere: "squared errors of the batch are added up",
    root: "a root is taken",
    no_norms: "lengths of the decoder rows are left out",
    l1_from_torch: "lengths of the decoder rows are left out",
    norms_of_columns: "lengths of columns",
    squared_norms: "are squared: the root is missing",
    norm_of_the_matrix: "one length is used",
    mean_over_latents: "averaged over the latents",
    penalty_of_the_whole_batch: "penalty is added up over the batch",
    squared_penalty: "latents are squared",
    l2_penalty: "length of the vector of latents",
    counted: "counted",
    no_coefficient: "not multiplied by l1_coefficient",
    no_penalty: "penalty is left out",
    loss_of_each: "one loss for each activation",
    loss_alone: "loss alone",
    loss_first: "loss comes first",
    centred_in_place: "edited in place",
}


def by_the_formula(x, W_enc, b_enc, W_dec, b_dec, l1_coefficient):
    latents = torch.relu((x - b_dec) @ W_enc + b_enc)
    x_hat = latents @ W_dec + b_dec
    squares = (x - x_hat).square().sum(dim=1)
    price = (latents * W_dec.norm(dim=1)).sum(dim=1)
    return latents, x_hat, (squares + l1_coefficient * price).mean()


def torch_functions(x, W_enc, b_enc, W_dec, b_dec, l1_coefficient):
    latents = F.linear(x - b_dec, W_enc.T, b_enc).clamp(min=0)
    x_hat = torch.addmm(b_dec, latents, W_dec)
    loss = F.mse_loss(x_hat, x, reduction="sum") / len(x)
    loss = loss + l1_coefficient * torch.linalg.vecdot(latents, W_dec.norm(dim=1)).mean()
    return [latents, x_hat, loss.item()]


def bias_folded(x, W_enc, b_enc, W_dec, b_dec, l1_coefficient):
    bias = b_enc - b_dec @ W_enc
    latents = F.relu(torch.einsum("bi,is->bs", x, W_enc) + bias)
    x_hat = torch.einsum("bs,si->bi", latents, W_dec) + b_dec
    error = x - x_hat
    loss = torch.einsum("bi,bi->", error, error) / x.shape[0]
    penalty = (latents.mean(dim=0) * W_dec.pow(2).sum(dim=1).sqrt()).sum()
    return latents, x_hat, loss + l1_coefficient * penalty


def unit_rows_first(x, W_enc, b_enc, W_dec, b_dec, l1_coefficient):
    norms = W_dec.norm(dim=1)
    scaled = torch.relu((x - b_dec) @ (W_enc * norms) + b_enc * norms)
    x_hat = scaled @ (W_dec / norms[:, None]) + b_dec
    loss = ((x_hat - x) ** 2).sum(1).mean() + l1_coefficient * scaled.abs().sum(1).mean()
    return scaled / norms, x_hat, loss


def sample_by_sample(x, W_enc, b_enc, W_dec, b_dec, l1_coefficient):
    latents, x_hat, losses = [], [], []
    for row in x:
        z = torch.maximum((row - b_dec) @ W_enc + b_enc, torch.zeros_like(b_enc))
        back = sum((z[j] * W_dec[j] for j in range(len(z))), b_dec)
        price = sum(z[j] * W_dec[j].norm() for j in range(len(z)))
        latents.append(z)
        x_hat.append(back)
        losses.append((row - back) @ (row - back) + l1_coefficient * price)
    return torch.stack(latents), torch.stack(x_hat), torch.stack(losses).mean()


def with_numpy(x, W_enc, b_enc, W_dec, b_dec, l1_coefficient):
    x, W_enc, b_enc, W_dec, b_dec = (v.numpy() for v in (x, W_enc, b_enc, W_dec, b_dec))
    latents = np.maximum((x - b_dec) @ W_enc + b_enc, 0)
    x_hat = latents @ W_dec + b_dec
    price = latents @ np.linalg.norm(W_dec, axis=1)
    return latents, x_hat, np.mean(((x - x_hat) ** 2).sum(axis=1) + l1_coefficient * price)


RIGHT = [
    by_the_formula,
    torch_functions,
    bias_folded,
    unit_rows_first,
    sample_by_sample,
    with_numpy,
]
