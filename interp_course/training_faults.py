"""Training runs of one small dictionary, of which one at most is as it should be.

Somebody who trains dictionaries looks at curves most of the time. `runs` trains six in a few
seconds; which is which depends on the instance.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from interp_course import runtime, sae, sae_metrics, sae_training, synthetic
from interp_course.training import History

KINDS = (
    "healthy",
    "learning rate too low",
    "learning rate too high",
    "sparsity price too high",
    "sparsity price too low",
    "dead latents",
    "batches not shuffled",
)
COLUMNS = ("step", "fvu", "held_out_fvu", "l0", "dead")
N_RUNS = 6
N_FEATURES, WIDTH, D_SAE, BATCH, PROBABILITY = 64, 32, 128, 512, 0.04
STRETCH, TOPICS, RARELY = 12, 8, 0.002
"""Batches in a row about one topic, number of topics, and how often the features of the others
occur, where nothing is shuffled."""
_RATES = {"learning rate too low": 1.5e-4, "learning rate too high": 1.0}
_PRICES = {"sparsity price too high": 2.0, "sparsity price too low": 0.003}


def order(instance: int) -> list[str]:
    """What is wrong with each of the six runs of an instance; one kind is left out."""
    drawn = torch.randperm(len(KINDS), generator=runtime.generator("training faults", instance))
    return [KINDS[place] for place in drawn[:N_RUNS].tolist()]


def runs(instance: int) -> list[History]:
    """Six training runs.

    Returns:
        Their histories, with the `COLUMNS`; ``held_out_fvu`` is the FVU on activations of all
        kinds that training never sees.
    """
    return [run(kind, instance) for kind in order(instance)]


def run(kind: str, seed: int = 0) -> History:
    """One training run of a ReLU dictionary of 64 planted features in 32 dimensions.

    Raises:
        ValueError: If there is no such kind.
    """
    if kind not in KINDS:
        raise ValueError(f"there is no kind {kind!r}; there are: {', '.join(KINDS)}")
    features = synthetic.SparseFeatures(N_FEATURES, WIDTH, PROBABILITY, seed=seed)
    start, held_out = (features.sample(BATCH, _rng(name, seed)) for name in ("start", "held out"))
    price = _PRICES.get(kind, 0.3)
    config = sae.SAEConfig(WIDTH, D_SAE, architecture="relu", l1_coefficient=price)
    dictionary = sae.SparseAutoencoder(config, seed=seed)
    dictionary.initialise_from_data(start.activations, seed=seed)
    if kind == "dead latents":
        with torch.no_grad():
            dictionary.b_enc[: 3 * D_SAE // 4] = -3.0
    settings = sae_training.TrainingConfig(
        steps=400, lr=_RATES.get(kind, 5e-3), warmup=20, log_every=4
    )

    def measure(trained: Any) -> dict[str, float]:
        return {"held_out_fvu": sae_metrics.quality(trained, [held_out.activations]).fvu}

    batches = _in_stretches(seed) if kind == "batches not shuffled" else _shuffled(features, seed)
    history = sae_training.train(dictionary, batches, settings, measure=measure)
    # The learning rate and the parts of the loss would give the answer away.
    return History([{name: row[name] for name in COLUMNS} for row in history.rows])


def _shuffled(features: synthetic.SparseFeatures, seed: int) -> Iterator[Tensor]:
    rng = _rng("batches", seed)
    while True:
        yield features.sample(BATCH, rng).activations


def _in_stretches(seed: int) -> Iterator[Tensor]:
    """Batches of the same features, but many in a row about one topic, an eighth of them."""
    rng, size = _rng("batches", seed), N_FEATURES // TOPICS
    often = PROBABILITY * TOPICS
    while True:
        for topic in range(TOPICS):
            here = torch.arange(N_FEATURES) // size == topic
            features = synthetic.SparseFeatures(
                N_FEATURES, WIDTH, torch.where(here, often, RARELY), seed=seed
            )
            for _ in range(STRETCH):
                yield features.sample(BATCH, rng).activations


def _rng(name: str, seed: int) -> torch.Generator:
    return runtime.generator(f"training faults: {name}", seed)
