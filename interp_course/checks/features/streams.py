"""The stream of the network ``world`` after a layer, and what follows from it."""

import functools
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from interp_course import models

TRAINING_RUNS, LAYERS = 4, 3
EVERY, LAST = slice(None), slice(-1, None)


@functools.lru_cache(maxsize=TRAINING_RUNS)
def model(run: int) -> Any:
    """A training run of the network ``world``."""
    return models.load("world", seed=run)


def streams(run: int, tokens: Tensor) -> Tensor:
    """The residual stream after each layer, ``[layer batch pos d_model]``."""
    names = [f"blocks.{layer}.hook_resid_post" for layer in range(LAYERS)]
    with torch.no_grad():
        _, cache = model(run).run_with_cache(tokens, names_filter=names)
    return torch.stack([cache[name] for name in names])


def logits_after(run: int, resid: Tensor, layer: int, positions: slice = EVERY) -> Tensor:
    """The logits ``[batch pos d_vocab]`` at some positions when this is the stream after a layer.

    The layers that follow are run one by one, so that an edit of the stream costs no more than
    what comes after it.
    """
    with torch.no_grad():
        for block in model(run).blocks[layer + 1 :]:
            resid = block(resid)[0]
        return model(run).unembed(model(run).ln_final(resid[:, positions]))


def tokens_of(prompts: Sequence[Sequence[str]]) -> Tensor:
    """The tokens ``[batch pos]`` of prompts of one length."""
    tokenizer = model(0).tokenizer
    return torch.tensor([tokenizer.convert_tokens_to_ids(list(words)) for words in prompts])
