"""A stream of shuffled activations in bounded memory, for training on them.

Activations are produced in chunks: some sequences through a model, some rows of a tensor, or
what a function draws. The buffer is filled with chunks in random order, permuted once and
handed out in slices; then it is filled again. Everything is a function of the seed and of how
many batches were taken, so a stream goes on exactly where it stopped (``state_dict``).
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from interp_course import hooks, runtime

Chunk = Callable[[int], Tensor]
"""Returns the activations of a chunk, ``[batch d_in]``."""


class ActivationBuffer:
    """An endless iterator of batches ``[batch d_in]``.

    In each epoch every activation is handed out exactly once; a batch may hold the last
    activations of one epoch and the first of the next. Never more than ``capacity`` rows are
    held. Make one with `from_model`, `from_tensor` or `from_function`.
    """

    def __init__(
        self,
        chunk: Chunk,
        n_chunks: int | None,
        largest_chunk: int,
        *,
        batch_size: int,
        capacity: int,
        seed: int = 0,
    ) -> None:
        """See the named constructors.

        Args:
            chunk: Returns the activations of the chunk with this number.
            n_chunks: Chunks in an epoch; None if they never repeat.
            largest_chunk: No chunk has more rows.
            batch_size: Rows of a batch.
            capacity: Rows held at most. More rows mix better.
            seed: Which order.

        Raises:
            ValueError: If a size is not positive, or a chunk and a batch do not fit together.
        """
        if batch_size < 1 or largest_chunk < 1 or n_chunks == 0:
            raise ValueError(
                f"batch_size must be at least 1 and there must be activations, got "
                f"batch_size={batch_size}, {largest_chunk} rows in a chunk, {n_chunks} chunks"
            )
        if capacity < batch_size + largest_chunk:
            raise ValueError(
                f"capacity must hold a batch ({batch_size}) and a chunk ({largest_chunk}), so at "
                f"least {batch_size + largest_chunk} rows, got {capacity}"
            )
        self.batch_size, self.capacity, self.seed = batch_size, capacity, seed
        self._chunk, self._n_chunks, self._largest = chunk, n_chunks, largest_chunk
        self._rows: Tensor | None = None
        self._order = torch.empty(0, dtype=torch.long)
        # The fill at hand: its first chunk, the batches taken from it, its number, and the
        # rows left from the fill before.
        self._first, self._next, self._served, self._fill = 0, 0, 0, -1
        self._left: Tensor | None = None

    @classmethod
    def from_model(
        cls,
        model: Any,
        name: str,
        tokens: Int[Tensor, "batch pos"],
        *,
        keep: Bool[Tensor, "batch pos"] | None = None,
        batch_size: int = 1024,
        capacity: int = 65_536,
        sequences: int = 32,
        seed: int = 0,
    ) -> "ActivationBuffer":
        """The activations of a model at a hook, computed as they are needed.

        Args:
            model: A bridge.
            name: A hook name; see `hooks`. Heads are joined into one axis.
            tokens: Sequences to read.
            keep: Which positions count; None leaves out the first of each sequence, where <bos>
                stands, whose activations are like no others. Leave out padding too.
            batch_size: Activations in a batch.
            capacity: Activations held at most.
            sequences: Sequences in one forward pass.
            seed: Which order.

        Raises:
            ValueError: If the hook does not exist, nothing is kept, or a size does not fit.
        """
        hooks.check_exist(model, [name])
        if keep is None:
            keep = torch.ones_like(tokens, dtype=torch.bool)
            keep[:, 0] = False
        if keep.shape != tokens.shape or not keep.any():
            raise ValueError(
                f"keep must have the shape {tuple(tokens.shape)} of the tokens and keep at least "
                f"one position, got the shape {tuple(keep.shape)} with {int(keep.sum())} kept"
            )
        order = torch.randperm(len(tokens), generator=runtime.generator("sequences", seed))
        parts = order[keep[order.to(keep.device)].any(dim=1).cpu()].split(sequences)

        def chunk(number: int) -> Tensor:
            chosen = parts[number].to(tokens.device)
            _, cache = hooks.capture(model, tokens[chosen], [name])
            return cache[name].flatten(2)[keep[chosen]]

        largest = max(int(keep[part.to(keep.device)].sum()) for part in parts)
        sizes: dict[str, int] = {"batch_size": batch_size, "capacity": capacity, "seed": seed}
        return cls(chunk, len(parts), largest, **sizes)

    @classmethod
    def from_tensor(
        cls, activations: Float[Tensor, "batch d_in"], *, batch_size: int = 1024, seed: int = 0
    ) -> "ActivationBuffer":
        """Activations that are in memory, in a new random order in each epoch.

        Args:
            activations: One in each row.
            batch_size: Rows of a batch.
            seed: Which order.

        Raises:
            ValueError: If there are none.
        """
        capacity = batch_size + len(activations)
        sizes: dict[str, int] = {"batch_size": batch_size, "capacity": capacity, "seed": seed}
        return cls(lambda number: activations, 1, len(activations), **sizes)

    @classmethod
    def from_function(
        cls,
        draw: Callable[[int, torch.Generator], Tensor],
        *,
        batch_size: int = 1024,
        seed: int = 0,
    ) -> "ActivationBuffer":
        """Activations that a function draws, such as sums of planted features; they never repeat.

        Args:
            draw: Called with a number of rows and a generator, returns ``[batch d_in]``.
            batch_size: Rows of a batch.
            seed: Which draws.
        """

        def chunk(number: int) -> Tensor:
            return draw(batch_size, runtime.generator(f"drawn activations {number}", seed))

        sizes: dict[str, int] = {"batch_size": batch_size, "capacity": 2 * batch_size, "seed": seed}
        return cls(chunk, None, batch_size, **sizes)

    def __iter__(self) -> Iterator[Tensor]:
        return self

    def __next__(self) -> Float[Tensor, "batch d_in"]:
        while (self._served + 1) * self.batch_size > len(self._order):
            self._refill()
        start = self._served * self.batch_size
        self._served += 1
        assert self._rows is not None
        return self._rows[self._order[start : start + self.batch_size].to(self._rows.device)]

    def state_dict(self) -> dict[str, Any]:
        """Where the stream is: a few numbers, and fewer rows than a batch."""
        return {
            "first": self._first,
            "served": self._served,
            "fill": self._fill,
            "left": None if self._left is None else self._left.clone(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state_dict` was taken, in a buffer made with the same arguments."""
        self._first = self._next = state["first"]
        self._fill, self._left = state["fill"], state["left"]
        self._order, self._served = torch.empty(0, dtype=torch.long), 0
        if self._fill >= 0:
            self._fill_up()
            self._served = state["served"]

    def _refill(self) -> None:
        if self._rows is not None and len(self._order):
            rest = self._order[self._served * self.batch_size :]
            self._left = self._rows[rest.to(self._rows.device)]
        self._first, self._served, self._fill = self._next, 0, self._fill + 1
        self._fill_up()

    def _fill_up(self) -> None:
        """Left rows, then chunks in random order up to the capacity or the end of the epoch."""
        self._next, held = self._first, 0
        n_left = 0 if self._left is None else len(self._left)
        if self._left is not None:
            held = self._store(self._left, held)
        while held + self._largest <= self.capacity:
            held = self._store(self._chunk(self._number(self._next)), held)
            self._next += 1
            if self._n_chunks is not None and self._next % self._n_chunks == 0:
                break
        rng = runtime.generator(f"buffer {self._fill}", self.seed)
        shuffled = n_left + torch.randperm(held - n_left, generator=rng)
        self._order = torch.cat([torch.arange(n_left), shuffled])

    def _number(self, position: int) -> int:
        """Which chunk comes at a position of the endless stream."""
        if self._n_chunks is None:
            return position
        epoch, place = divmod(position, self._n_chunks)
        rng = runtime.generator(f"epoch {epoch}", self.seed)
        return int(torch.randperm(self._n_chunks, generator=rng)[place])

    def _store(self, rows: Tensor, held: int) -> int:
        rows = rows.detach()
        if self._rows is None:
            self._rows = rows.new_empty(self.capacity, rows.shape[1])
        self._rows[held : held + len(rows)] = rows
        return held + len(rows)
