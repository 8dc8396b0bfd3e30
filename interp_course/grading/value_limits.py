"""What values may come from a student's process, and how large they may be."""

import torch

LARGEST_TEXT = 16_000_000
LARGEST_DATA = 11_000_000
"""Bytes of all tensors and arrays of one value together."""
MOST_ITEMS, DEEPEST = 100_000, 30
MOST_BITS = 10_000
"""Of a whole number."""
KIND = "kind"
LONGEST_NAME = 60
DTYPES = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        *(torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64),
        *(torch.float16, torch.bfloat16, torch.float32, torch.float64),
        *(torch.complex64, torch.complex128),
    )
}
ARRAYS = tuple(name for name in DTYPES if name != "bfloat16")


class Unreadable(ValueError):
    """A value that is too large, or a text that is not an encoded value."""


class Opaque:
    """Stands for a value of a kind that is not handed over; equals only itself."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class Budget:
    """Counts what a value consists of."""

    def __init__(self) -> None:
        self.items, self.data = 0, 0

    def step(self, depth: int) -> None:
        """Count an item at a depth.

        Raises:
            Unreadable: If there are too many, or it is too deep.
        """
        self.items += 1
        if self.items > MOST_ITEMS:
            raise Unreadable(f"the value is too large: more than {MOST_ITEMS:,} items")
        if depth > DEEPEST:
            raise Unreadable(f"the value is nested more than {DEEPEST} deep")

    def take(self, n_bytes: int) -> None:
        """Count the bytes of a tensor or an array.

        Raises:
            Unreadable: If there are too many.
        """
        self.data += n_bytes
        if self.data > LARGEST_DATA:
            raise Unreadable(f"the value is too large: more than {LARGEST_DATA:,} bytes of numbers")
