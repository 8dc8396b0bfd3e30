"""Token sequences with a known structure: Markov text that repeats, and random repeats.

Token 0 is always BOS. Ordinary tokens are 1 .. d_vocab - 1. Two kinds:

* `RepeatedMarkov` is what the models are *trained* on. A sequence is a stretch of a random
  Markov chain, repeated with a period drawn anew for each sequence. Before the repeat a
  token can be guessed from the one before it (bigram statistics), after it by copying.
* `repeated_random` is what heads are *measured* on: uniformly random, distinct tokens, given
  twice. Nothing but copying can predict the second copy (Olsson et al. 2022, section "Key
  Concepts").
"""

import functools
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from interp_course import runtime

BOS = 0


@dataclass(frozen=True)
class RepeatedMarkov:
    """The training distribution: periodic stretches of one fixed Markov chain."""

    d_vocab: int = 64
    n_ctx: int = 64
    period: tuple[int, int] = (6, 31)
    """Shortest and longest period, both included."""
    n_successors: int = 4
    """How many preferred successors a token has."""
    preferred_mass: float = 0.6
    """Probability that the next token is a preferred successor rather than any token."""
    seed: int = 0
    """Which Markov chain. All models of the zoo were trained on chain 0."""

    def __post_init__(self) -> None:
        if not 1 <= self.period[0] <= self.period[1] < self.n_ctx:
            raise ValueError(f"period must satisfy 1 <= low <= high < n_ctx, got {self.period}")

    def transitions(self) -> Float[Tensor, "state state"]:
        """Row-stochastic transition matrix of the chain over the ordinary tokens."""
        n, rng = self.d_vocab - 1, runtime.generator("markov chain", self.seed)
        preferred = torch.rand(n, n, generator=rng).argsort(dim=1)[:, : self.n_successors]
        # Dirichlet(2, ..., 2): a sum of two exponentials is a Gamma(2) variable.
        weight = torch.empty(2, n, self.n_successors).exponential_(generator=rng).sum(dim=0)
        weight = self.preferred_mass * weight / weight.sum(dim=1, keepdim=True)
        uniform = torch.full((n, n), (1 - self.preferred_mass) / n)
        return uniform.scatter_add(1, preferred, weight)

    def batch(self, size: int, rng: torch.Generator) -> Int[Tensor, "batch pos"]:
        """Draw sequences: BOS, then one period of the chain, over and over."""
        low, high = self.period
        block = self._chain(size, high, rng)
        period = torch.randint(low, high + 1, (size, 1), generator=rng)
        place = torch.arange(self.n_ctx - 1) % period
        return _with_bos(block.gather(1, place))

    def _chain(self, size: int, length: int, rng: torch.Generator) -> Int[Tensor, "batch pos"]:
        cumulative = _cumulative(self)
        token = torch.randint(0, self.d_vocab - 1, (size,), generator=rng)
        tokens = [token]
        for uniform in torch.rand(length - 1, size, 1, generator=rng):
            token = torch.searchsorted(cumulative[token], uniform).squeeze(1)
            tokens.append(token.clamp(max=self.d_vocab - 2))
            token = tokens[-1]
        return torch.stack(tokens, dim=1) + 1


def repeated_random(
    batch: int, period: int, d_vocab: int, rng: torch.Generator, copies: int = 2
) -> Int[Tensor, "batch pos"]:
    """BOS, then ``period`` distinct random tokens, given ``copies`` times.

    The tokens of one block are distinct so that what comes next is never ambiguous: a token
    has exactly one earlier occurrence, and so one right continuation.

    Raises:
        ValueError: If there are fewer than ``period`` ordinary tokens.
    """
    if not 1 <= period <= d_vocab - 1:
        raise ValueError(
            f"period must be between 1 and d_vocab - 1 = {d_vocab - 1}, got {period}: "
            "the tokens of one block are distinct"
        )
    block = torch.rand(batch, d_vocab - 1, generator=rng).argsort(dim=1)[:, :period] + 1
    return _with_bos(block.repeat(1, copies))


@functools.lru_cache(maxsize=8)
def _cumulative(chain: RepeatedMarkov) -> Float[Tensor, "state state"]:
    return chain.transitions().cumsum(dim=1)


def _with_bos(tokens: Int[Tensor, "batch pos"]) -> Int[Tensor, "batch pos+1"]:
    return torch.cat([torch.full_like(tokens[:, :1], BOS), tokens], dim=1)
