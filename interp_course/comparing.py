"""Compare values that students return with values that are right.

Values may be tensors, NumPy arrays, numbers, or tuples, lists and dicts of them. Order of
the questions: structure, kind of number, device, shape, finite, value.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor


def clone(value: Any) -> Any:
    """A copy in which every tensor and array is new; other objects are passed on as they are."""
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, dict):
        return {key: clone(item) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(clone(item) for item in value))
    if isinstance(value, (tuple, list)):
        return type(value)(clone(item) for item in value)
    return value


def edited(before: tuple[Any, ...], after: tuple[Any, ...]) -> str | None:
    """Say which of the arguments is not what it was, or None."""
    for place, (old, new) in enumerate(zip(before, after, strict=True), start=1):
        if _is_data(old) and difference(new, old, rtol=0.0, atol=0.0) is not None:
            return f"argument {place}"
    return None


def difference(actual: Any, expected: Any, rtol: float, atol: float) -> str | None:
    """Say in one or two lines how ``actual`` differs from ``expected``, or return None.

    Any float type, NumPy arrays and plain numbers are accepted where a tensor is expected:
    the values count, and they are compared in float64.
    """
    if isinstance(expected, dict):
        return _dict_difference(actual, expected, rtol, atol)
    if isinstance(expected, (tuple, list)):
        return _sequence_difference(actual, expected, rtol, atol)
    if isinstance(expected, str):
        return None if actual == expected else f"returned {actual!r}, expected {expected!r}"
    return _tensor_difference(actual, torch.as_tensor(expected), rtol, atol)


def _dict_difference(actual: Any, expected: dict, rtol: float, atol: float) -> str | None:
    if not isinstance(actual, dict):
        return f"returned {_kind(actual)}, expected a dict with the keys {list(expected)}"
    if set(actual) != set(expected):
        return f"returned a dict with the keys {list(actual)}, expected {list(expected)}"
    for key, item in expected.items():
        problem = difference(actual[key], item, rtol, atol)
        if problem is not None:
            return f"under the key {key!r}: {problem}"
    return None


def _sequence_difference(actual: Any, expected: Any, rtol: float, atol: float) -> str | None:
    if not isinstance(actual, (tuple, list)):
        return f"returned {_kind(actual)}, expected {len(expected)} values"
    if len(actual) != len(expected):
        return f"returned {len(actual)} values, expected {len(expected)}"
    for place, (a, b) in enumerate(zip(actual, expected, strict=True), start=1):
        problem = difference(a, b, rtol, atol)
        if problem is not None:
            return f"value {place}: {problem}"
    return None


def _tensor_difference(actual: Any, expected: Tensor, rtol: float, atol: float) -> str | None:
    if not _is_data(actual):
        return f"returned {_kind(actual)}, expected a tensor of shape {_shape(expected)}"
    try:
        if isinstance(actual, np.ndarray) and not actual.flags.writeable:
            actual = actual.copy()  # torch warns of memory that must not be written to
        actual = torch.as_tensor(actual).detach()
    except (TypeError, ValueError, RuntimeError):
        return f"returned {_kind(actual)} that cannot be read as a tensor of numbers"
    if actual.is_complex() and not expected.is_complex():
        return "returned complex numbers, expected real ones (take the real part at the end?)"
    if expected.is_floating_point() and not actual.is_floating_point():
        return f"returned {actual.dtype}, expected a float type such as {expected.dtype}"
    if actual.device != expected.device:
        return f"returned a tensor on {actual.device}, expected {expected.device}"
    if actual.shape != expected.shape:
        return f"returned shape {_shape(actual)}, expected {_shape(expected)}"
    if not torch.isfinite(actual).all():
        return "returned nan or inf (is something divided by zero, or the log of zero taken?)"
    return _value_difference(actual, expected, rtol, atol)


def _value_difference(actual: Tensor, expected: Tensor, rtol: float, atol: float) -> str | None:
    wide = torch.complex128 if expected.is_complex() else torch.float64
    a, b = actual.to(wide), expected.to(wide)
    # What is finite differs from nan and inf, with which every comparison by size is false.
    off = ((a - b).abs() > atol + rtol * b.abs()) | ~b.isfinite()
    if not off.any():
        return None
    text = f"returned {show(actual)}, expected {show(expected)}"
    if expected.numel() <= 4:
        return text
    worst = np.unravel_index(int((a - b).abs().argmax()), tuple(b.shape))
    place = ", ".join(str(int(i)) for i in worst)
    return (
        f"{text}\n{int(off.sum())} of {off.numel()} entries are off, most at [{place}]: "
        f"{a[worst].item():.4g} instead of {b[worst].item():.4g}"
    )


def show(value: Tensor) -> str:
    """The first entries of a tensor, short enough for a message."""
    values = ", ".join(f"{v:.4g}" for v in value.detach().flatten()[:4].tolist())
    if value.ndim == 0:
        return values
    return f"[{values}, ...]" if value.numel() > 4 else f"[{values}]"


def _is_data(value: Any) -> bool:
    if isinstance(value, (tuple, list)):
        return all(_is_data(item) for item in value)
    return isinstance(value, (Tensor, np.ndarray, np.generic, bool, int, float, complex))


def _kind(value: Any) -> str:
    return "a function" if callable(value) else f"a {type(value).__name__}"


def _shape(value: Tensor) -> str:
    return "() (one number)" if value.ndim == 0 else str(tuple(value.shape))
