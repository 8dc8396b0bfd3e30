"""The sparse autoencoders that ship with the course, and how they were trained.

``load("world")`` is a dictionary of the tiny world's network, ``"world_small"`` one with half
as many latents, and ``"world_null"`` was trained in the same way on a network that never
learned anything. ``interp-course train NAME`` runs the recipe again.
"""

from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Bool, Float
from safetensors.torch import load_file, save_file
from torch import Tensor

from interp_course import (
    activation_buffer,
    assets,
    hooks,
    models,
    runtime,
    sae,
    sae_metrics,
    sae_training,
    training,
    world,
)

PLACE = hooks.resid_post(0)
"""The place in the network that the dictionaries are of: what leaves its first layer."""
SEQUENCES, HELD_OUT_SEQUENCES = 24_000, 10_000
"""Sequences trained on, and those that the figures of the card are measured on."""
SETTINGS = sae_training.TrainingConfig(steps=800, dead_after=10, resample_at=(200, 400))
SHARES = (0.0, 0.125, 0.25, 0.375, 0.5, 0.625)
"""A latent counts as on above one of these shares of its maximum; see `detection`."""


@dataclass(frozen=True)
class Recipe:
    """Size of one dictionary, and its network."""

    d_sae: int
    trained: bool = True
    """Whether the network is the trained one; otherwise it is as it was initialised."""


RECIPES = {
    "world": Recipe(d_sae=768),
    "world_small": Recipe(d_sae=384),
    "world_null": Recipe(d_sae=768, trained=False),
}


def load(
    name: str = "world",
    *,
    instance: int | None = None,
    device: str | torch.device | None = None,
    dtype: str | torch.dtype = "float32",
) -> sae.SparseAutoencoder:
    """A dictionary that ships with the course; it belongs to `PLACE` of `network`.

    Args:
        name: A name in `RECIPES`.
        instance: Shuffles the latents, which changes no reconstruction. Answers to *which
            latent* differ between instances.
        device: See `runtime.device`.
        dtype: float32, bfloat16 or float64.

    Raises:
        ValueError: If there is no such dictionary.
        AssetError: If the bundled weights are missing or damaged.
    """
    dictionary = sae.SparseAutoencoder(_config(_recipe(name)))
    state = {k: v.float() for k, v in load_file(assets.path(_file(name))).items()}
    if instance is not None:
        rng = runtime.generator(f"order of the latents of {name}", instance)
        order = torch.randperm(dictionary.config.d_sae, generator=rng)
        for key, axis in (("W_enc", 1), ("b_enc", 0), ("W_dec", 0)):
            state[key] = state[key].index_select(axis, order)
    dictionary.load_state_dict(state)
    return dictionary.to(device=runtime.device(device), dtype=runtime.dtype(dtype))


def network(name: str = "world", *, seed: int = 0, device: str | torch.device | None = None) -> Any:
    """The network that a dictionary belongs to, as a bridge.

    Args:
        name: A name in `RECIPES`.
        seed: Another training run of the network, for a dictionary trained on it.
        device: See `runtime.device`.
    """
    if _recipe(name).trained:
        return models.load("world", seed=seed, device=device)
    module = models.build(models.ZOO["world"].architecture, seed).to(runtime.device(device))
    return models.wrap(module, world.tokenizer())


def counted(batch: Any) -> Bool[Tensor, "batch pos"]:
    """The positions that dictionaries are trained and judged on: neither ``<bos>`` nor padding."""
    mask = batch.mask.clone()
    mask[:, 0] = False
    return mask


def activations(model: Any, batch: Any) -> Float[Tensor, "batch d_in"]:
    """What the model has at `PLACE`, at every position that counts."""
    _, cache = hooks.capture(model, batch.tokens, [PLACE])
    return cache[PLACE][counted(batch)]


def train(
    name: str,
    *,
    seed: int = 0,
    steps: int | None = None,
    device: str | torch.device | None = None,
    progress: bool = False,
) -> tuple[sae.SparseAutoencoder, training.History]:
    """Train a dictionary from its recipe.

    Args:
        name: A name in `RECIPES`.
        seed: Training run of the network, and where the dictionary starts.
        steps: Stop after so many steps; None takes the recipe's.
        device: See `runtime.device`.
        progress: Show a progress bar.

    Raises:
        ValueError: If there is no such dictionary.
    """
    recipe, where = _recipe(name), runtime.device(device)
    data = world.sample(SEQUENCES, seed=100)
    batches = activation_buffer.ActivationBuffer.from_model(
        network(name, seed=seed, device=where),
        PLACE,
        data.tokens.to(where),
        keep=counted(data),
        batch_size=2048,
        capacity=131_072,
        sequences=512,
        seed=seed,
    )
    dictionary = sae.SparseAutoencoder(_config(recipe), seed=seed).to(where)
    dictionary.initialise_from_data(next(batches), seed=seed)
    settings = replace(SETTINGS, steps=SETTINGS.steps if steps is None else steps)
    return dictionary, sae_training.train(dictionary, batches, settings, progress=progress)


def card(dictionary: sae.SparseAutoencoder, name: str, *, seed: int = 0) -> dict[str, float]:
    """The figures of the card, on texts that training never saw.

    FVU, L0 and dead share are measured on 10,000 sequences; the loss on 1,500 of them; how many
    countries and relations have a latent that detects them with F1 above 0.9, at the *is* of
    two-hop questions; see `detection`.
    """
    model = network(name, seed=seed, device=dictionary.W_dec.device)
    batch = world.sample(HELD_OUT_SEQUENCES, seed=7)
    quality = sae_metrics.quality(dictionary, activations(model, batch).split(2048))
    some = world.sample(1_500, seed=8)
    where = counted(some)
    loss = sae_metrics.loss_recovered(
        dictionary, model, PLACE, some.tokens, edited=where, counted=where
    )
    found = {
        f"{variable}_latents": (detection(dictionary, model, variable) > 0.9).sum().item()
        for variable in ("country", "relation")
    }
    return {
        "variance_explained": 1 - quality.fvu,
        "l0": quality.l0,
        "dead": quality.dead,
        "loss_recovered": loss.from_mean,
        "loss_added": loss.spliced - loss.clean,
        **found,
    }


def detection(
    dictionary: sae.SparseAutoencoder, model: Any, variable: str, n: int = 4_000
) -> Float[Tensor, " value"]:
    """How well the best latent of each value of a variable detects it, as F1.

    Measured at the *is* of two-hop questions, where the country and the relation are used. The
    latent, and above which of `SHARES` of its maximum it counts as on, are chosen on one half of
    the questions; the F1 is that of the other half.

    Args:
        dictionary: Of this model.
        model: A bridge.
        variable: Of two-hop questions: country or relation.
        n: Questions.
    """
    batch = world.sample(n, seed=12, template="two_hop")
    rows, labels = torch.arange(n), batch.labels(variable)
    _, cache = hooks.capture(model, batch.tokens, [PLACE])
    with torch.no_grad():
        latents = dictionary.encode(cache[PLACE][rows, batch.place("answer") - 1])
    present = (labels[:, None] == torch.arange(len(world.VARIABLES[variable]))).to(latents)
    on = torch.stack([latents > share * latents.amax(dim=0) for share in SHARES]).to(latents)
    chosen, judged = rows < n // 2, rows >= n // 2
    scores = [_f1(on[:, half], present[half]).flatten(0, 1) for half in (chosen, judged)]
    best = scores[0].argmax(dim=0)
    return scores[1].gather(0, best[None])[0]


def write(name: str, *, progress: bool = False) -> None:
    """Train a dictionary and replace its bundled weights, in half precision."""
    with runtime.deterministic(threads=1):
        dictionary, _ = train(name, progress=progress)
    state = {k: v.detach().cpu().contiguous().half() for k, v in dictionary.state_dict().items()}
    save_file(state, assets.FOLDER / _file(name))
    assets.register(_file(name))


def _f1(on: Tensor, present: Tensor) -> Tensor:
    """F1 ``[share, d_sae, value]`` of ``on [share, example, d_sae]`` for ``present``."""
    both = on.transpose(1, 2) @ present  # [share, d_sae, value]
    return 2 * both / (on.sum(dim=1)[..., None] + present.sum(dim=0)).clamp(min=1)


def _recipe(name: str) -> Recipe:
    if name not in RECIPES:
        raise ValueError(f"there is no dictionary {name!r}; there are: {', '.join(RECIPES)}")
    return RECIPES[name]


def _config(recipe: Recipe) -> sae.SAEConfig:
    d_model = models.ZOO["world"].architecture.d_model
    return sae.SAEConfig(
        d_in=d_model, d_sae=recipe.d_sae, architecture="batchtopk", k=6, aux_coefficient=1.0
    )


def _file(name: str) -> str:
    return f"dictionary-{name}.safetensors"
