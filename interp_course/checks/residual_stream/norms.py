"""LayerNorm folded into the weights that follow, and the logit lens."""

from typing import Any

import torch
from torch import Tensor

from interp_course import runtime
from interp_course.checking import Case, Check
from interp_course.comparing import difference

Problem = tuple[str, str | None]
EPS = 1e-5


def _fold_cases(seed: int) -> list[Case]:
    """The square case comes first: there a wrong axis or side gives numbers, not an error."""
    cases = []
    for number, (d_model, d_out) in enumerate(((6, 6), (9, 5), (7, 11))):
        rng = runtime.generator("check fold", seed + 1000 * number)
        W = torch.randn(d_model, d_out, generator=rng) + 0.5
        b = torch.randn(d_out, generator=rng)
        gamma = 0.3 + 2 * torch.rand(d_model, generator=rng)
        gamma[number] *= -1
        beta = torch.randn(d_model, generator=rng)
        args = (W, b, gamma, beta)
        kind = "float64, " if number == 2 else ""
        args = tuple(x.double() for x in args) if number == 2 else args
        cases.append(Case(f"{kind}d_model {d_model}, d_out {d_out}", args))
    return cases


def _fold_oracle(W: Tensor, b: Tensor, gamma: Tensor, beta: Tensor) -> tuple[Tensor, Tensor]:
    """One entry at a time."""
    folded, bias = torch.zeros_like(W), torch.zeros_like(b)
    for j in range(W.shape[1]):
        bias[j] = b[j]
        for i in range(W.shape[0]):
            folded[i, j] = gamma[i] * W[i, j]
            bias[j] += beta[i] * W[i, j]
    return folded, bias


def _norm(x: Tensor, eps: float = EPS) -> Tensor:
    centred = x - x.mean(-1, keepdim=True)
    return centred / (centred.square().mean(-1, keepdim=True) + eps).sqrt()


def _judge_fold(case: Case, value: Any) -> Problem | None:
    """Whether the new weights do to n(x) what the old ones do to LN(x), whatever they are."""
    right = _fold_oracle(*case.args)
    zeros = tuple(torch.zeros_like(x) for x in right)
    malformed = difference(value, zeros, rtol=0.0, atol=1e30)  # all but the values
    if malformed is not None:
        return malformed, None
    W, b, gamma, beta = (x.double() for x in case.args)
    folded, bias = (torch.as_tensor(x).detach().double() for x in value)
    rng = runtime.generator("judge fold", len(W))
    n = _norm(2 * torch.randn(40, len(W), generator=rng, dtype=torch.float64))
    expected, actual = (n * gamma + beta) @ W + b, n @ folded + bias
    problem = difference(actual, expected, rtol=1e-4, atol=1e-4)
    if problem is None:
        return None
    text = problem.splitlines()[0].replace("returned", "on a random stream they give")
    return f"the new weights do something else: {text}", None


def _fold(
    W: Tensor,
    b: Tensor,
    gamma: Tensor,
    beta: Tensor,
    *,
    weight: str = "folded",
    bias: str = "folded",
) -> tuple[Tensor, Tensor]:
    """Folding with one of the two done in another way."""
    weights = {
        "folded": lambda: gamma[:, None] * W,
        "columns": lambda: gamma * W,
        "same": lambda: W,
        "divided": lambda: W / gamma[:, None],
        "plus beta": lambda: gamma[:, None] * W + beta[:, None],
        "one more": lambda: (1 + gamma)[:, None] * W,
        "transposed": lambda: (gamma[:, None] * W).T,
        "centred first": lambda: gamma[:, None] * (W - W.mean(0)),
        "centred columns": lambda: gamma[:, None] * W - (gamma[:, None] * W).mean(1, keepdim=True),
    }
    biases = {
        "folded": lambda: b + beta @ W,
        "same": lambda: b,
        "bare": lambda: b + beta,
        "mean": lambda: b + beta.mean(),
        "twice": lambda: b + (beta * gamma) @ W,
        "lost": lambda: beta @ W,
        "side": lambda: b + W @ beta,
        "scaled": lambda: gamma * b + beta @ W,
        "scaled beta": lambda: (b + beta) * gamma,
        "columns": lambda: b + beta @ (gamma * W),
        "minus": lambda: b - beta @ W,
    }
    return weights[weight](), biases[bias]()


def _way(weight: str = "folded", bias: str = "folded") -> Any:
    return lambda *args: _fold(*args, weight=weight, bias=bias)


def _any_bias(weight: str, *others: str) -> tuple[Any, ...]:
    return tuple(_way(weight, bias) for bias in ("folded", "same", "bare", "twice", *others))


fold_layer_norm = Check(
    name="fold_layer_norm",
    oracle=_fold_oracle,
    judge_value=_judge_fold,
    cases=_fold_cases,
    reread="(gamma * n) W = n (gamma[:, None] * W): gamma scales the rows of W; what is left, "
    "beta W + b, is the new bias",
    mistakes={
        "gamma scales the columns of W, its outputs, instead of its rows": _any_bias(
            "columns", "columns"
        ),
        "W is not scaled by gamma": _any_bias("same"),
        "W is divided by gamma instead of multiplied": _any_bias("divided"),
        "W is scaled by 1 + gamma: here gamma itself is the gain": _any_bias("one more"),
        "beta is added to W: it belongs into the bias": _any_bias("plus beta"),
        "the folded weight is transposed": _any_bias("transposed"),
        "W is centred before gamma is applied: what meets n(x) is gamma * W": _any_bias(
            "centred first"
        ),
        "W is centred over its outputs; only over d_model does n(x) not notice": _any_bias(
            "centred columns"
        ),
        "beta is left out: the bias must hold what beta gives": _way(bias="same"),
        "beta is added to the bias as it is: it passes through W first": (
            _way(bias="bare"),
            _way(bias="mean"),
        ),
        "beta is multiplied with the folded W, so gamma acts on beta as well": _way(bias="twice"),
        "b itself is lost": _way(bias="lost"),
        "beta stands on the wrong side, W @ beta: it is a row, beta @ W": _way(bias="side"),
        "gamma scales b, which is added after LayerNorm has done its work": (
            _way(bias="scaled"),
            _way(bias="scaled beta"),
        ),
        "beta W is subtracted instead of added": _way(bias="minus"),
        "weight and bias are returned in the wrong order": lambda *args: _fold(*args)[::-1],
        "only the weight is returned": lambda *args: _fold(*args)[0],
    },
)


def _lens_cases(seed: int) -> list[Case]:
    """Streams that grow with depth, whose mean is not 0; first W_U is square and eps not small."""
    cases = []
    shapes = ((3, 2, 5, 7, 7, 0.5), (4, 3, 2, 9, 6, 1e-5), (2, 1, 6, 8, 5, 0.02))
    for number, (layers, batch, n, d_model, d_vocab, eps) in enumerate(shapes):
        rng = runtime.generator("check lens", seed + 1000 * number)
        scale = (0.5 + 2 * torch.rand(layers, batch, n, 1, generator=rng)).cumsum(0)
        resid = scale * (torch.randn(layers, batch, n, d_model, generator=rng) + 0.6)
        W_U = torch.randn(d_model, d_vocab, generator=rng) + 0.2
        b_U = torch.randn(d_vocab, generator=rng)
        kind = "float64, " if number == 2 else ""
        tensors = tuple(x.double() if number == 2 else x for x in (resid, W_U, b_U))
        cases.append(Case(f"{kind}{layers} depths, {n} positions, eps {eps}", (*tensors, eps)))
    return cases


def _lens_oracle(resid: Tensor, W_U: Tensor, b_U: Tensor, eps: float) -> Tensor:
    """One stream at one position at a time."""
    layers, batch, n, d_model = resid.shape
    logits = torch.zeros(layers, batch, n, len(b_U), dtype=resid.dtype)
    for layer in range(layers):
        for b in range(batch):
            for i in range(n):
                x = resid[layer, b, i]
                mean = sum(x) / d_model
                variance = sum((value - mean) ** 2 for value in x) / d_model
                for token in range(len(b_U)):
                    direction = W_U[:, token]
                    normal = (x - mean) / (variance + eps) ** 0.5
                    logits[layer, b, i, token] = (normal * direction).sum() + b_U[token]
    return logits


def _lens(
    resid: Tensor,
    W_U: Tensor,
    b_U: Tensor,
    eps: float,
    *,
    axes: int | tuple[int, ...] = -1,
    scale: str = "right",
    centre: bool = True,
    bias: bool = True,
) -> Tensor:
    """The lens with one thing changed."""
    mean = resid.mean(axes, keepdim=True)
    centred = resid - mean if centre else resid
    variance = (resid - mean).square().mean(axes, keepdim=True)
    scales = {
        "right": lambda: (variance + eps).sqrt(),
        "none": lambda: torch.ones(()),
        "variance": lambda: variance + eps,
        "outside": lambda: variance.sqrt() + eps,
        "no eps": lambda: variance.sqrt(),
        "sample": lambda: (resid.var(axes, keepdim=True) + eps).sqrt(),
        "sample outside": lambda: resid.std(axes, keepdim=True) + eps,
        "sample no eps": lambda: resid.std(axes, keepdim=True),
        "raw": lambda: (resid.square().mean(axes, keepdim=True) + eps).sqrt(),
        "length": lambda: resid.norm(dim=-1, keepdim=True),
        "centred length": lambda: centred.norm(dim=-1, keepdim=True),
        "last": lambda: (variance + eps).sqrt()[-1:],
        "first": lambda: (variance + eps).sqrt()[:1],
    }
    return centred / scales[scale]() @ W_U + (b_U if bias else 0)


def _changed(**options: Any) -> Any:
    return lambda *args: _lens(*args, **options)


logit_lens = Check(
    name="logit_lens",
    oracle=_lens_oracle,
    cases=_lens_cases,
    rtol=1e-3,
    atol=1e-4,
    reread="each stream, at each depth and position: minus its mean, over sqrt(population variance "
    "+ eps), times W_U, plus b_U",
    mistakes={
        "there is no LayerNorm": _changed(scale="none", centre=False),
        "the mean is subtracted but nothing is divided": _changed(scale="none"),
        "the mean is not subtracted": (_changed(centre=False), _changed(centre=False, scale="raw")),
        "the mean square is taken without subtracting the mean": _changed(scale="raw"),
        "it is divided by the variance instead of its square root": _changed(scale="variance"),
        "the variance is that of a sample, divided by d_model - 1": (
            _changed(scale="sample"),
            _changed(scale="sample outside"),
            _changed(scale="sample no eps"),
        ),
        "eps is added to the standard deviation: it belongs under the root": _changed(
            scale="outside"
        ),
        "eps is left out": _changed(scale="no eps"),
        "each stream is cut to unit length: LayerNorm makes its variance 1": (
            _changed(scale="length", centre=False),
            _changed(scale="centred length"),
            _changed(scale="length"),
        ),
        "the scale of the last depth is used for all: each stream has its own": _changed(
            scale="last"
        ),
        "the scale of the first depth is used for all: each stream has its own": _changed(
            scale="first"
        ),
        "LayerNorm runs over the positions instead of d_model": _changed(axes=2),
        "LayerNorm runs over the depths instead of d_model": _changed(axes=0),
        "LayerNorm runs over the batch instead of d_model": _changed(axes=1),
        "LayerNorm runs over positions and d_model together": _changed(axes=(-2, -1)),
        "LayerNorm runs over everything at once": (
            _changed(axes=(0, 1, 2, 3)),
            _changed(axes=(1, 2, 3)),
        ),
        "b_U is left out": _changed(bias=False),
        "b_U is added to each unit of the normalised stream, before W_U": lambda r, w, b, e: (
            (_norm(r, e) + b) @ w
        ),
        "W_U is transposed": lambda r, w, b, e: _lens(r, w.T, b, e),
        "the softmax is taken: logits are asked for": (
            lambda *a: _lens(*a).softmax(-1),
            lambda *a: _lens(*a).log_softmax(-1),
        ),
        "only the last position is returned": lambda *a: _lens(*a)[:, :, -1],
        "only the last depth is returned": lambda *a: _lens(*a)[-1],
        "the streams are added up over depth first: each is the sum so far already": (
            lambda r, *a: _lens(r.cumsum(0), *a)
        ),
    },
)
