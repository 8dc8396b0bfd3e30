"""Values survive the way from a student's process to the grader's, and nothing else does."""

import base64
import json
import math
from typing import Any

import numpy as np
import pytest
import torch

from interp_course import circuits
from interp_course.checking import Finding
from interp_course.comparing import difference
from interp_course.grading import values
from interp_course.grading.values import Opaque, Unreadable

PLAIN = [
    *(None, True, 0, -3, 10**60, 2.5, math.inf, 1 + 2j, "é\n'", b"\x00\xff", (), [], {}, set()),
    *([1, [2.0, (None,)]], {"a": {(1, 2): "b"}, 3: None}, {1, "x"}, frozenset([(1, 2)])),
    *(slice(None, 3), circuits.head(1, 2), circuits.edge("L0.H1 -> L1.H3.k")),
    circuits.Circuit.of(["embed -> L0.MLP", "L0.MLP -> logits"]),
]
DTYPES = ["bool", "uint8", "int64", "float16", "bfloat16", "float32", "float64", "complex64"]


def back(value: Any) -> Any:
    return values.loads(values.dumps(value))


@pytest.mark.parametrize("value", PLAIN, ids=lambda value: type(value).__name__)
def test_a_plain_value_comes_back_as_it_was(value):
    found = back(value)
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0, 4)], ids=str)
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_tensor_comes_back_as_it_was(dtype, shape):
    tensor = torch.arange(math.prod(shape)).reshape(shape).to(getattr(torch, dtype))
    found = back(tensor)
    assert (found.dtype, found.shape) == (tensor.dtype, tensor.shape)
    assert torch.equal(found, tensor)


@pytest.mark.parametrize(
    "array", [np.arange(6).reshape(2, 3), np.array(2.5), np.array([True]), np.array(["a", "bc"])]
)
def test_an_array_comes_back_as_it_was(array):
    found = back(array)
    assert (found.dtype, found.tolist()) == (array.dtype, array.tolist())


def test_a_number_of_numpy_comes_back_as_one():
    assert type(back(np.float64(0.1))) is np.float64
    assert back(np.float64(0.1)) == 0.1


def test_nan_comes_back():
    assert math.isnan(back(math.nan))
    assert math.isnan(back(torch.tensor(math.nan)).item())


def test_a_tensor_loses_its_gradient():
    assert not back(torch.nn.Parameter(torch.ones(2)) * 2).requires_grad


def test_a_view_travels_without_what_it_is_a_view_of():
    assert len(values.dumps(torch.zeros(1_000_000)[:2])) < 200
    assert torch.equal(back(torch.arange(6.0).reshape(2, 3).T), torch.arange(6.0).reshape(2, 3).T)


class Sly:
    """Equal to everything, wherever it stands."""

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0

    def __reduce__(self) -> Any:
        return (exit, ())


class SlyText(str):
    __eq__ = Sly.__eq__
    __hash__ = Sly.__hash__

    def __str__(self) -> str:
        return "right"


class SlyNumber(float):
    __eq__ = Sly.__eq__
    __hash__ = Sly.__hash__

    def __float__(self) -> float:
        return 1.0

    def __sub__(self, other: object) -> float:
        return 0.0


class SlyWhole(int):
    __eq__ = Sly.__eq__
    __hash__ = Sly.__hash__

    def __int__(self) -> int:
        return 1


class SlyTensor(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None):
        return torch.ones(3)


@pytest.mark.parametrize(
    ("sly", "plain"),
    [(SlyText("wrong"), "wrong"), (SlyNumber(7.0), 7.0), (SlyWhole(7), 7)],
    ids=["text", "number", "whole"],
)
def test_a_subclass_arrives_as_what_it_extends(sly, plain):
    found = back(sly)
    assert type(found) is type(plain)
    assert found == plain


def test_a_tensor_with_methods_of_its_own_arrives_as_a_plain_one():
    found = back(torch.zeros(3).as_subclass(SlyTensor))
    assert type(found) is torch.Tensor
    assert torch.equal(found, torch.zeros(3))


@pytest.mark.parametrize(
    "value", [Sly(), len, Sly, open, (i for i in "ab")], ids=lambda value: type(value).__name__
)
def test_everything_else_becomes_opaque(value):
    found = back(value)
    assert isinstance(found, Opaque)
    assert type(found).__name__ == type(value).__name__


@pytest.mark.parametrize(
    "expected", [1.0, torch.ones(2), "x", [1.0], {"a": 1.0}], ids=lambda value: type(value).__name__
)
def test_an_opaque_value_is_wrong_wherever_it_is_compared(expected):
    message = difference(back(Sly()), expected, 1e-4, 1e-5)
    assert message is not None
    assert "Sly" in message


def test_an_opaque_value_is_no_right_answer_to_a_finding():
    finding = Finding("f", lambda answer, i: None if answer == 1 else ("no", None), "x")
    assert not finding.verdict(back(Sly())).passed


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (torch.zeros(1).expand(10**9), "more than 11,000,000 bytes"),
        ([0] * 200_000, "more than 100,000 items"),
        ("x" * 20_000_000, "characters of 16,000,000"),
    ],
    ids=["tensor", "list", "text"],
)
def test_a_value_that_is_too_large_is_refused_before_it_is_written(value, message):
    with pytest.raises(Unreadable, match=message):
        values.dumps(value)


def test_a_list_that_contains_itself_is_refused():
    endless: list = []
    endless.append(endless)
    with pytest.raises(Unreadable, match="nested more than 30 deep"):
        values.dumps(endless)


def numbers(**changes: Any) -> str:
    entry = {"kind": "tensor", "dtype": "float32", "shape": [1], "data": "AAAAAA=="}
    return json.dumps({**entry, **changes})


FORGED = {
    "not JSON": "{",
    "nan": "NaN",
    "a pickle": json.dumps({"kind": "pickle", "data": base64.b64encode(b"cos\nsystem").decode()}),
    "no kind": "{}",
    "a list": "[1]",
    "deep": "[" * 100_000,
    "deep entries": '{"kind":"list","items":[' * 40 + "1" + "]}" * 40,
    "dtype": numbers(dtype="object"),
    "too few bytes": numbers(shape=[2]),
    "huge shape": numbers(shape=[2**30, 2**30]),
    "huge empty shape": numbers(shape=[0, 2**30, 2**30], data=""),
    "negative shape": numbers(shape=[-1]),
    "shape of truths": numbers(shape=[True]),
    "no base64": numbers(data="!"),
    "data is a list": numbers(data=[1]),
    "unhashable key": '{"kind":"dict","items":[[{"kind":"list","items":[]},1]]}',
    "not a pair": '{"kind":"dict","items":[[1]]}',
    "items is text": '{"kind":"list","items":"ab"}',
    "no such part": '{"kind":"part","name":"L0.H1; import os"}',
    "backward edge": '{"kind":"edge","name":"L1.H1 -> L0.H1.k"}',
    "texts of numbers": '{"kind":"texts","items":[1,2]}',
    "circuit of numbers": '{"kind":"circuit","items":[1]}',
    "many digits": "1" * 5_000,
    "too large": '"' + "x" * 20_000_000 + '"',
}


@pytest.mark.parametrize("text", FORGED.values(), ids=FORGED)
def test_a_forged_text_is_refused(text):
    with pytest.raises(Unreadable):
        values.loads(text)


def test_the_name_of_an_opaque_value_is_not_believed():
    found = values.loads('{"kind": "opaque", "name": "x\\u001b[2J <script>"}')
    assert type(found).__name__ == "unknown value"


def test_truth_values_are_true_or_false():
    text = json.dumps({"kind": "tensor", "dtype": "bool", "shape": [1], "data": "Ag=="})
    assert torch.equal(values.loads(text), torch.tensor([True]))
