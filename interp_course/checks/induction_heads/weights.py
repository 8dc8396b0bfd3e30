"""What the weights of heads say: copying and composition."""

import torch
from torch import Tensor

from interp_course import runtime
from interp_course.checking import Case, Check


def _copying_cases(seed: int) -> list[Case]:
    """Random heads, leaning to copying (or against it) to different degrees."""
    cases = []
    for number, lean in enumerate((0.5, 0.1, -0.9)):
        rng = runtime.generator("check copying", seed + 1000 * number)
        d_vocab, d_model, d_head = 15 + number, 12, 8
        W_E = torch.randn(d_vocab, d_model, generator=rng)
        W_V = torch.randn(d_model, d_head, generator=rng)
        W_O = torch.randn(d_head, d_model, generator=rng) + lean * W_V.T
        W_U = 0.6 * torch.randn(d_model, d_vocab, generator=rng) + 0.4 * W_E.T
        cases.append(Case(f"head {number + 1} of 3", (W_E, W_V, W_O, W_U)))
    return cases


def _copying_oracle(W_E: Tensor, W_V: Tensor, W_O: Tensor, W_U: Tensor) -> Tensor:
    """Multiply everything out, in double precision, and sum the eigenvalues in a loop."""
    full = W_E.double() @ W_V.double() @ W_O.double() @ W_U.double()
    total, size = 0.0, 0.0
    for eigenvalue in torch.linalg.eigvals(full).tolist():
        total += eigenvalue.real
        size += abs(eigenvalue)
    return torch.tensor(total / size, dtype=W_E.dtype)


def _eigenvalues(matrix: Tensor) -> Tensor:
    return torch.linalg.eigvals(matrix.double())


def _ratio(matrix: Tensor) -> Tensor:
    values = _eigenvalues(matrix)
    return values.real.sum() / values.abs().sum()


def _full(W_E: Tensor, W_V: Tensor, W_O: Tensor, W_U: Tensor) -> Tensor:
    return W_E @ W_V @ W_O @ W_U


def _share_positive(*weights: Tensor) -> Tensor:
    values = _eigenvalues(_full(*weights))
    values = values[values.abs() > 1e-3 * values.abs().max()]  # the rest is rounding
    return (values.real > 0).double().mean()


def _real_parts(*weights: Tensor) -> Tensor:
    values = _eigenvalues(_full(*weights)).real
    return values.sum() / values.abs().sum()


def _symmetric(matrix: Tensor) -> Tensor:
    values = torch.linalg.eigvalsh(matrix.double())
    return values.sum() / values.abs().sum()


def _top1(*weights: Tensor) -> Tensor:
    full = _full(*weights)
    return (full.argmax(-1) == torch.arange(len(full))).double().mean()


copying_score = Check(
    name="copying_score",
    oracle=_copying_oracle,
    cases=_copying_cases,
    reread="eigenvalues of the whole matrix W_E W_V W_O W_U: their sum over the sum of their sizes",
    rtol=1e-3,
    atol=1e-4,
    mistakes={
        "W_E and W_U are left out: these are the eigenvalues of W_V W_O alone": (
            lambda e, v, o, u: _ratio(v @ o)
        ),
        "W_U is left out or replaced by the transpose of W_E": lambda e, v, o, u: _ratio(
            e @ v @ o @ e.T
        ),
        "W_E is replaced by the transpose of W_U": lambda e, v, o, u: _ratio(u.T @ v @ o @ u),
        "singular values are used: they are never negative, so the score is always 1": (
            lambda *w: torch.tensor(1.0)
        ),
        "the eigenvalues are summed but not divided by the sum of their sizes": (
            lambda *w: _eigenvalues(_full(*w)).real.sum()
        ),
        "the size of the sum is taken: the sign, which tells copying from its opposite, is lost": (
            lambda *w: _ratio(_full(*w)).abs()
        ),
        "it is the share of eigenvalues with a positive real part, each counting the same": (
            _share_positive,
            lambda *w: (torch.linalg.eigvals(_full(*w)).real > 0).float().mean(),
        ),
        "the sizes in the denominator are those of the real parts, not of the eigenvalues": (
            _real_parts
        ),
        "the eigenvalues come from a solver for symmetric matrices (eigvalsh), which M is not": (
            lambda *w: _symmetric(_full(*w))
        ),
        "the sum is divided by the number of eigenvalues": lambda *w: _eigenvalues(
            _full(*w)
        ).real.mean(),
        "it is the share of tokens that raise their own logit most, another measure": _top1,
        "the trace is divided by the Frobenius norm": lambda *w: (
            _full(*w).trace() / _full(*w).norm()
        ),
    },
)


def _composition_cases(seed: int) -> list[Case]:
    """A writer and a reader that really compose, a little, so that the two modes differ."""
    cases = []
    for number, (d_model, d_head) in enumerate(((10, 3), (7, 4), (12, 2))):
        rng = runtime.generator("check composition", seed + 1000 * number)
        W_V, W_Q = (torch.randn(d_model, d_head, generator=rng) for _ in range(2))
        W_O = torch.randn(d_head, d_model, generator=rng)
        W_K = torch.randn(d_model, d_head, generator=rng) + W_O.T
        cases.append(Case(f"d_model {d_model}, d_head {d_head}", (W_V, W_O, W_Q, W_K)))
    return cases


def _composition_oracle(W_V: Tensor, W_O: Tensor, W_Q: Tensor, W_K: Tensor) -> Tensor:
    """Norms as sums over entries: writer's output into the reader's key side."""
    writer = W_V @ W_O
    reader = torch.zeros(len(W_Q), len(W_K))
    for i in range(len(W_Q)):
        for j in range(len(W_K)):
            reader[i, j] = (W_Q[i] * W_K[j]).sum()
    into_keys = torch.zeros_like(reader)
    for i in range(len(writer)):
        for query in range(len(reader)):
            into_keys[i, query] = (writer[i] * reader[query]).sum()

    def norm(matrix: Tensor) -> Tensor:
        return (matrix**2).sum() ** 0.5

    return norm(into_keys) / (norm(writer) * norm(reader))


def _composed(product: Tensor, writer: Tensor, reader: Tensor) -> Tensor:
    return product.norm() / (writer.norm() * reader.norm())


def _circuits(v: Tensor, o: Tensor, q: Tensor, k: Tensor) -> tuple[Tensor, Tensor]:
    return v @ o, q @ k.T


def _with(v: Tensor, o: Tensor, q: Tensor, k: Tensor, *, form: str) -> Tensor:
    ov, qk = _circuits(v, o, q, k)
    forms = {
        "Q": lambda: _composed(ov @ qk, ov, qk),
        "order": lambda: _composed(qk @ ov, ov, qk),
        "order_t": lambda: _composed(qk.T @ ov, ov, qk),
        "bare": lambda: (ov @ qk.T).norm(),
        "one": lambda: (ov @ qk.T).norm() / qk.norm(),
        "other": lambda: (ov @ qk.T).norm() / ov.norm(),
        "squared": lambda: _composed(ov @ qk.T, ov, qk) ** 2,
        "spectral": lambda: (
            torch.linalg.matrix_norm(ov @ qk.T, 2)
            / (torch.linalg.matrix_norm(ov, 2) * torch.linalg.matrix_norm(qk, 2))
        ),
        "no_q": lambda: _composed(ov @ k, ov, k),
        "four": lambda: (ov @ qk.T).norm() / (v.norm() * o.norm() * q.norm() * k.norm()),
    }
    return forms[form]()


k_composition = Check(
    name="k_composition",
    oracle=_composition_oracle,
    cases=_composition_cases,
    reread="the writer's output W_V W_O is what the reader's W_K reads, so the product is OV times "
    "the transpose of W_Q W_K^T",
    mistakes={
        "the writer feeds the reader's *queries*: that is Q-composition": lambda *w: _with(
            *w, form="Q"
        ),
        "the product is in the wrong order: the reader's circuit would act before the writer": (
            lambda *w: _with(*w, form="order")
        ),
        "the product is in the wrong order: the reader acts before the writer": lambda *w: _with(
            *w, form="order_t"
        ),
        "the norm of the product is not divided by the norms of the factors": lambda *w: _with(
            *w, form="bare"
        ),
        "it is divided by the norm of the reader's circuit only": lambda *w: _with(*w, form="one"),
        "it is divided by the norm of the writer's circuit only": lambda *w: _with(
            *w, form="other"
        ),
        "it is divided by the norms of the four matrices instead of those of their two products": (
            lambda *w: _with(*w, form="four")
        ),
        "squared norms are used": lambda *w: _with(*w, form="squared"),
        "the norm is the largest singular value, not the Frobenius norm": lambda *w: _with(
            *w, form="spectral"
        ),
        "only W_K is multiplied: the reader's circuit is W_Q W_K^T": lambda *w: _with(
            *w, form="no_q"
        ),
    },
)
