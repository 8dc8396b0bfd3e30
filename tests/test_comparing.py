"""Answers are compared by value, whatever they are made of, and differences are put in words."""

from typing import NamedTuple

import numpy as np
import pytest
import torch

from interp_course.comparing import clone, difference, edited, show

X = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])


class Pair(NamedTuple):
    a: torch.Tensor
    b: int


def differ(actual, expected, rtol=1e-4, atol=1e-5):
    return difference(actual, expected, rtol, atol)


EQUAL = {
    "a tensor": (X.clone(), X),
    "an array": (X.numpy(), X),
    "nested lists": (X.tolist(), X),
    "another float type": (X.double(), X),
    "a tensor with gradients": (X.clone().requires_grad_(), X),
    "a transposed view": (X.T.contiguous().T, X),
    "within the tolerance": (X * (1 + 5e-5), X),
    "a number": (2.0, torch.tensor(2.0)),
    "a NumPy number": (np.float64(2.0), torch.tensor(2.0)),
    "a whole number": (3, 3),
    "a tuple for a list": ((1, 2), [1, 2]),
    "a dict in another order": ({"b": X, "a": 1.0}, {"a": 1.0, "b": X}),
    "a string": ("k", "k"),
}


@pytest.mark.parametrize("kind", EQUAL)
def test_equal_values_are_accepted(kind):
    assert differ(*EQUAL[kind]) is None


DIFFERENT = {
    "value": (torch.tensor(2.5), torch.tensor(2.0), "returned 2.5, expected 2"),
    "shape": (X.T, X, r"returned shape \(3, 2\), expected \(2, 3\)"),
    "broadcastable shape": (X[:1], X[:1].expand(2, 3), r"returned shape \(1, 3\)"),
    "one number": (X, torch.tensor(1.0), r"shape \(2, 3\), expected \(\) \(one number\)"),
    "kind of number": (X.long(), X, "returned torch.int64, expected a float type"),
    "complex": (X + 0j, X, "complex numbers, expected real"),
    "nan": (X / 0 * 0, X, "returned nan or inf"),
    "nothing like a tensor": ("text", X, r"returned a str, expected a tensor of shape \(2, 3\)"),
    "a function": (len, X, "returned a function"),
    "a ragged list": ([[1.0], [1.0, 2.0]], X, "cannot be read as a tensor"),
    "the device": (X.to("meta"), X, "on meta, expected cpu"),
    "too few values": ((1,), (1, 2), "returned 1 values, expected 2"),
    "no sequence": (1, (1, 2), "returned a int, expected 2 values"),
    "the second value": ((1, 3), (1, 2), "value 2: returned 3, expected 2"),
    "no dict": (1, {"a": 1}, r"returned a int, expected a dict with the keys \['a'\]"),
    "keys": ({"b": 1}, {"a": 1}, r"keys \['b'\], expected \['a'\]"),
    "keys of several types": ({1: 1, "b": 1}, {"a": 1}, r"keys \[1, 'b'\], expected"),
    "under a key": ({"a": 2}, {"a": 1}, "under the key 'a': returned 2, expected 1"),
    "a string": ("q", "k", "returned 'q', expected 'k'"),
}


@pytest.mark.parametrize("kind", DIFFERENT)
def test_a_difference_is_put_in_words(kind):
    actual, expected, words = DIFFERENT[kind]
    with pytest.raises(AssertionError, match=words):
        raise AssertionError(differ(actual, expected))


def test_a_large_tensor_is_described_by_its_worst_entry():
    wrong = X.clone()
    wrong[0, 1], wrong[1, 2] = 2.5, -1.0
    text = differ(wrong, X)
    assert "2 of 6 entries are off, most at [1, 2]: -1 instead of 6" in text


def test_a_value_just_outside_the_tolerance_is_refused():
    assert differ(torch.tensor(1.0002), torch.tensor(1.0), rtol=1e-4, atol=1e-5) is not None


def test_values_are_compared_in_double_precision():
    exact = torch.tensor([1e8], dtype=torch.float64)
    assert differ(exact + 1, exact, rtol=0.0, atol=0.5) is not None


def test_long_values_are_shortened():
    assert show(torch.arange(9.0)) == "[0, 1, 2, 3, ...]"
    assert show(torch.tensor([0.123456])) == "[0.1235]"


def test_a_clone_shares_no_memory():
    original = {"a": [X.clone(), (X.numpy().copy(),)]}
    copied = clone(original)
    copied["a"][0].zero_()
    copied["a"][1][0][:] = 0
    assert torch.equal(original["a"][0], X)
    assert original["a"][1][0].sum() == 21


def test_a_clone_of_a_named_tuple_is_one():
    copied = clone(Pair(X, 3))
    assert isinstance(copied, Pair)
    assert copied.a is not X


def test_an_edited_argument_is_named_by_its_place():
    changed = X.clone()
    changed[0, 0] += 1e-6
    assert edited((X, X, "text"), (X.clone(), changed, "text")) == "argument 2"
    assert edited((X, 3), (X.clone(), 3)) is None


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_finite_answer_is_never_what_is_not_finite(value):
    expected = torch.tensor([1.0, value])
    assert difference(torch.ones(2), expected, 1e-4, 1e-5) is not None


def test_arrays_that_must_not_be_written_to_are_read():
    rows = np.broadcast_to(np.ones(3), (2, 3))
    assert difference(rows, torch.ones(2, 3), 1e-4, 1e-5) is None
