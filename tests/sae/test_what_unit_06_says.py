"""What the notebook on sparse autoencoders claims about training holds, with room to spare.

Its printed figures are not compared when it is run again: training runs end in the same place
on every machine, but not in the same digits.
"""

import functools

import pytest
import torch

from interp_course import (
    dictionaries,
    sae,
    sae_metrics,
    sae_reading,
    sae_training,
    sae_truth,
    synthetic,
    world,
)
from interp_course.activation_buffer import ActivationBuffer

PLANTED = synthetic.SparseFeatures(128, 48, probability=0.03, seed=1)
TEST = PLANTED.sample(8_000, 99).activations
OFFSET = 0.3 * torch.randn(48, generator=torch.Generator().manual_seed(0))
OPTIONS = {
    "relu": {"l1_coefficient": 0.5},
    "topk": {"k": 4},
    "batchtopk": {"k": 4},
    "jumprelu": {"l0_coefficient": 0.05},
}


@functools.cache
def trained(
    architecture: str,
    d_sae: int = 256,
    data: bool = True,
    offset: bool = False,
    aux: float = 1 / 32,
) -> tuple[sae_metrics.Quality, float]:
    """Quality, and share of the features found."""
    mean = OFFSET if offset else torch.zeros(48)
    config = sae.SAEConfig(
        48, d_sae, architecture=architecture, aux_coefficient=aux, **OPTIONS[architecture]
    )
    dictionary = sae.SparseAutoencoder(config)
    batches = ActivationBuffer.from_function(
        lambda n, rng: PLANTED.sample(n, rng).activations + mean
    )
    if data:
        dictionary.initialise_from_data(next(batches))
    sae_training.train(dictionary, batches, sae_training.TrainingConfig(steps=400, lr=5e-3))
    found = sae_truth.match(dictionary.W_dec, PLANTED.directions).recovered()
    return sae_metrics.quality(dictionary, [TEST + mean]), found


@pytest.mark.parametrize("architecture", OPTIONS)
def test_all_four_architectures_find_the_features(architecture):
    assert trained(architecture)[1] > 0.9


def test_a_price_shrinks_and_needs_more_latents():
    relu = trained("relu")[0]
    others = [trained(name)[0] for name in OPTIONS if name != "relu"]
    assert relu.shrinkage < 0.85 < 0.95 < min(quality.shrinkage for quality in others)
    assert relu.l0 > 1.8 * max(quality.l0 for quality in others)


def test_a_mean_that_is_not_zero_hurts_a_random_start():
    plain, started = (trained("topk", 192, data, True, 0.0) for data in (False, True))
    assert plain[0].dead > started[0].dead + 0.1
    assert plain[1] < 0.9 < started[1]


def test_auxk_repairs_part_of_it():
    plain, aux = (trained("topk", 192, False, True, weight) for weight in (0.0, 0.5))
    assert aux[1] > plain[1] + 0.05
    assert aux[0].fvu < plain[0].fvu


def clear_latents(name: str) -> int:
    reading = sae_reading.read(
        dictionaries.network(name),
        dictionaries.load(name),
        dictionaries.PLACE,
        world.sample(1_500, seed=8),
    )
    return int((reading.f1().amax(dim=1) > 0.8).sum())


def test_the_null_has_at_least_as_many_interpretable_latents():
    assert clear_latents("world_null") >= clear_latents("world") > 20


def test_a_latent_of_china_splits_into_several():
    small, large = dictionaries.load("world_small"), dictionaries.load("world")
    reading = sae_reading.read(
        dictionaries.network(), small, dictionaries.PLACE, world.sample(1_500, seed=1)
    )
    china = reading.find("country", "china")[0].latent
    assert sae_truth.splitting(small.W_dec, large.W_dec, threshold=0.7)[china] >= 3
