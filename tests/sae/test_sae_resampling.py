"""Dead latents start anew where the dictionary is worst, and come back to life."""

import pytest
import torch
from sae_cases import PLANTED, fresh, stream

from interp_course import runtime
from interp_course.sae import SparseAutoencoder
from interp_course.sae_training import TrainingConfig, resample, train


def trained_with_dead_latents() -> tuple[SparseAutoencoder, torch.optim.Adam]:
    sae = fresh("jumprelu")
    adam = torch.optim.Adam(sae.parameters(), lr=1e-3)
    sae.loss(next(stream())).total.backward()
    adam.step()
    return sae, adam


def test_resampled_latents_point_at_errors_and_are_forgotten_by_the_optimiser():
    sae, adam = trained_with_dead_latents()
    x, dead = next(stream(1)), torch.arange(48) % 6 == 0
    error, living = (x - sae(x)).detach(), sae.W_enc[:, ~dead].norm(dim=0).mean()
    assert resample(sae, x, dead, adam, runtime.generator("test resampling")) == 8
    cosines = torch.cosine_similarity(sae.W_dec[dead][:, None], error[None], dim=-1)
    torch.testing.assert_close(cosines.max(dim=1).values, torch.ones(8))
    torch.testing.assert_close(sae.W_enc[:, dead], 0.2 * living * sae.W_dec[dead].T)
    assert sae.b_enc[dead].abs().sum() == 0
    assert adam.state[sae.W_enc]["exp_avg_sq"][:, dead].sum() == 0
    assert adam.state[sae.W_dec]["exp_avg"][dead].abs().sum() == 0


def test_resampling_leaves_living_latents_alone():
    sae, adam = trained_with_dead_latents()
    before = [v.detach().clone() for v in (sae.W_dec[1:], sae.W_enc[:, 1:], sae.b_enc[1:])]
    resample(sae, next(stream(1)), torch.arange(48) == 0, adam, runtime.generator("r"))
    after = (sae.W_dec[1:], sae.W_enc[:, 1:], sae.b_enc[1:])
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
    assert adam.state[sae.W_dec]["exp_avg"][1:].abs().sum() > 0


def test_resampling_without_dead_latents_changes_nothing():
    sae, adam = trained_with_dead_latents()
    before = sae.W_dec.detach().clone()
    nobody = torch.zeros(48, dtype=torch.bool)
    assert resample(sae, next(stream(1)), nobody, adam, runtime.generator("r")) == 0
    assert torch.equal(sae.W_dec, before)


@pytest.mark.parametrize(
    ("help", "architecture"), [("AuxK", "topk"), ("resampling", "topk"), ("resampling", "relu")]
)
def test_dead_latents_come_back_to_life(help, architecture):
    assert share_of_dead("nothing", architecture) > 0.5
    assert share_of_dead(help, architecture) < 0.1


def share_of_dead(help: str, architecture: str) -> float:
    """After training from a start at which three in four latents are too weak to be selected."""
    changes = {"k": 1, "k_aux": 16, "aux_coefficient": 1.0 if help == "AuxK" else 0.0}
    sae = fresh(architecture, l1_coefficient=0.1, **changes)
    with torch.no_grad():
        sae.W_enc[:, 12:] *= 0.1
        sae.b_enc[12:] -= 0.0 if architecture == "topk" else 1.0
    when = (20, 40) if help == "resampling" else ()
    train(sae, stream(), TrainingConfig(steps=80, warmup=5, dead_after=8, resample_at=when))
    latents = sae.encode(PLANTED(4000, runtime.generator("test dead")))
    return 1 - (latents > 0).any(dim=0).float().mean().item()
