"""Answers to "who feeds whom" as students write them."""

import torch
from transformer_lens import FactoredMatrix

EXERCISE = "k_composition"


def q_composition(W_V, W_O, W_Q, W_K):
    writer, reader = W_V @ W_O, W_Q @ W_K.T
    return (writer @ reader).norm() / (writer.norm() * reader.norm())


def reader_first(W_V, W_O, W_Q, W_K):
    writer, reader = W_V @ W_O, W_Q @ W_K.T
    return (reader.T @ writer).norm() / (writer.norm() * reader.norm())


def reader_first_untransposed(W_V, W_O, W_Q, W_K):
    writer, reader = W_V @ W_O, W_Q @ W_K.T
    return (reader @ writer).norm() / (writer.norm() * reader.norm())


def not_normalised(W_V, W_O, W_Q, W_K):
    return (W_V @ W_O @ (W_Q @ W_K.T).T).norm()


def spectral_norm(W_V, W_O, W_Q, W_K):
    writer, reader = W_V @ W_O, W_K @ W_Q.T
    two = [torch.linalg.matrix_norm(m, ord=2) for m in (writer @ reader, writer, reader)]
    return two[0] / (two[1] * two[2])


def only_the_keys(W_V, W_O, W_Q, W_K):
    writer = W_V @ W_O
    return (writer @ W_K).norm() / (writer.norm() * W_K.norm())


def sums_of_squares(W_V, W_O, W_Q, W_K):
    writer, reader = W_V @ W_O, W_K @ W_Q.T
    return (writer @ reader).pow(2).sum() / (writer.pow(2).sum() * reader.pow(2).sum())


def norms_of_the_four_matrices(W_V, W_O, W_Q, W_K):
    product = W_V @ W_O @ W_K @ W_Q.T
    return product.norm() / (W_V.norm() * W_O.norm() * W_Q.norm() * W_K.norm())


WRONG = {
    q_composition: "Q-composition",
    reader_first: "wrong order",
    reader_first_untransposed: "wrong order",
    not_normalised: "not divided",
    spectral_norm: "largest singular value",
    only_the_keys: "only W_K",
    sums_of_squares: "squared norms",
    norms_of_the_four_matrices: "four matrices",
}


def keys_first(W_V, W_O, W_Q, W_K):
    writer, reader = W_V @ W_O, W_K @ W_Q.T
    return (writer @ reader).norm() / writer.norm() / reader.norm()


def factored(W_V, W_O, W_Q, W_K):
    writer, reader = FactoredMatrix(W_V, W_O), FactoredMatrix(W_Q, W_K.T)
    return (writer @ reader.T).norm() / (writer.norm() * reader.norm())


def transposed_product(W_V, W_O, W_Q, W_K):
    writer, reader = W_V @ W_O, W_Q @ W_K.T
    return torch.linalg.norm(reader @ writer.T) / (
        torch.linalg.norm(writer) * torch.linalg.norm(reader)
    )


RIGHT = [keys_first, factored, transposed_product]
