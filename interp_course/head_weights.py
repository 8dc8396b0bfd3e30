"""What the weights of attention heads say: OV and QK circuits, copying, composition.

Row vectors are multiplied from the left, ``x @ W``, as in transformer-lens. A head's OV
circuit is ``W_V W_O``: what an attended position writes. Its QK circuit is ``W_Q W_K^T``, with
the query on the left: which pairs of positions attend. Products are kept as
``FactoredMatrix``, never multiplied out, because their rank is at most ``d_head``. Biases and
norms are left out, as in the source: Elhage et al. (2021), "A Mathematical Framework for
Transformer Circuits", sections "Splitting attention head terms" to "Two-layer attention-only
transformers".
"""

from typing import Any, Literal, NamedTuple

import torch
from jaxtyping import Complex, Float
from torch import Tensor
from transformer_lens import FactoredMatrix

Mode = Literal["Q", "K", "V"]


class Composition(NamedTuple):
    """How strongly each earlier head's output feeds an input of each later head."""

    scores: Float[Tensor, "layer head layer head"]
    """``scores[l, h, m, g]`` for writer (l, h) and reader (m, g); 0 unless l < m."""
    baseline_mean: float
    """Mean score of pairs of random matrices of the same shapes."""
    baseline_sd: float
    """Standard deviation of the scores of such pairs."""

    @property
    def z(self) -> Float[Tensor, "layer head layer head"]:
        """Scores in standard deviations above the random baseline."""
        return (self.scores - self.baseline_mean) / self.baseline_sd


def full_ov_circuit(model: Any) -> FactoredMatrix:
    """``W_E W_V W_O W_U`` of every head: attended token to change of the logits.

    A ``FactoredMatrix`` of shape ``[layer head d_vocab d_vocab]``.
    """
    return FactoredMatrix(model.W_E @ model.W_V, model.W_O @ model.W_U)


def full_qk_circuit(model: Any) -> FactoredMatrix:
    """``W_E W_Q W_K^T W_E^T`` of every head: query token by key token, unscaled scores.

    A ``FactoredMatrix`` of shape ``[layer head d_vocab d_vocab]``. The true scores are this
    divided by sqrt(d_head).
    """
    keys = model.W_E @ model.W_K
    return FactoredMatrix(model.W_E @ model.W_Q, keys.transpose(-1, -2))


def composed_qk_circuit(
    model: Any, writer: tuple[int, int], reader: tuple[int, int]
) -> Float[Tensor, "d_vocab d_vocab"]:
    r"""QK circuit of ``reader`` when its keys are read through the OV circuit of ``writer``.

    $$W_E\, W_Q\, W_K^T\, (W_V W_O)^T\, W_E^T$$

    with Q, K of the reader and V, O of the writer. Entry ``[q, k]`` is the score for the query
    token ``q`` at a position whose *writer output* carries the token ``k``. In an induction
    circuit (writer: previous-token head) its diagonal is large.
    """
    (layer, head), (early, source) = reader, writer
    through = model.W_E @ model.W_V[early, source] @ model.W_O[early, source]
    queries = model.W_E @ model.W_Q[layer, head]
    return queries @ (through @ model.W_K[layer, head]).T


def ov_eigenvalues(model: Any) -> Complex[Tensor, "layer head d_head"]:
    """Non-zero eigenvalues of the full OV circuit of every head."""
    return full_ov_circuit(model).eigenvalues


def copying_scores(model: Any) -> Float[Tensor, "layer head"]:
    r"""$\sum_i \lambda_i / \sum_i |\lambda_i|$ over the eigenvalues of the full OV circuit.

    Between -1 and 1. A head for which attending to a token raises that token's own logit has
    eigenvalues with positive real parts, and a score near 1. Source: Elhage et al. (2021),
    section "Summarizing OV/QK matrices".
    """
    eigenvalues = ov_eigenvalues(model)
    return eigenvalues.sum(dim=-1).real / eigenvalues.abs().sum(dim=-1)


def top1_copying(model: Any) -> Float[Tensor, "layer head"]:
    """Share of tokens for which the full OV circuit raises their own logit the most."""
    circuit = full_ov_circuit(model)
    own = torch.arange(circuit.shape[-1], device=circuit.A.device)
    return ((circuit.A @ circuit.B).argmax(dim=-1) == own).float().mean(dim=-1)


def composition_scores(
    model: Any, mode: Mode, rng: torch.Generator, n_random: int = 200
) -> Composition:
    """Composition scores of all pairs of heads, with a baseline of random matrices.

    The scores are transformer-lens' own: the Frobenius norm of the product of the writer's OV
    circuit and the reader's circuit, over the product of their norms (Elhage et al. 2021,
    section "Two-layer attention-only transformers"), with ``mode`` K for the reader's keys, Q
    for its queries and V for its values. Their size says little by itself, because products of
    random low-rank matrices also have a norm: compare with ``baseline_mean`` and
    ``baseline_sd``.

    Args:
        model: A bridge with at least two layers.
        mode: Which input of the reader.
        rng: Draws the random matrices.
        n_random: How many random pairs.
    """
    scores = model.all_composition_scores(mode).scores
    shape = (n_random, model.cfg.d_model, model.cfg.d_head)
    a, b, c, d = (torch.randn(shape, generator=rng) for _ in range(4))
    product = (a @ (b.mT @ c) @ d.mT).norm(dim=(-2, -1))
    random = product / ((a @ b.mT).norm(dim=(-2, -1)) * (c @ d.mT).norm(dim=(-2, -1)))
    return Composition(scores, random.mean().item(), random.std().item())
