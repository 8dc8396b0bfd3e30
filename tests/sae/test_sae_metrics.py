"""What is measured of a dictionary equals sums that are written out, however it is batched."""

import math

import pytest
import torch
from sae_cases import activations, random_sae

from interp_course import hooks, models, runtime, training
from interp_course.sae import SAEConfig, SparseAutoencoder
from interp_course.sae_metrics import LossRecovered, QualityMeter, loss_recovered, quality

RNG = runtime.generator("test sae metrics")
X = 3 + torch.randn(60, 6, generator=RNG).double()
X_HAT = X + 0.3 * torch.randn(60, 6, generator=RNG)
LATENTS = torch.randn(60, 10, generator=RNG).relu() * (torch.arange(10) > 2)


def measured(x, x_hat, latents, sizes=(60,)):
    meter = QualityMeter()
    parts = (values.split(list(sizes)) for values in (x, x_hat, latents))
    for part in zip(*parts, strict=True):
        meter.add(*part)
    return meter.result()


@pytest.mark.parametrize("sizes", [(60,), (1, 59), (7, 20, 33), (30, 30)])
def test_every_number_equals_its_definition_however_it_is_batched(sizes):
    found, mean = measured(X, X_HAT, LATENTS, sizes), X.mean(dim=0)
    assert found.n == 60
    assert found.l0 == pytest.approx(sum((row > 0).sum().item() for row in LATENTS) / 60)
    errors = sum(((a - b) ** 2).sum().item() for a, b in zip(X, X_HAT, strict=True))
    assert found.fvu == pytest.approx(errors / sum(((a - mean) ** 2).sum().item() for a in X))
    length = sum(((b - mean) ** 2).sum().item() for b in X_HAT)
    together = sum(((a - mean) @ (b - mean)).item() for a, b in zip(X, X_HAT, strict=True))
    assert found.shrinkage == pytest.approx(length / together)
    expected = [(LATENTS[:, j] > 0).sum().item() / 60 for j in range(10)]
    assert found.density.tolist() == pytest.approx(expected)


def test_a_perfect_reconstruction_leaves_nothing_and_shrinks_nothing():
    found = measured(X, X, LATENTS)
    assert (found.fvu, found.shrinkage) == (0, pytest.approx(1))


def test_predicting_the_mean_leaves_everything():
    assert measured(X, X.mean(dim=0).expand_as(X), LATENTS).fvu == pytest.approx(1)


def test_halved_deviations_are_a_shrinkage_of_one_half():
    mean = X.mean(dim=0)
    assert measured(X, mean + (X - mean) / 2, LATENTS).shrinkage == pytest.approx(0.5)


def test_fvu_does_not_lose_digits_when_the_mean_is_large():
    small, large = measured(X, X_HAT, LATENTS), measured(X + 1e6, X_HAT + 1e6, LATENTS, (7, 53))
    assert large.fvu == pytest.approx(small.fvu, rel=1e-6)


def test_fvu_is_that_of_the_tensors_in_half_precision_too():
    low = (X.bfloat16(), X_HAT.bfloat16(), LATENTS.bfloat16())
    assert measured(*low).fvu == pytest.approx(measured(*(v.double() for v in low)).fvu)


def test_latents_that_never_fire_are_dead_and_frequent_ones_dense():
    found = measured(X, X_HAT, LATENTS)
    assert found.dead == pytest.approx(0.3)
    assert found.dense == pytest.approx(0.7)


def test_the_histogram_of_densities_counts_every_latent_that_lives():
    latents = torch.zeros(60, 5)
    latents[:1, 1], latents[:6, 2], latents[:59, 3], latents[:, 4] = 1, 1, 1, 1
    counts, edges = measured(X, X_HAT, latents).density_histogram(bins=4)
    assert counts.tolist() == [1, 1, 0, 2]
    assert edges[0].item() == pytest.approx(-math.log10(60), abs=1e-5)
    assert (len(edges), edges[-1]) == (5, 0)


def test_an_autoencoder_is_measured_as_it_is_used_after_training():
    sae, x = random_sae("batchtopk"), activations(50)
    found = quality(sae, x.split(20))
    expected = measured(x, sae(x).detach(), sae.encode(x).detach(), (50,))
    assert (found.fvu, found.l0) == (pytest.approx(expected.fvu), expected.l0)


@pytest.mark.parametrize("batches", [[], [torch.ones(5, 6).double()]])
def test_nothing_and_constant_activations_are_refused(batches):
    with pytest.raises(ValueError, match="FVU is undefined for"):
        quality(random_sae("topk"), batches)


def test_parts_that_do_not_belong_together_are_refused():
    with pytest.raises((ValueError, TypeError), match=r"must belong together|Type-check error"):
        QualityMeter().add(X, X_HAT[:, :5], LATENTS)


def test_too_few_bins_are_refused():
    with pytest.raises(ValueError, match="bins must be at least 1"):
        measured(X, X_HAT, LATENTS).density_histogram(0)


TINY = models.Architecture(n_layers=2, n_heads=2, d_model=8, d_head=4, d_vocab=11, n_ctx=9)
TOKENS = torch.randint(11, (10, 9), generator=RNG)


@pytest.fixture(scope="module")
def model():
    module = models.build(TINY)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=RNG))
    return models.wrap(module)


def spliced_loss(model, name, replace, edited) -> float:
    """The loss when ``replace`` gives the new activations at the edited positions."""

    def edit(activation, hook):
        new = activation.clone()
        new.flatten(2)[edited] = replace(activation.flatten(2)[edited])
        return new

    with torch.no_grad(), hooks.editing(model, {name: edit}):
        return training.next_token_loss(model(TOKENS), TOKENS).mean().item()


@pytest.mark.parametrize("name", [hooks.resid_post(0), hooks.z(1), hooks.attn_out(0)])
@pytest.mark.parametrize("batch_size", [3, 64])
def test_losses_equal_those_of_edits_that_are_written_out(model, name, batch_size):
    edited = torch.ones_like(TOKENS, dtype=torch.bool)
    edited[:, 0] = False
    sae = SparseAutoencoder(SAEConfig(8, 16, "relu"))
    _, cache = hooks.capture(model, TOKENS, [name])
    mean = cache[name].flatten(2)[edited].mean(dim=0)
    found = loss_recovered(sae, model, name, TOKENS, batch_size=batch_size)
    assert found.clean == pytest.approx(spliced_loss(model, name, lambda x: x, edited), abs=1e-5)
    assert found.spliced == pytest.approx(spliced_loss(model, name, sae, edited), abs=1e-5)
    zero = spliced_loss(model, name, torch.zeros_like, edited)
    assert found.zero_ablated == pytest.approx(zero, abs=1e-5)
    average = spliced_loss(model, name, lambda x: mean.expand_as(x), edited)
    assert found.mean_ablated == pytest.approx(average, abs=1e-5)


def test_a_perfect_dictionary_recovers_everything(model):
    sae = SparseAutoencoder(SAEConfig(8, 16, "relu"))
    with torch.no_grad():
        sae.W_enc.copy_(torch.cat([torch.eye(8), -torch.eye(8)], dim=1))
        sae.W_dec.copy_(sae.W_enc.T)
    found = loss_recovered(sae, model, hooks.resid_post(0), TOKENS)
    assert found.from_zero == pytest.approx(1, abs=1e-4)
    assert found.from_mean == pytest.approx(1, abs=1e-4)


def test_shares_are_those_of_the_formula():
    losses = LossRecovered(clean=2.0, spliced=2.5, zero_ablated=7.0, mean_ablated=4.0)
    assert (losses.from_zero, losses.from_mean) == (0.9, 0.75)


def test_an_ablation_without_effect_leaves_the_share_undefined():
    with pytest.raises(ValueError, match="nothing to recover"):
        _ = LossRecovered(2.0, 2.0, 2.0, 2.0).from_zero


def test_only_the_edited_positions_are_replaced(model):
    nearly_none = torch.zeros_like(TOKENS, dtype=torch.bool)
    nearly_none[0, 8] = True  # the last position predicts nothing
    sae = SparseAutoencoder(SAEConfig(8, 16, "relu"))
    found = loss_recovered(sae, model, hooks.resid_post(1), TOKENS, edited=nearly_none)
    assert found.spliced == found.clean == found.zero_ablated


@pytest.mark.parametrize("edited", [torch.zeros(10, 9).bool(), torch.ones(10, 8).bool()])
def test_a_mask_that_does_not_fit_is_refused(model, edited):
    sae = SparseAutoencoder(SAEConfig(8, 16, "relu"))
    with pytest.raises((ValueError, TypeError), match=r"edited must have|Type-check error"):
        loss_recovered(sae, model, hooks.resid_post(0), TOKENS, edited=edited)


def test_only_the_counted_tokens_enter_the_losses(model):
    counted = torch.rand(10, 9, generator=RNG) < 0.5
    counted[:, 0] = False
    with torch.no_grad():
        expected = training.next_token_loss(model(TOKENS), TOKENS)[counted[:, 1:]].mean().item()
    sae = SparseAutoencoder(SAEConfig(8, 16, "relu"))
    found = loss_recovered(sae, model, hooks.resid_post(0), TOKENS, counted=counted, batch_size=3)
    assert found.clean == pytest.approx(expected, abs=1e-5)


def test_the_first_token_cannot_be_counted(model):
    sae = SparseAutoencoder(SAEConfig(8, 16, "relu"))
    everything = torch.ones_like(TOKENS, dtype=torch.bool)
    with pytest.raises(ValueError, match=r"counted must have.*not the first"):
        loss_recovered(sae, model, hooks.resid_post(0), TOKENS, counted=everything)


def test_a_place_that_cannot_be_edited_is_refused(model):
    sae = SparseAutoencoder(SAEConfig(8, 16, "relu"))
    with pytest.raises(ValueError, match="has no place 'nowhere'"):
        loss_recovered(sae, model, "nowhere", TOKENS)


def test_a_place_of_another_width_is_refused(model):
    sae = SparseAutoencoder(SAEConfig(9, 16, "relu"))
    with pytest.raises(ValueError, match="width d_in = 9"):
        loss_recovered(sae, model, hooks.resid_post(0), TOKENS)
