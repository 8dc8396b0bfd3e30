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

LARGEST_TEXT = 16_000_000
LARGEST_DATA = 11_000_000
"""Bytes of all tensors and arrays of one value together."""
MOST_ITEMS, DEEPEST = 100_000, 30
MOST_BITS = 10_000
"""Of a whole number."""
_KIND = "kind"
_LONGEST_NAME = 60
_DTYPES = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        *(torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64),
        *(torch.float16, torch.bfloat16, torch.float32, torch.float64),
        *(torch.complex64, torch.complex128),
    )
}
_ARRAYS = tuple(name for name in _DTYPES if name != "bfloat16")


class Unreadable(ValueError):
    """A value that is too large, or a text that is not an encoded value."""


class Opaque:
    """Stands for a value of a kind that is not handed over; equals only itself."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


def dumps(value: Any) -> str:
    """A value as ASCII text.

    Raises:
        Unreadable: If it is too large to be handed over.
    """
    text = json.dumps(_Encoder().encode(value, 0), allow_nan=False, separators=(",", ":"))
    if len(text) > LARGEST_TEXT:
        raise Unreadable(f"the value is too large: {len(text):,} characters of {LARGEST_TEXT:,}")
    return text


def loads(text: str) -> Any:
    """The value that a text stands for; opaque values where it had none that can be told.

    Raises:
        Unreadable: If the text was not made by `dumps`, or is too large.
    """
    if len(text) > LARGEST_TEXT:
        raise Unreadable(f"the value is too large: {len(text):,} characters of {LARGEST_TEXT:,}")
    try:
        return _Decoder().decode(json.loads(text, parse_constant=_no_constant), 0)
    except (ValueError, TypeError, KeyError, RuntimeError, OverflowError, MemoryError) as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable(f"not an encoded value ({type(error).__name__})") from error


def _no_constant(name: str) -> float:
    raise Unreadable(f"{name} is not part of JSON")


class _Budget:
    """Counts what a value consists of."""

    def __init__(self) -> None:
        self.items, self.data = 0, 0

    def step(self, depth: int) -> None:
        self.items += 1
        if self.items > MOST_ITEMS:
            raise Unreadable(f"the value is too large: more than {MOST_ITEMS:,} items")
        if depth > DEEPEST:
            raise Unreadable(f"the value is nested more than {DEEPEST} deep")

    def take(self, n_bytes: int) -> None:
        self.data += n_bytes
        if self.data > LARGEST_DATA:
            raise Unreadable(f"the value is too large: more than {LARGEST_DATA:,} bytes of numbers")


class _Encoder(_Budget):
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
        return {_KIND: "dict", "items": given}

    def sequence(self, name: str, value: Any, depth: int) -> Any:
        return {_KIND: name, "items": [self.encode(item, depth) for item in value]}

    def tensor(self, value: Tensor, depth: int) -> Any:
        with torch._C.DisableTorchFunctionSubclass():
            name = str(value.dtype).removeprefix("torch.")
            plain = value.layout == torch.strided and value.device.type != "meta"
            if not plain or name not in _DTYPES:
                return {_KIND: "opaque", "name": "tensor_of_an_unusual_kind"}
            self.take(value.numel() * value.element_size())
            still = value.detach().cpu().resolve_conj().resolve_neg().contiguous()
            data = still.reshape(-1).view(torch.uint8).numpy().tobytes()
            return _numbers("tensor", name, tuple(value.shape), data)

    def array(self, value: np.ndarray, depth: int) -> Any:
        name = value.dtype.name
        if name not in _ARRAYS:
            return {_KIND: "opaque", "name": "array_of_an_unusual_kind"}
        self.take(value.size * value.itemsize)
        native = np.asarray(value, dtype=value.dtype.newbyteorder("="))
        return _numbers("array", name, value.shape, native.tobytes())


def _numbers(kind: str, dtype: str, shape: tuple[int, ...], data: bytes) -> dict[str, Any]:
    text = base64.b64encode(data).decode()
    return {_KIND: kind, "dtype": dtype, "shape": list(shape), "data": text}


def _whole(value: int) -> Any:
    fits = value.bit_length() < MOST_BITS
    return value if fits else {_KIND: "opaque", "name": "number_of_very_many_digits"}


def _float(value: float) -> Any:
    value = float.__float__(value)
    return value if math.isfinite(value) else {_KIND: "float", "text": repr(value)}


def _text(value: str) -> str:
    return str.encode(value, "utf-8", "replace").decode()


def _scalar(encoder: _Encoder, value: np.generic, depth: int) -> Any:
    encoded = encoder.array(np.asarray(value), depth)
    return {**encoded, _KIND: "scalar"} if encoded[_KIND] == "array" else encoded


def _opaque(value: Any) -> dict[str, str]:
    return {_KIND: "opaque", "name": type(value).__name__[:_LONGEST_NAME]}


_WAYS: dict[type, Callable[[_Encoder, Any, int], Any]] = {
    type(None): lambda encoder, value, depth: None,
    bool: lambda encoder, value, depth: value,
    str: lambda encoder, value, depth: _text(value),
    # Before the numbers: numpy's double is a float, too.
    np.generic: _scalar,
    int: lambda encoder, value, depth: _whole(int.__int__(value)),
    float: lambda encoder, value, depth: _float(value),
    complex: lambda encoder, value, depth: {
        _KIND: "complex",
        "parts": [_float(value.real), _float(value.imag)],
    },
    bytes: lambda encoder, value, depth: {
        _KIND: "bytes",
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
    circuits.Part: lambda e, value, depth: {_KIND: "part", "name": str(value)},
    circuits.Edge: lambda e, value, depth: {_KIND: "edge", "name": str(value)},
    circuits.Circuit: lambda e, value, depth: e.sequence("circuit", value.edges, depth),
}


class _Decoder(_Budget):
    def decode(self, data: Any, depth: int) -> Any:
        self.step(depth)
        if data is None or type(data) in (bool, int, float):
            return data
        if type(data) is str:
            return _text(data)
        if type(data) is not dict or data.get(_KIND) not in _READERS:
            raise Unreadable("not an encoded value: there is an entry of no known kind")
        return _READERS[data[_KIND]](self, data, depth + 1)

    def entries(self, data: dict, depth: int) -> list:
        listed = data["items"]
        if type(listed) is not list:
            raise Unreadable("not an encoded value: items must be a list")
        return [self.decode(entry, depth) for entry in listed]

    def pairs(self, data: dict, depth: int) -> dict:
        found = {}
        for pair in data["items"]:
            if type(pair) is not list or len(pair) != 2:
                raise Unreadable("not an encoded value: an entry of a dict is a pair")
            key, value = self.decode(pair[0], depth), self.decode(pair[1], depth)
            found[key] = value
        return found

    def tensor(self, data: dict, depth: int) -> Tensor:
        name, shape, content = self.numbers(data, tuple(_DTYPES))
        dtype = _DTYPES[name]
        _agree(shape, dtype.itemsize, content)
        if not content:
            return torch.empty(shape, dtype=dtype)
        if dtype == torch.bool:  # any other byte would be neither True nor False
            return torch.frombuffer(bytearray(content), dtype=torch.uint8).bool().reshape(shape)
        return torch.frombuffer(bytearray(content), dtype=dtype).reshape(shape)

    def array(self, data: dict, depth: int) -> np.ndarray:
        name, shape, content = self.numbers(data, _ARRAYS)
        _agree(shape, np.dtype(name).itemsize, content)
        if name == "bool":
            return (np.frombuffer(content, dtype=np.uint8) != 0).reshape(shape)
        return np.frombuffer(content, dtype=name).reshape(shape).copy()

    def numbers(self, data: dict, known: tuple[str, ...]) -> tuple[str, tuple[int, ...], bytes]:
        name, shape = data["dtype"], data["shape"]
        if name not in known:
            raise Unreadable(f"there are no tensors of the type {str(name)[:_LONGEST_NAME]!r}")
        sizes = type(shape) is list and all(type(n) is int and 0 <= n < 2**31 for n in shape)
        if not sizes or len(shape) > DEEPEST or math.prod(n or 1 for n in shape) > 2**40:
            raise Unreadable("not an encoded value: a shape is a short list of sizes")
        content = base64.b64decode(data["data"], validate=True)
        self.take(len(content))
        return name, tuple(shape), content


def _agree(shape: tuple[int, ...], itemsize: int, content: bytes) -> None:
    if math.prod(shape) * itemsize != len(content):
        raise Unreadable(f"{len(content)} bytes do not fill the shape {shape}")


def _special(data: dict) -> float:
    return {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}[data["text"]]


def _named(data: dict) -> Opaque:
    name = data["name"]
    known = type(name) is str and name.isidentifier() and len(name) <= _LONGEST_NAME
    return type(name if known else "unknown value", (Opaque,), {})()


def _complex(decoder: _Decoder, data: dict, depth: int) -> complex:
    real, imaginary = (decoder.decode(part, depth) for part in data["parts"])
    return complex(float(real), float(imaginary))


def _circuit(decoder: _Decoder, data: dict, depth: int) -> circuits.Circuit:
    edges = decoder.entries(data, depth)
    if not all(isinstance(edge, circuits.Edge) for edge in edges):
        raise Unreadable("not an encoded value: a circuit consists of edges")
    return circuits.Circuit(frozenset(edges))


_READERS: dict[str, Callable[[_Decoder, dict, int], Any]] = {
    "float": lambda d, data, depth: _special(data),
    "complex": _complex,
    "bytes": lambda d, data, depth: base64.b64decode(data["data"], validate=True),
    "tensor": _Decoder.tensor,
    "array": _Decoder.array,
    "scalar": lambda d, data, depth: d.array(data, depth)[()],
    "list": lambda d, data, depth: d.entries(data, depth),
    "tuple": lambda d, data, depth: tuple(d.entries(data, depth)),
    "set": lambda d, data, depth: set(d.entries(data, depth)),
    "frozenset": lambda d, data, depth: frozenset(d.entries(data, depth)),
    "dict": _Decoder.pairs,
    "slice": lambda d, data, depth: slice(*d.entries(data, depth)),
    "part": lambda d, data, depth: circuits.part(data["name"]),
    "edge": lambda d, data, depth: circuits.edge(data["name"]),
    "circuit": _circuit,
    "opaque": lambda d, data, depth: _named(data),
}
