"""Running a dictionary on labelled text, and counting for all of its latents at once."""

from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from interp_course import hooks, world
from interp_course.sae import SparseAutoencoder
from interp_course.sae_reading.reading import PREVIOUS, WORD, Reading
from interp_course.world.sampling import Batch
from interp_course.world.vocabulary import VOCABULARY


class _Entries(NamedTuple):
    """All activations above 0, by latent and then in the order of the text."""

    latent: Tensor
    token: Tensor
    """Which of the counted tokens."""
    value: Tensor


def read(
    model: Any,
    sae: SparseAutoencoder,
    name: str,
    batch: Batch,
    *,
    n_top: int = 10,
    n_weaker: int = 6,
    bins: int = 20,
    batch_size: int = 128,
) -> Reading:
    """Run a dictionary on labelled text and count, for all latents at once.

    Memory: the activations above 0 are kept, the others only for ``batch_size`` sequences.

    Args:
        model: A bridge that reads the words of the world.
        sae: Trained on this place of the model.
        name: Hook name of the place. Heads are joined into one axis.
        batch: What `world.sample` returns; take some that training did not see.
        n_top: Strongest examples of each latent.
        n_weaker: Weaker examples of each latent.
        bins: Of the histograms.
        batch_size: Sequences in one forward pass.

    Raises:
        ValueError: If the model has no such place or another vocabulary, the widths differ, there
            are no sequences, or a number is too small.
    """
    _check(model, name, batch, n_top=n_top, n_weaker=n_weaker, bins=bins, batch_size=batch_size)
    keep = batch.mask.clone()
    keep[:, 0] = False
    entries, d_sae = _active(model, sae, name, batch.tokens, keep, batch_size), sae.config.d_sae
    latent, _, value = entries
    maximum = torch.zeros(d_sae).scatter_reduce(0, latent, value, "amax")
    bin_of = (bins * value / maximum[latent]).long().clamp(max=bins - 1)
    shown, activations = _examples(
        _of_new_texts(entries, batch, keep), keep, d_sae, n_top, n_weaker
    )
    labels = {v: (batch.by_position(v)[keep], values) for v, values in world.VARIABLES.items()}
    labels[WORD] = batch.tokens[keep], VOCABULARY
    labels[PREVIOUS] = batch.tokens.roll(1, dims=1)[keep], VOCABULARY
    added = {*hooks.streams(model), *(hooks.attn_out(i) for i in range(model.cfg.n_layers))}
    rows = sae.W_dec.detach()
    effects = logit_effects(model, rows) if name in added else rows[:, :0]
    return Reading(
        n=int(keep.sum()),
        sequences=tuple(sequence.words for sequence in batch.sequences),
        active=torch.bincount(latent, minlength=d_sae),
        maximum=maximum,
        histogram=_crossed(latent, bin_of, d_sae, bins),
        n_top=n_top,
        shown=shown,
        activations=activations,
        effects=effects.float().cpu(),
        features=tuple((v, value) for v, (_, values) in labels.items() for value in values),
        present=torch.cat([_counts(label, len(values)) for label, values in labels.values()]),
        both=torch.cat(
            [
                _crossed(latent, label[entries.token], d_sae, len(values))
                for label, values in labels.values()
            ],
            dim=1,
        ),
    )


def logit_effects(
    model: Any, rows: Float[Tensor, "latent d_model"]
) -> Float[Tensor, "latent d_vocab"]:
    r"""Direct effect of adding vectors to the residual stream on the logits of all words.

    $$\text{centre}\big((\text{centre}(d) \odot \gamma)\, W_U\big)$$

    with $\gamma$ the weight of the last LayerNorm, whose centring is kept; its division is left
    out, which changes all effects of one position by the same positive factor, so that only the
    order and the proportions of the effects of a vector mean something. Layers after the place
    at which the vector is added are skipped: for early layers this is a weak hint, for
    the stream after the last layer it is all there is. The mean over the vocabulary changes no
    probability and is taken away.

    Raises:
        ValueError: If the vectors have another width, or the model has no LayerNorm.
    """
    if model.cfg.normalization_type != "LN" or rows.shape[-1] != model.cfg.d_model:
        raise ValueError(
            f"vectors must have the width d_model = {model.cfg.d_model} of a model with LayerNorm, "
            f"got the width {rows.shape[-1]} and the norm {model.cfg.normalization_type}"
        )
    with torch.no_grad():
        rows = rows.to(model.W_U)
        centred = rows - rows.mean(dim=-1, keepdim=True)
        logits = (centred * model.ln_final.weight) @ model.W_U
        return logits - logits.mean(dim=-1, keepdim=True)


def _check(model: Any, name: str, batch: Batch, **numbers: int) -> None:
    hooks.check_exist(model, [name])
    if len(batch) == 0:
        raise ValueError("the batch has no sequences: draw some with world.sample")
    if model.cfg.d_vocab != len(VOCABULARY):
        raise ValueError(
            f"the model must read the {len(VOCABULARY)} words of the world, but it has "
            f"{model.cfg.d_vocab}: take models.load('world')"
        )
    for argument, number in numbers.items():
        least = 0 if argument == "n_weaker" else 1
        if number < least:
            raise ValueError(f"{argument} must be at least {least}, got {number}")


def _active(
    model: Any, sae: SparseAutoencoder, name: str, tokens: Tensor, keep: Tensor, batch_size: int
) -> _Entries:
    parts, before = [], 0
    with torch.no_grad():
        for part, where in zip(tokens.split(batch_size), keep.split(batch_size), strict=True):
            x = hooks.capture(model, part.to(model.W_U.device), [name])[1][name].flatten(2)
            if x.shape[:2] != part.shape:
                raise ValueError(f"{name} has no activation for each token, but {tuple(x.shape)}")
            z = sae.encode(x[where.to(x.device)].to(sae.W_dec)).float().cpu()
            token, latent = (z > 0).nonzero(as_tuple=True)
            parts.append((latent, token + before, z[token, latent]))
            before += len(z)
    latent, token, value = (torch.cat(columns) for columns in zip(*parts, strict=True))
    order = latent.argsort(stable=True)
    return _Entries(latent[order], token[order], value[order])


def _of_new_texts(entries: _Entries, batch: Batch, keep: Tensor) -> _Entries:
    """Without those in sequences whose words have all occurred before, in the same order."""
    first = {s.words: row for row, s in reversed(list(enumerate(batch.sequences)))}
    new = torch.tensor([first[s.words] == row for row, s in enumerate(batch.sequences)])
    kept = new[keep.nonzero(as_tuple=True)[0]][entries.token]
    return _Entries(*(column[kept] for column in entries))


def _examples(
    entries: _Entries, keep: Tensor, d_sae: int, n_top: int, n_weaker: int
) -> tuple[Tensor, Tensor]:
    """Sequences to show for each latent, and its activations in them."""
    sequence_of, pos_of = (places[entries.token] for places in keep.nonzero(as_tuple=True))
    pairs, pair_of = (entries.latent * len(keep) + sequence_of).unique_consecutive(
        return_inverse=True
    )
    peak = torch.zeros(len(pairs)).scatter_reduce(0, pair_of, entries.value, "amax")
    order = peak.argsort(descending=True, stable=True)
    order = order[(pairs[order] // len(keep)).argsort(stable=True)]  # by latent, strongest first
    count = torch.bincount(pairs // len(keep), minlength=d_sae)[:, None]
    ranks, exists = _ranks(count, n_top, n_weaker)
    chosen = order[(count.cumsum(dim=0) - count + ranks)[exists]]
    shown = torch.full(ranks.shape, -1)
    shown[exists] = pairs[chosen] % len(keep)
    slot_of = torch.full((len(pairs),), -1)
    slot_of[chosen] = exists.flatten().nonzero().squeeze(1)
    slot = slot_of[pair_of]
    activations = torch.zeros(ranks.numel(), keep.shape[1])
    activations[slot[slot >= 0], pos_of[slot >= 0]] = entries.value[slot >= 0]
    return shown, activations.view(*ranks.shape, -1)


def _ranks(count: Tensor, n_top: int, n_weaker: int) -> tuple[Tensor, Tensor]:
    """Which of its ``count`` sequences each latent shows, and whether there are so many."""
    top = torch.arange(n_top).expand(len(count), -1)
    rest = (count - n_top).clamp(min=0)
    weaker = n_top + (2 * torch.arange(n_weaker) + 1) * rest // (2 * max(n_weaker, 1))
    again = torch.zeros_like(weaker, dtype=torch.bool)
    again[:, 1:] = weaker[:, 1:] == weaker[:, :-1]
    return torch.cat([top, weaker], dim=1), torch.cat([top < count, (rest > 0) & ~again], dim=1)


def _counts(labels: Tensor, size: int) -> Tensor:
    return torch.bincount(labels[labels >= 0], minlength=size)


def _crossed(rows: Tensor, columns: Tensor, n_rows: int, n_columns: int) -> Tensor:
    """How often each row comes with each column; pairs with a negative column are left out."""
    cells = (rows * n_columns + columns)[columns >= 0]
    return torch.bincount(cells, minlength=n_rows * n_columns).view(n_rows, n_columns)
