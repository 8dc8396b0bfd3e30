"""Turn one latent of a dictionary by hand while the model runs, and read what it writes.

That a latent detects something does not mean that the model acts on it: clamp it and look.
The experiment became known as *Golden Gate Claude* (Templeton et al. 2024, "Scaling
Monosemanticity", "Influence on Behavior"). Here as there everything that the dictionary does
not reconstruct stays as it is.
"""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor

from interp_course import hooks
from interp_course.sae import SparseAutoencoder

AFTER_FIRST = slice(1, None)
"""All positions but the first, where <bos> stands, whose activations no dictionary has seen."""


@contextlib.contextmanager
def clamped(
    model: Any,
    dictionary: SparseAutoencoder,
    name: str,
    latent: int,
    value: float,
    positions: slice | Int[Tensor, " batch"] = AFTER_FIRST,
) -> Iterator[Any]:
    """Inside, a latent has this value at these positions in every forward pass.

    ``x`` becomes ``x + (value - z) W_dec[latent]``, where z is the value that the latent has.

    Args:
        model: A bridge.
        dictionary: Of this place of this model.
        name: Hook name of the place.
        latent: Which one.
        value: In the units of the latent; its own largest value is a natural measure.
        positions: A slice of positions, or one position for each sequence.

    Raises:
        ValueError: If the place cannot be edited or has another width, there is no such
            latent, or positions do not fit.
    """
    hooks.check_editable(model, [name])
    if not 0 <= latent < dictionary.config.d_sae:
        raise ValueError(
            f"the dictionary has the latents 0 .. {dictionary.config.d_sae - 1}, got {latent}"
        )

    def edit(x: Tensor, hook: Any) -> Tensor:
        index: Any = (slice(None), positions)
        if isinstance(positions, Tensor):
            hooks.check_positions(positions, x)
            index = (torch.arange(len(x), device=x.device), positions.to(x.device))
        new = x.clone()
        if new[index].numel():
            present = dictionary.encode(new[index])[..., latent, None]
            new[index] = new[index] + (value - present) * dictionary.W_dec[latent]
        return new

    with torch.no_grad(), hooks.editing(model, {name: edit}):
        yield model


def written(model: Any, n: int = 100, *, n_tokens: int = 24, seed: int = 0) -> list[str]:
    """Texts that the model writes by itself, each word drawn from its probabilities.

    Args:
        model: A bridge with a tokenizer.
        n: Texts.
        n_tokens: Longest text. A text ends before the end-of-text token.
        seed: Which draws.

    Raises:
        ValueError: If the model has no tokenizer or the texts outgrow its context.
    """
    tokenizer = model.tokenizer
    if tokenizer is None or not 1 <= n_tokens < model.cfg.n_ctx or n < 1:
        raise ValueError(
            "writing needs a model with a tokenizer, n of at least 1 and n_tokens between 1 and "
            f"{model.cfg.n_ctx - 1}, got n={n} and n_tokens={n_tokens}"
        )
    device = next(model.parameters()).device
    start = torch.full((n, 1), tokenizer.bos_token_id, device=device)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        tokens = model.generate(
            start,
            max_new_tokens=n_tokens,
            stop_at_eos=False,
            use_past_kv_cache=False,
            return_type="tokens",
            verbose=False,
        )[:, 1:]
    end = tokenizer.eos_token_id
    rows = [row[: row.index(end)] if end in row else row for row in tokens.tolist()]
    return [tokenizer.decode(row) for row in rows]


def share_naming(texts: Sequence[str], words: Iterable[str]) -> float:
    """The share of texts in which at least one of the words occurs."""
    wanted = set(words)
    if not texts or not wanted:
        raise ValueError(f"there must be texts and words, got {len(texts)} and {len(wanted)}")
    return sum(not wanted.isdisjoint(text.split()) for text in texts) / len(texts)
