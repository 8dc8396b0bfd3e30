"""Values as JSON text: what a student's process hands to the grader's.

Reading never runs code of the sender: there are plain values, tensors, arrays and the named
parts of circuits, each checked before it is made, and everything else becomes an opaque value
that equals nothing. Instances of subclasses travel as the plain value that they extend, so a
number that claims to equal every other number arrives as the number it is.
"""

import base64
import json
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from interp_course import circuits
from interp_course.grading.value_limits import (
    ARRAYS,
    DTYPES,
    KIND,
    LARGEST_TEXT,
    LONGEST_NAME,
    MOST_BITS,
    Budget,
    Opaque,
    Unreadable,
)
from interp_course.grading.value_reading import loads

__all__ = ["LARGEST_TEXT", "Opaque", "Unreadable", "dumps", "loads"]


def dumps(value: Any) -> str:
    """A value as ASCII text.

    Raises:
        Unreadable: If it is too large to be handed over.
    """
    text = json.dumps(_Encoder().encode(value, 0), allow_nan=False, separators=(",", ":"))
    if len(text) > LARGEST_TEXT:
        raise Unreadable(f"the value is too large: {len(text):,} characters of {LARGEST_TEXT:,}")
    return text


class _Encoder(Budget):
    def encode(self, value: Any, depth: int) -> Any:
        self.step(depth)
        kind = type(value)
        for known, way in _WAYS.items():
            if issubclass(kind, known):
                return way(self, value, depth + 1)
        if issubclass(kind, Mapping):
            return self.pairs(dict(value), depth + 1)
        return _opaque(value)

    def pairs(self, value: dict, depth: int) -> Any:
        given = [[self.encode(k, depth), self.encode(v, depth)] for k, v in dict.items(value)]
        return {KIND: "dict", "items": given}

    def sequence(self, name: str, value: Any, depth: int) -> Any:
        return {KIND: name, "items": [self.encode(item, depth) for item in value]}

    def tensor(self, value: Tensor, depth: int) -> Any:
        with torch._C.DisableTorchFunctionSubclass():
            name = str(value.dtype).removeprefix("torch.")
            plain = value.layout == torch.strided and value.device.type != "meta"
            if not plain or name not in DTYPES:
                return {KIND: "opaque", "name": "tensor_of_an_unusual_kind"}
            self.take(value.numel() * value.element_size())
            still = value.detach().cpu().resolve_conj().resolve_neg().contiguous()
            data = still.reshape(-1).view(torch.uint8).numpy().tobytes()
            return _numbers("tensor", name, tuple(value.shape), data)

    def array(self, value: np.ndarray, depth: int) -> Any:
        name = value.dtype.name
        if value.dtype.kind == "U":
            return {KIND: "texts", "items": self.encode(value.tolist(), depth)}
        if name not in ARRAYS:
            return {KIND: "opaque", "name": "array_of_an_unusual_kind"}
        self.take(value.size * value.itemsize)
        native = np.asarray(value, dtype=value.dtype.newbyteorder("="))
        return _numbers("array", name, value.shape, native.tobytes())


def _numbers(kind: str, dtype: str, shape: tuple[int, ...], data: bytes) -> dict[str, Any]:
    text = base64.b64encode(data).decode()
    return {KIND: kind, "dtype": dtype, "shape": list(shape), "data": text}


def _whole(value: int) -> Any:
    fits = value.bit_length() < MOST_BITS
    return value if fits else {KIND: "opaque", "name": "number_of_very_many_digits"}


def _float(value: float) -> Any:
    value = float.__float__(value)
    return value if math.isfinite(value) else {KIND: "float", "text": repr(value)}


def _text(value: str) -> str:
    return str.encode(value, "utf-8", "replace").decode()


def _scalar(encoder: _Encoder, value: np.generic, depth: int) -> Any:
    encoded = encoder.array(np.asarray(value), depth)
    return {**encoded, KIND: "scalar"} if encoded[KIND] == "array" else encoded


def _opaque(value: Any) -> dict[str, str]:
    return {KIND: "opaque", "name": type(value).__name__[:LONGEST_NAME]}


_WAYS: dict[type, Callable[[_Encoder, Any, int], Any]] = {
    type(None): lambda encoder, value, depth: None,
    bool: lambda encoder, value, depth: value,
    str: lambda encoder, value, depth: _text(value),
    # Before the numbers: numpy's double is a float, too.
    np.generic: _scalar,
    int: lambda encoder, value, depth: _whole(int.__int__(value)),
    float: lambda encoder, value, depth: _float(value),
    complex: lambda encoder, value, depth: {
        KIND: "complex",
        "parts": [_float(value.real), _float(value.imag)],
    },
    bytes: lambda encoder, value, depth: {
        KIND: "bytes",
        "data": base64.b64encode(bytes(value)).decode(),
    },
    Tensor: _Encoder.tensor,
    np.ndarray: _Encoder.array,
    list: lambda e, value, depth: e.sequence("list", list.__iter__(value), depth),
    tuple: lambda e, value, depth: e.sequence("tuple", tuple.__iter__(value), depth),
    set: lambda e, value, depth: e.sequence("set", set.__iter__(value), depth),
    frozenset: lambda e, value, depth: e.sequence("frozenset", frozenset.__iter__(value), depth),
    dict: _Encoder.pairs,
    slice: lambda e, value, depth: e.sequence(
        "slice", (value.start, value.stop, value.step), depth
    ),
    circuits.Part: lambda e, value, depth: {KIND: "part", "name": str(value)},
    circuits.Edge: lambda e, value, depth: {KIND: "edge", "name": str(value)},
    circuits.Circuit: lambda e, value, depth: e.sequence("circuit", value.edges, depth),
}
