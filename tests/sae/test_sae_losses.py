"""Losses are those of the papers, and their gradients those of finite differences."""

import pytest
import torch
from sae_cases import ALL, activations, random_sae

from interp_course.sae import Computation, SparseAutoencoder

X = activations()
DEAD = torch.arange(16) % 4 == 0
DENSE = Computation(path="dense")


def numeric_gradient(loss, values, size: float = 1e-6):
    """Central differences, entry by entry."""
    gradient = torch.zeros_like(values)
    for i in range(values.numel()):
        place = tuple(int(n) for n in torch.unravel_index(torch.tensor(i), values.shape))
        for sign in (1, -1):
            values.data[place] += sign * size
            gradient[place] += sign * loss().item() / (2 * size)
            values.data[place] -= sign * size
    return gradient


@pytest.mark.parametrize("path", ["dense", "sparse"])
@pytest.mark.parametrize("architecture", ALL)
def test_gradients_equal_finite_differences(architecture, path):
    if path == "sparse" and architecture not in ("topk", "batchtopk"):
        return
    sae, compute = random_sae(architecture), Computation(path=path)
    sae.loss(X, computation=compute).total.backward()
    for name, values in sae.named_parameters():
        if name != "threshold":  # has a pseudo-gradient, see test_sae_selection
            with torch.no_grad():
                expected = numeric_gradient(lambda: sae.loss(X, computation=compute).total, values)
            torch.testing.assert_close(values.grad, expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("architecture", ["topk", "batchtopk", "matryoshka"])
def test_gradients_of_aux_k_equal_finite_differences_with_the_error_held_fixed(architecture):
    sae = random_sae(architecture)
    sae.loss(X, DEAD, computation=DENSE).auxiliary.backward()
    with torch.no_grad():
        latents = training_latents(sae)
        error = X - latents @ sae.W_dec - sae.b_dec
        expected = numeric_gradient(lambda: aux_k(sae, error), sae.W_enc)
        torch.testing.assert_close(sae.W_enc.grad, expected, rtol=1e-5, atol=1e-7)
        expected = numeric_gradient(lambda: aux_k(sae, error), sae.W_dec)
        torch.testing.assert_close(sae.W_dec.grad, expected, rtol=1e-5, atol=1e-7)


def pre_activations(sae: SparseAutoencoder):
    return (X - sae.b_dec) @ sae.W_enc + sae.b_enc


def training_latents(sae: SparseAutoencoder):
    """The k largest of each row, or the k * batch largest of all rows."""
    pre = pre_activations(sae)
    if sae.config.architecture == "topk":
        limits = torch.stack([row.sort().values[-sae.config.k] for row in pre])[:, None]
    else:
        limits = pre.flatten().sort().values[-sae.config.k * len(X)]
    return torch.where(pre >= limits, pre, 0.0).relu()


def aux_k(sae: SparseAutoencoder, error):
    """What the two largest dead latents of each row leave of the error, one row at a time."""
    total = 0.0
    for pre, rest in zip(pre_activations(sae), error, strict=True):
        largest = sorted(DEAD.nonzero().flatten().tolist(), key=lambda j: -pre[j].item())[:2]
        repaired = sum(pre[j].clamp(min=0) * sae.W_dec[j] for j in largest)
        total = total + (rest - repaired).square().sum() / len(error)
    return sae.config.aux_coefficient * total


@pytest.mark.parametrize("path", ["dense", "sparse"])
@pytest.mark.parametrize("architecture", ["topk", "batchtopk"])
def test_aux_k_is_the_error_that_dead_latents_leave(architecture, path):
    with torch.no_grad():
        sae = random_sae(architecture)
        error = X - training_latents(sae) @ sae.W_dec - sae.b_dec
        found = sae.loss(X, DEAD, computation=Computation(path=path))
        torch.testing.assert_close(found.auxiliary, aux_k(sae, error))
        torch.testing.assert_close(found.total, found.reconstruction + found.auxiliary)


def test_the_l1_price_weighs_latents_by_the_length_of_their_rows():
    sae = random_sae("relu", unit_norm=False)
    with torch.no_grad():
        sae.W_dec.mul_(torch.linspace(0.5, 2.0, 16)[:, None])
        found = sae.loss(X, sparsity_scale=0.5)
        lengths = sae.W_dec.square().sum(dim=1).sqrt()
        expected = 0.5 * 0.6 * (sae.encode(X) * lengths).sum() / len(X)
    torch.testing.assert_close(found.sparsity, expected)


def test_the_l0_price_counts_latents():
    with torch.no_grad():
        sae = random_sae("jumprelu")
        expected = 0.05 * (sae.encode(X) > 0).double().sum() / len(X)
        torch.testing.assert_close(sae.loss(X).sparsity, expected)


def test_the_tanh_price_is_that_of_the_formula():
    with torch.no_grad():
        sae = random_sae("jumprelu", l0_penalty="tanh", tanh_scale=2.0)
        expected = 0.05 * torch.tanh(2.0 * sae.encode(X)).sum() / len(X)
        torch.testing.assert_close(sae.loss(X).sparsity, expected)


def test_matryoshka_reconstructs_from_every_prefix():
    with torch.no_grad():
        sae = random_sae("matryoshka")
        latents, errors = training_latents(sae), []
        for width in (4, 8, 16):
            x_hat = latents[:, :width] @ sae.W_dec[:width] + sae.b_dec
            errors.append((X - x_hat).square().sum() / len(X))
        torch.testing.assert_close(sae.loss(X).reconstruction, sum(errors) / 3)


@pytest.mark.parametrize("architecture", ALL)
def test_the_record_says_which_latents_fired_and_how_many(architecture):
    sae = random_sae(architecture)
    found = sae.loss(X)
    latents = sae.encode(X)
    if sae.config.has_running_threshold:
        latents = training_latents(sae)
        assert found.threshold.item() == pytest.approx(latents[latents > 0].min().item())
    assert found.l0.item() == pytest.approx((latents > 0).sum().item() / len(X))
    assert torch.equal(found.fired, (latents > 0).any(dim=0))
