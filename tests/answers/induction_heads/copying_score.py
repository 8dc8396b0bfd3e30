"""Answers to "does it copy" as students write them."""

import numpy as np
import torch

EXERCISE = "copying_score"


def without_the_embedding(W_E, W_V, W_O, W_U):
    values = torch.linalg.eigvals(W_V @ W_O)
    return values.sum().real / values.abs().sum()


def singular_values(W_E, W_V, W_O, W_U):
    values = torch.linalg.svdvals(W_E @ W_V @ W_O @ W_U)
    return values.sum() / values.abs().sum()


def of_real_parts(W_E, W_V, W_O, W_U):
    values = torch.linalg.eigvals(W_E @ W_V @ W_O @ W_U).real
    return values.sum() / values.abs().sum()


def share_of_positive_ones(W_E, W_V, W_O, W_U):
    values = torch.linalg.eigvals(W_E @ W_V @ W_O @ W_U)
    return (values.real > 0).float().mean()


def size_of_the_sum(W_E, W_V, W_O, W_U):
    values = torch.linalg.eigvals(W_E @ W_V @ W_O @ W_U)
    return values.sum().abs() / values.abs().sum()


def complex_answer(W_E, W_V, W_O, W_U):
    values = torch.linalg.eigvals(W_E @ W_V @ W_O @ W_U)
    return values.sum() / values.abs().sum()


def symmetric_solver(W_E, W_V, W_O, W_U):
    values = torch.linalg.eigvalsh(W_E @ W_V @ W_O @ W_U)
    return values.sum() / values.abs().sum()


def trace(W_E, W_V, W_O, W_U):
    return torch.trace(W_E @ W_V @ W_O @ W_U)


def top1(W_E, W_V, W_O, W_U):
    table = W_E @ W_V @ W_O @ W_U
    return (table.argmax(-1) == torch.arange(len(table))).float().mean()


WRONG = {
    without_the_embedding: "W_E and W_U are left out",
    singular_values: "singular values",
    of_real_parts: "real parts",
    share_of_positive_ones: "share of eigenvalues",
    size_of_the_sum: "size of the sum",
    complex_answer: "",
    symmetric_solver: "symmetric",
    trace: "not divided",
    top1: "raise their own logit most",
}


def small_product(W_E, W_V, W_O, W_U):
    # AB and BA have the same non-zero eigenvalues
    values = torch.linalg.eigvals(W_O @ W_U @ W_E @ W_V)
    return values.real.sum() / values.abs().sum()


def with_the_trace(W_E, W_V, W_O, W_U):
    table = (W_E @ W_V @ W_O @ W_U).double()
    return table.trace() / torch.linalg.eigvals(table).abs().sum()


def with_numpy(W_E, W_V, W_O, W_U):
    values = np.linalg.eigvals((W_E @ W_V @ W_O @ W_U).numpy())
    return values.sum().real / np.abs(values).sum()


RIGHT = [small_product, with_the_trace, with_numpy]
