"""Push a model along a direction, or take the direction away, and see what it does.

Steering adds ``strength * direction`` to a stream in every forward pass; ablation sets the
coordinate along the direction to one value. The model is as before afterwards. An effect says
something about *this* direction only beside random ones of the same size (`against_random`).

Positions are counted inside each forward pass. With a cache of keys and values, which
``model.generate`` uses on Hugging Face models, all passes but the first see only the newest
token, as position 0: the default, all positions, is right with and without a cache; for
anything else pass ``use_past_kv_cache=False``, as `continuation` does.

Sources: Turner et al. (2023), "Steering Language Models With Activation Engineering"; Arditi
et al. (2024), "Refusal in Language Models Is Mediated by a Single Direction", section 2.
"""

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from interp_course import directions, hooks, runtime

EVERYWHERE = slice(None)


@dataclass(frozen=True, eq=False)
class Comparison:
    """The effect of a direction beside those of random directions of the same length."""

    effect: float
    random: Float[Tensor, " draw"]

    @property
    def p_value(self) -> float:
        """Share of draws at least as effective, the direction itself counted as one of them.

        One-sided, and never 0: with n draws nothing below 1 / (n + 1) can be shown. Source:
        Phipson and Smyth (2010), "Permutation P-values Should Never Be Zero".
        """
        return (1 + int((self.random >= self.effect).sum())) / (len(self.random) + 1)

    @property
    def percentile95(self) -> float:
        """95 % of the random directions have at most this effect."""
        return self.random.quantile(0.95).item()


@contextlib.contextmanager
def steered(
    model: Any,
    direction: Float[Tensor, " d_model"],
    strength: float,
    names: Sequence[str],
    positions: slice | Int[Tensor, " batch"] = EVERYWHERE,
) -> Iterator[Any]:
    """Inside, ``strength * direction`` is added to the named streams in every forward pass.

    The direction is taken as it is: 1 times a difference of means moves one mean onto the
    other. What is added to one stream stays in the later ones, so several names add up.

    Args:
        model: A bridge.
        direction: What to add.
        strength: How many times; negative pushes the other way.
        names: Places such as ``hooks.streams(model)[1:2]``.
        positions: A slice, or one position for each sequence.

    Raises:
        ValueError: If a name cannot be edited, the direction or strength is not finite, or, in
            a forward pass, if the direction's size does not fit or a position does not exist.
    """
    if not (direction.isfinite().all() and math.isfinite(strength)):
        raise ValueError(f"direction and strength must be finite, got the strength {strength}")
    push = strength * direction.detach()

    def add(x: Tensor) -> Tensor:
        if push.shape != x.shape[-1:]:
            raise ValueError(
                f"the direction has {len(push)} entries, the activations have {x.shape[-1]}"
            )
        return x + push.to(x)

    with _edited(model, names, positions, add):
        yield model


@contextlib.contextmanager
def direction_ablated(
    model: Any,
    direction: Float[Tensor, " d_model"],
    names: Sequence[str],
    coordinate: float = 0.0,
    positions: slice | Int[Tensor, " batch"] = EVERYWHERE,
) -> Iterator[Any]:
    """Inside, the named streams have one coordinate along the direction in every forward pass.

    After ``hooks.streams(model)`` an MLP still reads what the attention of its own layer wrote
    along the direction; add `hooks.attn_out` of every layer to take that away too. A mean
    coordinate belongs to the one stream, and the positions, that it was measured at: put into
    other streams, or at the first token, it is a push that may break everything.

    Args:
        model: A bridge.
        direction: Only the line it spans matters, and its sign for ``coordinate``.
        names: Places such as `hooks.streams` gives.
        coordinate: The value everywhere; see `directions.without`.
        positions: A slice, or one position for each sequence.

    Raises:
        ValueError: As in `steered`, or if the direction is zero.
    """
    along = directions.unit(direction.detach())
    if not math.isfinite(coordinate):
        raise ValueError(f"coordinate must be finite, got {coordinate}")
    with _edited(model, names, positions, lambda x: directions.without(x, along, coordinate)):
        yield model


def against_random(
    effect: Callable[[Tensor], float],
    direction: Float[Tensor, " d_model"],
    n: int = 200,
    seed: int = 0,
    like: Float[Tensor, "example d_model"] | None = None,
) -> Comparison:
    """Measure an effect for a direction and for random directions of the same length.

    Args:
        effect: Larger means more of it. For an effect of either sign return its size.
        direction: The direction in question.
        n: How many random ones.
        seed: Which.
        like: None draws from all directions alike, most of which the model never uses. With
            activations, draws have their covariance, so they point where activations vary. This
            comparison is harder: a direction along which classes differ is itself part of the
            covariance, and draws often lie close to it.

    Raises:
        ValueError: If the direction is zero or not finite, n is not positive, the activations
            do not vary, or an effect is not a finite number.
    """
    directions.unit(direction)  # refuses what has no direction
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    draws = _random_directions(direction, n, seed, like)
    found = [float(effect(d)) for d in (direction, *draws)]
    if not all(map(math.isfinite, found)):
        raise ValueError(f"effect must return a finite number, got {found[:3]} ... at first")
    return Comparison(found[0], torch.tensor(found[1:], dtype=torch.float64))


def steering_curve(
    model: Any,
    tokens: Int[Tensor, "batch pos"],
    direction: Float[Tensor, " d_model"],
    strengths: Sequence[float],
    names: Sequence[str],
    measure: Callable[[Tensor], float],
    positions: slice | Int[Tensor, " batch"] = EVERYWHERE,
) -> Float[Tensor, " strength"]:
    """What ``measure`` makes of the logits, for each strength of steering.

    Args:
        model: A bridge.
        tokens: Sequences to run.
        direction: See `steered`.
        strengths: In any order; include 0 to see where the curve starts.
        names: See `steered`.
        measure: Gets the logits ``[batch pos d_vocab]``.
        positions: See `steered`.

    Raises:
        ValueError: As in `steered`.
    """
    found = []
    for strength in strengths:
        with torch.no_grad(), steered(model, direction, strength, names, positions):
            found.append(float(measure(model(tokens))))
    return torch.tensor(found)


def continuation(model: Any, tokens: Int[Tensor, "batch pos"], n_tokens: int) -> list[str]:
    """How the model goes on after each prompt, always with the likeliest token.

    Each text ends before the end-of-text token, which may come at once. Every forward pass
    sees the whole sequence, so positions of steering around this call keep their meaning.

    Args:
        model: A bridge with a tokenizer.
        tokens: Prompts of one length, without padding.
        n_tokens: At most so many tokens are added.

    Raises:
        ValueError: If the model has no tokenizer, a prompt is padded or has ended already, or
            the sequences would outgrow the context.
    """
    tokenizer = model.tokenizer
    if tokenizer is None:
        raise ValueError("this model has no tokenizer to write text with: use model.generate")
    _check_prompts(model, tokens, n_tokens)
    written = model.generate(
        tokens,
        max_new_tokens=n_tokens,
        do_sample=False,
        use_past_kv_cache=False,
        return_type="tokens",
        verbose=False,
    )[:, tokens.shape[1] :]
    end = tokenizer.eos_token_id
    texts = [row[: row.index(end)] if end in row else row for row in written.tolist()]
    return [tokenizer.decode(row) for row in texts]


@contextlib.contextmanager
def _edited(
    model: Any,
    names: Sequence[str],
    positions: slice | Tensor,
    change: Callable[[Tensor], Tensor],
) -> Iterator[None]:
    hooks.check_editable(model, names)

    def edit(x: Tensor, hook: Any) -> Tensor:
        index = _index(x, positions)
        new = x.clone()
        new[index] = change(x[index])
        return new

    with hooks.editing(model, {name: edit for name in names}):
        yield


def _index(x: Tensor, positions: slice | Tensor) -> tuple[slice | Tensor, slice | Tensor]:
    if isinstance(positions, Tensor):
        hooks.check_positions(positions, x)
        return torch.arange(len(x), device=x.device), positions.to(x.device)
    if not range(x.shape[1])[positions]:
        raise ValueError(
            f"{positions} selects none of the {x.shape[1]} positions of this forward pass "
            "(in model.generate, use_past_kv_cache=False keeps whole sequences)"
        )
    return slice(None), positions


def _random_directions(direction: Tensor, n: int, seed: int, like: Tensor | None) -> Tensor:
    rng = runtime.generator("random directions", seed)
    if like is None:
        drawn = torch.randn(n, len(direction), generator=rng)
    else:
        # Sums of deviations with Gaussian weights: their covariance is that of the rows.
        deviations = (like - like.mean(dim=0)).double().cpu()
        if like.shape[1] != len(direction) or not deviations.any():
            raise ValueError(
                f"like must be activations [example {len(direction)}] that differ from each "
                f"other, got the shape {tuple(like.shape)}"
            )
        drawn = torch.randn(n, len(like), generator=rng, dtype=torch.float64) @ deviations
    return directions.unit(drawn).to(direction) * direction.norm()


def _check_prompts(model: Any, tokens: Tensor, n_tokens: int) -> None:
    room = model.cfg.n_ctx - tokens.shape[1] + 1
    if not 1 <= n_tokens <= room:
        raise ValueError(
            f"n_tokens must be between 1 and {room} after prompts of {tokens.shape[1]} tokens "
            f"(the context is n_ctx = {model.cfg.n_ctx}), got {n_tokens}"
        )
    tokenizer = model.tokenizer
    ends = {tokenizer.pad_token_id, tokenizer.eos_token_id} - {tokenizer.bos_token_id, None}
    if any((tokens == end).any() for end in ends):
        raise ValueError(
            "a prompt is padded or has ended already: cut prompts off before their end, and run "
            "those of different lengths one after the other"
        )
