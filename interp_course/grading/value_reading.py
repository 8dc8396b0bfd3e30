"""Read values that came from a student's process; nothing in them is believed, nothing is run."""

import base64
import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from interp_course import circuits
from interp_course.grading.value_limits import (
    ARRAYS,
    DEEPEST,
    DTYPES,
    KIND,
    LARGEST_TEXT,
    LONGEST_NAME,
    Budget,
    Opaque,
    Unreadable,
)


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


class _Decoder(Budget):
    def decode(self, data: Any, depth: int) -> Any:
        self.step(depth)
        if data is None or type(data) in (bool, int, float):
            return data
        if type(data) is str:
            return data.encode("utf-8", "replace").decode()
        if type(data) is not dict or data.get(KIND) not in _READERS:
            raise Unreadable("not an encoded value: there is an entry of no known kind")
        return _READERS[data[KIND]](self, data, depth + 1)

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
        name, shape, content = self.numbers(data, tuple(DTYPES))
        dtype = DTYPES[name]
        _agree(shape, dtype.itemsize, content)
        if not content:
            return torch.empty(shape, dtype=dtype)
        if dtype == torch.bool:  # any other byte would be neither True nor False
            return torch.frombuffer(bytearray(content), dtype=torch.uint8).bool().reshape(shape)
        return torch.frombuffer(bytearray(content), dtype=dtype).reshape(shape)

    def array(self, data: dict, depth: int) -> np.ndarray:
        name, shape, content = self.numbers(data, ARRAYS)
        _agree(shape, np.dtype(name).itemsize, content)
        if name == "bool":
            return (np.frombuffer(content, dtype=np.uint8) != 0).reshape(shape)
        return np.frombuffer(content, dtype=name).reshape(shape).copy()

    def numbers(self, data: dict, known: tuple[str, ...]) -> tuple[str, tuple[int, ...], bytes]:
        name, shape = data["dtype"], data["shape"]
        if name not in known:
            raise Unreadable(f"there are no tensors of the type {str(name)[:LONGEST_NAME]!r}")
        sizes = type(shape) is list and all(type(n) is int and 0 <= n < 2**31 for n in shape)
        if not sizes or len(shape) > DEEPEST or math.prod(n or 1 for n in shape) > 2**40:
            raise Unreadable("not an encoded value: a shape is a short list of sizes")
        content = base64.b64decode(data["data"], validate=True)
        self.take(len(content))
        return name, tuple(shape), content


def _agree(shape: tuple[int, ...], itemsize: int, content: bytes) -> None:
    if math.prod(shape) * itemsize != len(content):
        raise Unreadable(f"{len(content)} bytes do not fill the shape {shape}")


def _texts(listed: Any) -> np.ndarray:
    found = np.array(listed)
    if found.dtype.kind != "U":
        raise Unreadable("not an encoded value: an array of texts has other entries")
    return found


def _special(data: dict) -> float:
    return {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}[data["text"]]


def _named(data: dict) -> Opaque:
    name = data["name"]
    known = type(name) is str and name.isidentifier() and len(name) <= LONGEST_NAME
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
    "texts": lambda d, data, depth: _texts(d.decode(data["items"], depth)),
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
