"""A sparse autoencoder computes what its definitions say, before and after training."""

import math

import pytest
import torch
from sae_cases import ALL, activations, config, random_sae

from interp_course import runtime
from interp_course.sae import SAEConfig, SparseAutoencoder

X = activations()


def by_hand(sae: SparseAutoencoder, row) -> list[float]:
    """The latents of one activation after training, one latent at a time."""
    c, pre = sae.config, []
    for j in range(c.d_sae):
        dot = sum(float((row[i] - sae.b_dec[i]) * sae.W_enc[i, j]) for i in range(c.d_in))
        pre.append(dot + float(sae.b_enc[j]))
    if c.architecture == "jumprelu":
        return [p if p > float(t) else 0.0 for p, t in zip(pre, sae.threshold, strict=True)]
    if c.architecture == "topk":
        limit = sorted(pre)[-c.k]
    else:
        limit = float(sae.running_threshold) if c.has_running_threshold else 0.0
    return [p if p >= limit and p > 0 else 0.0 for p in pre]


@pytest.mark.parametrize("architecture", ALL)
def test_latents_and_reconstruction_equal_the_written_out_sums(architecture):
    with torch.no_grad():
        sae = random_sae(architecture)
        latents = sae.encode(X)
        expected = torch.tensor([by_hand(sae, row) for row in X], dtype=torch.float64)
        torch.testing.assert_close(latents, expected)
        x_hat = torch.einsum("bs,sd->bd", expected, sae.W_dec) + sae.b_dec
        torch.testing.assert_close(sae(X), x_hat)


@pytest.mark.parametrize("architecture", ALL)
def test_leading_axes_do_not_matter(architecture):
    sae = random_sae(architecture)
    torch.testing.assert_close(sae(X.view(2, 10, 6)), sae(X).view(2, 10, 6))


@pytest.mark.parametrize("architecture", ALL)
def test_the_gradient_along_decoder_rows_is_removed_and_rows_stay_of_length_1(architecture):
    sae = random_sae(architecture)
    found = sae.loss(X)
    found.total.backward()
    before = sae.W_dec.grad.clone()
    sae.project_gradients()
    assert (sae.W_dec.grad * sae.W_dec).sum(dim=1).abs().max() < 1e-12
    across = before - (before * sae.W_dec).sum(dim=1, keepdim=True) * sae.W_dec
    torch.testing.assert_close(sae.W_dec.grad, across)
    with torch.no_grad():
        sae.W_dec -= 0.1 * sae.W_dec.grad
    sae.finish_step(found)
    torch.testing.assert_close(sae.W_dec.norm(dim=1), torch.ones(16).double())


def test_without_unit_norm_the_rows_are_left_alone():
    sae = random_sae("relu", unit_norm=False)
    found = sae.loss(X)
    found.total.backward()
    before = sae.W_dec.grad.clone()
    sae.project_gradients()
    assert torch.equal(sae.W_dec.grad, before)
    with torch.no_grad():
        sae.W_dec.mul_(2)
    sae.finish_step(found)
    torch.testing.assert_close(sae.W_dec.norm(dim=1), torch.full((16,), 2.0).double())


def test_the_running_threshold_starts_at_the_first_batch_and_then_averages():
    sae = SparseAutoencoder(config("batchtopk")).double()
    first = sae.loss(X)
    sae.finish_step(first)
    assert sae.running_threshold.item() == pytest.approx(first.threshold.item())
    second = sae.loss(X[:5])
    sae.finish_step(second)
    expected = 0.9 * first.threshold.item() + 0.1 * second.threshold.item()
    assert sae.running_threshold.item() == pytest.approx(expected)


def test_thresholds_of_jumprelu_do_not_become_negative():
    sae = random_sae("jumprelu")
    found = sae.loss(X)
    with torch.no_grad():
        sae.threshold.sub_(1.0)
    sae.finish_step(found)
    assert sae.threshold.min() == 0


def test_data_initialisation_centres_and_points_at_samples():
    sae = SparseAutoencoder(config("topk")).double()
    sae.initialise_from_data(X)
    torch.testing.assert_close(sae.b_dec, X.mean(dim=0))
    cosines = torch.cosine_similarity(sae.W_dec[:, None], (X - X.mean(dim=0))[None], dim=-1)
    torch.testing.assert_close(cosines.max(dim=1).values, torch.ones(16).double())
    assert torch.equal(sae.W_enc, sae.W_dec.T)
    assert len(sae.W_dec.round(decimals=6).unique(dim=0)) == 16


def test_samples_near_the_mean_make_no_decoder_row():
    zeros = torch.zeros(40, 6).double()
    x = torch.cat([zeros, torch.eye(6).double(), -torch.eye(6).double()])
    sae = SparseAutoencoder(config("topk", d_sae=12)).double()
    sae.initialise_from_data(x)
    torch.testing.assert_close(sae.W_dec.abs().max(dim=1).values, torch.ones(12).double())


def test_too_few_samples_leave_the_rest_of_the_rows_random():
    sae, fresh = (SparseAutoencoder(config("topk")).double() for _ in range(2))
    sae.initialise_from_data(X[:5])
    assert torch.equal(sae.W_dec[5:], fresh.W_dec[5:])
    assert not torch.isclose(sae.W_dec[:5], fresh.W_dec[:5]).any()


def test_data_initialisation_measures_a_threshold_that_lets_k_latents_pass():
    sae = SparseAutoencoder(config("batchtopk")).double()
    sae.initialise_from_data(X)
    assert (sae.encode(X) > 0).sum() == 3 * len(X) - 1  # the smallest equals the threshold


@pytest.mark.parametrize("architecture", ALL)
def test_folding_the_scale_changes_no_reconstruction(architecture):
    sae, x = random_sae(architecture), 40 * X
    sae.measure_scale(x)
    assert (x * sae.scale).square().sum(dim=1).mean().item() == pytest.approx(6)
    before, latents, scale = sae(x), sae.encode(x), sae.scale.item()
    sae.fold_scale()
    assert sae.scale == 1
    torch.testing.assert_close(sae(x), before)
    torch.testing.assert_close(sae.encode(x), latents / scale)


@pytest.mark.parametrize("architecture", ALL)
def test_the_loss_is_measured_on_scaled_activations(architecture):
    sae = random_sae(architecture)
    expected = sae.loss(X).total
    sae.scale.fill_(0.1)
    torch.testing.assert_close(sae.loss(10 * X).total, expected)


def test_seeds_give_the_same_or_another_autoencoder_and_leave_torchs_state_alone():
    state = torch.get_rng_state()
    first, same, other = (SparseAutoencoder(config("topk"), seed).W_dec for seed in (1, 1, 2))
    assert torch.equal(first, same)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), state)


def test_a_fresh_dictionary_knows_nothing_of_truth_drawn_with_the_same_seed():
    sae = SparseAutoencoder(SAEConfig(128, 512, k=5), seed=0)
    truth = torch.randn(512, 128, generator=torch.Generator().manual_seed(0))
    other = torch.randn(512, 128, generator=runtime.generator("planted", 0))
    for directions in (truth, other):
        units = directions / directions.norm(dim=1, keepdim=True)
        assert (units @ sae.W_dec.T).max(dim=1).values.mean() < 0.35


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"d_in": 0}, "d_in and d_sae must be at least 1, got d_in=0"),
        ({"d_sae": -1}, "must be at least 1.*d_sae=-1"),
        ({"k": 17}, "k must lie between 1 and d_sae = 16, got k=17"),
        ({"k": 0}, "k must lie between 1 and d_sae"),
        ({"k_aux": 0}, "k_aux must be at least 1 or None"),
        ({"architecture": "toppk"}, "architecture must be one of relu, topk.*'toppk'"),
        ({"architecture": "matryoshka"}, r"widths must ascend.*end with d_sae = 16, got \(\)"),
        ({"architecture": "matryoshka", "widths": (8, 8, 16)}, "widths must ascend"),
        ({"architecture": "jumprelu", "bandwidth": 0.0}, "bandwidth must be positive"),
        ({"architecture": "jumprelu", "initial_threshold": -1.0}, "initial_threshold must not"),
        ({"architecture": "jumprelu", "l0_penalty": "steep"}, "l0_penalty must be step or tanh"),
    ],
)
def test_impossible_settings_are_refused(changes, message):
    settings = {"d_in": 6, "d_sae": 16, "architecture": "topk", "k": 3, **changes}
    with pytest.raises((ValueError, TypeError), match=f"{message}|Type-check error|type hint"):
        SAEConfig(**settings)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (X[:, :5], r"width d_in = 6.*\(20, 5\)"),
        (X[:0], "at least one row"),
        (X.index_fill(0, torch.tensor([3, 4]), math.nan), "2 of 20 activations are NaN"),
        (X.index_fill(0, torch.tensor([0]), math.inf), "1 of 20 activations are NaN or inf"),
    ],
)
def test_unusable_activations_are_refused(x, message):
    sae = random_sae("topk")
    for use in (sae.encode, sae.loss, sae.initialise_from_data, sae.measure_scale):
        with pytest.raises(ValueError, match=message):
            use(x)


@pytest.mark.parametrize("x", [X[:1], X[:1].expand(9, 6), torch.zeros(4, 6).double()])
def test_activations_that_do_not_vary_are_refused(x):
    sae = random_sae("topk")
    for use in (sae.initialise_from_data, sae.measure_scale):
        with pytest.raises(ValueError, match="activations are all the same"):
            use(x)


def test_latents_of_another_width_are_refused():
    with pytest.raises(ValueError, match=r"d_sae = 16 latents, got latents.*\(20, 6\)"):
        random_sae("topk").decode(X)


@pytest.mark.parametrize("architecture", ["batchtopk", "matryoshka"])
def test_encoding_before_there_is_a_threshold_is_refused(architecture):
    sae = SparseAutoencoder(config(architecture)).double()
    with pytest.raises(ValueError, match=f"{architecture} autoencoder has no threshold yet"):
        sae.encode(X)
